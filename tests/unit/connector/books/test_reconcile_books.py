"""Our totals beside the ledger's own, to the cent: shown and never plugged."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from adapters.documents import DocumentKind, Problem
from adapters.ledger import Totals
from adapters.money import Money
from connector.reconcile import reconcile
from connector.store import tables
from reminders.account import HoldKind
from tests.unit.connector.books.house import House


@pytest.fixture
def books(connected: House) -> House:
    """Two customers with invoices in two currencies, and a credit."""
    connected.ledger.customer("21", "Bertram")
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.ledger.bill("131", "20", "80.00", connected.in_days(-14), currency="EUR")
    connected.ledger.bill("132", "21", "33.33", connected.in_days(-14))
    connected.ledger.credit("700", "20", "30.00", connected.today)
    connected.sync()
    return connected


def test_books_that_are_alike_agree_per_currency(books: House) -> None:
    result = reconcile(books.office)
    assert (result.agrees, result.state, result.differences, result.moving) == (True, "agrees", [], [])
    assert result.ours == result.theirs == {"EUR": Money(8000, "EUR"), "USD": Money(10333, "USD")}
    assert result.documents == 4
    (row,) = books.rows(tables.reconciliation)
    assert (row["state"], row["ours"], row["theirs"]) == ("agrees", {"EUR": 8000, "USD": 10333}, row["ours"])
    assert len(books.history("reconciled")) == 1


def test_a_cent_is_a_difference(books: House) -> None:
    books.ledger.misreport = {"21": Money(3332, "USD")}
    result = reconcile(books.office)
    assert result.state == "differs"
    (one,) = result.differences
    assert (one.customer, one.name, one.ours, one.theirs) == ("21", "Bertram", Money(3333, "USD"), Money(3332, "USD"))


def test_a_balance_that_only_the_ledger_knows_is_a_difference(books: House) -> None:
    books.ledger.misreport = {"99": Money(100, "USD")}
    (one,) = reconcile(books.office).differences
    assert (one.customer, one.ours, one.theirs) == ("99", Money(0, "USD"), Money(100, "USD"))


def test_what_the_ledger_changed_without_a_word_is_asked_for_before_a_difference_is_said(books: House) -> None:
    """In Business One a payment that is set against something later is not told as changed."""
    before = books.ledger.documents["credit_memo:700"]
    books.ledger.documents["credit_memo:700"] = replace(before, open=Money(-1000, "USD"))  # no new version: untold
    result = reconcile(books.office)
    assert (result.state, result.ours["USD"]) == ("agrees", Money(12333, "USD"))
    assert books.ledger.asked  # by key, and of the customer that differed
    assert not [ref for ref in books.ledger.asked if books.ledger.documents[ref].customer != "20"]


def test_a_difference_is_never_plugged(books: House) -> None:
    before = books.open_totals()
    books.ledger.misreport = {"21": Money(3332, "USD")}
    reconcile(books.office)
    assert books.open_totals() == before


def test_journal_lines_and_unreadable_rows_are_named_as_likely(books: House) -> None:
    ref = books.ledger.bill("55.0", "21", "10.00", books.in_days(-3))
    line = replace(books.ledger.documents.pop(ref), kind=DocumentKind.JOURNAL)
    books.ledger.documents[line.ref] = line
    books.ledger.unreadable = [Problem(ref="invoice:777", kind="invoice", text="Unreadable.")]
    books.ledger.misreport = {"21": Money(1, "USD"), "20": Money(1, "USD")}
    named = {each.customer: each.documents for each in reconcile(books.office).differences if each.ours.minor}
    assert named["21"] == ("journal:55.0", "invoice:777")
    assert named["20"] == ("invoice:777",)


def test_documents_dated_later_are_left_out_of_both(books: House) -> None:
    later = books.ledger.bill("140", "21", "500.00", books.in_days(40))
    assert books.ledger.documents[later].issue_date > books.today
    result = reconcile(books.office)
    assert books.open_totals()[later] == 50000
    assert result.agrees
    assert result.ours["USD"] == Money(10333, "USD")


def _meanwhile(house: House, act: Callable[[], object], *, times: int) -> None:
    """While the totals are read, somebody works in the books."""
    totals, left = house.ledger.totals, [times]

    def moving(on: date) -> Totals:
        told = totals(on)
        if left[0]:
            left[0] -= 1
            act()
        return told

    house.ledger.totals = moving  # type: ignore[method-assign]  # somebody works meanwhile


def test_books_that_moved_once_are_compared_again(books: House) -> None:
    _meanwhile(books, lambda: books.ledger.receive("900", "21", "3.33", {"invoice:132": "3.33"}), times=1)
    result = reconcile(books.office)
    assert result.agrees
    assert result.ours["USD"] == Money(10000, "USD")


def test_books_that_go_on_moving_are_moving_which_is_no_difference(books: House) -> None:
    numbers = iter(range(900, 990))
    _meanwhile(books, lambda: books.ledger.receive(str(next(numbers)), "21", "0.01", {"invoice:132": "0.01"}), times=10)
    result = reconcile(books.office)
    assert (result.state, result.moving, result.differences) == ("moving", ["21"], [])
    assert HoldKind.DIFFERENCE not in books.hold_kinds("21")


def test_a_lower_balance_in_the_ledger_holds_that_customer_alone(books: House) -> None:
    books.asleep()
    books.ledger.misreport = {"21": Money(3332, "USD")}
    reconcile(books.office)
    assert HoldKind.DIFFERENCE in books.hold_kinds("21")
    assert HoldKind.DIFFERENCE not in books.hold_kinds("20")
    assert books.awake() == {"21"}
    books.remind()
    assert {recipient for recipient, _ in books.mailer.sent} & set(books.ledger.customers["21"].emails) == set()


def test_a_higher_balance_in_the_ledger_holds_nothing(books: House) -> None:
    books.ledger.misreport = {"21": Money(3334, "USD")}
    assert reconcile(books.office).state == "differs"
    assert HoldKind.DIFFERENCE not in books.hold_kinds("21")


def test_the_hold_ends_when_the_books_agree_again_and_all_accounts_of_the_customer_wake(books: House) -> None:
    books.ledger.bill("133", "21", "75.00", books.in_days(-14), bill_emails=("pay@elsewhere.example",))
    books.ledger.misreport = {"21": Money(3332, "USD")}
    reconcile(books.office)
    assert HoldKind.DIFFERENCE in books.hold_kinds("21|pay@elsewhere.example")
    books.ledger.misreport = {}
    books.asleep()
    books.wait(days=1)
    assert reconcile(books.office).agrees
    assert {"21", "21|pay@elsewhere.example"} <= books.awake()
    assert HoldKind.DIFFERENCE not in books.hold_kinds("21")


def test_a_difference_of_a_daughter_holds_the_account_that_pays_for_it(books: House) -> None:
    books.ledger.customer("23", "Anna Oars", parent="20", bill_with_parent=True)
    books.ledger.bill("134", "23", "60.00", books.in_days(-14))
    books.ledger.misreport = {"23": Money(5900, "USD")}
    reconcile(books.office)
    assert HoldKind.DIFFERENCE in books.hold_kinds("20")


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "5000"), ("KWD", "1.001")])
def test_the_smallest_unit_of_any_currency_counts(books: House, currency: str, amount: str) -> None:
    books.ledger.customer("25", "Far Away")
    books.ledger.bill("150", "25", amount, books.in_days(-14), currency=currency)
    assert reconcile(books.office).agrees
    money = Money.of(amount, currency)
    books.ledger.misreport = {"25": Money(money.minor - 1, currency)}
    (one,) = reconcile(books.office).differences
    assert (one.ours - one.theirs).minor == 1
