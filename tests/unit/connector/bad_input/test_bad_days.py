"""Days that cannot be right, or that only just can."""

from typing import Any

import pytest

from tests.unit.connector.bad_input.trade import Trade


def test_an_invoice_without_a_due_date_is_due_on_its_own_day(trade: Trade) -> None:
    trade.bad_and_good(Invoice_DueDate=None)
    trade.begin()
    trade.day()
    [mail] = [each for each in trade.mails if each.to == "anna@boats.example"]
    assert "due Sep 12, 2026, 51 days past due" in mail.text


def test_an_invoice_that_is_never_due_is_never_asked_for(trade: Trade) -> None:
    anna, _ = trade.bad_and_good(Invoice_DueDate="9999-12-31")
    trade.begin()
    for _ in range(3):
        trade.day()
        trade.next_day()
    assert "anna@boats.example" not in {each.to for each in trade.mails}
    assert trade.problems() == {}
    assert trade.open_totals() == {"USD": "170.00"}
    assert trade.tell("reconcile")["state"] == "agrees"
    assert trade.tell("why", anna)[0]["outcome"] == "wait"


UNREADABLE: dict[str, dict[str, Any]] = {
    "due in 1753": {"Invoice_DueDate": "1753-01-01"},
    "issued in the year one": {"Invoice_TxnDate": "0001-01-01"},
    "due soon": {"Invoice_DueDate": "soon"},
    "due on 30 February": {"Invoice_DueDate": "2026-02-30"},
    "due in the year 10000": {"Invoice_DueDate": "10000-01-01"},
    "due on a number": {"Invoice_DueDate": 20261012},
    "made before time": {"Invoice_MetaData": {"CreateTime": "0001-01-01T00:00:00+14:00"}},
    "made after all time": {"Invoice_MetaData": {"CreateTime": "9999-12-31T23:59:59-11:00"}},
    "made yesterday": {"Invoice_MetaData": {"CreateTime": "yesterday"}},
    "made somewhere": {"Invoice_MetaData": {"CreateTime": "2026-01-01T00:00:00"}},
    "mailed after all time": {"Invoice_DeliveryInfo": {"DeliveryTime": "9999-12-31T23:59:59-11:00"}},
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_day_that_cannot_be_is_named_with_its_invoice_and_nobody_is_asked_for_it(trade: Trade, name: str) -> None:
    trade.bad_and_good(**UNREADABLE[name])
    trade.begin()
    trade.day()
    [(ref, text)] = trade.problems().items()
    assert (ref, "cannot be read" in text) == ("invoice:1", True)
    assert [each.to for each in trade.mails] == ["berta@books.example"]


def test_an_invoice_due_before_it_was_written_is_asked_for_as_the_ledger_has_it(trade: Trade) -> None:
    trade.bad_and_good(Invoice_TxnDate="2026-09-12", Invoice_DueDate="2026-08-31")
    trade.begin()
    trade.day()
    [mail] = [each for each in trade.mails if each.to == "anna@boats.example"]
    assert "of Sep 12, 2026, due Aug 31, 2026, 63 days past due" in mail.text
    assert len(trade.mails) == 2


def test_once_corrected_it_is_read_and_asked_for(trade: Trade) -> None:
    trade.bad_and_good(Invoice_DueDate="1753-01-01")
    trade.begin()
    trade.day()
    trade.transport.after = lambda _, response: response
    trade.next_day()
    trade.books.change_document("1", memo="corrected")
    trade.day()
    assert trade.problems() == {}
    assert [each.to for each in trade.mails] == ["berta@books.example", "anna@boats.example"]
    assert trade.tell("reconcile")["state"] == "agrees"
