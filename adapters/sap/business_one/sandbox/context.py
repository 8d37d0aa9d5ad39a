"""What every list of the sandbox needs: the books, its dialect, and how the company's currencies are called."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec

from adapters.documents import DocumentKind
from adapters.sandbox.books import Books
from adapters.sandbox.records import ZERO, Allocation, BooksError, Customer, Document, Stamped
from adapters.sap.business_one.sandbox.settings import SandboxSettings
from adapters.sap.business_one.sandbox.wire import Json

CENT = Decimal("0.01")
OWN = "business_one"
"""Under this name a record's `extra` holds properties that the books do not know; they overrule the books'."""

_CANCELLED = frozenset(["invoice", "credit_memo", "payment"])
_PAGE = 5000


class _Share(msgspec.Struct):
    target: str
    amount: Decimal


class _Past(msgspec.Struct):
    total: Decimal
    allocations: list[_Share] = []


@dataclass(slots=True)
class Context:
    """The company as the face sees it."""

    books: Books
    settings: SandboxSettings
    now: Callable[[], datetime]
    broken: set[tuple[str, int]] = field(default_factory=set)  # rows that come out unreadable: ("Invoices", 130)
    hidden: set[tuple[str, int]] = field(default_factory=set)  # rows that our user may not see
    _past: dict[tuple[str, str], tuple[Decimal, tuple[Allocation, ...]]] = field(default_factory=dict)
    _seen: int = 0  # how far the books' history was read for it
    _stamps: dict[str, tuple[object, datetime]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The server's zone."""
        return ZoneInfo(self.books.zone)

    def local(self, at: datetime) -> datetime:
        """An instant by the server's clock."""
        return at.astimezone(self.zone)

    def code(self, currency: str) -> str:
        """What the company calls a currency."""
        return self.settings.local_code if currency == self.books.home_currency else currency

    def is_local(self, currency: str) -> bool:
        """Whether it is the company's own."""
        return currency == self.books.home_currency

    def in_local(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in the company's own currency."""
        return amount if self.is_local(currency) else (amount * self.books.rate(currency)).quantize(CENT)

    def documents(self, kind: DocumentKind, after: int = 0, *, only_open: bool = False) -> Iterator[Document]:
        """Documents of a kind by number; deleted ones too, since Business One deletes nothing: it cancels."""
        where = "kind = ? AND n > ?" + (" AND open <> 0" if only_open else "")
        rows = self.books.rows.select(where, (kind.value, after), order="n, id")
        for row in rows:
            yield self.books.shelf.decode(Document, row)

    def cancelled(self, kind: DocumentKind) -> Iterator[Document]:
        """Documents of a kind that were voided or deleted."""
        gone = "kind = ? AND (deleted = 1 OR json_extract(body, '$.voided'))"
        for row in self.books.rows.select(gone, (kind.value,), order="n, id"):
            yield self.books.shelf.decode(Document, row)

    def open_documents(self) -> Iterator[Document]:
        """All documents of which something is open."""
        rows = self.books.rows.select("kind IN ('invoice', 'payment', 'credit_memo', 'journal') AND open <> 0", ())
        for row in rows:
            found = self.books.shelf.decode(Document, row)
            if not found.deleted:
                yield found

    def document(self, kind: DocumentKind, ident: int) -> Document | None:
        """One document, deleted or not."""
        return self.books.shelf.find(Document, kind.value, str(ident))

    def account(self, ident: str) -> str:
        """The customer on whose account a customer's lines stand: its father's where payments are consolidated."""
        try:
            customer = self.books.customer(ident)
        except BooksError:
            return ident
        return customer.parent if customer.parent and customer.bill_with_parent else ident

    def holds_all_currencies(self, customer: Customer) -> bool:
        """Whether something of the customer's is in another currency than its own."""
        if self.own(customer).get("Currency"):
            return bool(self.own(customer)["Currency"] == "##")
        where = "customer = ? AND deleted = 0 AND json_extract(body, '$.currency') <> ?"
        return bool(self.books.rows.count(where, (customer.id, customer.currency)))

    def total_before(self, document: Document) -> Decimal:
        """The total of a document before it was cancelled: Business One keeps it."""
        return self._before(document)[0] if document.voided else document.total

    def allocations_before(self, payment: Document) -> tuple[Allocation, ...]:
        """What a payment was set against before it was cancelled: Business One keeps that too."""
        gone = payment.voided or payment.deleted
        return self._before(payment)[1] if gone else payment.allocations

    def _before(self, document: Document) -> tuple[Decimal, tuple[Allocation, ...]]:
        while page := self.books.rows.history(self._seen, _PAGE):
            for change in page:
                self._seen = change.seq
                if change.entity in _CANCELLED:
                    self._remember(change.entity, change.id, msgspec.json.decode(change.record, type=_Past))
        return self._past.get((document.kind.value, document.id), (ZERO, ()))

    def _remember(self, kind: str, ident: str, now: "_Past") -> None:
        total, shares = self._past.get((kind, ident), (ZERO, ()))
        told = tuple(Allocation(target=each.target, amount=each.amount, open_before=ZERO) for each in now.allocations)
        self._past[kind, ident] = (now.total or total, told or shares)

    def stamp(self, document: Document) -> datetime:
        """When it was last changed by itself. That a payment was posted on it is no change of it (worst case)."""
        shape = (document.due_date, document.number, document.memo, document.voided, document.deleted, document.extra)
        key = f"{document.kind.value}:{document.id}"
        known = self._stamps.get(key)
        if known is not None and known[0] == shape:
            return known[1]
        is_changed = known is not None or document.voided or document.deleted
        self._stamps[key] = (shape, document.updated_at if is_changed else document.created_at)
        return self._stamps[key][1]

    @staticmethod
    def own(record: Stamped) -> Json:
        """Properties that the books do not know."""
        return cast("dict[str, Any]", record.extra.get(OWN, {}))
