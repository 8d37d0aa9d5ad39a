"""What is asked of the Service Layer: lists by key, one page after the other; rows by their keys, many in a $batch.

Pages are asked for with `Prefer: odata.maxpagesize`, which a server may not heed (its own page is 20 rows), and each
begins after the last key of the one before: the links that the server gives count rows, and lose the filter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Generic, TypeVar

import msgspec

from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.http import Http
from adapters.sap.batch import Call
from adapters.sap.business_one import wire
from adapters.sap.business_one.settings import Currencies, Settings
from adapters.sap.odata import ODataClient, Query, Rows, address, read_one, read_rows

R = TypeVar("R", bound=wire.Row)
T = TypeVar("T")

PAGE = 500
PER_PART, PER_BATCH = 20, 100
"""Keys in one filter (as many as the server's own page), and reads in one $batch: two thousand rows a round trip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The Service Layer of one company. `base` is its path (`/b1s/v2`), for the parts of a $batch."""

    client: ODataClient
    http: Http
    base: str = "/b1s/v2"

    def post(self, path: str, body: bytes = b"{}") -> bytes:
        """Calls a function that only reads, as often as our patience lasts."""
        return self.http.repeat(lambda: self.client.change("POST", path, body)).content


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[R]):
    """A list to be read: rows that meet a condition."""

    kind: type[R]
    filter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[R]):
    """A page. `last` is the key after which the next one begins; empty where nothing follows."""

    rows: Rows[R]
    last: str = ""
    is_end: bool = False


class Reader:
    """Reads rows of one company."""

    def __init__(self, service: Service, settings: Settings, *, page_size: int = PAGE) -> None:
        self._service = service
        self._client = service.client
        self._settings = settings
        self._page_size = page_size
        self._currencies: Currencies | None = None
        self._admin: wire.AdminInfo | None = None

    # -- the company

    def admin(self) -> wire.AdminInfo:
        """The company's name and own currency."""
        if self._admin is None:
            name = "CompanyService_GetAdminInfo"
            try:
                body = self._service.post(name)
            except LedgerRejected:  # what only reads may also be asked for with GET
                body = self._client.get(name)
            self._admin = read_one(body, wire.AdminInfo)
        return self._admin

    def currencies(self) -> Currencies:
        """What the company calls its currencies."""
        if self._currencies is None:
            try:
                rows = [row for page in self.pages(Asked(kind=wire.Currency, filter="")) for row in page.rows.good]
            except LedgerRejected:  # our user may not read them: what the company calls its currencies is taken as ISO
                rows = []
            told = {each.code: (each.documents_code or "").upper() for each in rows}
            iso = {code: name for code, name in told.items() if len(name) == 3 and name.isalpha()}
            known = Currencies(local=self.admin().local_currency, iso={**iso, **self._settings.currencies})
            if len(known.name(None)) != 3:
                raise LedgerRejected(f"What {known.local!r} is in ISO 4217 must be set: Business One does not tell.")
            self._currencies = known
        return self._currencies

    # -- lists

    def pages(self, asked: Asked[R], after: str = "") -> Iterator[Listed[R]]:
        """All rows that meet the condition, by key, from the one after `after` on (as it stands in a filter)."""
        while True:
            page = self.page(asked, after)
            yield page
            if page.is_end:
                return
            if page.last == after:
                raise LedgerUnavailable(f"Business One's list of {wire.ENTITIES[asked.kind]} does not go on.")
            after = page.last

    def page(self, asked: Asked[R], after: str = "") -> Listed[R]:
        """One page of them."""
        entity = wire.ENTITIES[asked.kind]
        headers = {"Prefer": f"odata.maxpagesize={self._page_size}"}
        query = self._query(asked, after)
        return self._listed(self._client.get(entity, query, headers=headers), asked.kind)

    def count(self, asked: Asked[R]) -> int:
        """How many rows there are; zero where the server does not tell."""
        try:
            return self._client.count(wire.ENTITIES[asked.kind], asked.filter)
        except LedgerRejected:
            return 0

    def top(self, kind: type[wire.Row]) -> int:
        """The highest number there is; zero where there is no row."""
        entity = wire.ENTITIES[kind]
        key = key_name(kind)
        query = Query(select=(key,), order=(f"{key} desc",), top=1)
        rows = read_rows(self._client.get(entity, query), dict[str, msgspec.Raw]).good
        return int(bytes(rows[0][key])) if rows else 0

    def _query(self, asked: Asked[R], after: str) -> Query:
        key = key_name(asked.kind)
        conditions = [f"({asked.filter})" if asked.filter and after else asked.filter, f"{key} gt {after}"]
        filter_ = " and ".join(each for each in conditions[: 2 if after else 1] if each)
        return Query(filter=filter_, select=wire.properties(self.shape(asked.kind)), order=(key,))

    def shape(self, kind: type[R]) -> type[R]:
        """The row with the tenant's own fields that are mapped."""
        if issubclass(kind, wire.Invoice):
            return wire.with_fields(kind, tuple(sorted(self._settings.document_fields)))
        if kind is wire.Partner:
            return wire.with_fields(kind, tuple(sorted(self._settings.partner_fields)))
        return kind

    def _listed(self, body: bytes, kind: type[R]) -> Listed[R]:
        rows = read_rows(body, self.shape(kind))
        keys = read_rows(body, dict[str, msgspec.Raw]).good if rows.bad else rows.good[-1:]
        last = spelled(keys[-1], kind) if keys else ""
        is_end = not rows.told or (rows.is_last and rows.told < self._page_size)
        return Listed(rows=rows, last=last, is_end=is_end)

    # -- many at once

    def all_of(self, lists: Sequence[Asked[wire.Row]]) -> dict[type[wire.Row], Rows[wire.Row]]:
        """All rows of several lists, by kind; the first page of each in a $batch, the few that go on after it."""
        good: dict[type[wire.Row], list[wire.Row]] = {each.kind: [] for each in lists}
        bad: dict[type[wire.Row], list[bytes]] = {each.kind: [] for each in lists}
        for some in cut(lists, PER_BATCH):
            for asked, page in zip(some, self._firsts(some), strict=True):
                rest = () if page.is_end else self.pages(asked, page.last)
                for each in (page, *rest):
                    good[asked.kind] += each.rows.good
                    bad[asked.kind] += each.rows.bad
        return {kind: Rows(good=rows, bad=bad[kind]) for kind, rows in good.items()}

    def _firsts(self, lists: Sequence[Asked[wire.Row]]) -> Iterator[Listed[wire.Row]]:
        if len(lists) == 1:
            yield self.page(lists[0])
            return
        headers = {"Prefer": f"odata.maxpagesize={self._page_size}"}
        calls = [Call(method="GET", path=self._path(each), headers=headers) for each in lists]
        for asked, answer in zip(lists, self._client.batch(calls), strict=True):
            if answer is None:
                raise LedgerUnavailable("A $batch was answered in part.")
            if (error := self._client.error_in(answer)) is not None:
                raise error
            yield self._listed(answer.body, asked.kind)

    def _path(self, asked: Asked[wire.Row]) -> str:
        options = self._query(asked, "").options(self._client.version)
        return address(f"{self._service.base}/{wire.ENTITIES[asked.kind]}", options)


def key_name(kind: type[wire.Row]) -> str:
    """The property that such rows are ordered by."""
    return wire.KEYS.get(wire.ENTITIES[kind], "DocEntry")


def spelled(row: object, kind: type[wire.Row]) -> str:
    """A row's key as it stands in a filter."""
    name = key_name(kind)
    if isinstance(row, dict):
        told: object = msgspec.json.decode(bytes(row[name]))
    else:
        told = next(getattr(row, each.name) for each in msgspec.structs.fields(type(row)) if each.encode_name == name)  # type: ignore[arg-type]
    return quoted(told) if isinstance(told, str) else str(told)


def quoted(text: str) -> str:
    """`text` in quotes."""
    return "'" + text.replace("'", "''") + "'"


def on(value: date) -> str:
    """A day as it stands in a filter."""
    return quoted(value.isoformat())


def cut(things: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """Pieces of at most `size`, in order."""
    rest = iter(things)
    while piece := list(islice(rest, size)):
        yield piece
