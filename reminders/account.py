"""An account on a day: what a customer owes, has to its credit, has been told, and why we might wait.

Everything here is plain data, loaded in one go and handed to `reminders.cadence.decide`. Days are days of the
company ("today" is the company's); instants are aware UTC. The rules are those of docs/rules.md, section 1. Items and
the steps they took, of which a day sees very many, are structs of msgspec: frozen as dataclasses are, and made quicker.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec

from adapters.documents import CustomerRef, DocumentRef, ItemRef
from adapters.money import Money

AccountRef: TypeAlias = str
"""A billing customer's ref, or `ref|address` for the items that name an address of another party."""


class TakenHow(StrEnum):
    """How an item came past a step."""

    SENT = "sent"
    UNCERTAIN = "uncertain"  # handed over, acceptance unknown: counts as said
    LAPSED = "lapsed"  # a heads-up whose day had passed
    DONE = "done"  # a person's step, done
    NOT_MADE = "not_made"  # a person's step that nobody did within task_days


_SPOKEN = frozenset((TakenHow.SENT, TakenHow.UNCERTAIN, TakenHow.DONE))


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One step taken by one item. `step_day` is the step's day in the cadence that took it (relative to due date)."""

    cycle: int
    step_no: int  # 1 for the first taken step of the cycle
    step_id: str
    step_day: int
    on: date
    how: TakenHow

    @property
    def was_said(self) -> bool:
        """Whether the customer was (or may have been) spoken to."""
        return self.how in _SPOKEN


class HoldKind(StrEnum):
    """Why we wait."""

    PROMISE = "promise"
    DISPUTE = "dispute"
    FLAG = "flag"  # a machine's suspicion of a dispute, for 5 working days
    PAUSE = "pause"
    REPLY_WAITING = "reply_waiting"
    LEDGER_BLOCK = "ledger_block"
    NEVER_DELIVERED = "never_delivered"
    DO_NOT_CONTACT = "do_not_contact"
    NO_ADDRESS = "no_address"
    COVERED_BY_CREDIT = "covered_by_credit"
    BELOW_MINIMUM = "below_minimum"
    DIFFERENCE = "difference"  # the ledger's balance for this customer is lower than ours
    REOPENED = "reopened"
    UNREADABLE = "unreadable"  # the ledger's row could not be read: its figures are old


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A reason to wait, with a beginning and an end (the first day on which it no longer holds; None: until ended).

    `items` empty means the whole account. `amount` is set where only a part is left out (dispute, flag, promise):
    that part of each item, by item, is in `parts`; the item itself is then asked for less.
    """

    kind: HoldKind
    id: str
    begins: date
    ends: date | None
    reason: str
    items: frozenset[ItemRef] = frozenset()
    parts: Mapping[ItemRef, Money] | None = None
    whole: bool = True  # False: the item goes on, less its part

    def covers(self, item: ItemRef, day: date) -> bool:
        """Whether it holds `item` whole on `day`."""
        return (
            self.whole
            and (not self.items or item in self.items)
            and self.begins <= day
            and (self.ends is None or day < self.ends)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWait:
    """A person's step whose task is open: the item waits for it, at most `task_days`."""

    step_id: str
    since: date  # the day the task was made


class OwedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One open item and how far its ladder went."""

    ref: ItemRef
    document: DocumentRef
    number: str
    customer: CustomerRef
    customer_name: str
    issue_date: date
    due_date: date
    first_seen: date  # the day it first appeared in the ledger, whatever its date says
    total: Money
    open: Money
    cycle: int = 1
    taken: tuple[Taken, ...] = ()  # oldest first, all cycles
    due_date_before: date | None = None  # set where the due date was changed in this cycle
    bill_emails: tuple[str, ...] = ()
    pay_link: str = ""
    known_since: date | None = None  # the day we first knew it, where that is later than `first_seen`
    person_wait: PersonWait | None = None  # the open task of its next step, where that is a person's
    escalated_on: date | None = None  # set once the end of this cycle's ladder was handed to a person

    def days_past_due(self, today: date) -> int:
        """Days since the due date; negative means not yet due."""
        return (today - self.due_date).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    """The customer heard from somebody: us, a collector, or the ledger's own reminder."""

    on: date
    address: str = ""  # empty where it was not a mail of ours
    what: str = "reminder"  # reminder, call, mail, ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPromise:
    """A promise that was broken and not yet named in a message."""

    id: str
    amount: Money
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPayment:
    """The last payment received, named in every message."""

    amount: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A billing customer with the sub-customers billed with it, as one pool of credit, caps and holds."""

    ref: AccountRef
    customer: CustomerRef
    name: str
    language: str = ""
    country: str = ""
    region: str = ""
    zone: str = ""  # set with us; empty: from the country
    items: tuple[OwedItem, ...] = ()
    free_credit: Mapping[str, Money] | None = None  # positive, per currency
    holds: tuple[Hold, ...] = ()  # present ones, and past ones since the oldest open item's last step
    contacts: tuple[Contacted, ...] = ()  # the last 31 days and the last one before
    address_contacts: Mapping[str, tuple[date, ...]] | None = None  # by address, over all accounts, 31 days
    recipients: tuple[str, ...] = ()  # who gets it, already chosen by `choose_recipients`; usable addresses only
    addresses_tried: int = 0  # how many addresses there were before the unusable ones were left out
    broken_promises: tuple[BrokenPromise, ...] = ()
    last_payment: LastPayment | None = None
    cadence_assigned: bool = True
    figures_at: datetime | None = None  # the instant the figures are true for
    parent_credit: Mapping[str, Money] | None = None  # free credit at a parent that is billed by itself

    def free(self, currency: str) -> Money:
        """Free credit in `currency`, never negative."""
        return (self.free_credit or {}).get(currency, Money.zero(currency))
