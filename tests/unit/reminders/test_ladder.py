"""The ladder of one item, sentence by sentence (docs/rules.md, section 2)."""

from dataclasses import replace
from datetime import date

from msgspec.structs import replace as changed

from reminders.account import Account, HoldKind, OwedItem, PersonWait, TakenHow
from reminders.cadence import decide
from reminders.decision import Decision, Outcome, ReasonCode
from reminders.steps import Step
from reminders.working_days import WorkingDays
from tests.unit.reminders.accounts import (
    CALL,
    FIRST,
    HEADS_UP,
    LAST,
    MAILS,
    SECOND,
    STEPS,
    account,
    cadence,
    day,
    hold,
    judge,
    owed,
    took,
    usd,
)

NO_LAG = cadence(posting_lag_days=0)


def steps_advanced(decision: Decision) -> list[str]:
    return [each.step_id for each in decision.message.advance] if decision.message else []


def lapsed_heads_up(due: date) -> OwedItem:
    return owed(due=due, taken=(took(HEADS_UP, due, TakenHow.LAPSED),))


# Days


def test_a_heads_up_is_due_three_days_before_the_due_date() -> None:
    item = account(owed(due=day(10)))
    assert judge(item, day(6)).outcome is Outcome.WAIT
    assert judge(item, day(6)).look_on == day(7)
    decision = judge(item, day(7))
    assert decision.outcome is Outcome.REMIND
    assert decision.reason is ReasonCode.HEADS_UP_DUE
    assert decision.message is not None
    assert decision.message.is_heads_up


def test_a_heads_up_missed_until_the_due_date_lapses_and_is_recorded() -> None:
    decision = judge(account(owed(due=day(10))), day(10))
    assert [each.step_id for each in decision.lapsed] == ["heads-up"]
    assert decision.outcome is Outcome.WAIT
    assert decision.message is None


def test_a_heads_up_a_day_late_is_still_sent_before_the_due_date() -> None:
    assert steps_advanced(judge(account(owed(due=day(10))), day(9))) == ["heads-up"]


def test_an_invoice_first_known_after_its_due_date_has_no_heads_up_to_lapse() -> None:
    late = owed(due=day(0), first_seen=day(1))
    assert judge(account(late), day(2)).lapsed == ()


def test_the_first_step_waits_for_the_posting_lag_in_working_days() -> None:
    # due on Wednesday 3 June; day 3 is Saturday 6; two working days later is Tuesday 9
    item = account(lapsed_heads_up(day(2)))
    assert judge(item, day(7)).items == {"invoice:1#1": ReasonCode.POSTING_LAG}
    assert judge(item, day(7)).look_on == day(8)
    assert steps_advanced(judge(item, day(8))) == ["first"]


def test_a_due_date_on_a_weekend_counts_from_monday_for_steps_but_not_for_days_past_due() -> None:
    saturday = day(5)
    item = account(lapsed_heads_up(saturday))
    assert judge(item, day(9), NO_LAG).outcome is Outcome.WAIT
    decision = judge(item, day(10), NO_LAG)
    assert steps_advanced(decision) == ["first"]
    assert decision.message is not None
    assert decision.message.about[0].days_past_due == 5


def test_a_due_date_on_a_holiday_of_the_company_counts_from_the_next_working_day() -> None:
    item = account(lapsed_heads_up(day(3)))
    off = WorkingDays(days_off=[day(3), day(4)])
    assert decide(item, NO_LAG, day(6), off).look_on == day(10)
    assert judge(item, day(6), NO_LAG).outcome is Outcome.REMIND


def test_a_heads_up_for_a_weekend_due_date_stays_before_that_date() -> None:
    one_day = cadence(replace(HEADS_UP, day=-1), FIRST)
    sunday = account(owed(due=day(6)))
    assert judge(sunday, day(4), one_day).outcome is Outcome.WAIT
    assert steps_advanced(judge(sunday, day(5), one_day)) == ["heads-up"]


def test_a_backdated_invoice_waits_a_week_from_its_appearance() -> None:
    backdated = account(owed(due=day(-60), first_seen=day(0)))
    assert judge(backdated, day(6)).items == {"invoice:1#1": ReasonCode.NEW_INVOICE}
    assert judge(backdated, day(6)).look_on == day(7)
    assert steps_advanced(judge(backdated, day(7))) == ["first"]


# Missed days, late entry


def test_a_missed_day_is_caught_up_once_and_speaks_of_todays_lateness() -> None:
    decision = judge(account(lapsed_heads_up(day(0))), day(25))
    assert steps_advanced(decision) == ["first"]
    assert decision.message is not None
    assert decision.message.about[0].days_past_due == 25


def test_an_old_invoice_enters_at_the_first_step() -> None:
    assert steps_advanced(judge(account(owed(due=day(-90))), day(0))) == ["first"]


def test_by_age_an_invoice_first_known_late_enters_at_the_step_for_its_age() -> None:
    by_age = cadence(enter="by_age")
    known_late = owed(due=day(-15), known_since=day(0))
    assert steps_advanced(judge(account(known_late), day(0), by_age)) == ["second"]


def test_by_age_an_invoice_known_in_time_is_still_taken_through_every_step() -> None:
    by_age = cadence(enter="by_age")
    assert steps_advanced(judge(account(lapsed_heads_up(day(-15))), day(0), by_age)) == ["first"]


# Distance


def sent_first(on: date, due: date) -> OwedItem:
    return owed(due=due, taken=(took(HEADS_UP, due, TakenHow.LAPSED), took(FIRST, on, number=2)))


def test_the_next_step_waits_for_the_cadences_distance_less_two() -> None:
    late_start = account(sent_first(day(20), day(0)))
    assert judge(late_start, day(25)).items == {"invoice:1#1": ReasonCode.DISTANCE}
    assert judge(late_start, day(25)).look_on == day(26)
    assert steps_advanced(judge(late_start, day(26))) == ["second"]


def test_days_under_a_hold_do_not_count_for_the_distance() -> None:
    held = account(sent_first(day(20), day(0)), holds=(hold(day(22), day(32)),))
    assert judge(held, day(30)).outcome is Outcome.WAIT
    assert judge(held, day(32)).look_on == day(36)
    assert steps_advanced(judge(held, day(36))) == ["second"]


def test_a_hold_from_the_day_of_the_message_on_counts_from_the_day_after() -> None:
    held = account(sent_first(day(20), day(0)), holds=(hold(day(20), day(25)),))
    assert judge(held, day(25)).look_on == day(30)
    before = account(sent_first(day(20), day(0)), holds=(hold(day(10), day(20)),))
    assert judge(before, day(25)).look_on == day(26)


def test_a_heads_up_whose_distance_ends_after_the_due_date_is_looked_at_on_that_date() -> None:
    two = cadence(replace(HEADS_UP, id="early", day=-12), HEADS_UP, FIRST)
    decision = judge(account(owed(due=day(4), taken=(took(two.steps[0], day(0)),))), day(1), two)
    assert decision.look_on == day(4)


def test_overlapping_holds_count_once() -> None:
    two = (hold(day(22), day(30)), hold(day(25), day(32)), hold(day(23), day(24), "invoice:9#1"))
    held = account(sent_first(day(20), day(0)), holds=two)
    assert judge(held, day(33)).look_on == day(36)


def test_days_under_a_hold_count_for_days_past_due() -> None:
    held = account(lapsed_heads_up(day(0)), holds=(hold(day(1), day(12)),))
    decision = judge(held, day(12))
    assert decision.message is not None
    assert decision.message.about[0].days_past_due == 12


def test_an_uncertain_message_counts_as_said() -> None:
    uncertain = owed(taken=(took(HEADS_UP, day(0), TakenHow.LAPSED), took(FIRST, day(8), TakenHow.UNCERTAIN)))
    assert judge(account(uncertain), day(13)).items == {"invoice:1#1": ReasonCode.DISTANCE}


def test_a_heads_up_sent_late_pushes_the_first_step() -> None:
    quick = cadence(HEADS_UP, replace(FIRST, day=5), SECOND, posting_lag_days=0)
    item = owed(due=day(4), taken=(took(HEADS_UP, day(3)),))
    assert judge(account(item), day(8), quick).look_on == day(9)


# A person's step


def waiting(since: date | None) -> Account:
    taken = tuple(
        took(step, day(on), number=number)
        for number, (step, on) in enumerate(((HEADS_UP, -3), (FIRST, 4), (SECOND, 11)), start=1)
    )
    wait = PersonWait(step_id="call", since=since) if since else None
    return account(owed(taken=taken, person_wait=wait))


WITH_CALL = cadence(*STEPS)


def test_a_call_makes_a_task_and_no_message() -> None:
    decision = judge(waiting(None), day(19), WITH_CALL)
    assert decision.outcome is Outcome.TASK
    assert [each.step_id for each in decision.person_step] == ["call"]
    assert decision.message is None


def test_an_open_call_waits_for_task_days() -> None:
    decision = judge(waiting(day(19)), day(23), WITH_CALL)
    assert decision.reason is ReasonCode.PERSON_STEP_OPEN
    assert decision.look_on == day(24)
    assert decision.person_step == ()


def test_a_call_nobody_makes_counts_as_not_made_and_the_ladder_goes_on() -> None:
    decision = judge(waiting(day(19)), day(24), WITH_CALL)
    assert [each.step_id for each in decision.not_made] == ["call"]
    item = waiting(None).items[0]
    passed = changed(item, taken=(*item.taken, took(CALL, day(24), TakenHow.NOT_MADE, number=4)))
    assert judge(account(passed), day(29), WITH_CALL).look_on == day(30)
    assert steps_advanced(judge(account(passed), day(30), WITH_CALL)) == ["last"]


def test_a_letter_that_was_lost_before_a_call_leaves_the_next_step_a_place_of_its_own() -> None:
    """The letter at the third place was settled as lost after the call, at the fourth, had been made."""
    item = waiting(None).items[0]
    called = changed(item, taken=(item.taken[0], took(CALL, day(24), TakenHow.DONE, number=4)))
    decision = judge(account(called), day(40), WITH_CALL)
    assert decision.message is not None
    assert [(each.step_id, each.step_no) for each in decision.message.advance] == [("last", 5)]
    assert decision.message.step_no == 5


def test_an_open_task_of_another_step_is_no_answer_to_this_one() -> None:
    moved_on = changed(waiting(None).items[0], person_wait=PersonWait(step_id="older", since=day(0)))
    assert judge(account(moved_on), day(19), WITH_CALL).outcome is Outcome.TASK


def test_a_call_for_one_item_does_not_stop_a_message_about_another() -> None:
    both = account(waiting(day(19)).items[0], owed("2", day(15), taken=(took(HEADS_UP, day(15), TakenHow.LAPSED),)))
    decision = judge(both, day(22), WITH_CALL)
    assert steps_advanced(decision) == ["first"]
    assert decision.message is not None
    assert [line.item.number for line in decision.message.also] == ["1"]


# The end


def ended(on: date, *, escalated_on: date | None = None) -> Account:
    taken = (
        took(HEADS_UP, day(0), TakenHow.LAPSED),
        took(FIRST, day(5)),
        took(SECOND, day(12)),
        took(LAST, on),
    )
    return account(owed(taken=taken, escalated_on=escalated_on))


def test_a_week_after_the_last_step_a_person_is_told() -> None:
    assert judge(ended(day(30)), day(36)).look_on == day(37)
    decision = judge(ended(day(30)), day(37))
    assert decision.outcome is Outcome.ESCALATE
    assert decision.escalate == ("invoice:1#1",)


def test_once_told_there_is_silence() -> None:
    decision = judge(ended(day(30), escalated_on=day(37)), day(80))
    assert decision.outcome is Outcome.NOTHING
    assert decision.reason is ReasonCode.ESCALATED
    assert decision.look_on is None


def test_an_ended_ladder_under_a_promise_is_not_handed_over() -> None:
    held = replace(ended(day(30)), holds=(hold(day(35), None, kind=HoldKind.PROMISE),))
    assert judge(held, day(40)).escalate == ()


# A change of cadence


def test_after_a_change_the_position_is_the_last_step_not_after_what_was_said() -> None:
    other = cadence(Step(id="a", day=5), Step(id="b", day=14), Step(id="c", day=21))
    said_second = owed(taken=(took(FIRST, day(5)), took(SECOND, day(12))))
    assert judge(account(said_second), day(18), other).look_on == day(19)
    assert steps_advanced(judge(account(said_second), day(19), other)) == ["b"]


def test_a_step_moved_to_a_later_day_is_not_said_again() -> None:
    edited = cadence(HEADS_UP, FIRST, replace(SECOND, day=20), LAST)
    said_second = owed(taken=(took(FIRST, day(5)), took(SECOND, day(12))))
    assert judge(account(said_second), day(20), edited).message is None
    assert steps_advanced(judge(account(said_second), day(30), edited)) == ["last"]


def test_a_shorter_cadence_ends_the_ladder() -> None:
    shorter = cadence(FIRST, SECOND)
    decision = judge(account(owed(taken=(took(LAST, day(30)),))), day(37), shorter)
    assert decision.outcome is Outcome.ESCALATE


def test_partial_payment_leaves_the_next_step_and_its_day_as_they_were() -> None:
    whole = sent_first(day(5), day(0))
    part = changed(whole, open=usd("0.10"))
    assert judge(account(part), day(8)).look_on == judge(account(whole), day(8)).look_on
    assert steps_advanced(judge(account(part), day(11))) == ["second"]


def test_the_steps_of_a_cadence_know_what_they_are() -> None:
    assert [step.is_heads_up for step in MAILS] == [True, False, False, False]
    assert [step.is_persons for step in STEPS] == [False, False, False, True, False]
