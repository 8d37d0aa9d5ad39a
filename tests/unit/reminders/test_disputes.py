"""Disputes and pauses: what they hold and how they move (docs/rules.md, section 4)."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from reminders.account import HoldKind
from reminders.holds import (
    Dispute,
    DisputeCannotMove,
    DisputeState,
    Pause,
    disputed_parts,
    hold_of_dispute,
    hold_of_pause,
    hold_of_reply,
)
from reminders.steps import Rules
from tests.unit.reminders.accounts import CALENDAR, account, day, judge, owed, usd

ITEM = owed("1", day(-30))
DISPUTE = Dispute(id="d1", item=ITEM.ref, amount=usd("30"), reason="damaged", owner="sam", opened_on=day(-2))


def test_only_the_disputed_amount_is_left_out() -> None:
    hold = hold_of_dispute(DISPUTE, disputed_parts([DISPUTE], [ITEM]))
    decision = judge(account(ITEM, holds=(hold,)), day(0))
    assert decision.message is not None
    line = decision.message.about[0]
    assert (line.open, line.disputed, line.asked) == (usd("100"), usd("30"), usd("70"))
    assert hold.reason == "USD 30.00 under review: damaged"


def test_disputed_is_never_more_than_open() -> None:
    part_paid = changed(ITEM, open=usd("20"))
    assert disputed_parts([DISPUTE], [part_paid]) == {ITEM.ref: usd("20")}
    assert disputed_parts([DISPUTE, replace(DISPUTE, id="d2", amount=usd("90"))], [ITEM]) == {ITEM.ref: usd("100")}
    assert disputed_parts([DISPUTE], [changed(ITEM, open=usd("0"))]) == {}


def test_a_resolved_dispute_takes_nothing_off_any_more() -> None:
    resolved = replace(DISPUTE, state=DisputeState.RESOLVED, resolved_on=day(0))
    assert disputed_parts([resolved], [ITEM]) == {}
    hold = hold_of_dispute(resolved, {})
    decision = judge(account(ITEM, holds=(hold,)), day(0))
    assert decision.message is not None
    assert decision.message.about[0].asked == usd("100")


def test_a_dispute_moves_from_open_to_review_to_resolved() -> None:
    DISPUTE.check_move(DisputeState.UNDER_REVIEW)
    DISPUTE.check_move(DisputeState.RESOLVED)
    under_review = replace(DISPUTE, state=DisputeState.UNDER_REVIEW)
    under_review.check_move(DisputeState.RESOLVED)
    with pytest.raises(DisputeCannotMove, match="Dispute d1 is under review; it cannot become open"):
        under_review.check_move(DisputeState.OPEN)
    with pytest.raises(DisputeCannotMove):
        replace(DISPUTE, state=DisputeState.RESOLVED).check_move(DisputeState.UNDER_REVIEW)


def test_a_pause_holds_its_items_or_everything_until_its_end() -> None:
    one = hold_of_pause(Pause(id="h1", reason="moving house", begins=day(0), ends=day(5), items=frozenset([ITEM.ref])))
    assert (one.kind, one.reason) == (HoldKind.PAUSE, "moving house")
    assert one.covers(ITEM.ref, day(4))
    assert not one.covers(ITEM.ref, day(5))
    assert not one.covers("invoice:2#1", day(4))
    everything = hold_of_pause(Pause(id="h2", reason="audit", begins=day(0)))
    assert everything.covers("invoice:2#1", day(400))


def test_an_unread_reply_holds_the_account_for_three_working_days() -> None:
    hold = hold_of_reply("mail-1", day(3), CALENDAR, Rules())
    assert hold.kind is HoldKind.REPLY_WAITING
    assert hold.covers(ITEM.ref, day(7))
    assert not hold.covers(ITEM.ref, day(8))
