"""A company of a million invoices, for benchmarks: made from a seed, and written row by row, never held as objects.

Nine in ten invoices are paid, by one payment each; the rest are open, some of them in part. Nothing of this stands in
the history, which begins after it. The books should be in a file (`Books(path=…)`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from adapters.documents import DocumentKind
from adapters.sandbox.books import Books
from adapters.sandbox.records import ZERO, Allocation, Customer, Document

INVOICES = 1_000_000
_PER_CUSTOMER = 50
_DAYS = 540
_TERMS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What the documents are made of."""

    rng: Random
    first_day: date
    customers: int
    invoices: int


def fill_large(books: Books, *, today: date, seed: int = 1, invoices: int = INVOICES) -> None:
    """Fills empty books with `invoices` invoices of eighteen months, and their payments."""
    plan = _Plan(
        rng=Random(f"large:{seed}"),  # noqa: S311 - a repeatable world, not a secret
        first_day=today - timedelta(days=_DAYS),
        customers=max(1, invoices // _PER_CUSTOMER),
        invoices=invoices,
    )
    with books.lock:
        books.load_customers(_customers(books, plan))
        books.load_documents(_documents(books, plan))


def _customers(books: Books, plan: _Plan) -> Iterator[Customer]:
    made_at = _morning(plan.first_day)
    for at in range(1, plan.customers + 1):
        yield Customer(
            id=books.new_customer_id(),
            name=f"Customer {at:06d}",
            emails=f"accounts@customer-{at}.example",
            currency=books.home_currency,
            terms="Net 30",
            created_at=made_at,
            updated_at=made_at,
        )


def _documents(books: Books, plan: _Plan) -> Iterator[Document]:
    rng = plan.rng
    for at in range(plan.invoices):
        issued = plan.first_day + timedelta(days=at * _DAYS // plan.invoices)
        total = Decimal(rng.randrange(1_000, 500_000)).scaleb(-2)
        fate = rng.random()
        paid = total if fate < 0.9 else total / 2 if fate < 0.93 else ZERO
        customer = str(rng.randrange(plan.customers) + 1)
        yield from _invoice(books, customer, issued, total, paid.quantize(Decimal("0.01")))


def _invoice(books: Books, customer: str, issued: date, total: Decimal, paid: Decimal) -> Iterator[Document]:
    made_at, paid_on = _morning(issued), issued + timedelta(days=_TERMS)
    ident = books.new_document_id()
    payment = books.new_document_id() if paid else ""
    yield Document(
        kind=DocumentKind.INVOICE,
        id=ident,
        number=ident,
        customer=customer,
        currency=books.home_currency,
        total=total,
        open=total - paid,
        issue_date=issued,
        due_date=issued + timedelta(days=_TERMS),
        bill_email=f"accounts@customer-{customer}.example",
        delivery="sent",
        sent_at=made_at,
        linked=(payment,) if payment else (),
        version=1 if payment else 0,
        created_at=made_at,
        updated_at=_morning(paid_on) if payment else made_at,
    )
    if payment:
        applied = Allocation(target=f"invoice:{ident}", amount=paid, open_before=total)
        yield Document(
            kind=DocumentKind.PAYMENT,
            id=payment,
            number="",
            customer=customer,
            currency=books.home_currency,
            total=-paid,
            open=ZERO,
            issue_date=paid_on,
            due_date=paid_on,
            allocations=(applied,),
            created_at=_morning(paid_on),
            updated_at=_morning(paid_on),
        )


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)
