"""One company's office: everything its jobs work with, handed in from outside.

Built by connector.bootstrap; jobs take an `Office` and nothing else, so a test can furnish one with fakes.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from adapters.ledger import Ledger
from connector.clock import Clock, today
from connector.store import companies
from connector.store.companies import CompanyRow
from connector.store.engine import Database
from reminders.assignment import Assignment
from reminders.cadence_file import Cadence
from reminders.channels import Mailer
from reminders.working_days import WorkingDays


class CannotWork(Exception):
    """Something outside of us hinders a job; the text says what, for a person to set right."""


class CompanyPaused(Exception):
    """The company waits for a person; the text says for what."""


def random_id() -> str:
    """An id that nobody else has, and that is told from others by its first few signs (a UUID of version 4)."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What our messages say about the company that sends them."""

    sender: str  # the address in From
    sender_name: str = ""
    reply_to: str = ""
    stop_address: str = ""
    postal_address: str = ""
    bank_details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingRules:
    """How messages leave. Times in seconds."""

    fresh_seconds: int = 60
    lease_seconds: int = 900
    batch: int = 1000  # reminders claimed and read afresh at once, at the most; a ledger tells a thousand a call
    first_batch: int = 100  # the first ones, before it is known how fast they leave
    together: int = 64  # decided once more in one transaction, then sent side by side
    connections: int = 1  # to the mail server, each with one letter at a time
    pay_links: bool = True  # ask the ledger for an online payment page, once per invoice
    opens: int = 9  # the company's sending hours, its own zone
    closes: int = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A company's store, ledger, mail, clock and rules."""

    company: str
    database: Database
    ledger: Ledger
    mailer: Mailer
    clock: Clock
    zone: str
    calendar: WorkingDays
    cadences: Mapping[str, Cadence]
    assignment: Assignment
    letterhead: Letterhead
    sending: SendingRules = field(default_factory=SendingRules)
    holder: str = "duecourse"  # who holds leases: unique for each process
    new_id: Callable[[], str] = random_id

    def now(self) -> datetime:
        """This instant, aware UTC."""
        return self.clock.now()

    def today(self) -> date:
        """The company's day."""
        return today(self.clock, self.zone)

    def row(self, connection: Connection) -> CompanyRow:
        """The company's row as it is now."""
        return companies.load(connection, self.company)

    def cadence(self, name: str | None) -> Cadence:
        """The cadence of this name, or the default one where it was taken away."""
        return self.cadences.get(name or "", self.cadences[self.assignment.default])
