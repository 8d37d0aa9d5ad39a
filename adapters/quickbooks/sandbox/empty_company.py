"""The company of `--company empty`: a chart, one customer, and the few documents that clients expect."""

from datetime import timedelta
from decimal import Decimal

from adapters.sandbox.books import Books
from adapters.sandbox.records import AR_ACCOUNT


def fill(books: Books) -> None:
    """One customer with an invoice part paid, payments, an open credit memo and a journal line."""
    today = books.now().date()
    customer = books.add_customer(
        "Blue Heron Boats", emails="accounts@blueheron.example", country="US", region="CA", terms="Net 30"
    )
    invoices = [
        books.bill(
            customer,
            Decimal("120.00") + at * 10,
            issue_date=today - timedelta(days=60 - at),
            due_date=today - timedelta(days=30 - at),
        )
        for at in range(6)
    ]
    for at, invoice in enumerate(invoices[:5]):
        part = Decimal("120.00") + at * 10 if at else Decimal("50.00")
        books.pay(customer, part, on=today - timedelta(days=20), apply={invoice: part})
    books.credit(customer, Decimal("25.00"), on=today - timedelta(days=10), memo="Returned goods")
    lines = [(customer, Decimal("15.00"), AR_ACCOUNT), (None, Decimal("-15.00"), "Services")]
    books.journal(lines, on=today - timedelta(days=5), memo="Correction")
