"""Every open item of an account on a day: what would be asked of it, the hold that rests it, its next step."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from reminders.account import Account, Hold, OwedItem
from reminders.amounts import line_of
from reminders.decision import Line
from reminders.ladder import DERIVED, Rung, Span, climb, spans_of
from reminders.steps import Cadence
from reminders.working_days import WorkingDays


class Stand(NamedTuple):
    """One open item today. `hold` is the one that rests it longest: whole, or since its part leaves nothing to ask for;
    None where the item climbs.
    """

    item: OwedItem
    line: Line
    hold: Hold | None
    rung: Rung


def stands_of(
    owed: Iterable[OwedItem], account: Account, cadence: Cadence, today: date, calendar: WorkingDays
) -> list[Stand]:
    """Where each of the `owed` items of `account` stands, by due date, then number."""
    holds = account.holds
    in_force = [hold for hold in holds if hold.begins <= today and (hold.ends is None or today < hold.ends)]
    whole = [hold for hold in in_force if hold.whole and hold.kind not in DERIVED]
    parts = [hold for hold in in_force if not hold.whole and hold.parts]
    stands = []
    for item in owed:
        spans: Sequence[Span] = spans_of(item.ref, holds, today) if holds else ()
        line = line_of(item, parts, today)
        resting = _longest(hold for hold in whole if not hold.items or item.ref in hold.items) if whole else None
        if resting is None and not line.asked:
            resting = _longest(hold for hold in parts if hold.parts and item.ref in hold.parts)
        stands.append(Stand(item, line, resting, climb(item, cadence, today, calendar, spans)))
    stands.sort(key=lambda stand: (stand.item.due_date, stand.item.number, stand.item.ref))
    return stands


def _longest(holds: Iterable[Hold]) -> Hold | None:
    return max(holds, key=lambda hold: hold.ends or date.max, default=None)
