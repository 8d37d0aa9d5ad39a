"""The company's books, rebuilt from the history of every change: what stood in them at any instant.

Amounts are signed from the customer's side: an open invoice is positive, a payment or credit memo negative.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from tests.judge.company import Company, instant

_State = TypeVar("_State")
ZERO = Decimal(0)
_ADDRESS = re.compile(r"[^\s<>,;:\"()@]+@[\w-]+(?:\.[\w-]+)+")
DOCUMENTS = frozenset({"invoice", "payment", "credit_memo", "journal"})
_DELIVERY = frozenset({"bill_email", "delivery", "sent_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it stood at some instant."""

    ref: str
    kind: str
    number: str
    customer: str
    currency: str
    total: Decimal
    open: Decimal
    issue_date: date
    due_date: date
    created_at: datetime
    gone: bool
    emails: frozenset[str]
    delivery: str
    sent_at: datetime | None
    allocations: tuple[tuple[str, Decimal], ...]

    @property
    def item(self) -> str:
        """The document's one item."""
        return f"{self.ref}#1"

    @property
    def can_be_asked(self) -> bool:
        """An invoice, or a journal line that the customer owes."""
        return not self.gone and self.open > 0 and self.kind in {"invoice", "journal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as it stood at some instant."""

    id: str
    name: str
    parent: str | None
    bill_with_parent: bool
    active: bool
    emails: frozenset[str]
    merged_into: str | None
    country: str
    region: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note in the books, with the documents and customers it is linked to."""

    id: str
    at: datetime
    text: str
    links: frozenset[str]
    deleted: bool


def addresses(text: str | None) -> frozenset[str]:
    """The single addresses in a field that may hold several, lower-cased; nonsense is left out."""
    return frozenset(found.casefold().rstrip(".") for found in _ADDRESS.findall(text or ""))


def _document(kind: str, told: dict[str, Any], *, deleted: bool, keeps_delivery: bool) -> Document:
    if not keeps_delivery:
        told = {name: value for name, value in told.items() if name not in _DELIVERY}
    return Document(
        ref=f"{kind}:{told['id']}",
        kind=kind,
        number=str(told.get("number") or ""),
        customer=str(told["customer"]),
        currency=told["currency"],
        total=Decimal(told["total"]),
        open=ZERO if deleted or told.get("voided") or told.get("deleted") else Decimal(told["open"]),
        issue_date=date.fromisoformat(told["issue_date"]),
        due_date=date.fromisoformat(told.get("due_date") or told["issue_date"]),
        created_at=instant(told["created_at"]),
        gone=deleted or bool(told.get("voided") or told.get("deleted")),
        emails=addresses(told.get("bill_email")),
        delivery=told.get("delivery") or "",
        sent_at=instant(told["sent_at"]) if told.get("sent_at") else None,
        allocations=tuple((each["target"], Decimal(each["amount"])) for each in told.get("allocations") or ()),
    )


def _customer(told: dict[str, Any]) -> Customer:
    return Customer(
        id=str(told["id"]),
        name=told["name"],
        parent=told.get("parent"),
        bill_with_parent=bool(told.get("bill_with_parent")),
        active=bool(told.get("active", True)),
        emails=addresses(told.get("emails")),
        merged_into=told.get("merged_into"),
        country=told.get("country") or "",
        region=told.get("region") or "",
        note=told.get("note") or "",
    )


def _link(told: Any) -> str:  # noqa: ANN401 - a link is text or an object
    return told if isinstance(told, str) else f"{told['kind']}:{told['id']}"


def _note(told: dict[str, Any], at: datetime, *, deleted: bool) -> Note:
    return Note(
        id=str(told["id"]),
        at=at,
        text=told["text"],
        links=frozenset(_link(each) for each in told.get("links", ())),
        deleted=deleted or bool(told.get("deleted")),
    )


class Books:
    """Everything by its last change up to an instant."""

    def __init__(self, changes: list[dict[str, Any]], *, keeps_delivery: bool = True) -> None:
        self._keeps_delivery = keeps_delivery
        self._documents: dict[str, list[tuple[datetime, Document]]] = defaultdict(list)
        self._customers: dict[str, list[tuple[datetime, Customer]]] = defaultdict(list)
        self._by_customer: dict[str, set[str]] = defaultdict(set)
        self.notes: dict[str, Note] = {}
        self._customer_changes: list[datetime] = []
        self.add(changes)

    def add(self, changes: list[dict[str, Any]]) -> None:
        """What happened after all that is known."""
        for change in changes:
            self._apply(change)
        self._customer_changes.sort()

    def _apply(self, change: dict[str, Any]) -> None:
        at, kind, deleted = instant(change["at"]), change["entity"], change["event"] == "delete"
        told = {"id": change["id"], **change["record"]}
        if kind == "customer":
            self._customers[str(change["id"])].append((at, _customer(told)))
            self._customer_changes.append(at)
        elif kind == "note":
            first = self.notes.get(str(change["id"]))
            self.notes[str(change["id"])] = _note(told, first.at if first else at, deleted=deleted)
        elif kind in DOCUMENTS:
            document = _document(kind, told, deleted=deleted, keeps_delivery=self._keeps_delivery)
            self._documents[document.ref].append((at, document))
            self._by_customer[document.customer].add(document.ref)

    def document(self, ref: str, at: datetime) -> Document | None:
        """The document as it stood; None before it was entered."""
        return _standing(self._documents.get(ref, []), at)

    def history(self, ref: str) -> list[tuple[datetime, Document]]:
        """Every state of a document with the instant at which it began."""
        return self._documents.get(ref, [])

    def customer(self, ident: str, at: datetime) -> Customer | None:
        """The customer as it stood; None before it was entered."""
        return _standing(self._customers.get(ident, []), at)

    def customers(self, at: datetime) -> Iterator[Customer]:
        """All customers of that instant."""
        for states in self._customers.values():
            if (found := _standing(states, at)) is not None:
                yield found

    def customer_changes_until(self, at: datetime) -> int:
        """How often customers had changed by then: between two such changes, families stay as they are."""
        return bisect_right(self._customer_changes, at)

    def documents(self, at: datetime) -> Iterator[Document]:
        """All documents of that instant."""
        for states in self._documents.values():
            if (found := _standing(states, at)) is not None:
                yield found

    def histories(self) -> Iterator[tuple[str, list[tuple[datetime, Document]]]]:
        """Every document that was ever in the books, with all its states."""
        yield from self._documents.items()

    def documents_of(self, customers: frozenset[str], at: datetime) -> Iterator[Document]:
        """The documents of some customers."""
        for ref in sorted(set().union(*(self._by_customer.get(each, set()) for each in customers))):
            found = self.document(ref, at)
            if found is not None and found.customer in customers:
                yield found

    def cash_entered(self) -> Iterator[datetime]:
        """When each customer payment was entered; one of zero only joins a credit to an invoice."""
        for ref, history in self._documents.items():
            if ref.startswith("payment:") and history[0][1].total:
                yield history[0][1].created_at

    def moments(self, refs: list[str], after: datetime, until: datetime) -> list[datetime]:
        """The instants in a window at which one of these documents changed, and the window's two ends."""
        within = {at for ref in refs for at, _ in self._documents.get(ref, []) if after < at <= until}
        return sorted({after, until, *within})


def _standing(states: list[tuple[datetime, _State]], at: datetime) -> _State | None:
    place = bisect_right(states, at, key=lambda each: each[0])
    return states[place - 1][1] if place else None


def load_books(path: Path, company: Company) -> Books:
    """Reads `books.jsonl`, as the company's ledger can show it."""
    with path.open(encoding="utf-8") as lines:
        changes = [company.names.read(line) for line in lines if line.strip()]
    return Books(changes, keeps_delivery=company.keeps_delivery)
