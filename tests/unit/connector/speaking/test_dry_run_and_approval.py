"""The three modes: a dry run writes nothing that counts, drafts wait for a person, automatic sends."""

import json
from dataclasses import replace
from datetime import date

import pytest

from connector import release
from connector.office import CompanyPaused
from connector.remind import plan
from connector.store import companies
from connector.store.companies import Mode
from connector.store.engine import Database
from connector.store.tables import batch, contact, dispatch, entry, reminder, reminder_item, task
from reminders.assignment import Assignment
from reminders.decision import Outcome
from tests.unit.connector.speaking.firm import FIRM, Firm

SOON_DUE = date(2026, 11, 5)  # three days after Monday: a heads-up is due


@pytest.fixture
def dry_firm(database: Database) -> Firm:
    return Firm(database, mode=Mode.DRY_RUN)


@pytest.fixture
def careful_firm(database: Database) -> Firm:
    return Firm(database, mode=Mode.REVIEW)


def test_a_dry_run_says_what_would_be_sent_and_writes_nothing_that_counts(dry_firm: Firm) -> None:
    dry_firm.owes("20")
    dry_firm.owes("21", due=SOON_DUE)
    dry_firm.customer("22", delivery_method="email")
    dry_firm.books.customers["22"] = replace(dry_firm.books.customers["22"], emails=())
    dry_firm.owes("22")
    done = dry_firm.work()
    dry_firm.next_day(5)  # the heads-up would have lapsed
    dry_firm.work()
    assert done.sent == 0
    assert not dry_firm.mailer.asked
    for table in (reminder, reminder_item, dispatch, contact, task, entry, batch):
        assert not dry_firm.rows(table), table.name
    assert dry_firm.account("20")["outcome"] == Outcome.REMIND.value


def test_a_dry_run_pins_no_account_to_a_cadence(dry_firm: Firm) -> None:
    dry_firm.owes("20")
    dry_firm.work()
    dry_firm.office = replace(dry_firm.office, assignment=Assignment(default="firm"))
    dry_firm.next_day()
    dry_firm.work()
    assert json.loads(dry_firm.events("verdict")[-1]["data"])["cadence"] == "firm"


def test_the_plan_of_today_writes_nothing_at_all(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()
    before = firm.account("20")
    judged = list(plan(firm.office))
    assert [each.decision.outcome for each in judged] == [Outcome.REMIND]
    assert firm.account("20") == before
    assert not firm.reminders()
    assert not firm.events("verdict")


def test_in_review_a_draft_waits_and_an_approval_lets_it_go(careful_firm: Firm) -> None:
    careful_firm.owes("20")
    assert careful_firm.work().sent == 0
    (draft,) = release.drafts(careful_firm.office)
    assert draft["state"] == "draft"
    assert not careful_firm.entries()
    assert careful_firm.approve(draft["id"][:7]) == 1
    assert careful_firm.deliver().sent == 1
    assert careful_firm.only_reminder()["approved_by"] == "anna"
    assert careful_firm.mailer.readers == ["c20@example.com"]


def test_in_review_only_less_needs_no_second_approval(careful_firm: Firm) -> None:
    invoice = careful_firm.owes("20")
    careful_firm.work()
    careful_firm.approve()
    careful_firm.books.part_pay(invoice, "40.00")
    done = careful_firm.deliver()
    assert (done.sent, done.lowered) == (1, 1)
    assert "60.00" in careful_firm.mailer.taken[0].text


def test_yesterdays_approval_holds_today_for_the_same_message(careful_firm: Firm) -> None:
    careful_firm.owes("20")
    careful_firm.work()
    careful_firm.approve()
    careful_firm.next_day()
    assert careful_firm.work().sent == 1
    old, new = careful_firm.reminders()
    assert (old["state"], new["state"]) == ("cancelled", "said")
    assert new["approved_by"] == "anna"
    assert "earlier day" in old["cancelled_because"]


def test_yesterdays_approval_holds_today_for_less(careful_firm: Firm) -> None:
    invoice = careful_firm.owes("20")
    careful_firm.work()
    careful_firm.approve()
    careful_firm.next_day()
    careful_firm.books.part_pay(invoice, "40.00")
    assert careful_firm.work().sent == 1
    assert "60.00" in careful_firm.mailer.taken[0].text


def test_yesterdays_approval_does_not_hold_for_more(careful_firm: Firm) -> None:
    careful_firm.owes("20")
    careful_firm.work()
    careful_firm.approve()
    careful_firm.next_day()
    careful_firm.owes("20", "30.00", number="i20b")
    assert careful_firm.work().sent == 0
    assert not careful_firm.mailer.asked
    (draft,) = release.drafts(careful_firm.office)
    assert draft["approved_by"] is None
    assert {line["number"] for line in draft["facts"]["about"]} == {"i20", "i20b"}


def test_a_cancelled_draft_leaves_no_note(careful_firm: Firm) -> None:
    invoice = careful_firm.owes("20")
    careful_firm.work()
    careful_firm.approve()
    careful_firm.books.pay(invoice)
    careful_firm.deliver()
    assert careful_firm.only_reminder()["state"] == "cancelled"
    assert not careful_firm.entries("reminder")


def test_automatic_mode_sends_without_asking(firm: Firm) -> None:
    firm.owes("20")
    assert firm.work().sent == 1
    row = firm.only_reminder()
    assert (row["state"], row["approved_by"]) == ("said", None)


def test_a_switch_to_review_holds_back_what_was_ready(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()
    firm.remind()
    firm.set_mode(Mode.REVIEW)
    assert firm.deliver().sent == 0
    assert firm.only_reminder()["state"] == "draft"


def test_what_is_held_back_can_be_read_before_it_is_approved(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()
    firm.remind()
    firm.set_mode(Mode.REVIEW)
    (draft,) = release.drafts(firm.office)
    firm.approve()
    firm.deliver()
    (mail,) = firm.mailer.taken
    assert draft["subject"] == mail.read["Subject"]
    assert draft["text_body"].split() == mail.text.split()
    assert firm.only_reminder()["text_body"] == draft["text_body"]


def test_of_what_is_held_back_and_holds_no_more_it_is_said_why(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()
    firm.remind()
    firm.set_mode(Mode.REVIEW)
    firm.promise("20")
    (draft,) = release.drafts(firm.office)
    assert draft["subject"] == "A hold is in force."
    assert draft["text_body"] == ""


@pytest.mark.parametrize("mode", [Mode.REVIEW, Mode.DRY_RUN])
def test_a_switch_of_mode_while_messages_leave_stops_the_next_one(firm: Firm, mode: Mode) -> None:
    firm.owes("20")
    firm.owes("21")
    firm.sync()
    firm.remind()
    firm.mailer.after_data = lambda _: firm.set_mode(mode)
    firm.deliver()
    assert firm.mailer.readers == ["c20@example.com"]


def test_a_company_paused_while_messages_leave_sends_no_more(firm: Firm) -> None:
    firm.owes("20")
    firm.owes("21")
    firm.sync()
    firm.remind()

    def pause(_: str) -> None:
        with firm.database.write("pause") as connection:
            companies.change(connection, FIRM, paused_because="look first")

    firm.mailer.after_data = pause
    with pytest.raises(CompanyPaused, match="look first"):
        firm.deliver()
    assert firm.mailer.readers == ["c20@example.com"]


# -- silence of cash


def _usual_payments(firm: Firm) -> None:
    """Payments were entered on each working day of October's last weeks, and then no more."""
    with firm.database.write("rhythm") as connection:
        companies.change(connection, FIRM, cash_posted_until=date(2026, 10, 23), cash_silence_days=2)


def test_where_nobody_posts_cash_steps_past_due_wait_and_heads_ups_do_not(firm: Firm) -> None:
    firm.owes("20")
    firm.owes("21", due=SOON_DUE)
    firm.sync()
    _usual_payments(firm)
    firm.remind()
    assert firm.deliver().sent == 1
    assert firm.mailer.readers == ["c21@example.com"]
    (waiting,) = firm.reminders(state="draft")
    assert (waiting["account"], waiting["waits_because"]) == ("20", "cash")


def test_a_persons_word_that_cash_is_posted_lets_them_go(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()
    _usual_payments(firm)
    firm.remind()
    firm.deliver()
    assert release.cash_is_posted(firm.office, date(2026, 11, 1)) == 1
    assert firm.deliver().sent == 1


def test_new_payments_let_them_go(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()
    _usual_payments(firm)
    firm.remind()
    firm.books.customer("30", "Customer 30")
    firm.books.payment("p1", "30", "5.00")
    firm.sync()
    assert firm.deliver().sent == 1
    assert firm.mailer.readers == ["c20@example.com"]


def test_in_review_payments_approve_nothing(careful_firm: Firm) -> None:
    careful_firm.owes("20")
    careful_firm.sync()
    _usual_payments(careful_firm)
    careful_firm.remind()
    assert release.cash_is_posted(careful_firm.office, date(2026, 11, 1)) == 0
    assert careful_firm.deliver().sent == 0
