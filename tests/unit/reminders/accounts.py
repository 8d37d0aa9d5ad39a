"""Short ways to say what a customer owes and has been told, for the tests of the rules."""

from datetime import UTC, date, datetime, timedelta

from adapters.money import Money
from reminders.account import Account, Contacted, Hold, HoldKind, OwedItem, Taken, TakenHow
from reminders.cadence import decide
from reminders.decision import Decision, MessagePlan
from reminders.steps import Cadence, Rules, Step
from reminders.working_days import WorkingDays

MONDAY = date(2026, 6, 1)
"""A Monday in a month without public holidays."""

CALENDAR = WorkingDays()
EVERY_DAY = WorkingDays(weekend=())


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def day(offset: int) -> date:
    return MONDAY + timedelta(offset)


def at(on: date, hour: int = 12) -> datetime:
    return datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def owed(number: str = "1", due: date = MONDAY, amount: Money | None = None, **more: object) -> OwedItem:
    total = amount or usd("100")
    facts: dict[str, object] = {
        "ref": f"invoice:{number}#1",
        "document": f"invoice:{number}",
        "number": number,
        "customer": "20",
        "customer_name": "Amy's Birds",
        "issue_date": due - timedelta(30),
        "due_date": due,
        "first_seen": due - timedelta(30),
        "total": total,
        "open": total,
    }
    return OwedItem(**(facts | more))  # type: ignore[arg-type]  # names are checked by the class itself


def account(*items: OwedItem, **more: object) -> Account:
    facts: dict[str, object] = {
        "ref": "20",
        "customer": "20",
        "name": "Amy's Birds",
        "items": items,
        "recipients": ("amy@example.com",),
        "addresses_tried": 1,
    }
    return Account(**(facts | more))  # type: ignore[arg-type]  # names are checked by the class itself


def took(step: Step, on: date, how: TakenHow = TakenHow.SENT, *, number: int = 1, cycle: int = 1) -> Taken:
    return Taken(cycle=cycle, step_no=number, step_id=step.id, step_day=step.day, on=on, how=how)


def hold(begins: date, ends: date | None, *items: str, kind: HoldKind = HoldKind.PAUSE) -> Hold:
    return Hold(kind=kind, id="h1", begins=begins, ends=ends, reason="asked to wait", items=frozenset(items))


def wrote(on: date, what: str = "reminder") -> Contacted:
    return Contacted(on=on, address="amy@example.com" if what == "reminder" else "", what=what)


HEADS_UP = Step(id="heads-up", day=-3, tone="heads_up", template="heads_up")
FIRST = Step(id="first", day=3, tone="friendly", template="friendly")
SECOND = Step(id="second", day=11, tone="plain", template="plain")
CALL = Step(id="call", day=19, channel="call", tone="firm", template="firm")
LAST = Step(id="last", day=30, tone="final", template="final")
STEPS = (HEADS_UP, FIRST, SECOND, CALL, LAST)
MAILS = (HEADS_UP, FIRST, SECOND, LAST)


def cadence(*steps: Step, list_not_due: bool = False, name: str = "test", **rules: object) -> Cadence:
    return Cadence(
        name=name,
        version="1",
        steps=steps or MAILS,
        rules=Rules(**rules),  # type: ignore[arg-type]  # names are checked by the class itself
        list_not_due=list_not_due,
    )


def judge(an_account: Account, today: date, a_cadence: Cadence | None = None) -> Decision:
    return decide(an_account, a_cadence or cadence(), today, CALENDAR)


# Items on their ladder, and what a message says of them

TEN_DAYS_AGO, TWENTY_DAYS_AGO = day(-10), day(-20)
LAPSED = took(HEADS_UP, day(-40), TakenHow.LAPSED)


def past(number: str, amount: Money | None = None, *, due: date = TEN_DAYS_AGO) -> OwedItem:
    """An item due for the first step."""
    return owed(number, due, amount, taken=(LAPSED,))


def told(number: str, on: date, amount: Money | None = None, *, due: date = TWENTY_DAYS_AGO) -> OwedItem:
    """An item that had its first step."""
    return owed(number, due, amount, taken=(LAPSED, took(FIRST, on, number=2)))


def part(kind: HoldKind, number: str, amount: Money, *, begins: date = TEN_DAYS_AGO, ends: date | None = None) -> Hold:
    """A hold that leaves out `amount` of an item."""
    ref = f"invoice:{number}#1"
    return Hold(
        kind=kind,
        id=f"{kind}-{number}",
        begins=begins,
        ends=ends,
        reason="",
        items=frozenset([ref]),
        parts={ref: amount},
        whole=False,
    )


def message(decision: Decision) -> MessagePlan:
    assert decision.message is not None, decision
    return decision.message


def numbers(plan: MessagePlan) -> tuple[list[str], list[str], list[str]]:
    """The numbers of the items that a message is about, lists as past due, and lists as not yet due."""
    return (
        [line.item.number for line in plan.about],
        [line.item.number for line in plan.also],
        [line.item.number for line in plan.not_yet_due],
    )
