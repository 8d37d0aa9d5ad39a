"""One mail for each recipient, with the same To line: each has a state of its own, and what follows from it."""

from datetime import timedelta

import pytest

from connector.settling import settle
from connector.store.facts import load_rows
from connector.store.tables import contact
from connector.taskwork import do_task
from reminders.channels import SendResult
from tests.unit.connector.speaking.fakes import (
    GREYLISTED,
    NO_LAST_REPLY,
    NO_SUCH_USER,
    UNWELCOME,
    WRONG_PASSWORD,
    ServerCrash,
)
from tests.unit.connector.speaking.firm import Firm

ANNA, BOB, CLEO = THREE = ("anna@x.example", "bob@x.example", "cleo@x.example")


@pytest.fixture
def three(firm: Firm) -> Firm:
    """A customer with three addresses; a reminder is ready."""
    firm.customer("20", *THREE)
    firm.owes("20")
    firm.sync()
    firm.remind()
    return firm


def _answers(firm: Firm, **answers: SendResult | BaseException) -> None:
    firm.mailer.script = {f"{name}@x.example": [answer] for name, answer in answers.items()}


def test_one_is_refused_one_uncertain_one_accepted(three: Firm) -> None:
    _answers(three, anna=NO_SUCH_USER, bob=NO_LAST_REPLY)
    done = three.deliver()
    assert (done.refused, done.uncertain, done.sent) == (1, 1, 1)
    assert three.dispatches() == {ANNA: "refused", BOB: "uncertain", CLEO: "sent"}
    row = three.only_reminder()
    assert row["state"] == "said"
    assert three.steps() == [("invoice:i20#1", "first", "sent")]
    assert len(three.entries("reminder")) == 1
    assert {each["kind"] for each in three.tasks()} == {"uncertain", "bad_address"}
    assert three.stopped() == [ANNA]
    assert sorted(each["address"] for each in three.rows(contact)) == [BOB, CLEO]
    assert len(three.events("reminder_said")) == 1


def test_each_gets_a_mail_of_its_own_and_all_read_the_same_to_line(three: Firm) -> None:
    assert three.deliver().sent == 3
    assert three.mailer.readers == list(THREE)
    assert len({each.data for each in three.mailer.taken}) == 1
    mail = three.mailer.taken[0].read
    assert [each.strip() for each in str(mail["To"]).split(",")] == list(THREE)
    assert mail["Message-ID"] == f"<{three.only_reminder()['id']}@firm.example>"


def test_a_message_to_three_readers_is_one_contact_of_the_customer(three: Firm) -> None:
    three.deliver()
    with three.database.read() as connection:
        rows = load_rows(connection, "firm", ["20"], today=three.office.today())
    assert len(rows["20"].contacts) == 1


def test_who_was_told_later_is_tried_after_a_quarter_of_an_hour_and_nobody_else_is(three: Firm) -> None:
    _answers(three, bob=GREYLISTED)
    three.deliver()
    assert three.dispatches() == {ANNA: "sent", BOB: "waiting", CLEO: "sent"}
    assert three.deliver().sent == 0
    three.clock.advance(timedelta(minutes=14))
    assert three.deliver().sent == 0
    three.clock.advance(timedelta(minutes=1))
    assert three.deliver().sent == 1
    assert sorted(three.mailer.readers) == list(THREE)
    assert three.only_reminder()["state"] == "said"
    assert len(three.entries("reminder")) == 1
    first, last = three.mailer.taken[0].read, three.mailer.taken[-1].read
    assert last["Message-ID"] == first["Message-ID"]
    assert last["To"] == first["To"]


def test_whose_answer_is_unknown_is_not_even_asked_again_when_another_is_tried(three: Firm) -> None:
    _answers(three, anna=NO_LAST_REPLY, bob=GREYLISTED)
    three.deliver()
    three.mailer.script[ANNA] = [NO_SUCH_USER]  # what it would say now says nothing about the first mail
    three.mailer.asked.clear()
    three.clock.advance(timedelta(minutes=15))
    assert three.deliver().sent == 1
    assert three.mailer.asked == [BOB]
    assert three.dispatches() == {ANNA: "uncertain", BOB: "sent", CLEO: "sent"}


def test_a_customer_who_pays_before_the_second_try_is_left_alone(three: Firm) -> None:
    _answers(three, bob=GREYLISTED)
    three.deliver()
    three.books.pay("invoice:i20")
    three.clock.advance(timedelta(minutes=15))
    three.deliver()
    assert three.dispatches() == {ANNA: "sent", BOB: "cancelled", CLEO: "sent"}
    assert three.only_reminder()["state"] == "said"


def test_the_day_after_nobody_gets_what_the_others_got_yesterday(three: Firm) -> None:
    _answers(three, bob=GREYLISTED)
    three.deliver()
    three.next_day()
    three.work()
    assert three.dispatches() == {ANNA: "sent", BOB: "cancelled", CLEO: "sent"}
    assert len(three.mailer.taken) == 2


def test_a_refusal_of_every_reader_frees_the_step_and_says_nothing_in_the_ledger(firm: Firm) -> None:
    firm.owes("20")
    firm.mailer.script["c20@example.com"] = [NO_SUCH_USER]
    assert firm.work().refused == 1
    assert firm.only_reminder()["state"] == "refused"
    assert firm.steps() == [("invoice:i20#1", "first", "undone")]
    assert not firm.entries("reminder")
    assert firm.stopped() == ["c20@example.com"]
    (task,) = firm.tasks("bad_address")
    assert "no such user" in task["text"]
    firm.next_day()
    firm.work()
    assert firm.account("20")["reason"] == "no_address"
    assert firm.mailer.asked == ["c20@example.com"]


def test_a_refused_login_costs_no_address_and_everything_waits(firm: Firm) -> None:
    firm.owes("20")
    firm.mailer.script["c20@example.com"] = [WRONG_PASSWORD]
    assert firm.work().deferred == 1
    assert not firm.stopped()
    assert not firm.tasks()
    firm.clock.advance(timedelta(minutes=15))
    assert firm.deliver().sent == 1


def test_a_mail_that_is_unwelcome_says_nothing_against_its_address(firm: Firm) -> None:
    firm.owes("20")
    firm.mailer.script["c20@example.com"] = [UNWELCOME]
    firm.work()
    assert firm.dispatches() == {"c20@example.com": "refused"}
    assert not firm.stopped()
    assert firm.tasks("bad_address")


def test_a_second_refusal_after_the_task_was_done_opens_it_again(firm: Firm) -> None:
    firm.owes("20")
    firm.mailer.script["c20@example.com"] = [UNWELCOME, UNWELCOME]
    firm.work()
    (task,) = firm.tasks("bad_address")
    do_task(firm.office, task["id"])
    assert not firm.tasks()
    firm.next_day()
    firm.work()
    assert len(firm.tasks("bad_address")) == 1


@pytest.mark.parametrize("answer", [NO_LAST_REPLY, NO_SUCH_USER])
def test_the_longest_address_there_can_be_is_written_down_like_any_other(firm: Firm, answer: SendResult) -> None:
    longest = f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.example"
    firm.customer("20", longest)
    firm.owes("20")
    firm.mailer.script[longest] = [answer]
    firm.work()
    assert firm.dispatches()[longest] in {"uncertain", "refused"}
    assert len(firm.tasks()) == 1


def test_what_was_refused_for_good_is_not_offered_again_with_every_run(firm: Firm) -> None:
    firm.owes("20")
    firm.mailer.script["c20@example.com"] = [UNWELCOME] * 10
    for _ in range(5):
        firm.work()
        firm.clock.advance(timedelta(hours=1))
    assert len(firm.mailer.asked) == 1
    firm.next_day()
    firm.work()
    assert len(firm.mailer.asked) <= 2


def test_a_crash_at_the_second_reader_leaves_the_third_for_the_next_run_and_the_second_uncertain(three: Firm) -> None:
    _answers(three, bob=ServerCrash())
    with pytest.raises(ServerCrash):
        three.deliver()
    assert three.dispatches() == {ANNA: "sent", BOB: "sending", CLEO: "waiting"}
    three.clock.advance(timedelta(seconds=901))
    three.deliver()
    assert three.dispatches() == {ANNA: "sent", BOB: "uncertain", CLEO: "sent"}
    assert three.mailer.readers == [ANNA, CLEO]
    assert len(three.entries("reminder")) == 1


def test_settling_one_reader_as_lost_asks_nothing_again_while_another_got_it(three: Firm) -> None:
    _answers(three, bob=NO_LAST_REPLY)
    three.deliver()
    settle(three.office, three.only_reminder()["id"], BOB, arrived=False, by="anna")
    assert three.dispatches() == {ANNA: "sent", BOB: "refused", CLEO: "sent"}
    assert three.only_reminder()["state"] == "said"
    assert three.steps() == [("invoice:i20#1", "first", "sent")]


def test_an_address_of_two_customers_hears_once_a_day(firm: Firm) -> None:
    firm.customer("20", "Office@shared.example")
    firm.customer("21", "office@shared.example")
    firm.owes("20")
    firm.owes("21")
    assert firm.work().sent == 1
    firm.clock.advance(timedelta(hours=1))
    assert firm.work().sent == 0
    firm.next_day()
    assert firm.work().sent == 1


# -- threads


def test_the_next_message_continues_the_thread_of_the_last(firm: Firm) -> None:
    firm.owes("20")
    firm.work()
    for _ in range(18):
        firm.next_day()
        firm.work()
    first, second, third = (each.read for each in firm.mailer.taken)
    assert first["In-Reply-To"] is None
    assert first["References"] is None
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["References"] == first["Message-ID"]
    assert third["In-Reply-To"] == second["Message-ID"]
    assert str(third["References"]).split() == [first["Message-ID"], second["Message-ID"]]


def test_who_gets_it_later_finds_it_in_the_same_thread(firm: Firm) -> None:
    firm.customer("20", ANNA, BOB)
    firm.owes("20")
    firm.work()
    firm.mailer.script = {BOB: []}
    firm.next_day(8)
    firm.mailer.script = {BOB: [GREYLISTED]}
    firm.work()
    firm.clock.advance(timedelta(minutes=15))
    firm.work()
    first, _, to_anna, to_bob = (each.read for each in firm.mailer.taken)
    assert to_bob["Message-ID"] == to_anna["Message-ID"]
    assert to_anna["In-Reply-To"] == first["Message-ID"]
    assert to_bob["In-Reply-To"] == first["Message-ID"]


def test_another_customers_messages_are_another_thread(firm: Firm) -> None:
    firm.owes("20")
    firm.owes("21")
    firm.work()
    assert len({str(each.read["Message-ID"]) for each in firm.mailer.taken}) == 2
    assert all(each.read["References"] is None for each in firm.mailer.taken)
