"""What stands in a company's books, told without any ledger's dialect.

Amounts are signed from the customer's side of accounts receivable, as in `adapters.documents`: an invoice's
`total` and `open` are positive, a payment's and a credit memo's negative, a journal line's either. An allocation
of `amount` takes that much off its target's `open` and gives it back to the document that pays: so a payment sets
positive amounts against invoices, and a payment of zero joins an invoice (+x) with a credit memo (-x).
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from adapters.documents import DocumentKind, DocumentRef, document_ref

AR_ACCOUNT = "Accounts Receivable (A/R)"
ZERO = Decimal(0)
Extra: TypeAlias = dict[str, Any]


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` taken off `target` (`invoice:130`), whose open balance just before that was `open_before`."""

    target: DocumentRef
    amount: Decimal
    open_before: Decimal


class Stamped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every record has. `extra` holds fields that only a dialect knows, so that they can be read back."""

    id: str
    version: int = 0
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    updated_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    deleted: bool = False
    extra: Extra = msgspec.field(default_factory=dict)


class Customer(Stamped, frozen=True, kw_only=True):
    """A customer as typed into the ledger: `emails` is raw text and may hold several addresses, or nonsense."""

    name: str
    emails: str = ""
    parent: str | None = None
    bill_with_parent: bool = False
    currency: str = ""
    language: str = ""
    country: str = ""
    region: str = ""
    note: str = ""
    active: bool = True
    customer_type: str = ""
    delivery_method: str = "email"  # email, print, none
    phone: str = ""
    terms: str | None = None
    merged_into: str | None = None


class Document(Stamped, frozen=True, kw_only=True):
    """One document of accounts receivable; a journal line's id is `entry.line`."""

    kind: DocumentKind
    number: str
    customer: str
    currency: str
    total: Decimal
    open: Decimal
    issue_date: date
    due_date: date
    deposit: Decimal = ZERO
    bill_email: str = ""
    memo: str = ""
    reference: str = ""
    delivery: str = "none"  # sent, waiting, none
    sent_at: datetime | None = None  # when the ledger itself mailed it
    voided: bool = False
    account: str = AR_ACCOUNT
    allocations: tuple[Allocation, ...] = ()
    linked: tuple[str, ...] = ()  # ids of the payments that allocate to this document

    @property
    def ref(self) -> DocumentRef:
        """`kind:id`."""
        return document_ref(self.kind, self.id)


class EntryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a journal entry: debits are positive. A line with a customer stands in accounts receivable."""

    id: str
    amount: Decimal
    account: str
    customer: str | None = None
    description: str = ""


class JournalEntry(Stamped, frozen=True, kw_only=True):
    """A journal entry; its lines on AR are documents of their own."""

    number: str = ""
    on: date
    currency: str
    memo: str = ""
    lines: tuple[EntryLine, ...]


class Note(Stamped, frozen=True, kw_only=True):
    """A note, linked to customers and documents by (kind, id): `("customer", "20")`, `("invoice", "130")`."""

    text: str
    links: tuple[tuple[str, str], ...] = ()


class ListEntry(Stamped, frozen=True, kw_only=True):
    """An entry of a list that the books do not interpret (terms, items, accounts …): all of it is in `extra`."""

    kind: str
    name: str = ""
    active: bool = True


Record: TypeAlias = Customer | Document | JournalEntry | Note | ListEntry


class BooksError(ValueError):
    """A booking that no ledger would take; `code` names the reason for a dialect's own error."""

    def __init__(self, message: str, *, code: str = "invalid") -> None:
        super().__init__(message)
        self.code = code
