from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.documents import DocumentKind
from adapters.sandbox.books import Books
from adapters.sandbox.large import fill_large
from adapters.sandbox.store import unscaled

TODAY = date(2026, 11, 2)


def filled(path: Path, seed: int) -> Books:
    books = Books(now=lambda: datetime(2026, 11, 2, 9, tzinfo=UTC), path=str(path))
    fill_large(books, today=TODAY, seed=seed, invoices=2000)
    return books


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = filled(tmp_path / "books.sqlite", seed=1)
    yield made
    made.close()


def test_there_are_as_many_invoices_as_asked_for_and_most_are_paid(books: Books) -> None:
    invoices = list(books.documents(kind=DocumentKind.INVOICE))
    assert len(invoices) == 2000
    assert 1700 < sum(each.open == 0 for each in invoices) < 1900
    assert any(0 < each.open < each.total for each in invoices)


def test_balances_are_what_is_open(books: Books) -> None:
    for customer in books.customers():
        owed = sum((each.open for each in books.documents(customer.id)), Decimal(0))
        row = books.rows.get("customer", customer.id)
        assert row is not None
        assert unscaled(row.open or 0) == owed == books.balance(customer.id, "USD")


def test_the_same_seed_makes_the_same_company(books: Books, tmp_path: Path) -> None:
    again, other = filled(tmp_path / "again.sqlite", seed=1), filled(tmp_path / "other.sqlite", seed=2)
    assert list(again.documents()) == list(books.documents())
    assert list(other.documents()) != list(books.documents())
    again.close()
    other.close()


def test_life_goes_on_after_the_load(books: Books) -> None:
    invoice = next(each for each in books.documents(kind=DocumentKind.INVOICE) if each.open > 0)
    before = books.balance(invoice.customer, "USD")
    books.pay(invoice.customer, invoice.open, on=TODAY, apply={invoice.id: invoice.open})
    assert books.balance(invoice.customer, "USD") == before - invoice.open
    assert [each.entity for each in books.history] == ["payment", "invoice"]
