"""Never twice: through crashes, lost answers, retries and any passing of time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from connector.deliver import deliver, recover
from connector.office import SendingRules
from connector.settling import NothingToSettle, settle
from connector.store import reminders
from connector.store.claims import claim as claim_some
from connector.store.claims import is_ours
from connector.store.tables import contact, dispatch, reminder
from reminders.decision import Advance
from tests.unit.connector.speaking.fakes import NO_LAST_REPLY, ServerCrash
from tests.unit.connector.speaking.firm import FIRM, MONDAY, Firm

TO = "c20@example.com"


@pytest.fixture
def decided(firm: Firm) -> Firm:
    firm.owes("20")
    firm.sync()
    firm.remind()
    return firm


@pytest.fixture
def uncertain(decided: Firm) -> Firm:
    """The last reply to the only mail never came."""
    decided.mailer.script[TO] = [NO_LAST_REPLY]
    decided.deliver()
    return decided


def _work_for(firm: Firm, days: int) -> None:
    for _ in range(days):
        firm.next_day()
        firm.work()


def test_a_second_run_on_the_same_day_says_nothing_again(decided: Firm) -> None:
    decided.deliver()
    for _ in range(3):
        assert decided.work().sent == 0
    assert len(decided.mailer.taken) == 1
    assert len(decided.entries("reminder")) == 1


def test_a_step_that_is_planned_already_is_not_planned_a_second_time(decided: Firm) -> None:
    step = Advance(item="invoice:i20#1", cycle=1, step_no=1, step_id="first", step_day=3)
    again = reminders.step_row(FIRM, "standard", step, how="planned", on=MONDAY.date(), reminder_id="another")
    with pytest.raises(IntegrityError), decided.database.write("plan again") as connection:
        reminders.add(connection, [{**decided.only_reminder(), "id": "another"}], [again], [])
    assert len(decided.reminders()) == 1


def test_a_crash_while_handing_over_is_uncertain_and_is_never_sent_again(decided: Firm) -> None:
    decided.mailer.script[TO] = [ServerCrash()]
    with pytest.raises(ServerCrash):
        decided.deliver()
    assert decided.dispatches() == {TO: "sending"}
    assert decided.work().sent == 0  # the lease holds still
    decided.clock.advance(timedelta(seconds=901))
    decided.work()
    assert decided.dispatches() == {TO: "uncertain"}
    assert decided.only_reminder()["state"] == "said"
    assert decided.steps() == [("invoice:i20#1", "first", "uncertain")]
    _work_for(decided, 4)
    assert decided.dispatches() == {TO: "uncertain"}
    assert not decided.mailer.taken


def test_no_timer_ever_settles_an_uncertain_message_and_the_ladder_goes_on_in_its_distance(uncertain: Firm) -> None:
    (first,) = uncertain.reminders()
    _work_for(uncertain, 4)
    assert len(uncertain.reminders()) == 1
    _work_for(uncertain, 4)
    (second,) = [row for row in uncertain.reminders() if row["id"] != first["id"] and row["said_at"]]
    assert second["step_id"] == "second"
    states = {row["reminder"]: row["state"] for row in uncertain.rows(dispatch)}
    assert (states[first["id"]], states[second["id"]]) == ("uncertain", "sent")
    assert uncertain.mailer.readers == [TO, TO]


def test_an_uncertain_message_counts_as_contact_makes_a_task_and_says_so_in_its_note(uncertain: Firm) -> None:
    (heard,) = uncertain.rows(contact)
    assert heard["address"] == TO
    (task,) = uncertain.tasks("uncertain")
    assert task["facts"]["address"] == TO
    (note,) = uncertain.entries("reminder")
    assert "acceptance unknown" in note["text_body"]


def test_settled_as_arrived_it_is_sent_and_nothing_is_asked_again(uncertain: Firm) -> None:
    (row,) = uncertain.reminders()
    assert settle(uncertain.office, row["id"], None, arrived=True, by="anna") == 1
    assert uncertain.dispatches() == {TO: "sent"}
    assert uncertain.steps() == [("invoice:i20#1", "first", "sent")]
    assert not uncertain.tasks("uncertain")
    (note,) = uncertain.entries("settled")
    assert note["about"] == f"reminder:{row['id']}"
    _work_for(uncertain, 5)
    assert len(uncertain.reminders()) == 1
    with pytest.raises(NothingToSettle):
        settle(uncertain.office, row["id"], None, arrived=False, by="anna")


def test_settled_as_lost_it_is_asked_once_more_and_the_new_one_says_which_it_replaces(uncertain: Firm) -> None:
    (lost,) = uncertain.reminders()
    settle(uncertain.office, lost["id"], TO, arrived=False, by="anna")
    assert uncertain.only_reminder()["state"] == "not_arrived"
    _work_for(uncertain, 7)
    again = next(row for row in uncertain.reminders() if row["said_at"] and row["id"] != lost["id"])
    assert (again["replaces"], again["step_id"], again["state"]) == (lost["id"], "first", "said")
    assert uncertain.mailer.taken[-1].reminder == again["id"]


def _lose_again(firm: Firm) -> str:
    """The message that replaces the lost one is lost as well. Returns its id."""
    firm.mailer.script[TO] = [NO_LAST_REPLY]
    _work_for(firm, 7)
    (again,) = [row["id"] for row in firm.reminders() if row["replaces"] and row["said_at"]]
    settle(firm.office, again, None, arrived=False, by="anna")
    return str(again)


def test_it_is_asked_once_more_and_only_once(uncertain: Firm) -> None:
    settle(uncertain.office, uncertain.only_reminder()["id"], None, arrived=False, by="anna")
    again = _lose_again(uncertain)
    _work_for(uncertain, 5)
    assert len([row for row in uncertain.reminders() if row["step_id"] == "first" and row["said_at"]]) == 2
    (row,) = uncertain.reminders(id=again)
    assert row["state"] == "said"


def test_only_once_also_where_a_first_replacement_was_cancelled_before_it_left(uncertain: Firm) -> None:
    settle(uncertain.office, uncertain.only_reminder()["id"], None, arrived=False, by="anna")
    for _ in range(7):
        uncertain.next_day()
        uncertain.sync()
        uncertain.remind()
    (replacing,) = uncertain.reminders(state="ready")
    assert replacing["replaces"]
    uncertain.books.raise_to("invoice:i20", "110.00")  # more than planned: cancelled
    uncertain.deliver()
    _lose_again(uncertain)
    _work_for(uncertain, 6)
    said = [row for row in uncertain.reminders() if row["step_id"] == "first" and row["said_at"]]
    assert len(said) == 2


def test_a_message_about_something_else_replaces_nothing(uncertain: Firm) -> None:
    settle(uncertain.office, uncertain.only_reminder()["id"], None, arrived=False, by="anna")
    uncertain.books.pay("invoice:i20")
    uncertain.owes("20", "70.00", number="i20b")
    _work_for(uncertain, 7)
    (row,) = [each for each in uncertain.reminders() if each["said_at"] and each["state"] == "said"]
    assert row["facts"]["advance"][0]["item"] == "invoice:i20b#1"
    assert row["replaces"] is None


def test_a_claim_that_was_taken_over_can_send_no_more(decided: Firm) -> None:
    other = decided.another_process()  # it recovers what the first one slept over, and sends it

    def sleep_through_the_lease(_: str) -> None:
        decided.clock.advance(timedelta(seconds=31))  # the figures are fresh still
        assert recover(other) == 1
        assert other.mailer is not decided.mailer
        deliver(other)

    decided.office = replace(decided.office, sending=SendingRules(lease_seconds=30))
    decided.mailer.before_data = sleep_through_the_lease
    assert decided.deliver().sent == 0
    assert not decided.mailer.taken
    assert decided.dispatches() == {TO: "sent"}


def test_a_claim_that_was_taken_over_can_write_no_more(decided: Firm) -> None:
    with decided.database.write("claim") as connection:
        (old,) = claim_some(connection, "firm", now=decided.clock.now(), lease=timedelta(seconds=900), limit=9)
    decided.clock.advance(timedelta(seconds=901))
    recover(decided.office)
    with decided.database.write("look") as connection:
        assert not is_ours(connection, old)
    assert decided.only_reminder()["state"] == "ready"
    assert decided.deliver().sent == 1


def test_a_late_answer_settles_what_was_recovered_as_uncertain_and_says_nothing_twice(decided: Firm) -> None:
    other = decided.another_process()
    recovered: list[dict[str, str]] = []

    def stop(_: str) -> None:
        decided.clock.advance(timedelta(seconds=901))
        recover(other)
        recovered.append(decided.dispatches())

    decided.mailer.after_data = stop  # SIGSTOP after the dot, SIGCONT after the lease
    decided.deliver()
    assert recovered == [{TO: "uncertain"}]
    assert decided.dispatches() == {TO: "sent"}
    assert len(decided.entries("reminder")) == 1
    assert len(decided.events("reminder_said")) == 1
    assert not decided.tasks("uncertain")
    assert len(decided.mailer.taken) == 1


def test_a_restart_within_the_lease_touches_nothing_of_another_process(decided: Firm) -> None:
    seen: list[int] = []
    decided.mailer.before_data = lambda _: seen.append(recover(decided.another_process()))
    assert decided.deliver().sent == 1
    assert seen == [0]


def test_an_approval_never_wakes_what_is_out_already(decided: Firm) -> None:
    decided.deliver()
    row = decided.only_reminder()
    assert decided.approve(row["id"]) == 0
    with decided.database.write("forget") as connection:
        connection.execute(update(reminder).values(approved_by=None))
    assert decided.deliver().sent == 0
