"""How one set of rows is walked through, several pages at once, while the company goes on working.

Pages are asked for by their place in the set, each beginning with the last row of the one before. An invoice that is
paid meanwhile leaves the set, and all places behind it move: then two neighbours share no row, or not that one alone.
From there the walk goes on by the instant of the last row read, which nothing can move, until it meets a page that
was fetched already. So a place only ever saves time, and never decides what was read.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import Enum, auto

from adapters.quickbooks import wire
from adapters.quickbooks.cursor import CREATED, Phase
from adapters.quickbooks.mapping import instant
from adapters.quickbooks.reads import PAGE, Crew, Reader, Slice, quoted

Part = Slice[wire.Row]

COUNTED = ("Customer", "Invoice", "Payment")
"""Kinds that usually fill many pages: counted beforehand. Of the others the first page is asked for, and tells."""


class Walk:
    """One phase's rows. Its first page and its count are asked for at once, the others as there is room.

    `over` is true once the last part was given, and already while it is. `look` is shown every page where it was read,
    so that what a page makes necessary to ask for is asked for meanwhile.
    """

    def __init__(
        self, reader: Reader, crew: Crew, phase: Phase, look: Callable[[Sequence[wire.Row]], None] | None = None
    ) -> None:
        self._reader = reader
        self._crew = crew
        self._phase = phase
        self._kind = wire.ENTITIES[phase.entity]
        self._where = bounded(phase)
        self._look = look
        self._entered = False
        self._next = phase.skip + PAGE
        self._counting: Callable[[], tuple[int, datetime]] | None = None
        self._begun: deque[Callable[[], Part]] = deque()
        self.over = False
        if phase.entity in COUNTED and not phase.planned:
            self._count()
        self._begin(phase.skip + 1)

    def _count(self) -> None:
        self._counting = self._crew.begin(lambda: self._reader.count(self._phase.entity, self._where))

    def counted(self) -> tuple[int, datetime] | None:
        """How many rows there were and the server's time of that answer, if they were counted."""
        return self._counting() if self._counting else None

    @property
    def begun(self) -> int:
        """How many pages are under way or lie ready, beside the first one where this walk's turn has not come."""
        return len(self._begun) - (not self._entered)

    def reach_on(self) -> bool:
        """Asks for one page more, if one is expected."""
        counted = self.counted()
        total = counted[0] if counted else self._phase.skip + self._phase.expected - self._phase.told
        if self.over or self._next >= total:
            return False
        self._begin(self._next)
        self._next += PAGE - 1
        return True

    def _begin(self, start: int) -> None:
        where = self._where
        self._begun.append(self._crew.begin(lambda: self._read(where, start)))

    def _read(self, where: str, start: int) -> Part:
        part = self._reader.page(self._kind, where, self._phase.order, start)
        if self._look:
            self._look(part.rows.good)
        return part

    def parts(self, reach: Callable[[], None]) -> Iterator[Part]:
        """The rows, each once. When a part is given, the phase already stands behind it. `reach` asks for more."""
        last: Part | None = None
        self._entered = True
        while not self.over:
            page = self._fetched(reach)
            joint = _joint(last, page, self._phase.order) if page is not None else _Joint.NONE
            if page is None or joint is _Joint.NONE:
                if page is not None:
                    self._begun.appendleft(lambda again=page: again)  # type: ignore[misc]  # bound now
                page, joint = self._by_key(), _Joint.KEY
            if joint is not _Joint.BEHIND:
                yield self._told(page, last, joint)
                last = page
        self._begun.clear()

    def _fetched(self, reach: Callable[[], None]) -> Part | None:
        """The next page that was asked for by its place, if there is one."""
        if not self._begun:
            return None
        page = self._begun.popleft()()
        uncounted = not self._counting and not self._phase.planned
        if uncounted and page.covered >= PAGE and self._phase.order == CREATED:
            self._count()
        reach()
        return page

    def _by_key(self) -> Part:
        return self._read(bounded(self._phase), self._phase.skip + 1)

    def _told(self, part: Part, before: Part | None, joint: "_Joint") -> Part:
        """What of a part was not in the one before; the phase moves behind it."""
        phase = self._phase
        self.over = part.covered < PAGE
        seen = {row.id for row in before.rows.good} if before else frozenset[str]()
        good = [row for row in part.rows.good if row.id not in seen]
        key = _stamp(part.rows.good[-1], phase.order) if part.rows.good else ""
        if key and key != phase.key:
            phase.key, phase.skip = key, 0
        elif joint is not _Joint.TIME:  # among rows of one instant, on by as many places as were not covered before
            phase.skip += part.covered - (joint is _Joint.ROW)
        phase.told += len(good)
        return Slice(wire.Rows(good, part.rows.bad), part.covered, part.read_at, part.quarantined)


class _Joint(Enum):
    """How a page joins what was read before it."""

    KEY = auto()  # it was asked for from there on
    ROW = auto()  # they share one row, the last of one and the first of the other, and that one alone
    TIME = auto()  # it begins before the instant that was reached, and reaches it: it holds all rows that follow
    BEHIND = auto()  # everything on it was read before
    NONE = auto()  # something may stand between them


def bounded(phase: Phase) -> str:
    """The condition for what is still to be read: the phase's own, and from which instant on."""
    conditions = [phase.where] if phase.where else []
    if lower := phase.key or phase.first:
        conditions.append(f"{phase.order} >= {quoted(lower)}")
    return " AND ".join(conditions)


def _stamp(row: wire.Row, order: str) -> str:
    made = row.meta_data or wire.MetaData()
    return (made.create_time if order == CREATED else made.last_updated_time) or ""


def _at(rows: Sequence[wire.Row], place: int, order: str) -> datetime | None:
    return instant(_stamp(rows[place], order)) if rows else None


def _joint(last: Part | None, page: Part, order: str) -> _Joint:
    if last is None:
        return _Joint.KEY
    before, after = last.rows.good, page.rows.good
    if not before or not after:
        return _Joint.NONE
    if before[-1].id == after[0].id:
        shared = {row.id for row in before} & {row.id for row in after}
        return _Joint.ROW if len(shared) == 1 else _Joint.NONE
    begins, reached, ends = _at(after, 0, order), _at(before, -1, order), _at(after, -1, order)
    if not begins or not reached or not ends:
        return _Joint.NONE
    if ends < reached:
        return _Joint.BEHIND
    return _Joint.TIME if begins < reached else _Joint.NONE
