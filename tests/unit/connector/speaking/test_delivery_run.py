"""A delivery run: what it reads, what it puts off and until when, and what it finds after a process that died."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.errors import LedgerRejected
from connector.deliver import recover
from connector.store.engine import NoBoundaries
from connector.store.tables import company, document
from tests.unit.connector.speaking.fakes import ServerCrash
from tests.unit.connector.speaking.firm import Firm

QUARTER = timedelta(minutes=15)


@pytest.fixture
def three(firm: Firm) -> Firm:
    """Three customers of one invoice each, i20 to i22, are to be reminded."""
    for ref in ("20", "21", "22"):
        firm.owes(ref)
    firm.sync()
    firm.remind()
    return firm


def test_every_commit_of_a_run_has_its_name_in_the_order_of_the_work(three: Firm) -> None:
    commits = three.commits(lambda: f"{len(three.mailer.taken)} taken")
    three.deliver()
    assert commits[:3] == ["recover claims, 0 taken", "claim reminders, 0 taken", "apply page, 0 taken"]
    assert commits.count("keep pay link, 0 taken") == 3
    assert commits[6] == "decide once more, 0 taken"
    assert commits[-2:] == ["put claims back, 3 taken", "claim reminders, 3 taken"]


# What is read afresh


def test_the_ledger_is_asked_once_about_each_invoice_and_customer_since_the_last_sync(three: Firm) -> None:
    three.owes("20", number="i20b")
    three.sync()
    (row,) = three.rows(company)
    three.remind()
    three.deliver()
    (asked,) = three.books.read_afresh
    assert sorted(asked.documents) == ["invoice:i20", "invoice:i21", "invoice:i22"]
    assert sorted(asked.customers) == ["20", "21", "22"]
    assert asked.since == row["cursor"]


def test_a_reminder_of_an_invoice_that_the_ledger_tells_nothing_of_waits_a_quarter_of_an_hour(three: Firm) -> None:
    three.books.silent_about = {"invoice:i20", "invoice:i21"}
    commits = three.commits()
    done = three.deliver()
    assert (done.sent, done.deferred) == (1, 2)
    assert three.mailer.readers == ["c22@example.com"]
    assert commits.count("put off") == 1
    three.books.silent_about.clear()
    three.clock.advance(QUARTER - timedelta(seconds=1))
    assert three.deliver().sent == 0
    three.clock.advance(timedelta(seconds=1))
    assert three.deliver().sent == 2


def test_a_ledger_that_is_always_slower_than_figures_stay_fresh_is_asked_three_times_and_then_left(three: Firm) -> None:
    three.books.on_fresh = lambda: three.clock.advance(timedelta(seconds=61))
    done = three.deliver()
    assert (done.sent, done.deferred) == (0, 3)
    assert len(three.books.read_afresh) == 3
    assert {(row["state"], row["not_before"]) for row in three.reminders()} == {("ready", three.clock.now() + QUARTER)}


def test_a_ledger_that_was_slow_once_is_read_again_and_everything_leaves(three: Firm) -> None:
    def slow_once() -> None:
        three.books.on_fresh = lambda: None
        three.clock.advance(timedelta(seconds=61))

    three.books.on_fresh = slow_once
    assert three.deliver().sent == 3
    assert len(three.books.read_afresh) == 2


# Online payment pages


def test_the_ledger_is_asked_for_a_payment_page_once_per_invoice_and_the_letter_shows_it(firm: Firm) -> None:
    firm.owes("20")
    firm.owes("21")
    firm.books.pay_links = {"invoice:i20": "https://pay.example/i20"}
    commits = firm.commits()
    assert firm.work().sent == 2
    shown = {mail.to: "https://pay.example/i20" in mail.text for mail in firm.mailer.taken}
    assert shown == {"c20@example.com": True, "c21@example.com": False}
    assert commits.count("keep pay link") == 2
    firm.next_day(9)
    assert firm.work().sent == 2
    assert firm.books.pay_links_asked == ["invoice:i20", "invoice:i21"]


def test_where_the_ledger_refuses_to_name_a_payment_page_the_letter_goes_without(firm: Firm) -> None:
    firm.owes("20")
    firm.books.pay_links = {"invoice:i20": LedgerRejected("Payments are not set up.")}
    assert firm.work().sent == 1
    assert [row["pay_link"] for row in firm.rows(document)] == [""]
    firm.next_day(9)
    assert firm.work().sent == 1
    assert firm.books.pay_links_asked == ["invoice:i20"]


def test_a_company_that_wants_no_payment_pages_asks_for_none(three: Firm) -> None:
    office = replace(three.office, sending=replace(three.office.sending, pay_links=False))
    assert three.deliver(office).sent == 3
    assert three.books.pay_links_asked == []


# After a process that died


def test_of_what_a_dead_process_had_claimed_only_what_it_was_handing_over_is_in_doubt(three: Firm) -> None:
    class Dies(NoBoundaries):
        def before(self, name: str) -> None:
            if name == "put claims back":
                raise ServerCrash

    three.database.boundaries = Dies()
    three.mailer.script["c21@example.com"] = [ServerCrash()]
    with pytest.raises(ServerCrash):
        three.deliver()
    three.database.boundaries = NoBoundaries()
    assert recover(three.office) == 0  # its lease holds still
    three.clock.advance(QUARTER)
    assert recover(three.office) == 2
    assert three.dispatches() == {
        "c20@example.com": "sent",
        "c21@example.com": "uncertain",
        "c22@example.com": "waiting",
    }
    (task,) = three.tasks("uncertain")
    assert task["account"] == "21"
    assert three.deliver().sent == 1
    assert three.mailer.readers == ["c20@example.com", "c22@example.com"]
    assert recover(three.office) == 0
