"""The books as every ledger tells them.

References are strings and keep the ledger's own spelling: a customer's is its id (`"20"`), a document's is
`kind:id` (`"invoice:130"`), an item's is `document#part` (`"invoice:130#1"`). Amounts are signed from the
customer's side of accounts receivable: what the customer owes is positive, what it has to its credit negative.
Instants are aware UTC; days are dates.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from adapters.money import Money

CustomerRef: TypeAlias = str
DocumentRef: TypeAlias = str
ItemRef: TypeAlias = str


class DocumentKind(StrEnum):
    """What kind of document stands in accounts receivable."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    PAYMENT = "payment"
    JOURNAL = "journal"  # one line of a journal entry on an AR account; its id is entry.line


class Gone(StrEnum):
    """How a document or customer left the books."""

    DELETED = "deleted"
    VOIDED = "voided"
    MERGED = "merged"
    SETTLED = "settled"


class Delivery(StrEnum):
    """Whether the invoice itself reached the customer, as far as the ledger knows."""

    UNKNOWN = "unknown"
    SENT = "sent"
    WAITING = "waiting"  # marked to be sent, and not sent yet


def document_ref(kind: DocumentKind, ledger_id: str) -> DocumentRef:
    """`invoice:130` for an invoice with the ledger's id 130."""
    return f"{kind.value}:{ledger_id}"


def item_ref(document: DocumentRef, part: int = 1) -> ItemRef:
    """The item of `document` with this part number (1 where a document has one due date)."""
    return f"{document}#{part}"


def document_of(item: ItemRef) -> DocumentRef:
    """The document that an item belongs to."""
    return item.rpartition("#")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who is billed. `emails` are single, syntactically valid addresses, as the ledger orders them."""

    ref: CustomerRef
    name: str
    parent: CustomerRef | None = None
    bill_with_parent: bool = False
    active: bool = True
    emails: tuple[str, ...] = ()
    phone: str = ""
    language: str = ""  # BCP 47, empty where the ledger has none
    country: str = ""  # ISO 3166-1 alpha-2, empty where unknown
    region: str = ""
    postcode: str = ""
    currency: str = ""
    customer_type: str = ""
    delivery_method: str = ""  # email, print, none; empty where unknown
    note: str = ""  # the ledger's own note on the customer
    block: str = ""  # the ledger's dunning blocks, divided by `, `; empty where there is none
    balance: Money | None = None  # the ledger's own open balance of this record alone, where it tells one
    last_dunned: date | None = None  # somebody else's dunning, as the ledger tells it
    remark: str = ""  # what else the ledger says of it that a person should see; it holds nothing
    dunned_by: str = ""  # the dunning procedure of the ledger's own that it is in, empty where there is none
    version: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One amount with one due date: a part of a document."""

    part: int = 1
    due_date: date
    total: Money
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """An amount of a payment or credit that the ledger set against `target`. Given, never inferred."""

    target: DocumentRef
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of accounts receivable.

    `open` is signed: an open invoice is positive, an unapplied payment or open credit memo negative. `items` are
    there for what can be asked (invoices and positive journal lines) and empty for credits.
    """

    kind: DocumentKind
    id: str
    customer: CustomerRef
    number: str
    issue_date: date
    total: Money
    open: Money
    items: tuple[Item, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    voided: bool = False
    bill_emails: tuple[str, ...] = ()
    delivery: Delivery = Delivery.UNKNOWN
    sent_at: datetime | None = None  # when the ledger itself last mailed it
    memo: str = ""
    block: str = ""  # the ledger's dunning block on this document alone, empty where there is none
    remark: str = ""  # what else the ledger says of it that a person should see; it holds nothing
    replaces: DocumentRef = ""  # what this is the rest of, as the ledger says: it was closed as this was posted
    version: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    ref: DocumentRef = field(init=False, repr=False, compare=False)  # `kind:id`

    def __post_init__(self) -> None:
        object.__setattr__(self, "ref", document_ref(self.kind, self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """Something that the ledger itself said is gone, and how; `into` names the survivor of a merge."""

    ref: DocumentRef | CustomerRef
    how: Gone
    is_customer: bool = False
    into: CustomerRef | None = None
    at: datetime | None = None


CUSTOMER = "customer"
"""The kind of a problem with a customer, as documents have theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A row that could not be read, said so that a finance person can find and mend it."""

    ref: str
    kind: str  # a document's, or CUSTOMER
    text: str

    @property
    def customer(self) -> CustomerRef | None:
        """The customer that could not be read; None where it is a document."""
        return self.ref.partition(":")[2] if self.kind == CUSTOMER else None


def customer_problem(ref: CustomerRef, text: str) -> Problem:
    """A customer that could not be read."""
    return Problem(ref=f"{CUSTOMER}:{ref}", kind=CUSTOMER, text=text)
