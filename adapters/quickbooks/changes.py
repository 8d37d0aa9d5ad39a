"""How a reading goes: through the phases of its plan, then through what changed since it began."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from adapters.ledger import Page
from adapters.quickbooks import wire
from adapters.quickbooks.cursor import CAPTURED, CREATED, UPDATED, Phase, State, begin_sweep, catch_up, first_read
from adapters.quickbooks.intake import Found, Intake
from adapters.quickbooks.mapping import HomeCurrency
from adapters.quickbooks.reads import CDC_REACH, PAGE, Changed, Reader, Slice, quoted, spelled

WINDOW = 800
"""Rows that a window of time should hold: with fewer than a page, most windows are read in one call."""


@dataclass(frozen=True, slots=True)
class _Window:
    number: int
    where: str


class Reading:
    """Reads one company from a cursor on, page by page."""

    def __init__(
        self,
        reader: Reader,
        home: HomeCurrency,
        now: Callable[[], datetime],
        *,
        realm: str,
        history_months: int,
    ) -> None:
        self._reader = reader
        self._home = home
        self._now = now
        self._realm = realm
        self._history_months = history_months

    def pages(self, cursor: str | None, *, whole: bool) -> Iterator[Page]:
        """The pages from `cursor` on; see `Ledger.changes`."""
        state = State.decode(cursor) if cursor else self._first()
        if not state.phases and not whole and self._now() - state.from_instant > CDC_REACH:
            self._plan_all(state, self._server_time())
        elif whole and not state.phases:
            begin_sweep(state, self._realm, self._now())
        yield from self._phases(state)
        changed = self._reader.changed(CAPTURED, state.from_instant)
        if changed.overflow or changed.untold:
            yield from self._detour(state, changed)
            changed = self._reader.changed(CAPTURED, state.from_instant)
        yield self._last(state, changed)

    def _first(self) -> State:
        at = self._server_time()
        return first_read(self._realm, at, _months_before(at.date(), self._history_months))

    def _server_time(self) -> datetime:
        return self._reader.count("Invoice", "Balance > '0'")[1]

    def _plan_all(self, state: State, at: datetime) -> None:
        """More changed than can be captured: deletions may be among it, so the open documents are swept as well."""
        catch_up(state, [kind.__name__ for kind in CAPTURED], at)
        begin_sweep(state, self._realm, at)

    def _detour(self, state: State, changed: Changed) -> Iterator[Page]:
        """What one call could not tell is read page by page; what it did tell (deletions above all) is kept."""
        found = Intake(self._reader, self._home, state).take(changed.rows)
        if changed.overflow:
            self._plan_all(state, changed.read_at)
        else:
            catch_up(state, changed.untold, changed.read_at)
        yield self._page(state, found, changed.read_at)
        yield from self._phases(state)

    def _last(self, state: State, changed: Changed) -> Page:
        found = Intake(self._reader, self._home, state).take(changed.rows)
        if not changed.overflow and not changed.untold:
            state.move_to(changed.read_at)
        read = self._page(state, found, changed.read_at)
        state.whole, state.unreadable, state.history, state.done, state.expected = "", [], "", 0, 0
        return replace(read, cursor=state.encode(), complete=bool(read.whole_read), last=True)

    def since(self, state: State) -> tuple[Found, datetime, bool]:
        """Everything that changed since `state`, at once; whether nothing can have been passed over; moves `state`."""
        changed = self._reader.changed(CAPTURED, state.from_instant)
        intake = Intake(self._reader, self._home, state)
        found = intake.take(changed.rows)
        if not changed.overflow and not changed.untold:
            state.move_to(changed.read_at)
            return found, changed.read_at, True
        detour = State(since=state.since, journals=state.journals, accounts=state.accounts)
        catch_up(detour, changed.untold or [kind.__name__ for kind in CAPTURED], changed.read_at)
        for page in self._phases(detour):
            found.customers += page.customers
            found.documents += page.documents
            found.tombstones += page.tombstones
            found.problems += page.problems
        return found, changed.read_at, False

    def _page(self, state: State, found: Found, read_at: datetime) -> Page:
        return Page(
            customers=tuple(found.customers),
            documents=tuple(found.documents),
            tombstones=tuple(found.tombstones),
            problems=tuple(found.problems),
            cursor=state.encode(),
            read_at=read_at,
            scope=state.scope,
            whole_read=state.whole or None,
            done=state.done,
            expected=state.expected,
        )

    def _phases(self, state: State) -> Iterator[Page]:
        self._plan(state)
        while state.phases:
            phase = state.phases[0]
            for part in self._walk(state, phase):
                intake = self._intake(state, phase)
                state.done += len(part.rows)
                found = intake.take({phase.entity: part.rows})
                for broken in part.quarantined:
                    intake.problem(phase.entity, broken.id, broken.text)
                if phase.window >= phase.windows:
                    state.phases = state.phases[1:]
                if found or not state.phases:
                    yield self._page(state, found, part.read_at)

    def _intake(self, state: State, phase: Phase) -> Intake:
        follow = any(each.entity == "JournalEntry" for each in state.phases[1:])
        first_time = bool(state.history) and phase.order == CREATED
        since = date.fromisoformat(state.history) if first_time else None
        return Intake(self._reader, self._home, state, closed_since=since, entries_follow=follow)

    def _plan(self, state: State) -> None:
        """Counts each phase, leaves the empty ones out, and cuts the large ones into windows of time."""
        for phase in state.phases:
            if phase.planned:
                continue
            phase.expected, _ = self._reader.count(phase.entity, phase.where)
            if phase.expected > PAGE:
                phase.first = self._first_instant(phase)
                phase.windows = -(-phase.expected // WINDOW) if phase.first else 1
            phase.planned = True
            state.expected += phase.expected
        state.phases = [phase for phase in state.phases if phase.expected or phase.order == UPDATED]

    def _first_instant(self, phase: Phase) -> str:
        kind = wire.ENTITIES[phase.entity]
        rows = self._reader.page(kind, phase.where, phase.order, size=1).rows.good
        made = rows[0].meta_data if rows else None
        return (made.create_time if made else None) or ""

    def _walk(self, state: State, phase: Phase) -> Iterator[Slice[wire.Row]]:
        """The phase's pages. When one is yielded, `phase` already stands behind it."""
        kind, end, resumed_at = wire.ENTITIES[phase.entity], state.from_instant, phase.skip + 1
        resumed = phase.window
        windows = [_Window(at, _bounds(phase, at, end)) for at in range(phase.window, phase.windows)]

        def opening(window: _Window) -> Slice[wire.Row]:
            return self._reader.page(kind, window.where, phase.order, resumed_at if window.number == resumed else 1)

        for window, first in self._reader.ahead(opening, windows):
            part, seen = first, frozenset[str]()
            while part.covered >= PAGE:
                _advance(phase, part)
                yield _unseen(part, seen)
                seen = frozenset(row.id for row in part.rows.good)
                where = _bounds(phase, window.number, end)
                part = self._reader.page(kind, where, phase.order, phase.skip + 1)
            phase.window, phase.key, phase.skip = window.number + 1, "", 0
            yield _unseen(part, seen)


def _bounds(phase: Phase, number: int, end: datetime) -> str:
    """The condition for a window: the phase's own, and between which instants."""
    conditions = [phase.where] if phase.where else []
    if lower := (phase.key if number == phase.window else "") or _edge(phase, number, end):
        conditions.append(f"{phase.order} >= {quoted(lower)}")
    if number + 1 < phase.windows:
        conditions.append(f"{phase.order} < {quoted(_edge(phase, number + 1, end))}")
    return " AND ".join(conditions)


def _edge(phase: Phase, number: int, end: datetime) -> str:
    if not phase.first:
        return ""
    first = datetime.fromisoformat(phase.first)
    return spelled(first + (end - first) * number / phase.windows)


def _advance(phase: Phase, part: Slice[wire.Row]) -> None:
    """Moves the key to the last row's instant; among rows of one instant, on by as many as were covered."""
    last = part.rows.good[-1].meta_data if part.rows.good else None
    key = (last.create_time if phase.order == CREATED else last.last_updated_time) if last else None
    if key and key != phase.key:
        phase.key, phase.skip = key, 0
    else:
        phase.skip += part.covered


def _unseen(part: Slice[wire.Row], seen: frozenset[str]) -> Slice[wire.Row]:
    if not seen:
        return part
    good = [row for row in part.rows.good if row.id not in seen]
    return Slice(wire.Rows(good, part.rows.bad), part.covered, part.read_at, part.quarantined)


def _months_before(day: date, months: int) -> date:
    ordinal = day.year * 12 + day.month - 1 - months
    return date(ordinal // 12, ordinal % 12 + 1, 1)
