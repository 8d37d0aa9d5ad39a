"""Steps for reading tests: bills by the hundred, and what was asked of QuickBooks."""

from datetime import date
from decimal import Decimal

from tests.contract.ledgers import QuickBooksConnection

TODAY = date(2026, 11, 2)
ONE = Decimal("1.10")


def bills(here: QuickBooksConnection, count: int, *, apart: float = 10, issued: date = TODAY) -> list[str]:
    owner = here.books.add_customer(f"Customer {len(here.books.customers())}", emails="a@example.com")
    made = []
    for _ in range(count):
        here.clock.later(seconds=apart)
        made.append(here.books.bill(owner, ONE, issue_date=issued, due_date=TODAY))
    return made


def statements(here: QuickBooksConnection) -> list[str]:
    return [call.content.decode() for call in here.transport.calls if call.url.path.endswith("/query")]


def selects(here: QuickBooksConnection, entity: str) -> list[str]:
    return [each for each in statements(here) if each.startswith(f"SELECT * FROM {entity} ")]


def paths(here: QuickBooksConnection) -> list[str]:
    return [call.url.path.rpartition("/")[2] for call in here.transport.calls]


def in_the_books(here: QuickBooksConnection) -> set[str]:
    return {each.ref for each in here.books.documents() if each.open}
