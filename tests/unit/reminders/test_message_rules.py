"""What a message holds and when it may go (docs/rules.md, sections 1 and 3)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from msgspec.structs import replace as changed

from reminders.account import Account, BrokenPromise, Contacted, HoldKind
from reminders.decision import Outcome, ReasonCode
from tests.unit.reminders.accounts import (
    FIRST,
    SECOND,
    account,
    cadence,
    day,
    eur,
    hold,
    judge,
    message,
    numbers,
    owed,
    part,
    past,
    told,
    usd,
    wrote,
)

# The parts


def test_the_message_is_about_the_highest_step_and_lists_the_other_past_due_items() -> None:
    plan = message(judge(account(told("1", day(-7)), past("2"), past("3", due=day(-4)), owed("4", day(20))), day(0)))
    assert plan.step_id == "second"
    assert numbers(plan) == (["1"], ["2", "3"], [])


def test_each_due_item_advances_by_its_own_one_step_and_listed_ones_stay() -> None:
    decision = judge(account(told("1", day(-7)), past("2"), past("3", due=day(-4))), day(0))
    plan = message(decision)
    assert {each.item: each.step_id for each in plan.advance} == {"invoice:1#1": "second", "invoice:2#1": "first"}
    assert decision.items["invoice:3#1"] is ReasonCode.POSTING_LAG


def test_step_numbers_count_the_steps_of_the_cycle() -> None:
    plan = message(judge(account(told("1", day(-7)), past("2")), day(0)))
    assert {each.item: each.step_no for each in plan.advance} == {"invoice:1#1": 3, "invoice:2#1": 2}


def test_items_not_yet_due_are_listed_only_where_the_cadence_says_so_and_never_asked() -> None:
    both = account(past("1"), owed("2", day(20)))
    assert numbers(message(judge(both, day(0)))) == (["1"], [], [])
    plan = message(judge(both, day(0), cadence(list_not_due=True)))
    assert numbers(plan) == (["1"], [], ["2"])
    assert [ask.asked for ask in plan.amounts] == [usd("100")]


def test_a_heads_up_carries_its_own_items_alone() -> None:
    plan = message(judge(account(told("1", day(0)), owed("2", day(3))), day(0)))
    assert plan.is_heads_up
    assert numbers(plan) == (["2"], [], [])
    assert [ask.asked for ask in plan.amounts] == [usd("100")]


def test_a_heads_up_lapses_where_a_past_due_step_of_the_account_follows_within_the_gap() -> None:
    decision = judge(account(told("1", day(-3)), owed("2", day(3))), day(0))
    assert decision.message is None
    assert [each.item for each in decision.lapsed] == ["invoice:2#1"]
    assert decision.items["invoice:2#1"] is ReasonCode.HEADS_UP_LAPSED
    assert decision.look_on == day(1)


def test_beside_a_past_due_message_a_heads_up_waits() -> None:
    decision = judge(account(past("1"), owed("2", day(3))), day(0))
    assert numbers(message(decision)) == (["1"], [], [])
    assert decision.items["invoice:2#1"] is ReasonCode.OTHER_MESSAGE
    assert decision.lapsed == ()


def test_a_broken_promise_is_named_in_the_next_message_but_not_in_a_heads_up() -> None:
    broken = (BrokenPromise(id="p1", amount=usd("40"), day=day(-8)),)
    assert message(judge(account(past("1"), broken_promises=broken), day(0))).names_broken_promise == "p1"
    assert message(judge(account(owed("1", day(3)), broken_promises=broken), day(0))).names_broken_promise is None


# Amounts


def test_free_credit_is_taken_off_the_sum() -> None:
    plan = message(judge(account(past("1"), past("2"), free_credit={"USD": usd("30.50")}), day(0)))
    assert [(ask.gross, ask.credit, ask.asked) for ask in plan.amounts] == [(usd("200"), usd("30.50"), usd("169.50"))]


def test_credit_that_covers_everything_holds_and_asks_for_its_application() -> None:
    for credit in ("100", "250"):
        decision = judge(account(past("1"), free_credit={"USD": usd(credit)}), day(0))
        assert decision.outcome is Outcome.WAIT
        assert decision.reason is ReasonCode.COVERED_BY_CREDIT
        assert decision.hold is HoldKind.COVERED_BY_CREDIT
        assert [task.kind for task in decision.tasks] == ["apply_credit"]


def test_a_covered_account_is_looked_at_again_when_more_falls_past_due() -> None:
    without_heads_up = cadence(FIRST, SECOND)
    both = account(past("1"), owed("2", day(10)), free_credit={"USD": usd("100")})
    assert judge(both, day(0), without_heads_up).look_on == day(11)
    assert judge(both, day(11), without_heads_up).outcome is Outcome.REMIND


def test_each_currency_has_its_own_amount_and_a_covered_one_rests_alone() -> None:
    both = account(past("1"), past("2", eur("80")), free_credit={"EUR": eur("80")})
    decision = judge(both, day(0))
    plan = message(decision)
    assert numbers(plan) == (["1"], [], [])
    assert [ask.asked for ask in plan.amounts] == [usd("100")]
    assert decision.items["invoice:2#1"] is ReasonCode.COVERED_BY_CREDIT
    uncovered = message(judge(replace(both, free_credit=None), day(0)))
    assert [ask.asked for ask in uncovered.amounts] == [usd("100"), eur("80")]


def test_less_than_the_minimum_is_not_asked_for() -> None:
    least = cadence(minimum={"USD": Decimal("5.00")})
    decision = judge(account(past("1", usd("4.99"))), day(0), least)
    assert decision.reason is ReasonCode.BELOW_MINIMUM
    assert decision.hold is HoldKind.BELOW_MINIMUM
    assert judge(account(past("1", usd("5.00"))), day(0), least).outcome is Outcome.REMIND
    two = judge(account(past("1", usd("4.99")), past("2", usd("4.99"))), day(0), least)
    assert two.outcome is Outcome.REMIND


def test_a_disputed_amount_is_left_out_and_the_rest_is_asked() -> None:
    line = message(judge(account(past("1"), holds=(part(HoldKind.DISPUTE, "1", usd("30")),)), day(0))).about[0]
    assert (line.disputed, line.asked) == (usd("30"), usd("70"))


def test_a_dispute_about_all_of_an_item_rests_it() -> None:
    disputed = account(past("1"), past("2"), holds=(part(HoldKind.DISPUTE, "1", usd("300")),))
    decision = judge(disputed, day(0))
    assert numbers(message(decision)) == (["2"], [], [])
    assert decision.items["invoice:1#1"] is ReasonCode.HELD


def test_an_item_whose_every_cent_is_disputed_says_which_dispute_rests_it() -> None:
    decision = judge(account(past("1"), holds=(part(HoldKind.DISPUTE, "1", usd("100")),)), day(0))
    assert (decision.outcome, decision.reason, decision.hold) == (Outcome.WAIT, ReasonCode.HELD, HoldKind.DISPUTE)
    assert decision.facts["hold"] == "dispute dispute-1: "


def test_no_part_is_taken_off_twice() -> None:
    holds = (part(HoldKind.DISPUTE, "1", usd("70")), part(HoldKind.PROMISE, "1", usd("60")))
    decision = judge(account(past("1"), past("2"), holds=holds), day(0))
    assert numbers(message(decision)) == (["2"], [], [])
    holds = (part(HoldKind.DISPUTE, "1", usd("50")), part(HoldKind.PROMISE, "1", usd("20")))
    line = message(judge(account(past("1"), holds=holds), day(0))).about[0]
    assert (line.disputed, line.promised, line.asked) == (usd("50"), usd("20"), usd("30"))


def test_a_paid_up_account_is_never_written_to() -> None:
    paid = account(changed(past("1"), open=usd("0")))
    assert judge(paid, day(0)).reason is ReasonCode.NOTHING_OWED
    assert judge(account(), day(0)).outcome is Outcome.NOTHING


def test_credit_at_a_parent_makes_a_task_and_holds_nothing() -> None:
    decision = judge(account(past("1"), parent_credit={"USD": usd("500")}), day(0))
    assert decision.outcome is Outcome.REMIND
    assert [task.kind for task in decision.tasks] == ["credit_at_parent"]


# How often


def test_nothing_goes_within_the_minimum_gap_whoever_spoke() -> None:
    for what in ("reminder", "call", "mail", "ledger"):
        decision = judge(account(past("1"), contacts=(wrote(day(-4), what),)), day(0))
        assert (decision.reason, decision.look_on) == (ReasonCode.MIN_GAP, day(1))
        assert judge(account(past("1"), contacts=(wrote(day(-5), what),)), day(0)).outcome is Outcome.REMIND


def test_the_last_contact_counts_for_the_gap() -> None:
    decision = judge(account(past("1"), contacts=(wrote(day(-20)), wrote(day(-2), "call"))), day(0))
    assert (decision.reason, decision.look_on) == (ReasonCode.MIN_GAP, day(3))


def test_more_contacts_than_the_cap_allows_wait_until_enough_are_old() -> None:
    often = cadence(min_gap_days=1)
    contacts = tuple(wrote(day(-on), "mail") for on in (6, 5, 3))
    decision = judge(account(past("1"), contacts=contacts), day(0), often)
    assert (decision.reason, decision.look_on) == (ReasonCode.WEEKLY_CAP, day(2))


def test_the_weekly_cap_counts_manual_contacts() -> None:
    often = cadence(min_gap_days=1)
    contacts = (wrote(day(-6), "mail"), wrote(day(-2), "call"))
    decision = judge(account(past("1"), contacts=contacts), day(0), often)
    assert (decision.reason, decision.look_on) == (ReasonCode.WEEKLY_CAP, day(1))


def test_the_monthly_cap_holds_for_any_31_days() -> None:
    contacts = tuple(wrote(day(-on)) for on in (30, 24, 18, 12, 6))
    decision = judge(account(past("1"), contacts=contacts), day(0))
    assert (decision.reason, decision.look_on) == (ReasonCode.MONTHLY_CAP, day(1))
    assert judge(account(past("1"), contacts=contacts), day(1)).outcome is Outcome.REMIND


def test_one_message_to_three_addresses_is_one_contact() -> None:
    contacts = tuple(Contacted(on=day(-6), address=f"{name}@example.com") for name in ("a", "b", "c"))
    assert judge(account(past("1"), contacts=contacts), day(0)).outcome is Outcome.REMIND


def shared(*days_heard: date) -> Account:
    return account(past("1"), address_contacts={"amy@example.com": days_heard})


def test_a_shared_address_hears_once_a_day_and_a_task_offers_to_join() -> None:
    decision = judge(shared(day(0)), day(0))
    assert (decision.reason, decision.look_on) == (ReasonCode.ADDRESS_BUSY, day(1))
    assert [task.kind for task in decision.tasks] == ["shared_address"]
    assert judge(shared(day(-1)), day(0)).outcome is Outcome.REMIND


def test_the_caps_hold_for_an_address_over_all_its_accounts() -> None:
    assert judge(shared(day(-3), day(-1)), day(0)).reason is ReasonCode.WEEKLY_CAP


def test_without_a_usable_address_there_is_a_task_and_no_message() -> None:
    decision = judge(account(past("1"), recipients=(), addresses_tried=2), day(0))
    assert (decision.outcome, decision.reason) == (Outcome.WAIT, ReasonCode.NO_ADDRESS)
    assert [task.kind for task in decision.tasks] == ["no_address"]


# What holds


def test_a_hold_of_the_account_rests_everything_and_says_until_when() -> None:
    decision = judge(account(past("1"), past("2"), holds=(hold(day(-1), day(9)),)), day(0))
    assert (decision.reason, decision.hold, decision.look_on) == (ReasonCode.HELD, HoldKind.PAUSE, day(9))
    assert decision.facts["hold"] == "pause h1: asked to wait"


def test_a_hold_of_one_item_leaves_the_others() -> None:
    decision = judge(account(past("1"), past("2"), holds=(hold(day(-1), None, "invoice:1#1"),)), day(0))
    assert numbers(message(decision)) == (["2"], [], [])


def test_a_stored_hold_that_we_judged_ourselves_does_not_hold_by_itself() -> None:
    stored = hold(day(-5), None, kind=HoldKind.COVERED_BY_CREDIT)
    assert judge(account(past("1"), holds=(stored,)), day(0)).outcome is Outcome.REMIND


def test_an_invoice_that_never_went_out_is_held_with_a_task() -> None:
    undelivered = hold(day(-30), None, "invoice:1#1", kind=HoldKind.NEVER_DELIVERED)
    decision = judge(account(past("1"), holds=(undelivered,)), day(0))
    assert decision.hold is HoldKind.NEVER_DELIVERED
    assert [task.kind for task in decision.tasks] == ["never_delivered"]


def test_an_account_without_a_cadence_is_left_alone() -> None:
    decision = judge(account(past("1"), cadence_assigned=False), day(0))
    assert (decision.outcome, decision.reason) == (Outcome.NOTHING, ReasonCode.NO_CADENCE)


def test_every_reason_has_its_sentence() -> None:
    decision = judge(account(told("1", day(-1)), contacts=(wrote(day(-1)),)), day(0))
    assert decision.sentence.endswith(".")
    assert decision.facts["cadence"] == "test 1"
    assert SECOND.id == "second"
