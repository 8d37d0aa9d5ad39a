"""Between the decision and the message the world moves on: what is read afresh decides what leaves, and whether."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.documents import Customer
from adapters.errors import LedgerUnavailable
from connector.disputes import Contested, open_dispute
from connector.pauses import pause
from connector.remind import CHUNK, remind
from connector.store.tables import dispatch
from tests.unit.connector.speaking.firm import Firm


@pytest.fixture
def decided(firm: Firm) -> Firm:
    """Customer 20 owes 100.00 (i20), and a reminder is ready."""
    firm.owes("20")
    firm.sync()
    firm.remind()
    return firm


def test_a_customer_who_paid_meanwhile_is_not_written_to(decided: Firm) -> None:
    decided.books.pay("invoice:i20")
    done = decided.deliver()
    assert not decided.mailer.asked
    assert done.why_cancelled == {"Nothing is owed.": 1}
    row = decided.only_reminder()
    assert (row["state"], row["cancelled_because"]) == ("cancelled", "Nothing is owed.")
    assert decided.dispatches() == {"c20@example.com": "cancelled"}
    assert decided.steps() == [("invoice:i20#1", "first", "undone")]


def test_a_part_payment_lowers_the_message_and_what_leaves_was_stored_before(decided: Firm) -> None:
    decided.books.part_pay("invoice:i20", "40.00")
    stored: list[str] = []
    decided.mailer.before_data = lambda _: stored.append(decided.only_reminder()["text_body"])
    assert decided.deliver().lowered == 1
    (mail,) = decided.mailer.taken
    assert "60.00" in mail.text
    assert "100.00" not in stored[0]
    assert "60.00" in stored[0]
    assert decided.facts()["amounts"][0]["asked"] == 6000
    assert decided.steps() == [("invoice:i20#1", "first", "sent")]


def test_an_invoice_paid_meanwhile_leaves_the_message_and_its_step_is_free_again(firm: Firm) -> None:
    firm.owes("20")
    firm.owes("20", "30.00", number="i20b")
    firm.sync()
    firm.remind()
    firm.books.pay("invoice:i20b")
    assert firm.deliver().lowered == 1
    (mail,) = firm.mailer.taken
    assert "i20b" not in mail.text
    assert set(firm.steps()) == {("invoice:i20#1", "first", "sent"), ("invoice:i20b#1", "first", "undone")}


def test_where_more_is_owed_than_was_planned_the_reminder_is_cancelled_and_decided_again(decided: Firm) -> None:
    decided.owes("20", "30.00", number="i20b")
    decided.sync()
    done = decided.deliver()
    assert done.why_cancelled == {"there is more to ask than was planned": 1}
    assert not decided.mailer.asked
    decided.remind()
    assert decided.deliver().sent == 1
    assert "130.00" in decided.mailer.taken[0].text


def test_an_invoice_that_grew_is_cancelled_with_that_reason(decided: Firm) -> None:
    decided.books.raise_to("invoice:i20", "150.00")
    assert decided.deliver().why_cancelled == {"there is more to ask than was planned": 1}
    decided.remind()
    assert decided.deliver().sent == 1
    assert "150.00" in decided.mailer.taken[0].text


def test_credit_entered_meanwhile_lowers_what_is_asked(decided: Firm) -> None:
    decided.books.credit("c1", "20", "25.00", date(2026, 11, 2))
    decided.sync()
    assert decided.deliver().lowered == 1
    assert "75.00" in decided.mailer.taken[0].text


def test_credit_that_covers_everything_stops_it(decided: Firm) -> None:
    decided.books.credit("c1", "20", "100.00", date(2026, 11, 2))
    decided.sync()
    assert decided.deliver().cancelled == 1
    assert not decided.mailer.asked


def test_an_address_replaced_meanwhile_gets_it_in_the_others_place(decided: Firm) -> None:
    before: Customer = decided.books.customers["20"]
    decided.books.customers["20"] = replace(before, emails=("new@example.com",), version="next")
    assert decided.deliver().sent == 1
    assert decided.mailer.readers == ["new@example.com"]
    assert decided.dispatches() == {"c20@example.com": "cancelled", "new@example.com": "sent"}
    assert str(decided.mailer.taken[0].read["To"]) == "new@example.com"


def test_a_promise_made_after_the_decision_stops_it(decided: Firm) -> None:
    decided.promise("20")
    assert decided.deliver().cancelled == 1
    assert not decided.mailer.asked
    assert str(decided.only_reminder()["cancelled_because"]).startswith("promise: ")


def test_a_pause_of_the_customer_stops_it(decided: Firm) -> None:
    pause(decided.office, "20", reason="on holiday", until=None)
    assert decided.deliver().cancelled == 1
    assert not decided.mailer.asked


@pytest.mark.parametrize("what", ["promise", "pause", "company pause"])
def test_a_hold_that_comes_at_the_last_moment_stops_it_too(decided: Firm, what: str) -> None:
    """Decided once more already; the connection is made, the recipient accepted, DATA not yet said."""

    def hold(_: str) -> None:
        decided.mailer.before_data = lambda _: None
        if what == "promise":
            decided.promise("20")
        else:
            pause(decided.office, "20" if what == "pause" else None, reason="wait", until=None)

    decided.mailer.before_data = hold
    decided.deliver()
    assert decided.mailer.asked == ["c20@example.com"]
    assert not decided.mailer.taken
    assert decided.only_reminder()["state"] == "cancelled"


def test_a_payment_read_at_the_last_moment_stops_it_too(decided: Firm) -> None:
    def pay(_: str) -> None:
        decided.books.pay("invoice:i20")
        decided.sync()

    decided.mailer.before_data = pay
    decided.deliver()
    assert not decided.mailer.taken
    assert decided.only_reminder()["cancelled_because"] == "Nothing is owed."


def test_a_dispute_about_all_of_it_stops_it(decided: Firm) -> None:
    open_dispute(decided.office, Contested(item="invoice:i20#1", reason="damaged"))
    assert decided.deliver().cancelled == 1
    assert not decided.mailer.asked


def test_figures_grow_old_and_are_read_again(firm: Firm) -> None:
    for ref in ("20", "21", "22", "23"):
        firm.owes(ref)
    firm.sync()
    firm.remind()
    firm.mailer.takes = timedelta(seconds=40)
    reads: list[datetime] = []
    firm.books.on_fresh = lambda: reads.append(firm.clock.now())
    handed_over: list[datetime] = []
    firm.mailer.after_data = lambda _: handed_over.append(firm.clock.now())
    assert firm.deliver().sent == 4
    assert len(reads) >= 3
    for at in handed_over:
        assert min(at - read for read in reads if read <= at) <= timedelta(seconds=60)


def test_a_customer_who_pays_while_others_are_written_to_is_not_written_to(firm: Firm) -> None:
    for ref in ("20", "21", "22"):
        firm.owes(ref)
    firm.sync()
    firm.remind()
    firm.mailer.takes = timedelta(seconds=50)
    firm.mailer.after_data = lambda _: firm.books.pay("invoice:i22")
    firm.deliver()
    assert firm.mailer.readers == ["c20@example.com", "c21@example.com"]


def test_nobody_is_asked_in_vain_on_figures_that_grew_old(firm: Firm) -> None:
    for ref in range(20, 32):
        firm.owes(str(ref))
    firm.sync()
    firm.remind()
    firm.mailer.takes = timedelta(seconds=25)
    assert firm.deliver().sent == 12
    assert len(firm.mailer.asked) <= 12 * 1.5


def test_a_mail_server_slower_than_figures_stay_fresh_holds_up_nothing_for_ever(decided: Firm) -> None:
    decided.mailer.takes = timedelta(seconds=61)
    done = decided.deliver()
    assert done.sent == 0
    assert len(decided.mailer.asked) == 1
    row = decided.only_reminder()
    assert row["state"] == "ready"
    assert row["not_before"] > decided.clock.now()


def test_where_the_ledger_is_slower_than_figures_stay_fresh_everything_waits_for_a_later_run(decided: Firm) -> None:
    decided.books.on_fresh = lambda: decided.clock.advance(timedelta(seconds=61))
    before = decided.books.reads
    assert decided.deliver().sent == 0
    assert decided.books.reads - before < 10
    assert not decided.mailer.asked
    row = decided.only_reminder()
    assert row["state"] == "ready"
    assert row["not_before"] > decided.clock.now()


def test_without_fresh_figures_nothing_leaves(decided: Firm) -> None:
    decided.books.fails = LedgerUnavailable("QuickBooks does not answer.")
    with pytest.raises(LedgerUnavailable):
        decided.deliver()
    assert not decided.mailer.asked
    decided.books.fails = None
    assert decided.deliver().sent == 1


def test_what_was_planned_yesterday_is_decided_again_and_not_sent(decided: Firm) -> None:
    decided.clock.set(datetime(2026, 11, 3, 10, tzinfo=UTC))
    done = decided.deliver()
    assert done.why_cancelled == {"planned on an earlier day: decided again": 1}
    assert not decided.mailer.asked
    assert decided.account("20")["look_on"] == date(2026, 11, 3)
    decided.remind()
    assert decided.deliver().sent == 1


def test_a_run_that_crosses_midnight_stops_there(firm: Firm) -> None:
    for number in range(CHUNK + 1):
        firm.owes(f"{1000 + number}", "10.00")
    firm.sync()
    firm.clock.set(datetime(2026, 11, 2, 23, 59, tzinfo=UTC))

    class Midnight:
        """The first chunk is saved when the day ends."""

        def before(self, name: str) -> None:
            pass

        def after(self, name: str) -> None:
            if name == "save decisions":
                firm.clock.set(datetime(2026, 11, 3, 0, 0, 1, tzinfo=UTC))

    firm.database.boundaries = Midnight()
    assert remind(firm.office).planned == CHUNK
    done = firm.remind()
    assert done.decided_again == CHUNK
    assert done.planned == CHUNK + 1


def test_at_night_a_message_waits_for_the_morning(decided: Firm) -> None:
    decided.clock.set(datetime(2026, 11, 2, 18, 0, tzinfo=UTC))
    done = decided.deliver()
    assert (done.sent, done.deferred) == (0, 1)
    assert decided.only_reminder()["not_before"] == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert decided.deliver().deferred == 0  # it is not asked about again before then
    assert [row["state"] for row in decided.rows(dispatch)] == ["waiting"]
