"""A mail as one customer reads it, and what the customer writes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from adapters.sandbox.bookkeeper import Bill
from adapters.sandbox.letters import Letters, Mail
from adapters.sandbox.month.acts import Reply, TaskDoneAct
from adapters.sandbox.month.stage import Stage
from adapters.sandbox.population import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A mail that a customer reads: what it says about which of its open invoices, for the how-manieth time."""

    actor: Actor
    mail: Mail
    past_due: tuple[Bill, ...]
    to_come: tuple[Bill, ...]
    nth: int  # of the mails about something past due, from 1; 0 for a heads-up
    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes what a person answers, and has the collector read it the next morning."""

    stage: Stage
    letters: Letters

    def write(self, reading: Reading, kind: str, bills: Iterable[Bill], *, amount: Decimal, day: date) -> Reply:
        """A promise, dispute or question about `bills`, some hours after the mail."""
        actor = reading.actor
        rng = self.stage.rng(actor.key, reading.nth, "answer")
        at = reading.now + timedelta(minutes=rng.randrange(25, 200), seconds=rng.randrange(60))
        body = self.letters.wording(actor, kind, bills, amount=amount, day=day)
        done = TaskDoneAct(customer=self.stage.id_of(actor), kind="reply", outcome=kind)
        self.stage.plan(reading.day + timedelta(days=1), done)
        return Reply(at=at, eml=self.letters.answer(actor, reading.mail, body, at=at), kind=kind)
