"""One customer whose data break something stops no other, and a person is told."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from connector.pauses import pause
from connector.store import customers
from connector.store.engine import NoBoundaries
from connector.store.tables import account, hold, reminder
from reminders.working_days import WorkingDays
from tests.unit.connector.speaking.firm import FIRM, Firm

GOOD = ["c20@example.com", "c22@example.com"]


@pytest.fixture
def three(firm: Firm) -> Firm:
    """Customers 20, 21 and 22 owe; 21 is about to be the bad one."""
    for ref in ("20", "21", "22"):
        firm.owes(ref)
    firm.sync()
    return firm


def _unreadable_reader(firm: Firm) -> None:
    """A reminder contact that is no plain address, as a restored or hand-made row may have one."""
    with firm.database.write("contact") as connection:
        customers.set_own(connection, FIRM, "21", own_contacts=["Bob <bob@example.com>"])


def test_a_mail_that_cannot_be_built_stops_no_other(three: Firm) -> None:
    _unreadable_reader(three)
    three.remind()
    assert three.deliver().sent == 2
    assert three.mailer.readers == GOOD
    (row,) = three.reminders(account="21")
    assert (row["state"], row["said_at"]) == ("ready", None)
    assert row["not_before"] > three.clock.now()
    assert [task["account"] for task in three.tasks()] == ["21"]


def test_and_it_is_tried_again_once_it_was_mended(three: Firm) -> None:
    _unreadable_reader(three)
    three.remind()
    three.deliver()
    with three.database.write("contact") as connection:
        customers.set_own(connection, FIRM, "21", own_contacts=["bob@example.com"])
    three.next_day()
    three.work()
    assert three.mailer.readers == [*GOOD, "bob@example.com"]


def test_a_customer_that_cannot_be_read_just_before_waits_until_it_can(three: Firm) -> None:
    """It may have been blocked, or taken out of business: what we know of it is old."""
    three.remind()
    three.books.unreadable = {"21"}
    assert three.deliver().sent == 2
    assert three.mailer.readers == GOOD
    (row,) = three.reminders(account="21")
    assert (row["state"], row["said_at"]) == ("ready", None)
    three.books.unreadable = set()
    three.next_day()
    three.work()
    assert three.mailer.readers == [*GOOD, "c21@example.com"]


def test_a_decision_that_fails_stops_no_other(three: Firm) -> None:
    class Failing(WorkingDays):
        """Fails for the one due date that only customer 21 has."""

        def on_or_after(self, day: date) -> date:
            if day == date(2026, 10, 13):
                raise ValueError("a defect of ours")
            return super().on_or_after(day)

    three.books.documents.pop("invoice:i21")
    three.owes("21", due=date(2026, 10, 13), number="i21b")
    three.sync()
    three.office = replace(three.office, calendar=Failing("GB"))
    assert three.remind().planned == 2
    assert three.deliver().sent == 2
    assert three.mailer.readers == GOOD
    assert [task["account"] for task in three.tasks()] == ["21"]
    three.remind()
    assert len(three.tasks()) == 1


def test_an_account_whose_stored_facts_cannot_be_loaded_stops_no_other(three: Firm) -> None:
    """A hold of a kind that this version does not know: written by a newer one, before a roll-back."""
    pause(three.office, "21", reason="wait", until=None)
    with three.database.write("newer version") as connection:
        connection.execute(update(hold).values(kind="something_new"))
    assert three.remind().planned == 2
    assert three.deliver().sent == 2
    assert three.mailer.readers == GOOD


def test_a_reminder_whose_stored_facts_cannot_be_read_stops_no_other(three: Firm) -> None:
    three.remind()
    with three.database.write("older version") as connection:
        facts = dict(three.reminders(account="21")[0]["facts"])
        del facts["step_id"]
        connection.execute(update(reminder).where(reminder.c.account == "21").values(facts=facts))
    assert three.deliver().sent == 2
    assert three.mailer.readers == GOOD


def test_a_mailer_that_fails_before_it_hands_over_stops_no_other_and_the_mail_waits(three: Firm) -> None:
    def fail(reader: str) -> None:
        if reader == "c21@example.com":
            raise ValueError("this name cannot be encoded")

    three.mailer.before_data = fail
    three.remind()
    assert three.deliver().sent == 2
    assert three.mailer.readers == GOOD
    assert three.dispatches()["c21@example.com"] == "waiting"


def test_a_mailer_that_fails_after_it_handed_over_leaves_a_doubt_and_stops_no_other(three: Firm) -> None:
    three.mailer.script["c21@example.com"] = [ValueError("a defect after DATA")]
    three.remind()
    assert three.deliver().sent == 2
    assert three.mailer.readers == GOOD
    assert three.dispatches()["c21@example.com"] == "uncertain"
    assert len(three.tasks("uncertain")) == 1


def test_where_the_last_gate_itself_fails_nothing_more_is_sent(three: Firm) -> None:
    class Full:
        """The disk is full from the second `sending` on."""

        seen = 0

        def before(self, name: str) -> None:
            self.seen += name == "sending"
            if name == "sending" and self.seen > 1:
                raise OSError("no space left")

        def after(self, name: str) -> None:
            pass

    three.remind()
    three.database.boundaries = Full()
    with pytest.raises(OSError, match="no space left"):
        three.deliver()
    assert three.mailer.readers == ["c20@example.com"]
    three.database.boundaries = NoBoundaries()
    three.deliver()
    assert three.mailer.readers == ["c20@example.com", "c21@example.com", "c22@example.com"]


def test_the_bad_one_is_looked_at_again_and_never_forgotten(three: Firm) -> None:
    _unreadable_reader(three)
    three.remind()
    three.deliver()
    assert three.rows(account, ref="21")[0]["look_on"] is not None
