"""How QuickBooks is read: statements, pages, what changed, and rows that break every page they stand on.

Pages are asked for by an ascending instant (`MetaData.CreateTime` or `LastUpdatedTime`) and resumed at the last one
seen. How several are read at once although the set changes meanwhile: walk.py.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import zip_longest
from typing import Generic, TypeVar

import msgspec

from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.quickbooks import wire
from adapters.quickbooks.answers import decoded
from adapters.quickbooks.client import QuickBooksClient
from adapters.quickbooks.faults import NOT_FOUND, UNREADABLE_ROW, error_of
from adapters.quickbooks.mapping import instant

R = TypeVar("R", bound=wire.Row)
T = TypeVar("T")
Result = TypeVar("Result")

PAGE = 1000
CDC_LIMIT = 1000
CDC_REACH = timedelta(days=29)  # Intuit looks back 30 days
AT_A_TIME = 10  # as many as Intuit answers
READY = 6  # pages that may lie ready, beyond those
GAP = 500  # ids between two neighbours that are tried to find a broken row's own
MOST_QUARANTINED = 25  # on one page; more, and it is not the rows that are at fault


def quoted(value: str) -> str:
    r"""A value as the query language takes it: `O\'Brien`, backslashes doubled."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def one_of(values: Collection[str]) -> str:
    """`('1', '2')`."""
    return f"({', '.join(quoted(value) for value in values)})"


def spelled(moment: datetime) -> str:
    """An instant as QuickBooks takes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """One answer: rows, the ones found unreadable, how many places it covered, and the server's time."""

    rows: wire.Rows[R]
    covered: int
    read_at: datetime
    quarantined: tuple[wire.Unreadable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What Change Data Capture told: rows by entity, and the entities that could not be told in one call."""

    rows: dict[str, wire.Rows[wire.Row]] = field(default_factory=dict)
    untold: tuple[str, ...] = ()
    overflow: bool = False
    read_at: datetime


@dataclass(frozen=True, slots=True)
class _Halving(Generic[R]):
    kind: type[R]
    where: str
    order: str
    quarantined: list[tuple[int, str]] = field(default_factory=list)  # place, and what QuickBooks said

    def statement(self, start: int, size: int) -> str:
        rows = f"SELECT * FROM {self.kind.__name__}{_where(self.where)}"  # noqa: S608  values are `quoted`
        return f"{rows} ORDERBY {self.order} STARTPOSITION {start} MAXRESULTS {size}"


class Crew:
    """Those who fetch: `begin` a call, and ask for its result later. `room`: how many may be under way or lie ready.

    Without a pool a call is made when its result is asked for.
    """

    def __init__(self, pool: ThreadPoolExecutor | None, room: int) -> None:
        self._pool = pool
        self.room = room

    def begin(self, call: Callable[[], Result]) -> Callable[[], Result]:
        """Begins a call; what it returns gives the result."""
        return self._pool.submit(call).result if self._pool else cache(call)


class Reader:
    """Reads one company. Safe for several threads.

    `at_a_time` is how many pages are fetched at once; with 1, nothing depends on which thread is quicker.
    """

    def __init__(self, client: QuickBooksClient, now: Callable[[], datetime], *, at_a_time: int = AT_A_TIME) -> None:
        self._client = client
        self._now = now
        self._at_a_time = at_a_time

    def at_once(self, work: Callable[[T], Result], over: Sequence[T]) -> list[Result]:
        """`work` over all, several at a time, results in order."""
        if len(over) < 2 or self._at_a_time == 1:
            return [work(each) for each in over]
        with ThreadPoolExecutor(self._at_a_time) as pool:
            return list(pool.map(work, over))

    @contextmanager
    def crew(self) -> Iterator["Crew"]:
        """Fetches ahead; what is still waiting at the end is not begun any more."""
        pool = ThreadPoolExecutor(self._at_a_time) if self._at_a_time > 1 else None
        try:
            yield Crew(pool, self._at_a_time + READY if pool else 1)
        finally:
            if pool:
                pool.shutdown(wait=True, cancel_futures=True)

    def query(self, statement: str) -> tuple[wire.QueryReply, datetime]:
        """The answer and the server's time of it."""
        reply = decoded(self._client.select(statement), wire.QueryReply)
        return reply, self._time(reply.time)

    def count(self, entity: str, where: str = "") -> tuple[int, datetime]:
        """How many rows there are."""
        reply, at = self.query(f"SELECT COUNT(*) FROM {entity}{_where(where)}")  # noqa: S608  values are `quoted`
        return reply.count, at

    def everything(self, kind: type[R], where: str) -> list[R]:
        """All rows of a small set; those that cannot be read are left out."""
        found: list[R] = []
        start = 1
        while True:
            part = self.page(kind, where, "Id", start)
            found += part.rows.good
            if part.covered < PAGE:
                return found
            start += PAGE

    def page(self, kind: type[R], where: str, order: str, start: int = 1, size: int = PAGE) -> Slice[R]:
        """One page. A row that breaks it is found by halving and reported by its place; the rest is read."""
        halving = _Halving(kind, where, order)
        part = self._halved(halving, start, size)
        return Slice(part.rows, part.covered, part.read_at, tuple(self._named(halving, part.rows.good, start)))

    def _halved(self, halving: "_Halving[R]", start: int, size: int) -> Slice[R]:
        try:
            reply, at = self.query(halving.statement(start, size))
        except LedgerRejected as error:
            if error.code != UNREADABLE_ROW or len(halving.quarantined) >= MOST_QUARANTINED:
                raise
            if size == 1:
                halving.quarantined.append((start, str(error)))
                return Slice(wire.Rows(), 1, self._now())
            half = size // 2
            return _joined(self._halved(halving, start, half), self._halved(halving, start + half, size - half))
        rows = reply.rows(halving.kind)
        return Slice(rows, len(rows), at)

    def _named(self, halving: "_Halving[R]", rows: Sequence[R], start: int) -> Iterator[wire.Unreadable]:
        """The rows that broke their page, with the ids that lie between those of their neighbours and break too."""
        texts: dict[int, list[str]] = {}
        for earlier, (place, text) in enumerate(halving.quarantined):
            texts.setdefault(place - start - earlier, []).append(text)
        for place, said in texts.items():
            ids = self._breaking(halving.kind, _ids_between(rows, place))
            for text, ident in zip_longest(said, ids[: len(said)], fillvalue=""):
                yield wire.Unreadable(ident, text)

    def _breaking(self, kind: type[R], ids: Sequence[str]) -> list[str]:
        if not self._breaks(kind, ids):
            return []
        if len(ids) == 1:
            return [*ids]
        half = len(ids) // 2
        return self._breaking(kind, ids[:half]) + self._breaking(kind, ids[half:])

    def _breaks(self, kind: type[R], ids: Sequence[str]) -> bool:
        if not ids:
            return False
        try:
            self.query(_Halving(kind, f"Id IN {one_of(ids)}", "Id").statement(1, PAGE))
        except LedgerRejected as error:
            return error.code == UNREADABLE_ROW
        return False

    def by_ids(self, kind: type[R], ids: Collection[str]) -> tuple[list[R], list[wire.Unreadable], datetime | None]:
        """The documents with these ids, a thousand a call; those that are gone are simply not among them."""
        wanted = sorted(set(ids))
        if not wanted:
            return [], [], None
        chunks = [wanted[at : at + PAGE] for at in range(0, len(wanted), PAGE)]
        parts = self.at_once(lambda chunk: self.page(kind, f"Id IN {one_of(chunk)}", "Id"), chunks)
        good = [row for part in parts for row in part.rows.good]
        bad = [row for part in parts for row in (*part.rows.bad, *part.quarantined)]
        return good, bad, min(part.read_at for part in parts)

    def one(self, kind: type[R], ident: str) -> R | wire.Unreadable | None:
        """The row with this id, or None where QuickBooks itself says 610, or calls it deleted: it is gone.

        An answer that tells nothing of it says nothing: raises `LedgerUnavailable`.
        """
        try:
            body = self._client.read(f"{kind.__name__.lower()}/{ident}")
        except LedgerRejected as error:
            if error.code == NOT_FOUND:
                return None
            if error.code == UNREADABLE_ROW:
                return wire.Unreadable(ident, str(error))
            raise
        raw = decoded(body, dict[str, msgspec.Raw]).get(kind.__name__)
        if raw is None:
            raise LedgerUnavailable(f"QuickBooks told nothing of {kind.__name__} {ident}.")
        try:
            row = msgspec.json.decode(raw, type=kind)
        except msgspec.ValidationError as error:
            return wire.Unreadable(ident, str(error))
        return None if row.is_stub else row

    def changed(self, kinds: Sequence[type[wire.Row]], since: datetime) -> Changed:
        """What changed since an instant. One call, unless a broken row makes it one for each kind."""
        try:
            return self._captured(kinds, since)
        except LedgerRejected as error:
            if error.code != UNREADABLE_ROW:
                raise
            if len(kinds) == 1:
                return Changed(untold=(kinds[0].__name__,), read_at=self._now())
        parts = [self.changed([kind], since) for kind in kinds]
        told = [part.read_at for part in parts if not part.untold]
        return Changed(
            rows={name: rows for part in parts for name, rows in part.rows.items()},
            untold=tuple(name for part in parts for name in part.untold),
            overflow=any(part.overflow for part in parts),
            read_at=min(told, default=self._now()),
        )

    def _captured(self, kinds: Sequence[type[wire.Row]], since: datetime) -> Changed:
        asked = {"entities": ",".join(kind.__name__ for kind in kinds), "changedSince": spelled(since)}
        reply = decoded(self._client.read("cdc", asked), wire.CdcReply)
        if reply.fault is not None:
            raise error_of(reply.fault, 200)
        if reply.is_empty:
            raise LedgerUnavailable("QuickBooks told nothing at all when asked for what changed.")
        rows = {kind.__name__: reply.rows(kind) for kind in kinds}
        overflow = sum(len(each) for each in rows.values()) >= CDC_LIMIT
        return Changed(rows=rows, overflow=overflow, read_at=self._time(reply.time))

    def _time(self, text: str | None) -> datetime:
        return instant(text) or self._now()


def _ids_between(rows: Sequence[wire.Row], place: int) -> list[str]:
    """The ids that a row standing just before `rows[place]` may have: they rise with the instant of creation."""
    before = [int(row.id) for row in rows[max(place - 1, 0) : place] if row.id.isdigit()]
    after = [int(row.id) for row in rows[place : place + 1] if row.id.isdigit()]
    if not before and not after:
        return []
    low = before[0] + 1 if before else max(after[0] - GAP, 1)
    high = after[0] if after else low + GAP
    return [str(number) for number in range(low, min(high, low + GAP))]


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""


def _joined(left: Slice[R], right: Slice[R]) -> Slice[R]:
    rows = wire.Rows([*left.rows.good, *right.rows.good], [*left.rows.bad, *right.rows.bad])
    return Slice(rows, left.covered + right.covered, min(left.read_at, right.read_at))
