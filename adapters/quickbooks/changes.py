"""How a reading goes: through the phases of its plan, then through what changed since it began."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from adapters.ledger import Page
from adapters.quickbooks.cursor import CAPTURED, CREATED, Phase, State, begin_sweep, catch_up, first_read
from adapters.quickbooks.intake import Found, Intake, Receivables
from adapters.quickbooks.mapping import HomeCurrency
from adapters.quickbooks.reads import CDC_REACH, Changed, Reader
from adapters.quickbooks.walk import Walk


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
        now = self._now()
        return first_read(self._realm, now, _months_before(now.date(), self._history_months))

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
        began = self._now()
        with self._reader.crew() as crew:
            receivables = Receivables(self._reader, state)
            walks = [
                Walk(self._reader, crew, phase, receivables.look if phase.entity == "JournalEntry" else None)
                for phase in state.phases
            ]
            self._plan(state, walks, began)

            def reach() -> None:
                """As many pages are under way as there is room for, those that are needed first before others."""
                under_way = sum(walk.begun for walk in walks)
                for walk in walks:
                    while under_way < crew.room and walk.reach_on():
                        under_way += 1

            for phase, walk in zip(list(state.phases), walks, strict=True):
                for part in walk.parts(reach):
                    intake = self._intake(state, phase, receivables)
                    state.done += len(part.rows)
                    state.expected = max(state.expected, state.done)
                    found = intake.take({phase.entity: part.rows})
                    for broken in part.quarantined:
                        intake.problem(phase.entity, broken.id, broken.text)
                    if walk.over:
                        state.phases = state.phases[1:]
                    if found or not state.phases:
                        yield self._page(state, found, part.read_at)

    def _intake(self, state: State, phase: Phase, receivables: Receivables) -> Intake:
        follow = any(each.entity == "JournalEntry" for each in state.phases[1:])
        first_time = bool(state.history) and phase.order == CREATED
        since = date.fromisoformat(state.history) if first_time else None
        return Intake(
            self._reader, self._home, state, closed_since=since, entries_follow=follow, receivables=receivables
        )

    def _plan(self, state: State, walks: Sequence[Walk], began: datetime) -> None:
        """Takes the counts. A first read notes the server's time from before it asked for anything."""
        told: list[datetime] = []
        for phase, walk in zip(state.phases, walks, strict=True):
            if counted := walk.counted():
                phase.expected, at = counted
                phase.planned = True
                state.expected += phase.expected
                told.append(at)
        if not state.since:
            state.move_to(min(told) - (self._now() - began))


def _months_before(day: date, months: int) -> date:
    ordinal = day.year * 12 + day.month - 1 - months
    return date(ordinal // 12, ordinal % 12 + 1, 1)
