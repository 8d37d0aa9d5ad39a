"""Promises, sentence by sentence (docs/rules.md, section 4)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from adapters.money import Money
from reminders.account import HoldKind
from reminders.decision import Outcome
from reminders.holds import (
    PaymentFact,
    Promise,
    PromiseFacts,
    PromiseState,
    PromiseVerdict,
    SettledBy,
    hold_of_promise,
    judge_promises,
    lay_over,
    needs_person,
    promise_deadline,
    replaced_by,
)
from reminders.steps import Rules
from tests.unit.reminders.accounts import (
    CALENDAR,
    FIRST,
    HEADS_UP,
    account,
    at,
    cadence,
    day,
    eur,
    judge,
    owed,
    took,
    usd,
)

RULES = Rules(small_balance={"USD": Decimal("1.00")})
ONE, TWO = "invoice:1#1", "invoice:2#1"
DUE = {ONE: day(-20), TWO: day(-10)}
LATE = day(30)


def promise(amount: str | Money = "100", name: str = "p1", **more: object) -> Promise:
    facts: dict[str, object] = {
        "id": name,
        "account": "20",
        "amount": usd(amount) if isinstance(amount, str) else amount,
        "day": day(4),
        "made_at": at(day(0)),
        "items": frozenset([ONE]),
    }
    return Promise(**(facts | more))  # type: ignore[arg-type]  # names are checked by the class itself


def paid(
    amount: str,
    *,
    entered: datetime | None = None,
    dated: date | None = None,
    to: str | None = ONE,
    kind: SettledBy = SettledBy.PAYMENT,
    ref: str = "payment:1",
    account: str = "20",
) -> PaymentFact:
    money = usd(amount)
    return PaymentFact(
        ref=ref,
        account=account,
        entered_at=entered or at(day(2)),
        dated=dated or day(2),
        applied={to: money} if to else {},
        unapplied=None if to else money,
        kind=kind,
    )


def judged(
    *promises: Promise,
    payments: tuple[PaymentFact, ...] = (),
    now: datetime | None = None,
    synced: datetime | None = None,
    posted: date | None = None,
) -> Mapping[str, PromiseVerdict]:
    facts = PromiseFacts(
        payments=payments,
        due_dates=DUE,
        now=now or at(LATE),
        synced_until=synced or at(LATE),
        cash_posted_until=posted or LATE,
    )
    return judge_promises(promises, facts, CALENDAR, RULES)


def state(*payments: PaymentFact, of: Promise | None = None) -> PromiseState:
    return judged(of or promise(), payments=payments)["p1"].state


# Laying over


def test_a_promise_is_laid_over_its_items_by_due_date_then_number_until_it_is_used() -> None:
    items = [owed("3", day(-5)), owed("2", day(-10)), owed("1", day(-10))]
    laid = lay_over(promise("250", items=frozenset(item.ref for item in items)), items)
    assert laid == {ONE: usd("100"), TWO: usd("100"), "invoice:3#1": usd("50")}


def test_a_promise_that_names_no_item_speaks_of_all_that_were_past_due_when_it_was_made() -> None:
    items = [owed("1", day(-1)), owed("2", day(0)), owed("3", day(5))]
    assert set(lay_over(promise("500", items=frozenset()), items)) == {ONE}


def test_a_promise_leaves_other_currencies_alone() -> None:
    items = [owed("1", day(-10), eur("100")), owed("2", day(-9))]
    assert set(lay_over(promise("500", items=frozenset()), items)) == {TWO}


def test_what_was_paid_on_it_is_no_longer_promised() -> None:
    items = [owed("1", day(-10), usd("100"))]
    assert lay_over(promise("100"), items, reached=usd("60")) == {ONE: usd("40")}


def test_what_is_disputed_of_an_item_is_not_promised() -> None:
    items = (owed("1", day(-10), usd("100")), owed("2", day(-9), usd("100")))
    both = promise("100", items=frozenset([ONE, TWO]))
    assert lay_over(both, items, disputed={ONE: usd("40")}) == {ONE: usd("60"), TWO: usd("40")}
    assert lay_over(both, items, disputed={ONE: usd("100")}) == {TWO: usd("100")}


def test_while_it_lives_every_item_it_touches_is_held_whole() -> None:
    items = (owed("1", day(-10)), owed("2", day(-9)))
    hold = hold_of_promise(promise("30"), lay_over(promise("30"), items), RULES)
    assert hold.kind is HoldKind.PROMISE
    assert hold.covers(ONE, day(200))
    assert not hold.covers(TWO, day(1))
    decision = judge(account(*items, holds=(hold,)), day(1))
    assert decision.message is not None
    assert [line.item.number for line in decision.message.about] == ["2"]


def test_ask_rest_asks_for_what_it_does_not_cover() -> None:
    item = owed("1", day(-10))
    hold = hold_of_promise(promise("30"), lay_over(promise("30"), [item]), Rules(partial="ask_rest"))
    decision = judge(account(item, holds=(hold,)), day(1))
    assert decision.message is not None
    assert decision.message.about[0].asked == usd("70")


def test_a_promise_over_nothing_holds_nothing() -> None:
    hold = hold_of_promise(promise(), {}, RULES)
    assert not hold.covers(TWO, day(1))


# Kept


def test_paid_in_full_it_is_kept() -> None:
    assert state(paid("100")) is PromiseState.KEPT


def test_unapplied_money_on_the_account_keeps_it() -> None:
    assert state(paid("100", to=None)) is PromiseState.KEPT


def test_a_small_balance_does_not_break_it() -> None:
    assert state(paid("99.00")) is PromiseState.KEPT
    assert state(paid("98.99")) is PromiseState.PARTLY_KEPT


def test_a_small_promise_is_not_kept_by_nothing() -> None:
    assert state(of=promise("0.50")) is PromiseState.BROKEN


def test_money_entered_before_the_promise_was_made_does_not_count() -> None:
    assert state(paid("100", entered=at(day(0), 11))) is PromiseState.BROKEN
    assert state(paid("100", entered=at(day(0), 12))) is PromiseState.BROKEN
    assert state(paid("100", entered=at(day(0), 13), dated=day(-5))) is PromiseState.KEPT


def test_money_dated_after_the_grace_does_not_count() -> None:
    # the promised day is Friday 5 June; three working days later is Wednesday 10 June
    assert promise_deadline(promise(), CALENDAR, RULES) == day(9)
    assert state(paid("100", dated=day(9), entered=at(day(20)))) is PromiseState.KEPT
    assert state(paid("100", dated=day(10))) is PromiseState.BROKEN


def test_money_for_other_items_or_accounts_or_currencies_does_not_count() -> None:
    assert state(paid("100", to=TWO)) is PromiseState.BROKEN
    assert state(paid("100", account="21")) is PromiseState.BROKEN
    foreign = replace(paid("100"), applied={ONE: eur("100")})
    assert state(foreign) is PromiseState.BROKEN


def test_each_cent_serves_one_promise_the_older_first() -> None:
    older = promise("60", name="z", made_at=at(day(-1)))
    newer = promise("60", name="a")
    verdicts = judged(newer, older, payments=(paid("100"),))
    assert verdicts["z"].state is PromiseState.KEPT
    assert verdicts["a"].state is PromiseState.PARTLY_KEPT
    assert verdicts["a"].reached == usd("40")


def test_a_kept_promise_has_used_its_cents() -> None:
    kept = promise("60", name="p1", made_at=at(day(-1)), state=PromiseState.KEPT)
    assert judged(kept, promise("60", name="p2"), payments=(paid("100"),))["p2"].reached == usd("40")


def test_a_withdrawn_or_replaced_promise_uses_nothing() -> None:
    for gone in (PromiseState.WITHDRAWN, PromiseState.REPLACED):
        old = promise("60", name="p1", made_at=at(day(-1)), state=gone)
        verdicts = judged(old, promise("60", name="p2"), payments=(paid("60"),))
        assert verdicts["p1"].state is gone
        assert verdicts["p2"].state is PromiseState.KEPT


# Partly kept, overtaken, broken


def test_reached_in_part_it_is_partly_kept() -> None:
    verdict = judged(promise(), payments=(paid("40"),))["p1"]
    assert (verdict.state, verdict.reached) == (PromiseState.PARTLY_KEPT, usd("40"))


def test_settled_by_credit_write_off_or_void_it_is_overtaken() -> None:
    for kind in (SettledBy.CREDIT, SettledBy.WRITE_OFF, SettledBy.VOID):
        assert state(paid("100", kind=kind)) is PromiseState.OVERTAKEN
        assert state(paid("60"), paid("40", kind=kind, ref="c")) is PromiseState.OVERTAKEN


def test_an_open_credit_that_is_applied_to_nothing_overtakes_no_promise() -> None:
    assert state(paid("100", to=None, kind=SettledBy.CREDIT)) is PromiseState.BROKEN


def test_a_credit_for_a_part_does_not_overtake_it() -> None:
    assert state(paid("30", kind=SettledBy.CREDIT)) is PromiseState.BROKEN


def test_until_its_day_and_grace_are_over_it_is_open() -> None:
    assert judged(promise(), now=at(day(9), 23))["p1"].state is PromiseState.OPEN


def test_the_last_day_ends_in_the_companys_zone() -> None:
    facts = PromiseFacts(
        due_dates=DUE,
        now=datetime(2026, 6, 11, 3, tzinfo=UTC),  # still the evening of the 10th in Denver
        synced_until=at(LATE),
        cash_posted_until=LATE,
        zone=ZoneInfo("America/Denver"),
    )
    assert judge_promises([promise()], facts, CALENDAR, RULES)["p1"].state is PromiseState.OPEN


def test_without_a_sync_after_its_last_day_it_is_being_checked() -> None:
    assert judged(promise(), synced=at(day(9), 23))["p1"].state is PromiseState.BEING_CHECKED
    assert judged(promise(), synced=at(day(10), 1))["p1"].state is PromiseState.BROKEN


def test_without_cash_posted_up_to_its_last_day_it_is_being_checked() -> None:
    assert judged(promise(), posted=day(8))["p1"].state is PromiseState.BEING_CHECKED
    assert judged(promise(), posted=day(9))["p1"].state is PromiseState.BROKEN


def test_a_promise_being_checked_can_still_be_found_kept() -> None:
    checked = promise(state=PromiseState.BEING_CHECKED)
    assert judged(checked, payments=(paid("100"),), posted=day(8))["p1"].state is PromiseState.KEPT


def test_an_item_that_vanished_never_makes_a_promise_kept() -> None:
    """Nothing is known of the item any more: no payment, no credit, no void."""
    facts = PromiseFacts(now=at(LATE), synced_until=at(LATE), cash_posted_until=LATE)
    verdict = judge_promises([promise()], facts, CALENDAR, RULES)["p1"]
    assert verdict.state is PromiseState.BROKEN
    assert not verdict.reached


def test_after_a_broken_promise_the_item_takes_its_next_step() -> None:
    item = owed("1", day(-20), taken=(took(HEADS_UP, day(-23)), took(FIRST, day(-13), number=2)))
    broken = promise(state=PromiseState.BROKEN, settled_on=day(10))
    hold = hold_of_promise(broken, {ONE: usd("100")}, RULES)
    decision = judge(account(item, holds=(hold,)), day(10), cadence())
    assert decision.outcome is Outcome.REMIND
    assert decision.message is not None
    assert decision.message.step_id == "second"


# Several


def test_a_new_promise_on_the_same_items_replaces_the_old() -> None:
    items = [owed("1", day(-10)), owed("2", day(-10))]
    old = promise(name="old", made_at=at(day(-3)), items=frozenset([ONE]))
    other = promise(name="other", made_at=at(day(-3)), items=frozenset([TWO]))
    over = promise(name="over", made_at=at(day(-3)), state=PromiseState.BROKEN)
    assert replaced_by(promise(name="new"), [old, other, over], items) == (old,)
    assert replaced_by(promise(name="new", items=frozenset()), [old, other, over], items) == (old, other)


def test_a_promise_in_another_currency_replaces_nothing() -> None:
    items = [owed("1", day(-10)), owed("2", day(-10), eur("10"))]
    assert replaced_by(promise(name="new", amount=eur("10"), items=frozenset()), [promise()], items) == ()


def test_after_two_broken_in_ninety_days_a_new_one_needs_a_person() -> None:
    def broken(on: date) -> Promise:
        return promise(state=PromiseState.BROKEN, settled_on=on)

    assert not needs_person([broken(day(-5))], day(0), RULES)
    assert needs_person([broken(day(-5)), broken(day(-89))], day(0), RULES)
    assert not needs_person([broken(day(-5)), broken(day(-90))], day(0), RULES)
    kept = promise(state=PromiseState.KEPT, settled_on=day(-5))
    assert not needs_person([broken(day(-5)), kept], day(0), RULES)


def test_money_is_exact_in_currencies_without_cents() -> None:
    yen = promise(amount=Money.of(1000, "JPY"))
    fact = replace(paid("1"), applied={ONE: Money.of(1000, "JPY")})
    assert judged(yen, payments=(fact,))["p1"].reached == Money.of(1000, "JPY")
