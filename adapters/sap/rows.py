"""The rows of an answer, of either version: `d.results` and `d` of version 2, `value` of version 4, one entity of both.

An answer is decoded in one pass; only one with rows that are not of the shape asked for is looked at row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from adapters.errors import LedgerUnavailable
from adapters.sap.values import UNREADABLE, ValueUnreadable, count

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Generic[T]):
    """The rows of one answer. `bad` could not be read. `next` is where the service goes on; empty where it ends.

    `count` is how many there are in all, where that was asked for.
    """

    good: Sequence[T]
    bad: Sequence[bytes] = ()
    next: str = ""
    count: int | None = None

    @property
    def told(self) -> int:
        """How many rows the answer held."""
        return len(self.good) + len(self.bad)

    @property
    def is_last(self) -> bool:
        """Whether the service says that nothing follows."""
        return not self.next


class _Results(msgspec.Struct, Generic[T]):
    results: list[T]
    next: str | None = msgspec.field(name="__next", default=None)
    count: str | int | None = msgspec.field(name="__count", default=None)


class _Page(msgspec.Struct, Generic[T]):
    d: list[T] | _Results[T] | None = None
    value: list[T] | None = None
    next: str | None = msgspec.field(name="@odata.nextLink", default=None)
    old_next: str | None = msgspec.field(name="odata.nextLink", default=None)
    count: str | int | None = msgspec.field(name="@odata.count", default=None)
    old_count: str | int | None = msgspec.field(name="odata.count", default=None)

    def results(self) -> _Results[T]:
        if isinstance(self.d, _Results):
            return self.d
        rows = self.d if self.d is not None else self.value
        if rows is None:
            raise LedgerUnavailable("What should be a list of rows is none: it holds neither results nor value.")
        counted = self.count if self.count is not None else self.old_count
        return _Results(results=rows, next=self.next or self.old_next, count=counted)


@cache
def _decoder(kind: object) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def read_rows(body: bytes, kind: type[T]) -> Rows[T]:
    """The rows of an answer, each as `kind`. Raises LedgerUnavailable for what is no list of rows."""
    try:
        good, bad, page = _rows_in(body, kind)
        return Rows(good=good, bad=bad, next=page.next or "", count=count(page.count))
    except (*UNREADABLE, ValueUnreadable) as error:
        raise LedgerUnavailable(f"What should be a list of rows is none: {error}.") from error


def _rows_in(body: bytes, kind: type[T]) -> tuple[list[T], list[bytes], _Results[Any]]:
    try:
        page: _Results[T] = _decoder(_Page[kind]).decode(body).results()  # type: ignore[valid-type]
    except msgspec.ValidationError:
        return _one_by_one(_decoder(_Page[msgspec.Raw]).decode(body).results(), kind)
    return page.results, [], page


def _one_by_one(page: _Results[msgspec.Raw], kind: type[T]) -> tuple[list[T], list[bytes], _Results[Any]]:
    good: list[T] = []
    bad: list[bytes] = []
    decoder = _decoder(kind)  # type: ignore[arg-type]  # a type can be hashed
    for raw in page.results:
        try:
            good.append(decoder.decode(raw))
        except msgspec.ValidationError:
            bad.append(bytes(raw))
    return good, bad, page


def read_one(body: bytes, kind: type[T]) -> T:
    """One entity. Raises LedgerUnavailable for what is none."""
    try:
        wrapped = _decoder(dict[str, msgspec.Raw]).decode(body)
        one: T = msgspec.json.decode(wrapped["d"] if set(wrapped) == {"d"} else body, type=kind)
    except UNREADABLE as error:
        raise LedgerUnavailable(f"What should be one row is none: {error}.") from error
    return one
