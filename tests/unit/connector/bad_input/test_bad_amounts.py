"""Amounts that no invoice should have: each is read right, or named as unreadable and left alone; none is rounded."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.money import InexactAmount, Money, MoneyError
from tests.unit.connector.bad_input.trade import LONG_DUE, Trade


def _only_berta_is_asked(trade: Trade) -> None:
    trade.begin()
    trade.day()
    assert [each.to for each in trade.mails] == ["berta@books.example"]


UNREADABLE: dict[str, dict[str, Any]] = {
    "more than a database holds": {"Invoice_TotalAmt": "1e30", "Invoice_Balance": "1e30"},
    "a number of a billion digits": {"Invoice_TotalAmt": "1e999999999", "Invoice_Balance": "1e999999999"},
    "no number": {"Invoice_TotalAmt": "NaN", "Invoice_Balance": "NaN"},
    "without an end": {"Invoice_TotalAmt": "Infinity", "Invoice_Balance": "Infinity"},
    "half a cent": {"Invoice_TotalAmt": "100.005", "Invoice_Balance": "100.005"},
    "less than anything": {"Invoice_Balance": "1e-999999999"},
    "words": {"Invoice_Balance": "a hundred"},
    "yes": {"Invoice_Balance": True},
    "no balance": {"Invoice_Balance": None},
    "no total": {"Invoice_TotalAmt": None},
    "half a yen": {"Invoice_CurrencyRef": {"value": "JPY"}, "Invoice_Balance": "1000.5"},
    "a tenth of a fils": {"Invoice_CurrencyRef": {"value": "KWD"}, "Invoice_Balance": "10.1255"},
    "a currency of four letters": {"Invoice_CurrencyRef": {"value": "EURO"}},
    "a currency's sign": {"Invoice_CurrencyRef": {"value": "€"}},
    "a currency with NUL": {"Invoice_CurrencyRef": {"value": "U\0D"}},
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_amount_is_named_with_its_invoice_and_not_asked_for(trade: Trade, name: str) -> None:
    trade.bad_and_good(**UNREADABLE[name])
    _only_berta_is_asked(trade)
    [(ref, text)] = trade.problems().items()
    assert ref == "invoice:1"
    assert text.startswith("Invoice")
    assert "cannot be read" in text
    assert len(text) <= 400
    assert trade.open_totals() == {"USD": "70.00"}
    said = trade.run("reconcile", "--json")
    assert said.code == 5
    assert [each["documents"] for each in said.data["differences"]] == [["invoice:1"]]


def test_numbers_written_as_words_of_digits_are_numbers(trade: Trade) -> None:
    trade.bad_and_good(Invoice_TotalAmt="100.00", Invoice_Balance="99.50")
    trade.begin()
    assert trade.open_totals() == {"USD": "169.50"}


@pytest.mark.parametrize(("total", "balance"), [(-50, -50), (100, -50)])
def test_a_negative_invoice_is_a_credit_and_never_asked_for(trade: Trade, total: int, balance: int) -> None:
    trade.bad_and_good(Invoice_TotalAmt=total, Invoice_Balance=balance)
    _only_berta_is_asked(trade)
    assert trade.problems() == {}
    assert trade.open_totals() == {"USD": "20.00"}


def test_a_negative_invoice_lowers_what_its_customer_is_asked(trade: Trade) -> None:
    anna, _ = trade.bad_and_good(Invoice_TotalAmt=-50, Invoice_Balance=-50)
    trade.bill(anna, "80.00", number="1003")
    trade.begin()
    trade.day()
    [mail] = [each for each in trade.mails if each.to == "anna@boats.example"]
    assert "less your credit of USD 50.00" in mail.text
    assert "USD 30.00" in str(mail.read["Subject"])


def test_an_invoice_of_nothing_is_nothing_to_ask_for(trade: Trade) -> None:
    anna = trade.customer()
    trade.bill(anna, "0.00", number="1001")
    trade.bill(trade.customer("Berta", "berta@books.example"), "70.00")
    _only_berta_is_asked(trade)
    assert trade.open_totals() == {"USD": "70.00"}
    assert trade.tell("reconcile")["state"] == "agrees"


# --- currencies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", "120000", "JPY 120,000"), ("KWD", "10.125", "KWD 10.125"), ("BHD", "0.005", "BHD 0.005")],
)
def test_a_currency_without_decimals_and_one_with_three_are_asked_for_exactly(
    trade: Trade, currency: str, amount: str, shown: str
) -> None:
    anna = trade.customer(currency=currency)
    trade.bill(anna, amount, number="1001")
    trade.begin()
    trade.day()
    [mail] = trade.mails
    assert str(mail.read["Subject"]).startswith(f"Invoice 1001 from Sandbox Company, {shown}, due")
    assert f"To be paid: {shown}" in mail.text
    assert shown in trade.notes()[0].splitlines()[0]
    assert trade.open_totals() == {currency: amount}
    assert trade.tell("reconcile")["state"] == "agrees"


def test_a_part_payment_in_fils_leaves_the_rest_to_the_fils(trade: Trade) -> None:
    anna = trade.customer(currency="KWD")
    invoice = trade.bill(anna, "10.125")
    trade.books.pay(anna, Decimal("3.126"), on=LONG_DUE, apply={invoice: Decimal("3.126")}, currency="KWD")
    trade.begin()
    trade.day()
    assert "KWD 6.999" in trade.mails[0].text


def test_exchange_rates_in_the_row_change_nothing_that_is_asked(trade: Trade) -> None:
    trade.books.rates = {"EUR": Decimal("1.083333333333")}
    trade.bill(trade.customer(currency="EUR"), "33.33")
    trade.begin()
    trade.day()
    assert "EUR 33.33" in trade.mails[0].text
    assert "36." not in trade.mails[0].text
    assert trade.tell("reconcile")["state"] == "agrees"


def test_a_code_that_we_do_not_know_is_shown_as_the_ledger_writes_it(trade: Trade) -> None:
    trade.bad_and_good(Invoice_CurrencyRef={"value": "XXQ"})
    trade.begin()
    trade.day()
    [mail] = [each for each in trade.mails if each.to == "anna@boats.example"]
    assert "XXQ 100.00" in mail.text
    assert trade.open_totals() == {"XXQ": "100.00", "USD": "70.00"}


# --- money itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "amount", ["1e999999999", "-1e999999999", "100000000000000", "NaN", "sNaN", "-Infinity", "", "12,50", "0x10"]
)
def test_money_takes_no_amount_that_no_books_hold(amount: str) -> None:
    with pytest.raises(MoneyError) as refused:
        Money.of(amount, "USD")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("amount", ["1e-999999999", "0.001", "1.0000000000000000000000000000000000000001"])
def test_money_is_never_rounded(amount: str) -> None:
    with pytest.raises(InexactAmount):
        Money.of(amount, "USD")


def test_the_largest_amounts_are_exact() -> None:
    assert Money.of("99999999999999.99", "USD").minor == 9_999_999_999_999_999
    assert Money.of("12.5000000000000000000000000000000000000000", "USD").minor == 1250
