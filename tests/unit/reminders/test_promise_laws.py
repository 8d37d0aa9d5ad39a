"""The laws of promises (docs/rules.md, section 4), over random promises and payments of one account."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from adapters.documents import ItemRef
from adapters.money import Money
from reminders.account import OwedItem
from reminders.holds import (
    PaymentFact,
    Promise,
    PromiseFacts,
    PromiseState,
    PromiseVerdict,
    SettledBy,
    judge_promises,
    lay_over,
    promise_deadline,
)
from reminders.steps import Rules
from tests.unit.reminders.accounts import CALENDAR, at, day, owed
from tests.unit.reminders.laws import law

RULES = Rules()
ITEMS = tuple(f"invoice:{number}#1" for number in range(3))
DUE = {ref: day(-30 + 10 * number) for number, ref in enumerate(ITEMS)}
FINAL = {PromiseState.KEPT, PromiseState.PARTLY_KEPT, PromiseState.BROKEN, PromiseState.OVERTAKEN}


@dataclass(frozen=True)
class Case:
    """Promises, what came in, and how far the books are known."""

    promises: tuple[Promise, ...]
    payments: tuple[PaymentFact, ...]
    today: int
    synced: int
    posted: int

    def facts(self) -> PromiseFacts:
        return PromiseFacts(
            payments=self.payments,
            due_dates=DUE,
            now=at(day(self.today)),
            synced_until=at(day(min(self.synced, self.today)), 11),
            cash_posted_until=day(min(self.posted, self.today)),
        )

    def verdicts(self) -> dict[str, PromiseVerdict]:
        return judge_promises(self.promises, self.facts(), CALENDAR, RULES)


def _promise(number: int, made: int, until: int, minor: int, items: frozenset[ItemRef]) -> Promise:
    return Promise(
        id=f"p{number}",
        account="20",
        amount=Money(minor, "USD"),
        day=day(made + until),
        made_at=at(day(made)),
        items=items,
    )


def _payment(number: int, entered: int, dated: int, minor: int, to: str | None, kind: SettledBy) -> PaymentFact:
    money = Money(minor, "USD")
    return PaymentFact(
        ref=f"payment:{number}",
        account="20",
        entered_at=at(day(entered), 10),
        dated=day(entered + dated),
        applied={to: money} if to else {},
        unapplied=None if to else money,
        kind=kind,
    )


def cases(
    kinds: tuple[SettledBy, ...] = (SettledBy.PAYMENT,), *, fewest: int = 2, until: tuple[int, int] = (5, 60)
) -> st.SearchStrategy[Case]:
    """Up to four promises and six payments of these kinds, and books that are known up to a day of `until`."""
    items = st.frozensets(st.sampled_from(ITEMS), max_size=2)
    promises = st.lists(
        st.builds(
            _promise,
            number=st.integers(0, 999),
            made=st.integers(0, 8),
            until=st.integers(3, 15),
            minor=st.integers(1, 150),
            items=items,
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda promise: promise.id,
    )
    payments = st.lists(
        st.builds(
            _payment,
            number=st.integers(0, 999),
            entered=st.integers(3, 20),
            dated=st.integers(-6, 2),
            minor=st.integers(1, 300),
            to=st.sampled_from((*ITEMS, None)),
            kind=st.sampled_from(kinds),
        ),
        min_size=fewest,
        max_size=6,
        unique_by=lambda payment: payment.ref,
    )
    horizon = st.integers(*until)
    return st.builds(
        Case,
        promises=promises.map(tuple),
        payments=payments.map(tuple),
        today=horizon,
        synced=horizon,
        posted=horizon,
    )


def serves(payment: PaymentFact, promise: Promise) -> int:
    """How many cents of a payment could serve a promise, told anew: entered after it, dated in time, for its items."""
    in_time = payment.dated <= promise_deadline(promise, CALENDAR, RULES)
    if payment.kind is not SettledBy.PAYMENT or payment.entered_at <= promise.made_at or not in_time:
        return 0
    mine = [money for ref, money in payment.applied.items() if promise.covers(ref, DUE[ref])]
    return sum(money.minor for money in mine) + (payment.unapplied.minor if payment.unapplied else 0)


@law(cases())
def test_kept_only_by_payments_entered_after_it_dated_in_time_and_for_its_items(case: Case) -> bool:
    verdicts = case.verdicts()
    met = False
    for promise in case.promises:
        verdict = verdicts[promise.id]
        served = sum(serves(payment, promise) for payment in case.payments)
        assert verdict.reached.minor <= min(served, promise.amount.minor)
        if verdict.state is PromiseState.KEPT:
            assert verdict.reached == promise.amount
            met = True
    return met


@law(cases())
def test_alone_a_promise_that_enough_money_serves_is_kept(case: Case) -> bool:
    met = False
    for promise in case.promises:
        served = sum(serves(payment, promise) for payment in case.payments)
        alone = replace(case, promises=(promise,)).verdicts()[promise.id]
        assert (alone.state is PromiseState.KEPT) == (served >= promise.amount.minor)
        assert alone.reached.minor == min(served, promise.amount.minor)
        met = met or served >= promise.amount.minor
    return met


@law(cases())
def test_each_cent_serves_one_promise(case: Case) -> bool:
    verdicts = case.verdicts()
    reached = sum(verdict.reached.minor for verdict in verdicts.values())
    money = sum(max(serves(payment, promise) for promise in case.promises) for payment in case.payments)
    assert reached <= money
    return reached > 0


@law(cases(fewest=2), examples=500)
def test_the_older_promise_is_served_first(case: Case) -> bool:
    """Whatever newer promises there are, the oldest one reaches what it would reach alone."""
    oldest = min(case.promises, key=lambda promise: (promise.made_at, promise.id))
    alone = replace(case, promises=(oldest,)).verdicts()[oldest.id]
    assert case.verdicts()[oldest.id] == alone
    return len(case.promises) > 1 and bool(alone.reached)


@law(cases(fewest=0, until=(15, 60)), examples=500)
def test_broken_only_after_day_and_grace_and_a_sync_and_cash_posted_up_to_it(case: Case) -> bool:
    facts = case.facts()
    met = False
    for promise in case.promises:
        verdict = case.verdicts()[promise.id]
        deadline = promise_deadline(promise, CALENDAR, RULES)
        over = datetime.combine(deadline + timedelta(1), time.min, tzinfo=UTC)
        if verdict.state in {PromiseState.BROKEN, PromiseState.PARTLY_KEPT}:
            assert facts.now >= over
            assert facts.synced_until >= over
            assert facts.cash_posted_until >= deadline
            assert (verdict.state is PromiseState.BROKEN) == (not verdict.reached)
            met = True
        elif verdict.state is PromiseState.OPEN:
            assert facts.now < over
        elif verdict.state is PromiseState.BEING_CHECKED:
            assert facts.now >= over
            assert facts.synced_until < over or facts.cash_posted_until < deadline
    return met


@law(cases(tuple(SettledBy), fewest=3), examples=500)
def test_what_a_credit_write_off_or_void_settled_is_never_called_kept_nor_broken(case: Case) -> bool:
    met = False
    for promise in case.promises:
        verdict = replace(case, promises=(promise,)).verdicts()[promise.id]
        other = sum(
            money.minor
            for payment in case.payments
            if payment.kind is not SettledBy.PAYMENT and payment.entered_at > promise.made_at
            for ref, money in payment.applied.items()
            if promise.covers(ref, DUE[ref])
        )
        settled = verdict.reached.minor + other >= promise.amount.minor
        if verdict.state is not PromiseState.KEPT:
            assert (verdict.state is PromiseState.OVERTAKEN) == (settled and other > 0)
        met = met or verdict.state is PromiseState.OVERTAKEN
    return met


@law(cases(), examples=400)
def test_an_item_that_vanished_never_makes_a_promise_kept(case: Case) -> bool:
    """Take every trace of an item away, as a read that lost it would: no promise gets nearer to being kept."""
    met = False
    for gone in ITEMS:
        left = tuple(
            replace(payment, applied={ref: money for ref, money in payment.applied.items() if ref != gone})
            for payment in case.payments
        )
        for promise in case.promises:
            before = replace(case, promises=(promise,)).verdicts()[promise.id]
            after = replace(case, promises=(promise,), payments=left).verdicts()[promise.id]
            assert after.reached.minor <= before.reached.minor
            assert after.state is not PromiseState.KEPT or before.state is PromiseState.KEPT
            met = met or before.reached != after.reached
    return met


@law(cases(tuple(SettledBy), fewest=2))
def test_a_final_state_stays_however_often_it_is_judged(case: Case) -> bool:
    first = case.verdicts()
    settled = tuple(replace(promise, state=first[promise.id].state) for promise in case.promises)
    later = replace(case, promises=settled, today=90, synced=90, posted=90).verdicts()
    final = [promise.id for promise in settled if promise.state in FINAL]
    assert all(later[each].state is first[each].state for each in final)
    return bool(final)


def _items(opens: list[int]) -> list[OwedItem]:
    return [
        owed(str(number), DUE[ref], Money(minor, "USD"))
        for number, (ref, minor) in enumerate(zip(ITEMS, opens, strict=True))
    ]


@law(
    st.tuples(
        st.lists(st.integers(0, 200), min_size=3, max_size=3),
        st.integers(1, 500),
        st.frozensets(st.sampled_from(ITEMS), max_size=3),
    )
)
def test_laid_over_by_due_date_until_its_amount_is_used(drawn: tuple[list[int], int, frozenset[str]]) -> bool:
    opens, minor, named = drawn
    items = _items(opens)
    promise = _promise(1, 0, 5, minor, named)
    laid = lay_over(promise, items)
    mine = [item for item in items if promise.covers(item.ref, item.due_date)]
    assert sum(part.minor for part in laid.values()) == min(minor, sum(item.open.minor for item in mine))
    for earlier, later in pairwise(mine):
        if later.ref in laid:
            assert laid.get(earlier.ref, Money(0, "USD")) == earlier.open
    assert all(part.minor > 0 for part in laid.values())
    return len(laid) > 0
