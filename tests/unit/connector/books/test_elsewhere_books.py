"""A total that a person read elsewhere: what is worth a look where it is not ours, and that it was compared."""

import json

import pytest

from adapters.documents import Problem
from adapters.money import Money
from connector.elsewhere import Compared, compare
from connector.reconcile import reconcile
from tests.unit.connector.books.house import House


@pytest.fixture
def books(connected: House) -> House:
    """Two customers who owe 100.00 and 33.33."""
    connected.ledger.customer("21", "Bertram")
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.ledger.bill("132", "21", "33.33", connected.in_days(-14))
    connected.sync()
    return connected


def _against(books: House, amount: str) -> Compared:
    return compare(books.office, reconcile(books.office), Money.of(amount, "USD"))


def test_customers_whose_balance_the_ledger_tells_otherwise_come_first(books: House) -> None:
    books.ledger.misreport = {"21": Money(3332, "USD")}
    compared = _against(books, "33.33")
    assert [each.what for each in compared.suspects] == [
        "Bertram (21)",
        *["invoice 130 of Anna Boats (20)"],
        "Anna Boats (20)",
    ]
    assert compared.suspects[0].why == "the ledger's own total there is USD 33.32, ours USD 33.33"


def test_rows_that_could_not_be_read_are_worth_a_look(books: House) -> None:
    books.ledger.unreadable = [Problem(ref="invoice:777", kind="invoice", text="Unreadable.")]
    assert [each.what for each in _against(books, "140.00").suspects] == ["invoice:777"]


def test_where_totals_agree_nothing_is_worth_a_look(books: House) -> None:
    books.ledger.unreadable = [Problem(ref="invoice:777", kind="invoice", text="Unreadable.")]
    compared = _against(books, "133.33")
    assert (compared.agrees, compared.accounted, compared.suspects) == (True, (), ())


def test_a_comparison_changes_no_books_and_stands_in_the_history(books: House) -> None:
    before = books.open_totals()
    _against(books, "133.34")
    assert books.open_totals() == before
    (row,) = books.history("compared")
    data = json.loads(row["data"])
    assert (row["actor"], data["read"], data["ours"], data["agrees"]) == ("person", 13334, 13333, False)
