"""Words that come in by mail: they hold, make a task and a note; they never decide anything."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from connector.inbox import MailKind, take_in
from connector.inbox_folder import take_in_folder
from connector.store.tables import customer, hold, mail_in, promise
from connector.taskwork import do_task
from tests.unit.connector.speaking.fakes import NO_LAST_REPLY
from tests.unit.connector.speaking.firm import Firm
from tests.unit.connector.speaking.mails import bounce, reply

TO = "c20@example.com"


@pytest.fixture
def said(firm: Firm) -> Firm:
    """Customer 20 was reminded of i20; customer 21 owes too, and heard as well."""
    firm.owes("20")
    firm.owes("21")
    firm.work()
    return firm


def _reminder(firm: Firm, account: str = "20") -> str:
    (row,) = firm.reminders(account=account)
    return str(row["id"])


# -- whose it is


@pytest.mark.parametrize("how", ["In-Reply-To", "References", "plus tag", "sender", "sender in capitals"])
def test_a_reply_finds_its_customer(said: Firm, how: str) -> None:
    ours = _reminder(said)
    mail = {
        "In-Reply-To": reply(sender="boss@elsewhere.example", answers=ours),
        "References": reply(sender="boss@elsewhere.example", references=f"<x@else.example> <{ours}@firm.example>"),
        "plus tag": reply(sender="boss@elsewhere.example", to=f"ar+{ours}@firm.example"),
        "sender": reply(),
        "sender in capitals": reply(sender="C20@Example.COM"),
    }[how]
    taken = take_in(said.office, mail)
    assert (taken.kind, taken.account) == (MailKind.REPLY, "20")


def test_an_id_of_another_domain_leads_nowhere(said: Firm) -> None:
    mail = reply(sender="x@elsewhere.example", references=f"<{_reminder(said)}@elsewhere.example>")
    assert take_in(said.office, mail).account is None


def test_a_mail_that_belongs_to_nobody_makes_a_task_and_holds_nobody(said: Firm) -> None:
    assert take_in(said.office, reply("Hello?", sender="x@elsewhere.example")).account is None
    (task,) = said.tasks("reply")
    assert task["account"] is None
    assert not said.rows(hold)
    assert not said.entries("reply")


# -- what follows


def test_a_reply_holds_for_three_working_days_and_makes_a_task_and_a_note(said: Firm) -> None:
    words = "We will pay 100.00 on Friday."
    assert take_in(said.office, reply(words, answers=_reminder(said))).meaning == "promise"
    (held,) = said.rows(hold)
    assert (held["account"], held["kind"], held["ends"]) == ("20", "reply_waiting", date(2026, 11, 5))
    (task,) = said.tasks("reply")
    assert "promise?" in task["text"]
    assert words in task["text"]
    (note,) = said.entries("reply")
    assert words in note["text_body"]
    assert (note["customer"], note["documents"]) == ("20", ["invoice:i20"])
    assert not said.rows(promise)


def test_over_a_week_end_three_working_days_are_five(said: Firm) -> None:
    said.next_day(4)  # Friday
    take_in(said.office, reply())
    assert said.rows(hold)[0]["ends"] == date(2026, 11, 11)


def test_a_reply_stops_what_was_about_to_leave(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()
    firm.remind()
    firm.mailer.before_data = lambda _: take_in(firm.office, reply())
    firm.deliver()
    assert not firm.mailer.taken
    assert str(firm.only_reminder()["cancelled_because"]).startswith("reply_waiting: ")


def test_the_same_bytes_twice_are_one_mail(said: Firm) -> None:
    mail = reply(answers=_reminder(said))
    assert take_in(said.office, mail).is_new
    assert not take_in(said.office, mail).is_new
    assert len(said.rows(mail_in)) == len(said.rows(hold)) == len(said.tasks("reply")) == 1
    assert len(said.entries("reply")) == 1


@pytest.mark.parametrize("words", ["Stop writing to us.", "We paid this already.", "We dispute the invoice."])
def test_a_forged_mail_can_make_us_wait_and_nothing_more(said: Firm, words: str) -> None:
    before = said.rows(customer)
    take_in(said.office, reply(words, sender="x@evil.example", answers=_reminder(said)))
    assert said.rows(customer) == before
    assert not said.rows(promise)
    assert not said.stopped()
    assert said.dispatches() == {TO: "sent", "c21@example.com": "sent"}
    assert [row["ends"] for row in said.rows(hold)] == [date(2026, 11, 5)]


def test_card_numbers_are_stored_nowhere(said: Firm) -> None:
    card = "4111 1111 1111 1111"
    take_in(said.office, reply(f"We will pay, charge {card}.", subject=card, answers=_reminder(said)))
    stored = [str(dict(row)) for row in (*said.rows(mail_in), *said.tasks(), *said.entries("reply"))]
    assert stored
    assert not any(card in each for each in stored)


@pytest.mark.parametrize(
    "mail",
    [
        reply(subject="Automatic reply: Invoice i20", Auto_Submitted="auto-replied"),
        reply(subject="Out of office", X_Autoreply="yes"),
        reply(Precedence="bulk"),
    ],
    ids=["vacation", "out of office", "bulk"],
)
def test_what_a_machine_answers_holds_nothing(said: Firm, mail: bytes) -> None:
    assert take_in(said.office, mail).kind is MailKind.AUTO_REPLY
    assert not said.rows(hold)
    assert not said.tasks()
    assert not said.entries("reply")
    assert len(said.rows(mail_in)) == 1


def test_our_own_reminder_coming_back_holds_nothing(said: Firm) -> None:
    assert take_in(said.office, said.mailer.taken[0].data).kind is MailKind.OWN
    assert not said.rows(hold)


# -- delivery reports


def test_a_report_that_returns_a_mail_we_sent_there_stops_the_address(said: Firm) -> None:
    assert take_in(said.office, bounce(TO, _reminder(said))).kind is MailKind.DELIVERY_REPORT
    assert said.stopped() == [TO]
    assert len(said.tasks("bad_address")) == 1


@pytest.mark.parametrize("case", ["another address", "no mail of ours", "another customer's mail", "for now only"])
def test_any_other_report_stops_nobody(said: Firm, case: str) -> None:
    ours = _reminder(said)
    mail = {
        "another address": bounce("c21@example.com", ours),
        "no mail of ours": bounce(TO, "id-9999"),
        "another customer's mail": bounce(TO, _reminder(said, "21")),
        "for now only": bounce(TO, ours, action="delayed", status="4.4.1"),
    }[case]
    take_in(said.office, mail)
    assert not said.stopped()
    assert said.dispatches() == {TO: "sent", "c21@example.com": "sent"}


@pytest.mark.parametrize("written", ["Anna@Example.com", "anna@example.com", "ANNA@EXAMPLE.COM"])
def test_a_report_settles_an_uncertain_message_however_the_address_is_written(firm: Firm, written: str) -> None:
    firm.owes("20", "100.00", date(2026, 10, 12), "Anna@Example.com")
    firm.mailer.script["Anna@Example.com"] = [NO_LAST_REPLY]
    firm.work()
    take_in(firm.office, bounce(written, _reminder(firm)))
    assert firm.dispatches() == {"Anna@Example.com": "refused"}
    assert firm.only_reminder()["state"] == "not_arrived"
    assert firm.steps() == [("invoice:i20#1", "first", "undone")]
    assert firm.stopped() == ["anna@example.com"]


def test_a_second_bounce_after_the_address_was_released_is_told_again(said: Firm) -> None:
    take_in(said.office, bounce(TO, _reminder(said)))
    do_task(said.office, said.tasks("bad_address")[0]["id"])
    said.next_day()
    take_in(said.office, bounce(TO, _reminder(said), status="5.2.1"))
    assert len(said.tasks("bad_address")) == 1


# -- what cannot be read


def test_an_unreadable_mail_makes_a_task_and_stops_nothing(said: Firm) -> None:
    assert take_in(said.office, b"\x00\xff\x00 this is no mail").kind is MailKind.UNREADABLE
    assert len(said.tasks("unreadable")) == 1
    assert not said.rows(hold)


def test_of_a_mail_above_five_megabytes_only_the_headers_are_read(said: Firm) -> None:
    mail = reply("x" * 5_000_001, answers=_reminder(said))
    assert take_in(said.office, mail).account == "20"
    (row,) = said.rows(mail_in)
    assert row["text_body"] == ""
    assert len(said.rows(hold)) == 1


@pytest.mark.parametrize(
    "mail",
    [
        reply(answers="id-0001\x00").replace(b"<id-0001", b"<id\x00-0001"),
        b"From: c20@example.com\r\nSubject: a\x00b\r\nMessage-ID: <a@b.example>\r\n\r\nnul \x00 here\r\n",
        b"From: c20@example.com\r\nSubject: =?utf-7?q?+2AA-?=\r\n\r\nx\r\n",
        b"From: c20@example.com\r\nSubject: =?unicode_escape?q?=5Cud800?=\r\n\r\nx\r\n",
        b"From: c20@example.com\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA- paid\r\n",
        b"From: c20@example.com\r\nContent-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800 \\x00\r\n",
        b"From: c20@example.com\r\nIn-Reply-To: <id\x00-0001@firm.example>\r\nSubject: x\r\n\r\nx\r\n",
        b"From: c20@example.com\r\nTo: ar+\x00@firm.example\r\nSubject: x\r\n\r\nx\r\n",
        bounce(TO, "id-0001").replace(b"no such user", b"no such \x00 user"),
        bounce(TO, "id-0001").replace(b"<id-0001@", b"<id\x00-0001@"),
    ],
    ids=[str(number) for number in range(10)],
)
def test_no_bytes_that_a_stranger_sends_make_the_inbox_fail(said: Firm, mail: bytes) -> None:
    assert take_in(said.office, mail).is_new
    assert not take_in(said.office, mail).is_new


# -- the folder


def test_every_mail_of_the_folder_is_taken_in_once_and_put_aside(said: Firm, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(reply("one"))
    (tmp_path / "2.eml").write_bytes(b"\x00")
    (tmp_path / "3.eml").write_bytes(reply("three"))
    (tmp_path / "3.tmp").write_bytes(b"half a ma")
    assert take_in_folder(said.office, tmp_path) == 3
    assert take_in_folder(said.office, tmp_path) == 0
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["1.eml", "2.eml", "3.eml"]
    assert (tmp_path / "3.tmp").exists()


def test_a_mail_of_forty_megabytes_is_read_no_further_than_its_headers(said: Firm, tmp_path: Path) -> None:
    with (tmp_path / "huge.eml").open("wb") as file:
        file.write(reply("x", answers=_reminder(said)))
        file.truncate(41_000_000)
    assert take_in_folder(said.office, tmp_path) == 1
    assert said.rows(mail_in)[0]["text_body"] == ""


def test_after_three_working_days_an_unread_reply_no_longer_holds(said: Firm) -> None:
    take_in(said.office, reply(answers=_reminder(said)))
    said.clock.advance(timedelta(days=8))  # the distance to the second step has passed as well
    assert said.work().sent == 2
