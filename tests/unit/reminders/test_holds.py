"""Each hold says what it is, which fact it comes from, what it covers and until when (docs/rules.md, section 4)."""

from dataclasses import replace

from msgspec.structs import replace as changed

from reminders.account import Hold, HoldKind
from reminders.holds import (
    Dispute,
    DisputeState,
    Pause,
    Promise,
    PromiseState,
    disputed_parts,
    hold_of_dispute,
    hold_of_pause,
    hold_of_promise,
    hold_of_reply,
)
from reminders.steps import Rules
from tests.unit.reminders.accounts import CALENDAR, account, at, day, judge, owed, usd

ITEM = owed("1", day(-30))
DISPUTE = Dispute(id="d1", item=ITEM.ref, amount=usd("30"), reason="damaged", owner="sam", opened_on=day(-2))
PROMISE = Promise(id="p1", account="20", amount=usd("40"), day=day(4), made_at=at(day(-1)))


def why(hold: Hold) -> str:
    return judge(account(ITEM, holds=(hold,)), day(0)).facts["hold"]


def test_why_nothing_goes_out_names_the_hold_its_fact_and_its_reason() -> None:
    promised = hold_of_promise(PROMISE, {ITEM.ref: usd("40")}, Rules())
    assert why(promised) == "promise p1: USD 40.00 promised by 2026-06-05"
    assert why(hold_of_pause(Pause(id="h1", reason="moving house", begins=day(0)))) == "pause h1: moving house"
    assert why(hold_of_reply("mail-1", day(0), CALENDAR, Rules())) == "reply_waiting mail-1: a reply waits to be read"


def test_a_dispute_takes_its_amount_off_its_own_item_and_rests_nothing() -> None:
    assert hold_of_dispute(DISPUTE, disputed_parts([DISPUTE], [ITEM])) == Hold(
        kind=HoldKind.DISPUTE,
        id="d1",
        begins=day(-2),
        ends=None,
        reason="USD 30.00 under review: damaged",
        items=frozenset([ITEM.ref]),
        parts={ITEM.ref: usd("30")},
        whole=False,
    )


def test_a_disputed_invoice_that_was_paid_in_part_is_under_review_for_what_is_open() -> None:
    part_paid = changed(ITEM, open=usd("20"))
    hold = hold_of_dispute(DISPUTE, disputed_parts([DISPUTE], [part_paid]))
    assert hold.parts == {ITEM.ref: usd("20")}
    assert hold.reason == "USD 20.00 under review: damaged"


def test_disputes_about_one_invoice_add_up_to_the_cent() -> None:
    another = replace(DISPUTE, id="d2", amount=usd("12.34"))
    assert disputed_parts([DISPUTE, another], [ITEM]) == {ITEM.ref: usd("42.34")}


def test_the_last_cent_of_an_invoice_can_be_disputed() -> None:
    assert disputed_parts([DISPUTE], [changed(ITEM, open=usd("0.01"))]) == {ITEM.ref: usd("0.01")}


def test_a_resolved_dispute_holds_until_the_day_it_was_resolved() -> None:
    resolved = replace(DISPUTE, state=DisputeState.RESOLVED, resolved_on=day(3))
    assert (hold_of_dispute(resolved, {}).begins, hold_of_dispute(resolved, {}).ends) == (day(-2), day(3))


def test_a_promise_holds_on_as_long_as_it_lives_whatever_day_was_written_beside_it() -> None:
    being_checked = replace(PROMISE, state=PromiseState.BEING_CHECKED, settled_on=day(6))
    assert hold_of_promise(being_checked, {ITEM.ref: usd("40")}, Rules()).covers(ITEM.ref, day(200))
    broken = replace(PROMISE, state=PromiseState.BROKEN, settled_on=day(6))
    assert not hold_of_promise(broken, {ITEM.ref: usd("40")}, Rules()).covers(ITEM.ref, day(6))
