"""What a decision tells: the reason that counts, the day to look again, the facts, the tasks."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from reminders.account import HoldKind, OwedItem, PersonWait
from reminders.decision import Outcome, ReasonCode, TaskNeed
from tests.unit.reminders.accounts import (
    CALL,
    FIRST,
    HEADS_UP,
    LAPSED,
    SECOND,
    STEPS,
    account,
    at,
    cadence,
    day,
    eur,
    hold,
    judge,
    owed,
    part,
    past,
    told,
    took,
    usd,
    wrote,
)

WAITS_FOR_A_CALL = owed(
    "9",
    day(-19),
    taken=(LAPSED, took(FIRST, day(-15), number=2), took(SECOND, day(-8), number=3)),
    person_wait=PersonWait(step_id=CALL.id, since=day(-3)),
)


def backdated(number: str, seen: int) -> OwedItem:
    """An invoice that appeared a while after its due date, and is too new for a step."""
    return owed(number, day(-60), first_seen=day(seen))


# The reason that counts is that of what ends first


@pytest.mark.parametrize(
    ("ends_first", "reason"),
    [
        (told("9", day(-4), due=day(-18)), ReasonCode.DISTANCE),
        (past("9", due=day(-4)), ReasonCode.POSTING_LAG),
        (WAITS_FOR_A_CALL, ReasonCode.PERSON_STEP_OPEN),
    ],
)
def test_the_reason_is_that_of_the_item_that_has_least_to_wait(ends_first: OwedItem, reason: ReasonCode) -> None:
    decision = judge(account(backdated("1", -1), ends_first), day(0), cadence(*STEPS))
    assert decision.items["invoice:1#1"] is ReasonCode.NEW_INVOICE
    assert (decision.outcome, decision.reason, decision.hold) == (Outcome.WAIT, reason, None)


def test_of_two_waits_that_end_on_the_same_day_the_older_invoices_is_told() -> None:
    decision = judge(account(backdated("1", -5), told("2", day(-4))), day(0))
    assert decision.items == {"invoice:1#1": ReasonCode.NEW_INVOICE, "invoice:2#1": ReasonCode.DISTANCE}
    assert (decision.reason, decision.look_on) == (ReasonCode.NEW_INVOICE, day(2))


def test_of_two_holds_the_one_that_ends_first_is_told() -> None:
    paused, promised = hold(day(-1), day(20), "invoice:1#1"), hold(day(-1), day(5), "invoice:2#1")
    both = account(past("1", due=day(-30)), past("2"), holds=(paused, replace(promised, kind=HoldKind.PROMISE)))
    decision = judge(both, day(0))
    assert (decision.reason, decision.hold, decision.look_on) == (ReasonCode.HELD, HoldKind.PROMISE, day(5))


def test_a_heads_up_that_is_too_soon_after_another_is_told_although_its_due_date_comes_first() -> None:
    early = replace(HEADS_UP, id="early", day=-12)
    announced = owed("1", day(4), taken=(took(early, day(0)),))
    decision = judge(account(announced), day(1), cadence(early, HEADS_UP, FIRST))
    assert (decision.reason, decision.hold, decision.look_on) == (ReasonCode.DISTANCE, None, day(4))


# The day to look again


def test_a_flag_on_all_of_an_invoice_is_looked_at_again_when_it_ends() -> None:
    flagged = account(past("1"), holds=(part(HoldKind.FLAG, "1", usd("100"), ends=day(4)),))
    decision = judge(flagged, day(0))
    assert (decision.reason, decision.hold, decision.look_on) == (ReasonCode.HELD, HoldKind.FLAG, day(4))
    assert judge(flagged, day(4)).outcome is Outcome.REMIND


def test_the_end_of_a_part_is_a_day_to_look_although_the_rest_is_asked_for() -> None:
    flagged = account(told("1", day(-1)), holds=(part(HoldKind.FLAG, "1", usd("50"), ends=day(2)),))
    assert (judge(flagged, day(0)).reason, judge(flagged, day(0)).look_on) == (ReasonCode.DISTANCE, day(2))


def test_a_part_that_was_held_until_today_is_no_day_to_wait_for() -> None:
    over = account(told("1", day(-1)), holds=(part(HoldKind.FLAG, "1", usd("50"), ends=day(0)),))
    assert judge(over, day(0)).look_on == day(5)


def test_credit_that_covers_one_currency_hides_no_day_of_another() -> None:
    both = account(told("1", day(-3), eur("80")), past("2"), free_credit={"USD": usd("100")})
    assert judge(both, day(0)).look_on == day(3)


def test_a_covered_account_is_looked_at_tomorrow_where_something_falls_due_today() -> None:
    no_heads_ups = cadence(FIRST, SECOND)
    covered = account(past("1"), owed("2", day(0)), free_credit={"USD": usd("100")})
    assert judge(covered, day(0), no_heads_ups).look_on == day(1)


def test_what_credit_covers_already_is_no_day_to_wait_for() -> None:
    covered = account(past("1"), past("2", due=day(-1)), free_credit={"USD": usd("200")})
    assert judge(covered, day(0)).look_on == day(7)


def test_whatever_acts_is_looked_at_again_tomorrow() -> None:
    assert judge(account(past("1")), day(0)).look_on == day(1)
    assert judge(account(past("1"), owed("2", day(20))), day(0)).look_on == day(1)


def test_a_last_cent_is_still_owed() -> None:
    assert judge(account(past("1", usd("0.01"))), day(0)).outcome is Outcome.REMIND


# Facts


def test_the_facts_of_a_message_are_its_cadence_its_step_and_what_it_is_about() -> None:
    decision = judge(account(past("1"), past("2")), day(0))
    assert (decision.outcome, decision.reason) == (Outcome.REMIND, ReasonCode.STEP_DUE)
    assert decision.items == {"invoice:1#1": ReasonCode.STEP_DUE, "invoice:2#1": ReasonCode.STEP_DUE}
    assert decision.facts == {"cadence": "test 1", "step": "first", "about": "1, 2"}


def test_the_facts_of_a_wait_are_until_when_and_as_of_which_instant() -> None:
    decision = judge(account(told("1", day(-1)), figures_at=at(day(0), 9)), day(0))
    assert decision.facts == {"cadence": "test 1", "until": "2026-06-06", "figures_at": "2026-06-01T09:00:00+00:00"}


# Tasks: what a person reads, about which invoices, and the key that makes it one task however often it is seen


def test_the_task_to_apply_credit_says_how_much_and_is_one_for_all_invoices_of_the_currency() -> None:
    decision = judge(account(past("1"), past("2"), free_credit={"USD": usd("300")}), day(0))
    text = "Free credit of USD 300.00 covers what would be asked: apply the credit."
    assert decision.tasks == (
        TaskNeed(key="apply_credit:20:USD", kind="apply_credit", text=text, items=("invoice:1#1",)),
    )


def test_each_invoice_that_never_went_out_is_a_task_of_its_own_in_each_cycle() -> None:
    undelivered = hold(day(-30), None, "invoice:1#1", "invoice:2#1", kind=HoldKind.NEVER_DELIVERED)
    both = account(past("1"), changed(past("2"), cycle=2), holds=(undelivered,))
    assert [(task.key, task.kind, task.text, task.items) for task in judge(both, day(0)).tasks] == [
        (
            f"never_delivered:invoice:{number}#1:{cycle}",
            "never_delivered",
            f"{number}: The invoice itself has not gone out.",
            (f"invoice:{number}#1",),
        )
        for number, cycle in ((1, 1), (2, 2))
    ]


def test_the_task_for_an_address_names_every_invoice_that_waits_for_it() -> None:
    decision = judge(account(past("1"), past("2"), recipients=()), day(0))
    text = "There is no usable address for reminders."
    items = ("invoice:1#1", "invoice:2#1")
    assert decision.tasks == (TaskNeed(key="no_address:20", kind="no_address", text=text, items=items),)


def test_the_task_for_a_shared_address_names_the_address() -> None:
    shared = account(past("1"), address_contacts={"amy@example.com": (day(0),)})
    (task,) = judge(shared, day(0)).tasks
    assert task.key == "shared_address:amy@example.com"
    assert task.text == "amy@example.com belongs to several customers: join them, or name another address."


def test_the_task_for_credit_at_a_parent_says_how_much_down_to_a_cent_and_there_is_none_for_nothing() -> None:
    decision = judge(account(past("1"), parent_credit={"USD": usd("0.01"), "EUR": eur("0")}), day(0))
    (task,) = decision.tasks
    assert task.key == "credit_at_parent:20:USD"
    assert task.text == "Free credit of USD 0.01 lies at the parent, which is billed by itself: apply or move it."


def test_nothing_is_a_task_where_everything_is_in_order() -> None:
    assert judge(account(past("1"), contacts=(wrote(day(-1)),)), day(0)).tasks == ()
