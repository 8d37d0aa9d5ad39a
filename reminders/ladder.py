"""An item's ladder: where it stands, which step is next, and the first day on which that step may be taken.

The rules are those of docs/rules.md, section 2. An item's position is the last step it took (or that lapsed, or that
a person did not make), found on the present cadence by the step's day, so that a change of cadence never repeats or
softens what was said. All days are the company's.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from adapters.documents import ItemRef
from reminders.account import Hold, HoldKind, OwedItem, Taken
from reminders.decision import ReasonCode
from reminders.steps import Cadence
from reminders.working_days import WorkingDays

FAR = date(9999, 12, 31)
"""Not by itself: the end of a span that only a person or the ledger ends."""

DERIVED = frozenset((HoldKind.COVERED_BY_CREDIT, HoldKind.BELOW_MINIMUM, HoldKind.NO_ADDRESS))
"""Holds that `decide` judges anew from the facts: a stored one only tells which days did not count."""


class Span(NamedTuple):
    """Days under a hold: `begins` up to, and without, `ends`."""

    begins: date
    ends: date


class Rung(NamedTuple):
    """The next step of an item."""

    at: int  # its index; the number of steps where the ladder has ended
    due_on: date  # the first day for it; of an ended ladder the day on which a person is told
    reason: ReasonCode  # what that day is due to
    lapsed: tuple[int, ...] = ()  # the indexes of heads-ups that have just lapsed


def spans_of(item: ItemRef, holds: Iterable[Hold], today: date) -> list[Span]:
    """The spans in which `item` is, was or will be held whole, by their beginning."""
    spans = [
        Span(hold.begins, hold.ends or (today if hold.kind in DERIVED else FAR))
        for hold in holds
        if hold.whole and (not hold.items or item in hold.items)
    ]
    spans.sort()
    return spans


def after_unheld_days(start: date, days: int, spans: Sequence[Span]) -> date:
    """The first day by which `days` days after `start` have passed that lie in none of `spans` (sorted)."""
    end = start + timedelta(days)
    counted = start + timedelta(1)
    for begins, ends in spans:
        begin = max(begins, counted)
        if ends <= begin:
            continue
        if begin > end:
            break
        if ends == FAR:
            return FAR
        end += ends - begin
        counted = ends
    return end


def climb(item: OwedItem, cadence: Cadence, today: date, calendar: WorkingDays, spans: Sequence[Span]) -> Rung:
    """Where `item` stands on `today`: its next step and the first day for it."""
    taken = [each for each in item.taken if each.cycle == item.cycle] if item.taken else ()
    position = -1
    for each in taken:
        position = max(position, cadence.position_of(each.step_id, each.step_day))
    rung = _after(position, item.due_date, item.first_seen, item.known_since, cadence, today, calendar)
    if not taken:
        return rung
    if rung.at == len(cadence.steps):
        return rung._replace(due_on=after_unheld_days(taken[-1].on, cadence.rules.escalate_days, spans))
    said = next((each for each in reversed(taken) if each.was_said), None)
    if said is not None:
        far_enough = after_unheld_days(said.on, _distance(cadence, said, rung.at), spans)
        if far_enough > rung.due_on:
            return Rung(rung.at, far_enough, ReasonCode.DISTANCE, rung.lapsed)
    return rung


@lru_cache(maxsize=8192)
def _after(
    position: int,
    due_date: date,
    first_seen: date,
    known_since: date | None,
    cadence: Cadence,
    today: date,
    calendar: WorkingDays,
) -> Rung:
    """The rung after `position`, as far as the item's days tell, whatever was said of it: many items share them."""
    known = known_since or first_seen
    index, lapsed = _next(due_date, known, cadence, position, today, calendar)
    if index == len(cadence.steps):
        return Rung(index, today, ReasonCode.LADDER_ENDED, lapsed)
    due_on, reason = _step_day(due_date, first_seen, cadence, index, calendar)
    return Rung(index, due_on, reason, lapsed)


def _next(
    due_date: date, known: date, cadence: Cadence, position: int, today: date, calendar: WorkingDays
) -> tuple[int, tuple[int, ...]]:
    """The index of the next step, and the heads-ups that lapse: they do so at the due date, where we knew the item
    before it.
    """
    index = position + 1
    if index >= cadence.heads_ups or today < due_date:
        late = index == cadence.heads_ups and index < len(cadence.steps)
        return (_entry(due_date, known, cadence, calendar) if late else index), ()
    lapsed = tuple(range(index, cadence.heads_ups)) if known < due_date else ()
    return _entry(due_date, known, cadence, calendar), lapsed


def _entry(due_date: date, known: date, cadence: Cadence, calendar: WorkingDays) -> int:
    """The step after the due date at which the item enters: the first, or (`by_age`) the one for the age at which
    we first knew it.
    """
    first = cadence.heads_ups
    if cadence.rules.enter != "by_age":
        return first
    age = (known - calendar.on_or_after(due_date)).days
    for_age = cadence.position_of("", age)
    return max(first, for_age)


def _step_day(
    due_date: date, first_seen: date, cadence: Cadence, index: int, calendar: WorkingDays
) -> tuple[date, ReasonCode]:
    """The first day for step `index` as far as the due date and the item's newness tell.

    Steps count from the due date, or from the next working day where that is none; a heads-up does too, but never so
    that it would fall on the due date itself.
    """
    step = cadence.steps[index]
    rules = cadence.rules
    day = calendar.on_or_after(due_date) + timedelta(step.day)
    if step.is_heads_up:
        return min(day, due_date - timedelta(1)), ReasonCode.NOT_YET
    reason = ReasonCode.NOT_YET
    if index == cadence.heads_ups and rules.posting_lag_days:
        day, reason = calendar.add(day, rules.posting_lag_days), ReasonCode.POSTING_LAG
    settled_in = first_seen + timedelta(rules.new_invoice_days)
    return (settled_in, ReasonCode.NEW_INVOICE) if settled_in > day else (day, reason)


def _distance(cadence: Cadence, said: Taken, index: int) -> int:
    """How many days have to lie between what was said and step `index`: the cadence's, less the tolerance."""
    position = cadence.position_of(said.step_id, said.step_day)
    from_day = cadence.days[position] if position >= 0 else said.step_day
    return max(0, cadence.days[index] - from_day - cadence.rules.tolerance_days)
