"""A cadence read aloud: on which days an invoice that nobody pays would be written about.

The days come from `decide` itself, run over a single invoice, so that what is read here is what will happen; a step
goes out on the first working day from the day it is due.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from msgspec.structs import replace as changed

from adapters.money import Money
from reminders.account import Account, Contacted, OwedItem, Taken, TakenHow
from reminders.cadence import decide
from reminders.decision import Advance, Decision
from reminders.steps import Cadence, Step
from reminders.working_days import WorkingDays

_DAYS_BEFORE_DUE = 90
_LONGEST_DAYS = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One thing that will happen to the invoice; `step` is None for the end of the ladder."""

    on: date
    step: Step | None
    lapses: bool = False


def read_aloud(cadence: Cadence, due: date, calendar: WorkingDays) -> list[str]:
    """The cadence in plain sentences, for an invoice due on `due` that nobody pays."""
    sentences = [f"An invoice due {_day(due)} that nobody pays gets:"]
    sentences += [_sentence(planned, due) for planned in simulate(cadence, due, calendar)]
    rules = cadence.rules
    sentences.append(
        f"A customer hears from you at most once in {rules.min_gap_days} days, {rules.weekly_cap} times in a week "
        f"and {rules.monthly_cap} times in a month, however many invoices are open."
    )
    return sentences


def simulate(cadence: Cadence, due: date, calendar: WorkingDays, *, seen: date | None = None) -> list[Planned]:
    """What happens, and when, to an invoice due on `due` that nobody pays and nothing holds. `seen` is the day on
    which it appears in the ledger, 90 days before the due date where it is not given.
    """
    return list(_days(cadence, calendar, _account(due, seen or due - timedelta(_DAYS_BEFORE_DUE))))


def _account(due: date, seen: date) -> Account:
    amount = Money(100_000, "XXX")
    item = OwedItem(
        ref="invoice:1#1",
        document="invoice:1",
        number="1",
        customer="1",
        customer_name="",
        issue_date=seen,
        due_date=due,
        first_seen=seen,
        total=amount,
        open=amount,
    )
    return Account(ref="1", customer="1", name="", items=(item,), recipients=("you@example.com",))


def _days(cadence: Cadence, calendar: WorkingDays, account: Account) -> Iterator[Planned]:
    steps = {step.id: step for step in cadence.steps}
    today = account.items[0].first_seen
    last = account.items[0].due_date + timedelta(_LONGEST_DAYS)
    while today <= last:
        decision = decide(account, cadence, today, calendar)
        yield from (Planned(on=today, step=steps[each.step_id], lapses=True) for each in decision.lapsed)
        account = _record(account, decision.lapsed, today, TakenHow.LAPSED)
        if decision.escalate:
            yield Planned(on=today, step=None)
            return
        made = _made(decision)
        if made and calendar.is_working(today):
            yield from (Planned(on=today, step=steps[each.step_id]) for each in made)
            account = _record(account, made, today, TakenHow.SENT)
        today = (today + timedelta(1)) if made else (decision.look_on or last + timedelta(1))


def _made(decision: Decision) -> tuple[Advance, ...]:
    return decision.message.advance if decision.message else decision.person_step


def _record(account: Account, advances: tuple[Advance, ...], today: date, how: TakenHow) -> Account:
    if not advances:
        return account
    taken = tuple(
        Taken(cycle=each.cycle, step_no=each.step_no, step_id=each.step_id, step_day=each.step_day, on=today, how=how)
        for each in advances
    )
    item = changed(account.items[0], taken=account.items[0].taken + taken)
    contacts = (*account.contacts, Contacted(on=today)) if how is TakenHow.SENT else account.contacts
    return replace(account, items=(item,), contacts=contacts)


_SAID = {
    "heads_up": "a heads-up",
    "friendly": "a friendly reminder",
    "plain": "a plain reminder",
    "firm": "a firm reminder",
    "final": "a last reminder",
}


def _sentence(planned: Planned, due: date) -> str:
    when = f"{_day(planned.on)}, {_lateness((planned.on - due).days)}"
    if planned.step is None:
        return f"{when}: the ladder has ended, a person is told, and nothing more is sent."
    said = "a call by a person" if planned.step.is_persons else _SAID[planned.step.tone]
    if planned.lapses:
        return f"{when}: {said} ({planned.step.id}) lapses unsent."
    return f"{when}: {said} ({planned.step.id})."


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _lateness(days: int) -> str:
    if days == 0:
        return "on the due date"
    unit = "day" if abs(days) == 1 else "days"
    return f"{abs(days)} {unit} {'before' if days < 0 else 'after'} the due date"
