"""What is open on a day, as the ageing reports see it: by the documents' own dates."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from adapters.documents import DocumentKind
from adapters.sandbox.books import Books
from adapters.sandbox.records import ZERO, Document
from adapters.sandbox.shelf import Shelf

_PERIODS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """A document with what was open of it on the report's day, signed; `bucket` 0 is not yet due."""

    document: Document
    open: Decimal
    bucket: int


def bucket_of(days: int, *, period: int = 30, periods: int = _PERIODS) -> int:
    """0 for not yet due, 1 for the first `period` days past due, and so on; the last has no end."""
    return 0 if days <= 0 else min((days - 1) // period + 1, periods)


def open_items(
    books: Books, on: date, *, customers: frozenset[str] = frozenset(), period: int = 30, periods: int = _PERIODS
) -> list[OpenItem]:
    """Everything open on a day, in the order of due dates. Later documents are left out with all that they settle."""
    with books.lock:
        corrections = _undone_after(books, on)
        kinds = ", ".join(f"'{kind.value}'" for kind in DocumentKind)
        where = f"kind IN ({kinds}) AND deleted = 0 AND open <> 0"
        rows = books.rows.select(where, order="due, n")
        documents = {document.ref: document for row in rows if (document := Shelf.decode(Document, row))}
        for ref in corrections:
            documents.setdefault(ref, books.posting.document(ref))
    made = []
    for document in documents.values():
        still = document.open + corrections.get(document.ref, ZERO)
        if not still or document.issue_date > on or (customers and document.customer not in customers):
            continue
        days = (on - document.due_date).days
        made.append(OpenItem(document=document, open=still, bucket=bucket_of(days, period=period, periods=periods)))
    return made


def _undone_after(books: Books, on: date) -> dict[str, Decimal]:
    """What to add to the open balances of today, because it was settled by, or with, something dated after the day."""
    corrections: dict[str, Decimal] = {}
    later = [
        Shelf.decode(Document, row)
        for row in books.rows.select("kind IN ('invoice', 'payment') AND deleted = 0 AND day > ?", (on.isoformat(),))
    ]
    future = {document.ref for document in later}
    payments = {document.ref: document for document in later if document.kind is DocumentKind.PAYMENT}
    for document in later:
        for ident in document.linked:
            payments.setdefault(f"payment:{ident}", books.posting.document(ident))
    for ref, payment in payments.items():
        for each in payment.allocations:
            if ref in future:
                corrections[each.target] = corrections.get(each.target, ZERO) + each.amount
            elif each.target in future:
                corrections[ref] = corrections.get(ref, ZERO) - each.amount
    return corrections
