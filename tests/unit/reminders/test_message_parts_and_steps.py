"""Which items a message lists, which steps they take, and when a heads-up gives way (docs/rules.md, section 3)."""

from dataclasses import replace

from msgspec.structs import replace as changed

from reminders.account import BrokenPromise, HoldKind, PersonWait
from reminders.decision import Outcome, ReasonCode
from reminders.steps import Step
from tests.unit.reminders.accounts import (
    CALL,
    FIRST,
    HEADS_UP,
    LAPSED,
    LAST,
    SECOND,
    STEPS,
    account,
    cadence,
    day,
    eur,
    hold,
    judge,
    message,
    numbers,
    owed,
    past,
    told,
    took,
    usd,
    wrote,
)

EARLY = Step(id="early", day=-12, tone="heads_up", template="heads_up")
TWO_HEADS_UPS = cadence(EARLY, HEADS_UP, FIRST, SECOND)


# The lists


def test_past_due_begins_the_day_after_the_due_date() -> None:
    everything = account(past("1"), owed("2", day(-1)), owed("3", day(0)), owed("4", day(1)))
    plan = message(judge(everything, day(0), cadence(list_not_due=True)))
    assert numbers(plan) == (["1"], ["2"], ["3", "4"])
    assert [ask.asked for ask in plan.amounts] == [usd("200")]


def test_a_heads_up_may_list_what_else_is_to_come_but_nothing_that_is_past_due() -> None:
    everything = account(told("1", day(0)), owed("2", day(3)), owed("3", day(20)))
    plan = message(judge(everything, day(0), cadence(list_not_due=True)))
    assert numbers(plan) == (["2"], [], ["3"])
    assert [ask.asked for ask in plan.amounts] == [usd("100")]


def test_a_covered_currency_rests_also_where_its_invoices_are_the_oldest() -> None:
    both = account(past("1", eur("80"), due=day(-12)), past("2"), free_credit={"EUR": eur("80")})
    assert numbers(message(judge(both, day(0)))) == (["2"], [], [])


# What the message takes from its step


def test_a_message_carries_the_day_tone_words_and_channel_of_its_step_and_the_accounts_recipients() -> None:
    firm = replace(SECOND, tone="firm", template="our_own_words")
    plan = message(judge(account(told("1", day(-9))), day(0), cadence(HEADS_UP, FIRST, firm)))
    assert (plan.step_id, plan.step_no, plan.step_day) == ("second", 3, 11)
    assert (plan.tone, plan.template, plan.channel) == ("firm", "our_own_words", "email")
    assert plan.recipients == ("amy@example.com",)


def test_an_advance_remembers_the_day_of_its_step_so_that_another_cadence_finds_its_place() -> None:
    (advance,) = message(judge(account(told("1", day(-9))), day(0))).advance
    assert (advance.item, advance.cycle, advance.step_day) == ("invoice:1#1", 1, 11)


def test_heads_ups_that_lapse_in_an_outage_are_counted_before_the_step_that_goes_out() -> None:
    decision = judge(account(owed("1", day(-10))), day(0), TWO_HEADS_UPS)
    assert [(each.step_id, each.step_no) for each in decision.lapsed] == [("early", 1), ("heads-up", 2)]
    plan = message(decision)
    assert (plan.step_id, plan.step_no) == ("first", 3)
    assert [each.step_no for each in plan.advance] == [3]


def test_of_two_broken_promises_the_later_one_is_named() -> None:
    broken = tuple(BrokenPromise(id=name, amount=usd("40"), day=day(on)) for name, on in (("p1", -4), ("p2", -8)))
    assert message(judge(account(past("1"), broken_promises=broken), day(0))).names_broken_promise == "p1"


# Heads-ups that give way


def test_no_heads_up_goes_within_the_minimum_gap() -> None:
    decision = judge(account(owed("1", day(3)), contacts=(wrote(day(-3)),)), day(0))
    assert (decision.outcome, decision.reason, decision.look_on) == (Outcome.WAIT, ReasonCode.MIN_GAP, day(2))


def test_what_free_credit_covers_is_not_announced_either() -> None:
    decision = judge(account(owed("1", day(3)), free_credit={"USD": usd("100")}), day(0))
    assert (decision.outcome, decision.reason) == (Outcome.WAIT, ReasonCode.COVERED_BY_CREDIT)
    assert decision.lapsed == ()


def test_beside_a_message_that_the_gap_stops_a_heads_up_waits_for_the_same_reason() -> None:
    decision = judge(account(past("1"), owed("2", day(3)), contacts=(wrote(day(-2)),)), day(0))
    assert decision.items == {"invoice:1#1": ReasonCode.MIN_GAP, "invoice:2#1": ReasonCode.MIN_GAP}


def test_of_two_heads_ups_the_one_nearer_to_its_due_date_goes_and_the_other_waits() -> None:
    nearer = owed("1", day(3), taken=(took(EARLY, day(-9)),))
    decision = judge(account(nearer, owed("2", day(11))), day(0), TWO_HEADS_UPS)
    assert numbers(message(decision)) == (["1"], [], [])
    assert decision.items == {"invoice:1#1": ReasonCode.HEADS_UP_DUE, "invoice:2#1": ReasonCode.OTHER_MESSAGE}


def test_a_past_due_step_on_the_last_day_of_the_gap_silences_a_heads_up() -> None:
    decision = judge(account(told("1", day(-1)), owed("2", day(3))), day(0))
    assert decision.items["invoice:2#1"] is ReasonCode.HEADS_UP_LAPSED
    assert [(each.item, each.step_no) for each in decision.lapsed] == [("invoice:2#1", 1)]


def test_the_first_step_after_the_due_date_silences_a_heads_up_too() -> None:
    decision = judge(account(past("1", due=day(-4)), owed("2", day(3))), day(0))
    assert decision.items["invoice:1#1"] is ReasonCode.POSTING_LAG
    assert decision.items["invoice:2#1"] is ReasonCode.HEADS_UP_LAPSED


def test_a_heads_up_that_lapses_at_the_due_date_and_one_that_gives_way_are_both_recorded() -> None:
    decision = judge(account(told("1", day(-3)), owed("2", day(0)), owed("3", day(3))), day(0))
    assert [each.item for each in decision.lapsed] == ["invoice:2#1", "invoice:3#1"]


def test_a_call_that_is_due_today_silences_no_heads_up() -> None:
    taken = (took(HEADS_UP, day(-22)), took(FIRST, day(-15), number=2), took(SECOND, day(-8), number=3))
    decision = judge(account(owed("1", day(-19), taken=taken), owed("2", day(3))), day(0), cadence(*STEPS))
    assert numbers(message(decision)) == (["2"], [], [])
    assert [each.step_id for each in decision.person_step] == ["call"]


def test_an_ended_ladder_that_a_person_will_soon_be_told_of_silences_no_heads_up() -> None:
    ended = owed("1", day(-40), taken=(LAPSED, took(LAST, day(-5), number=2)))
    assert numbers(message(judge(account(ended, owed("2", day(3))), day(0)))) == (["2"], [], [])


def test_a_step_in_a_currency_that_credit_covers_silences_no_heads_up() -> None:
    both = account(told("1", day(-3), eur("80")), owed("2", day(3)), free_credit={"EUR": eur("80")})
    assert numbers(message(judge(both, day(0)))) == (["2"], [], [])


# A person's steps, and the end


def test_a_call_is_asked_for_once_and_told_as_the_reason() -> None:
    taken = (LAPSED, took(FIRST, day(-15), number=2), took(SECOND, day(-8), number=3))
    item = owed("1", day(-19), taken=taken)
    decision = judge(account(item), day(0), cadence(*STEPS))
    assert decision.items == {"invoice:1#1": ReasonCode.PERSON_STEP}
    open_call = changed(item, person_wait=PersonWait(step_id=CALL.id, since=day(0)))
    assert judge(account(open_call), day(4), cadence(*STEPS)).not_made == ()
    not_made = judge(account(open_call), day(5), cadence(*STEPS))
    assert [each.step_no for each in not_made.not_made] == [4]
    assert not_made.look_on == day(6)


def test_an_ended_ladder_is_handed_over_although_its_due_date_was_moved_to_today() -> None:
    moved = owed("1", day(0), taken=(took(LAST, day(-10)),), due_date_before=day(-40))
    decision = judge(account(moved), day(0))
    assert decision.escalate == ("invoice:1#1",)
    assert decision.items == {"invoice:1#1": ReasonCode.LADDER_ENDED}
    assert decision.look_on == day(1)


def test_what_a_hold_rests_is_told_before_what_was_handed_over() -> None:
    escalated = owed("1", day(-60), taken=(took(LAST, day(-30)),), escalated_on=day(-20))
    decision = judge(account(escalated, past("2"), holds=(hold(day(-1), None, "invoice:2#1"),)), day(0))
    assert (decision.outcome, decision.reason, decision.hold) == (Outcome.WAIT, ReasonCode.HELD, HoldKind.PAUSE)
