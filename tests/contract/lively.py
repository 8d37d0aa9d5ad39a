"""Steps for the ledger contract: customers, bills, and a bit of everything that moves accounts receivable."""

from datetime import date
from decimal import Decimal

from adapters.money import Money
from tests.contract.ledgers import START, Connection

ISSUED, DUE = date(2026, 9, 1), date(2026, 10, 1)
TODAY = START.date()
TEN = Decimal("10.10")


def customer(here: Connection, name: str = "Amy's Bird Sanctuary", **fields: object) -> str:
    fields.setdefault("emails", "amy@example.com")
    return here.books.add_customer(name, **fields)  # type: ignore[arg-type]  # the fields of a record


def bill(here: Connection, owner: str, amount: Decimal = TEN, **fields: object) -> str:
    dates = {"issue_date": ISSUED, "due_date": DUE, **fields}
    return here.books.bill(owner, amount, **dates)  # type: ignore[arg-type]  # the fields of a record


def in_the_books(here: Connection) -> dict[str, Money]:
    return here.in_the_books()


def a_lively_company(here: Connection) -> list[str]:
    """A bit of everything that moves accounts receivable."""
    owners = [customer(here, name) for name in ("One", "Two", "Three")]
    invoices = [bill(here, owner) for owner in owners for _ in range(5)]
    here.books.pay(owners[0], Decimal("15.15"), on=TODAY, apply={invoices[0]: TEN})
    here.books.pay(owners[0], Decimal("4.00"), on=TODAY, apply={invoices[1]: Decimal("4.00")})
    memo = here.books.credit(owners[1], Decimal("20.00"), on=TODAY)
    here.books.apply_credit(memo, {invoices[5]: TEN}, TODAY)
    entry = here.books.journal([(owners[2], Decimal("50.00"), "Accounts Receivable (A/R)")], on=TODAY)
    here.books.pay(owners[2], Decimal("20.00"), on=TODAY, apply={f"{entry}.0": Decimal("20.00")})
    here.books.journal([(owners[2], Decimal("-7.00"), "Accounts Receivable (A/R)")], on=TODAY)
    here.books.void("invoice", invoices[10])
    here.clock.later(hours=1)
    return invoices
