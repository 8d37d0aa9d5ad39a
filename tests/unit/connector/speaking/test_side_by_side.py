"""Letters sent side by side: each once, none before `sending` is durable, none on figures that grew old."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock

import pytest
from sqlalchemy import select

from connector.letters import Delivered
from connector.office import Office
from connector.store.engine import Database, NoBoundaries
from connector.store.tables import dispatch
from reminders.channels import SendOutcome, SendResult, Stage
from tests.unit.connector.speaking.fakes import ACCEPTED
from tests.unit.connector.speaking.firm import Firm

MANY = [str(number) for number in range(101, 131)]


@dataclass
class LookingMailer:
    """A mail server for several connections at once; at DATA it looks into the store what is durable by then."""

    database: Database
    at_data_saw: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    before_data: Callable[[str], object] = lambda _: None
    lock: Lock = field(default_factory=Lock)

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        del sender, data
        self.before_data(recipient)
        if not at_data():
            return SendResult(outcome=SendOutcome.CANCELLED, stage=Stage.RECIPIENT)
        with self.database.read() as connection:
            where = dispatch.c.address == recipient
            state = connection.scalar(select(dispatch.c.state).where(where, dispatch.c.state != "sent"))
        with self.lock:
            self.at_data_saw[recipient] = str(state)
            self.taken.append(recipient)
        return ACCEPTED


@pytest.fixture
def office(firm: Firm) -> Office:
    mailer = LookingMailer(firm.database)
    sending = replace(firm.office.sending, connections=4, together=8, first_batch=12)
    return replace(firm.office, mailer=mailer, sending=sending)


def mailer_of(office: Office) -> LookingMailer:
    assert isinstance(office.mailer, LookingMailer)
    return office.mailer


def planned(firm: Firm, refs: list[str]) -> None:
    for ref in refs:
        firm.owes(ref)
    firm.sync()
    firm.remind()


def test_everybody_is_written_to_once_and_never_before_sending_is_durable(firm: Firm, office: Office) -> None:
    planned(firm, MANY)
    assert firm.deliver(office) == Delivered(sent=len(MANY))
    assert Counter(mailer_of(office).taken) == Counter(f"c{ref}@example.com" for ref in MANY)
    assert set(mailer_of(office).at_data_saw.values()) == {"sending"}
    assert set(firm.dispatches().values()) == {"sent"}
    assert {row["state"] for row in firm.reminders()} == {"said"}
    assert len(firm.entries("reminder")) == len(firm.events("reminder_said")) == len(MANY)


def test_two_customers_at_one_address_are_never_written_to_side_by_side(firm: Firm, office: Office) -> None:
    firm.customer("20", "shared@example.com")
    firm.customer("21", "Shared@example.com")
    planned(firm, ["20", "21", *MANY[:6]])
    firm.deliver(office)
    assert [each.casefold() for each in mailer_of(office).taken].count("shared@example.com") == 1


def test_a_commit_that_takes_longer_than_figures_may_age_lets_nothing_out(firm: Firm, office: Office) -> None:
    planned(firm, ["20"])

    class Slow(NoBoundaries):
        def before(self, name: str) -> None:
            if "sending" in name:
                firm.clock.advance(timedelta(seconds=61))

    firm.database.boundaries = Slow()
    firm.deliver(office)
    assert mailer_of(office).taken == []
    assert firm.dispatches() == {"c20@example.com": "waiting"}
    firm.database.boundaries = NoBoundaries()
    firm.clock.advance(timedelta(minutes=16))
    assert firm.deliver(office).sent == 1


def test_a_lane_that_fails_stops_the_run_and_what_had_not_begun_waits(firm: Firm, office: Office) -> None:
    planned(firm, MANY)

    class FullDisk(NoBoundaries):
        def before(self, name: str) -> None:
            if "sending" in name and len(mailer_of(office).taken) >= 10:
                raise OSError("disk full")

    firm.database.boundaries = FullDisk()
    with pytest.raises(OSError, match="disk full"):
        firm.deliver(office)
    taken = list(mailer_of(office).taken)
    firm.database.boundaries = NoBoundaries()
    assert {address for address, state in firm.dispatches().items() if state == "sent"} == set(taken)
    assert firm.deliver(office).sent == len(MANY) - len(taken)
    assert Counter(mailer_of(office).taken) == Counter(f"c{ref}@example.com" for ref in MANY)
