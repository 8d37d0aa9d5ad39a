"""A tiny world in which the rules can be watched: one account, its bills, and what happens to them day by day.

A `History` is what hypothesis draws; `live` plays it, applying each decision as the service would: it looks only at the
account's `look_on` day or after a change, sends on working days, and is down now and then. Watched, `decide` is asked
on the other days too, on which it must have nothing to do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hypothesis import strategies as st
from msgspec.structs import replace as changed

from adapters.documents import ItemRef
from adapters.money import Money
from reminders.account import Account, BrokenPromise, Contacted, Hold, HoldKind, OwedItem, PersonWait, Taken, TakenHow
from reminders.cadence import decide
from reminders.decision import Advance, Decision
from reminders.steps import Cadence, Step
from tests.unit.reminders.accounts import CALENDAR, CALL, FIRST, HEADS_UP, LAST, MAILS, MONDAY, SECOND, STEPS, cadence

DAYS = 100

CADENCES = (
    cadence(*MAILS, name="mails"),
    cadence(*STEPS, name="with a call"),
    cadence(HEADS_UP, FIRST, replace(SECOND, day=15), replace(LAST, day=25), name="edited: second later"),
    cadence(HEADS_UP, replace(FIRST, day=2), replace(SECOND, day=8), CALL, LAST, name="edited: second sooner"),
    cadence(
        Step(id="early", day=-10, tone="heads_up"),
        Step(id="soon", day=-2, tone="heads_up"),
        Step(id="a", day=5, tone="friendly"),
        Step(id="b", day=14, tone="plain"),
        Step(id="c", day=21, tone="firm"),
        Step(id="d", day=28, tone="final"),
        name="other steps",
        list_not_due=True,
    ),
    cadence(FIRST, SECOND, LAST, name="no heads-up", posting_lag_days=0),
)


@dataclass(frozen=True)
class Bill:
    """An invoice: seen on `seen` (days from the first one), due `term` days later, of `amount` in `currency`."""

    seen: int
    term: int
    amount: int
    currency: str


@dataclass(frozen=True)
class Happening:
    """Something that happens on a day. What `which` and `size` (1 to 100) mean is the kind's matter."""

    on: int
    kind: str
    which: int
    size: int


@dataclass(frozen=True)
class History:
    """All that happens."""

    bills: tuple[Bill, ...]
    happenings: tuple[Happening, ...]
    first_cadence: int = 0


MOVES = ("pay part", "pay", "void", "reopen", "move due date", "hold", "dispute", "mail", "call", "outage", "switch")
MORE = (*MOVES, "credit", "credit used", "promise rest", "promise broken", "hold all")


def histories(
    kinds: tuple[str, ...] = MORE,
    *,
    cadences: tuple[int, ...] = tuple(range(len(CADENCES))),
    terms: tuple[int, int] = (-15, 30),
    amounts: tuple[int, int] = (1, 50_000),
    latest: int = DAYS - 20,
    least: int = 3,
    most: int = 10,
) -> st.SearchStrategy[History]:
    """Random histories in which from `least` to `most` of these kinds happen, up to the day `latest`."""
    bills = st.builds(
        Bill,
        seen=st.integers(0, 30),
        term=st.integers(*terms),
        amount=st.integers(*amounts),
        currency=st.sampled_from(("USD", "USD", "EUR")),
    )
    happenings = st.builds(
        Happening,
        on=st.integers(0, latest),
        kind=st.sampled_from(kinds),
        which=st.integers(0, 5),
        size=st.integers(1, 100),
    )
    return st.builds(
        History,
        bills=st.lists(bills, min_size=2, max_size=5).map(tuple),
        happenings=st.lists(happenings, min_size=least, max_size=most).map(tuple),
        first_cadence=st.sampled_from(cadences),
    )


@dataclass
class Day:
    """What was seen and decided on one day. `sent` says whether the message left."""

    on: date
    account: Account
    cadence: Cadence
    decision: Decision
    looked: bool
    sent: bool


@dataclass(frozen=True)
class Said:
    """One item taking one step."""

    on: date
    how: TakenHow
    item: OwedItem
    step: Step
    cadence: Cadence
    cycle: int


@dataclass
class World:
    """The account as it is lived."""

    cadence: Cadence
    items: dict[ItemRef, OwedItem] = field(default_factory=dict)
    closed_on: dict[ItemRef, date] = field(default_factory=dict)
    credit: dict[str, Money] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    contacts: list[Contacted] = field(default_factory=list)
    broken: list[BrokenPromise] = field(default_factory=list)
    down_until: date = date.min
    changed: bool = True
    look_on: date | None = None
    days: list[Day] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    escalated: list[tuple[date, ItemRef, int]] = field(default_factory=list)
    switched_on: list[date] = field(default_factory=list)

    def account(self) -> Account:
        return Account(
            ref="20",
            customer="20",
            name="Amy's Birds",
            items=tuple(item for item in self.items.values() if item.open.minor > 0),
            free_credit=dict(self.credit),
            holds=tuple(self.holds),
            contacts=tuple(self.contacts),
            recipients=("amy@example.com",),
            broken_promises=tuple(self.broken),
        )

    def steps_of(self, ref: ItemRef, cycle: int) -> list[Said]:
        return [each for each in self.said if each.item.ref == ref and each.cycle == cycle]


def live(history: History, *, watched: bool = False) -> World:
    """Plays a history to its end."""
    world = World(cadence=CADENCES[history.first_cadence])
    for offset in range(DAYS):
        today = MONDAY + timedelta(offset)
        for number, bill in enumerate(history.bills):
            if bill.seen == offset:
                _bill(world, number, bill, today)
        for each in history.happenings:
            if each.on == offset:
                _happen(world, each, today)
        if today >= world.down_until:
            _decide(world, today, watched=watched)
    return world


def _bill(world: World, number: int, bill: Bill, today: date) -> None:
    ref = f"invoice:{number}#1"
    amount = Money(bill.amount, bill.currency)
    world.items[ref] = OwedItem(
        ref=ref,
        document=f"invoice:{number}",
        number=str(number),
        customer="20",
        customer_name="Amy's Birds",
        issue_date=today,
        due_date=today + timedelta(bill.term),
        first_seen=today,
        total=amount,
        open=amount,
    )
    world.changed = True


# What happens


def _happen(world: World, each: Happening, today: date) -> None:
    world.changed = True
    refs = sorted(world.items)
    if each.kind == "outage":
        world.down_until = today + timedelta(1 + each.size // 8)
    elif each.kind == "switch":
        world.cadence = CADENCES[each.which % len(CADENCES)]
        world.switched_on.append(today)
    elif each.kind == "mail":
        world.contacts.append(Contacted(on=today, what="mail"))
    elif each.kind == "credit":
        world.credit["USD"] = Money(each.size * 60, "USD")
    elif each.kind == "credit used":
        world.credit.clear()
    elif each.kind == "promise broken":
        world.broken.append(BrokenPromise(id=f"p{each.on}", amount=Money(100, "USD"), day=today))
    elif each.kind == "hold all":
        world.holds.append(_hold(each, today, frozenset()))
    elif refs:
        _befall(world, each, refs[each.which % len(refs)], today)


def _befall(world: World, each: Happening, ref: ItemRef, today: date) -> None:
    """What befalls one item."""
    item = world.items[ref]
    if each.kind == "hold":
        world.holds.append(_hold(each, today, frozenset([ref])))
    elif each.kind in {"dispute", "promise rest"}:
        world.holds.append(_part(each, today, item))
    elif each.kind == "pay part" and item.open.minor > 1:
        rest = max(1, item.open.minor * (100 - each.size) // 100)
        world.items[ref] = changed(item, open=Money(rest, item.open.currency))
    elif each.kind in {"pay", "void"} and item.open.minor > 0:
        world.items[ref] = changed(item, open=Money.zero(item.open.currency))
        world.closed_on[ref] = today
    elif each.kind == "reopen" and item.open.minor == 0:
        _reopen(world, item, today)
    elif each.kind == "move due date" and item.open.minor > 0:
        _move(world, item, today, today + timedelta(each.size - 60))
    elif each.kind == "call" and item.person_wait is not None:
        _call(world, item, today)


def _hold(each: Happening, today: date, items: frozenset[ItemRef]) -> Hold:
    ends = today + timedelta(1 + each.size // 5)
    return Hold(kind=HoldKind.PAUSE, id=f"h{each.on}", begins=today, ends=ends, reason="asked to wait", items=items)


def _part(each: Happening, today: date, item: OwedItem) -> Hold:
    part = Money(max(1, item.total.minor * each.size // 100), item.total.currency)
    return Hold(
        kind=HoldKind.DISPUTE if each.kind == "dispute" else HoldKind.PROMISE,
        id=f"d{each.on}",
        begins=today,
        ends=today + timedelta(5 + each.size // 3),
        reason="under review",
        items=frozenset([item.ref]),
        parts={item.ref: part},
        whole=False,
    )


def _reopen(world: World, item: OwedItem, today: date) -> None:
    rules = world.cadence.rules
    again = changed(item, open=item.total)
    if (today - world.closed_on[item.ref]).days > rules.reopen_days:
        again = changed(again, cycle=item.cycle + 1, person_wait=None, escalated_on=None)
    world.items[item.ref] = again
    ends = today + timedelta(rules.min_gap_days)
    only = frozenset([item.ref])
    world.holds.append(
        Hold(kind=HoldKind.REOPENED, id="r", begins=today, ends=ends, reason="reopened", items=only),
    )


def _move(world: World, item: OwedItem, today: date, due_date: date) -> None:
    moved = changed(item, due_date=due_date, due_date_before=item.due_date)
    if due_date > today:
        moved = changed(moved, cycle=item.cycle + 1, person_wait=None, escalated_on=None)
    world.items[item.ref] = moved


def _call(world: World, item: OwedItem, today: date) -> None:
    assert item.person_wait is not None
    step = next((step for step in world.cadence.steps if step.id == item.person_wait.step_id), None)
    if step is None:
        return
    number = sum(1 for taken in item.taken if taken.cycle == item.cycle) + 1
    done = Taken(cycle=item.cycle, step_no=number, step_id=step.id, step_day=step.day, on=today, how=TakenHow.DONE)
    world.items[item.ref] = changed(item, taken=(*item.taken, done), person_wait=None)
    world.contacts.append(Contacted(on=today, what="call"))
    world.said.append(
        Said(on=today, how=TakenHow.DONE, item=item, step=step, cadence=world.cadence, cycle=item.cycle),
    )


# What the service does


def acts(decision: Decision) -> bool:
    return bool(decision.message or decision.person_step or decision.lapsed or decision.not_made or decision.escalate)


def _decide(world: World, today: date, *, watched: bool) -> None:
    looked = world.changed or (world.look_on is not None and world.look_on <= today)
    if not looked and not watched:
        return
    account = world.account()
    decision = decide(account, world.cadence, today, CALENDAR)
    sent = looked and decision.message is not None and CALENDAR.is_working(today)
    world.days.append(
        Day(on=today, account=account, cadence=world.cadence, decision=decision, looked=looked, sent=sent)
    )
    if not looked:
        return
    world.changed = False
    world.look_on = decision.look_on
    _take(world, decision.lapsed, today, TakenHow.LAPSED)
    _take(world, decision.not_made, today, TakenHow.NOT_MADE)
    if sent and decision.message is not None:
        _take(world, decision.message.advance, today, TakenHow.SENT)
        world.contacts.append(Contacted(on=today, address="amy@example.com"))
        world.broken = [each for each in world.broken if each.id != decision.message.names_broken_promise]
    for each in decision.person_step:
        item = world.items[each.item]
        world.items[each.item] = changed(item, person_wait=PersonWait(step_id=each.step_id, since=today))
    for ref in decision.escalate:
        world.items[ref] = changed(world.items[ref], escalated_on=today)
        world.escalated.append((today, ref, world.items[ref].cycle))


def _take(world: World, advances: tuple[Advance, ...], today: date, how: TakenHow) -> None:
    steps: Mapping[str, Step] = {step.id: step for step in world.cadence.steps}
    for each in advances:
        item = world.items[each.item]
        world.said.append(
            Said(on=today, how=how, item=item, step=steps[each.step_id], cadence=world.cadence, cycle=each.cycle),
        )
        taken = Taken(
            cycle=each.cycle,
            step_no=each.step_no,
            step_id=each.step_id,
            step_day=each.step_day,
            on=today,
            how=how,
        )
        world.items[each.item] = changed(item, taken=(*item.taken, taken), person_wait=None)


def messages(world: World) -> Iterator[Day]:
    """The days on which a message left."""
    return (day for day in world.days if day.sent)
