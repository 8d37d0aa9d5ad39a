"""What the month hands to whoever plays it: the customers' mails, and what the collector does.

A `customer` is the customer's id in the books, an invoice its number as the customer sees it; amounts are in
`currency`. The collector's acts say what is to be done, not how: by the command line, by a page, or by a test.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A mail that arrives in the inbox at `at`. `kind` is what it is, for whoever checks how it was understood."""

    at: datetime
    eml: bytes
    kind: str  # promise, dispute, question, away, bounce, delayed


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseAct:
    """Records a promise of `amount` by `day` about these invoices."""

    customer: str
    amount: Decimal
    currency: str
    day: date
    invoices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeAct:
    """Opens a dispute about `amount` of an invoice."""

    customer: str
    invoice: str
    amount: Decimal
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveAct:
    """Decides the customer's dispute about an invoice: credited, withdrawn or upheld."""

    customer: str
    invoice: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAct:
    """Pauses a customer; `until` is the first day on which reminders may go again."""

    customer: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCadenceAct:
    """Gives a customer another cadence."""

    customer: str
    cadence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDoneAct:
    """Does the customer's open tasks of a kind (`reply`, `call` …), with a word on how."""

    customer: str
    kind: str
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashPostedAct:
    """Says that all payments up to `day` have been entered."""

    day: date


CollectorAct: TypeAlias = (
    PromiseAct | DisputeAct | ResolveAct | PauseAct | SwitchCadenceAct | TaskDoneAct | CashPostedAct
)
