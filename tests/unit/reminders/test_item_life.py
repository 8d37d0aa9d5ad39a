"""The life of an item after its first reminder (docs/rules.md, section 5): what the rules do with each turn of it."""

from msgspec.structs import replace as changed

from reminders.account import HoldKind, OwedItem, TakenHow
from reminders.decision import Outcome, ReasonCode
from reminders.holds import Dispute, DisputeState, Resolution, disputed_parts, hold_of_dispute
from tests.unit.reminders.accounts import FIRST, HEADS_UP, SECOND, account, day, hold, judge, owed, took, usd, wrote

REMINDED = owed(
    due=day(-10),
    taken=(took(HEADS_UP, day(-13)), took(FIRST, day(-5), number=2)),
)


def second_is_due(item: OwedItem, on: int) -> bool:
    decision = judge(account(item), day(on))
    return decision.message is not None and decision.message.step_id == "second"


def test_an_item_reopened_within_a_week_keeps_its_place_and_is_quiet_for_the_gap() -> None:
    quiet = hold(day(0), day(5), REMINDED.ref, kind=HoldKind.REOPENED)
    reopened = account(REMINDED, holds=(quiet,))
    assert judge(reopened, day(4)).hold is HoldKind.REOPENED
    assert judge(reopened, day(0)).look_on == day(5)
    decision = judge(reopened, day(6))
    assert decision.message is not None
    assert decision.message.step_id == "second"


def test_a_payment_applied_anew_on_the_same_day_changes_nothing_but_the_quiet_days() -> None:
    untouched = judge(account(REMINDED), day(1))
    assert untouched.message is not None
    assert judge(account(REMINDED, holds=(hold(day(-1), day(0)),)), day(1)).outcome is Outcome.WAIT


def test_an_item_reopened_later_begins_a_new_cycle_at_the_first_step_after_the_due_date() -> None:
    again = changed(REMINDED, cycle=2, known_since=day(-40))
    decision = judge(account(again), day(30))
    assert decision.message is not None
    assert [(each.cycle, each.step_id) for each in decision.message.advance] == [(2, "first")]


def test_a_returned_payment_waits_until_a_person_has_seen_it() -> None:
    unseen = hold(day(0), None, REMINDED.ref)
    assert judge(account(changed(REMINDED, cycle=2), holds=(unseen,)), day(60)).outcome is Outcome.WAIT


def test_a_due_date_moved_forward_starts_a_new_cycle_heads_up_included() -> None:
    moved = changed(REMINDED, cycle=2, due_date=day(21), due_date_before=REMINDED.due_date)
    assert judge(account(moved), day(0)).look_on == day(18)
    decision = judge(account(moved), day(18))
    assert decision.message is not None
    assert decision.message.is_heads_up
    assert [(each.cycle, each.step_no) for each in decision.message.advance] == [(2, 1)]


def test_a_due_date_moved_but_still_past_keeps_the_position_and_counts_days_from_the_new_date() -> None:
    moved = changed(REMINDED, due_date=day(-3), due_date_before=REMINDED.due_date)
    assert not second_is_due(moved, 1)
    assert judge(account(moved), day(1)).look_on == day(8)
    decision = judge(account(moved), day(8))
    assert decision.message is not None
    assert decision.message.step_id == "second"
    assert decision.message.about[0].days_past_due == 11


def test_a_due_date_moved_back_brings_no_message_before_the_distance_has_passed() -> None:
    moved = changed(REMINDED, due_date=day(-40), due_date_before=REMINDED.due_date)
    assert judge(account(moved), day(0)).items == {REMINDED.ref: ReasonCode.DISTANCE}
    assert second_is_due(moved, 1)


def test_a_change_of_the_due_date_alone_is_never_a_reason_for_a_message() -> None:
    just_sent = changed(REMINDED, due_date=day(-60), due_date_before=REMINDED.due_date)
    decision = judge(account(just_sent, contacts=(wrote(day(-5)),)), day(0))
    assert decision.message is None


def test_of_a_voided_deleted_or_written_off_item_nothing_is_said() -> None:
    gone = changed(REMINDED, open=usd("0"))
    assert judge(account(gone), day(10)).outcome is Outcome.NOTHING
    other = owed("2", day(-10), taken=(took(HEADS_UP, day(-10), TakenHow.LAPSED),))
    decision = judge(account(gone, other), day(10))
    assert decision.message is not None
    assert [line.item.number for line in decision.message.about + decision.message.also] == ["2"]


def test_the_dispute_of_a_gone_invoice_takes_nothing_off_the_others() -> None:
    dispute = Dispute(
        id="d1",
        item=REMINDED.ref,
        amount=usd("60"),
        reason="damaged",
        owner="sam",
        opened_on=day(-3),
        state=DisputeState.RESOLVED,
        resolution=Resolution.INVOICE_GONE,
        resolved_on=day(0),
    )
    assert disputed_parts([dispute], [REMINDED]) == {}
    assert hold_of_dispute(dispute, {}).ends == day(0)


def test_a_replacement_that_takes_over_the_position_goes_on_where_the_old_one_stood() -> None:
    """What a person carries over is the old item's steps: the ladder then treats the new one like the old."""
    replacement = owed("2", day(-10), first_seen=day(-1), taken=REMINDED.taken)
    assert judge(account(replacement), day(5)).items == {replacement.ref: ReasonCode.NEW_INVOICE}
    decision = judge(account(replacement), day(6))
    assert decision.message is not None
    assert decision.message.step_id == SECOND.id
