from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.documents import Allocation, Delivery, Document, DocumentKind
from adapters.money import Money
from adapters.quickbooks import mapping, wire
from adapters.quickbooks.mapping import MAPPING_ERRORS, addresses, country_code, language_of
from tests.unit.adapters.quickbooks.office import encoded

META = {"CreateTime": "2026-05-04T10:11:12-07:00", "LastUpdatedTime": "2026-05-05T00:00:00-07:00"}
INVOICE = {
    "Id": "130",
    "SyncToken": "2",
    "MetaData": META,
    "DocNumber": "1041",
    "TxnDate": "2026-05-04",
    "DueDate": "2026-06-03",
    "CustomerRef": {"value": "20", "name": "Amy"},
    "CurrencyRef": {"value": "EUR"},
    "TotalAmt": 337.50,
    "Balance": 100,
    "BillEmail": {"Address": "a@example.com; b@example.com"},
    "EmailStatus": "NotSet",
    "PrivateNote": "PO 77",
    "SomethingNewIn2027": {"deep": [1, 2, {"x": None}]},
}
PAYMENT = {
    "Id": "74",
    "SyncToken": "0",
    "MetaData": META,
    "TxnDate": "2026-05-04",
    "CustomerRef": {"value": "20"},
    "CurrencyRef": {"value": "USD"},
    "TotalAmt": 100.00,
    "UnappliedAmt": 25.5,
    "PaymentRefNum": "Cheque 9",
    "Line": [{"Amount": 74.50, "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]}],
}


def home() -> str:
    return "USD"


def no_journals(link: wire.LinkedTxn) -> str:
    return f"journal:{link.txn_id}.{link.txn_line_id}"


def invoice(**changes: object) -> Document:
    given_ = {name: value for name, value in (INVOICE | changes).items() if value is not None}
    return mapping.invoice(msgspec.json.decode(encoded(given_), type=wire.Invoice), home)


def payment(**changes: object) -> Document:
    return mapping.payment(msgspec.json.decode(encoded(PAYMENT | changes), type=wire.Payment), home, no_journals)


def line(kind: str, ident: str, amount: float) -> dict[str, object]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": ident, "TxnType": kind}]}


def test_an_invoice_is_one_item_due_on_its_day() -> None:
    made = invoice()
    assert (made.ref, made.number, made.customer, made.version) == ("invoice:130", "1041", "20", "2")
    assert (made.issue_date, made.items[0].due_date) == (date(2026, 5, 4), date(2026, 6, 3))
    assert (made.total, made.open) == (Money.of("337.50", "EUR"), Money.of(100, "EUR"))
    assert (made.items[0].total, made.items[0].open) == (made.total, made.open)
    assert made.created_at == datetime(2026, 5, 4, 17, 11, 12, tzinfo=UTC)
    assert (made.bill_emails, made.memo) == (("a@example.com", "b@example.com"), "PO 77")


@given(st.decimals(min_value=0, max_value=10**12, places=2, allow_nan=False))
def test_amounts_come_through_to_the_cent(amount: Decimal) -> None:
    raw = f'{{"Id":"1","CustomerRef":{{"value":"2"}},"TxnDate":"2026-01-01","TotalAmt":{amount},"Balance":{amount}}}'
    made = mapping.invoice(msgspec.json.decode(raw, type=wire.Invoice), home)
    assert made.open.amount == amount


def test_an_invoice_without_a_due_date_is_due_when_issued() -> None:
    assert invoice(DueDate=None).items[0].due_date == date(2026, 5, 4)


def test_a_row_without_a_currency_is_in_the_home_currency() -> None:
    assert invoice(CurrencyRef=None).total.currency == "USD"


@pytest.mark.parametrize("note", ["Voided", "", "Anything"])
def test_zero_total_and_zero_balance_is_a_void_whatever_the_note_says(note: str) -> None:
    assert invoice(TotalAmt=0, Balance=0, PrivateNote=note).voided


def test_a_paid_invoice_is_not_voided_and_a_note_alone_voids_nothing() -> None:
    assert not invoice(Balance=0).voided
    assert not invoice(PrivateNote="Voided - see Jane").voided


def test_a_negative_balance_is_credit_and_asks_for_nothing() -> None:
    made = invoice(Balance=-5)
    assert (made.open, made.items) == (Money.of(-5, "EUR"), ())


@pytest.mark.parametrize(
    ("status", "sent", "expected"),
    [
        ("NeedToSend", None, Delivery.WAITING),
        ("EmailSent", None, Delivery.SENT),
        ("NotSet", None, Delivery.UNKNOWN),
        ("NotSet", "2026-05-06T10:00:00-07:00", Delivery.SENT),
    ],
)
def test_whether_the_invoice_went_out_is_said(status: str, sent: str | None, expected: Delivery) -> None:
    info = {"DeliveryType": "Email", "DeliveryTime": sent} if sent else {"DeliveryType": "Email"}
    made = invoice(EmailStatus=status, DeliveryInfo=info)
    assert made.delivery is expected
    assert made.sent_at == (datetime(2026, 5, 6, 17, tzinfo=UTC) if sent else None)


def test_our_own_lines_are_no_part_of_what_people_wrote() -> None:
    assert invoice(PrivateNote="PO 77\nReminder sent. [duecourse:reminder:1]").memo == "PO 77"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"TotalAmt": None}, "TotalAmt is missing"),
        ({"Balance": None}, "Balance is missing"),
        ({"CustomerRef": None}, "CustomerRef is missing"),
        ({"TxnDate": None}, "TxnDate"),
        ({"TxnDate": "yesterday"}, "TxnDate 'yesterday' is not a day"),
        ({"Balance": 10.005}, "more decimals than EUR"),
        ({"CurrencyRef": {"value": "JPY"}, "TotalAmt": 10.5}, "more decimals than JPY"),
        ({"MetaData": {"CreateTime": "2026-05-04T10:11:12"}}, "no offset"),
        ({"MetaData": {"CreateTime": "now"}}, "not an instant"),
    ],
)
def test_a_row_that_cannot_be_taken_as_it_is_says_why(changes: dict[str, object], why: str) -> None:
    with pytest.raises(MAPPING_ERRORS, match=why):
        invoice(**changes)


def test_days_written_with_slashes_are_days() -> None:
    assert invoice(TxnDate="2026/05/04").issue_date == date(2026, 5, 4)


def test_a_payment_is_open_by_what_is_not_applied() -> None:
    made = payment()
    assert (made.kind, made.number, made.items) == (DocumentKind.PAYMENT, "Cheque 9", ())
    assert (made.total, made.open) == (Money.of("-100.00", "USD"), Money.of("-25.50", "USD"))
    assert made.allocations == (Allocation(target="invoice:130", amount=Money.of("74.50", "USD")),)


def test_a_payment_of_zero_that_joins_credits_is_no_void() -> None:
    made = payment(TotalAmt=0, UnappliedAmt=0, Line=[line("Invoice", "1", 12.5), line("CreditMemo", "2", 12.5)])
    assert not made.voided
    assert [(each.target, each.amount.minor) for each in made.allocations] == [
        ("invoice:1", 1250),
        ("credit_memo:2", -1250),
    ]


def test_a_voided_payment_has_nothing_left() -> None:
    assert payment(TotalAmt=0, UnappliedAmt=0, Line=[], PrivateNote="Voided").voided


def test_a_journal_line_that_is_paid_and_one_that_pays_are_told_apart_by_the_sum() -> None:
    paid = payment(TotalAmt=20, UnappliedAmt=0, Line=[line("JournalEntry", "9", 20)])
    pays = payment(TotalAmt=0, UnappliedAmt=0, Line=[line("Invoice", "1", 20), line("JournalEntry", "9", 20)])
    assert [each.amount.minor for each in paid.allocations] == [2000]
    assert [each.amount.minor for each in pays.allocations] == [2000, -2000]


def test_money_paid_back_is_named_by_its_own_kind() -> None:
    made = payment(Line=[line("Check", "5", 74.5)])
    assert made.allocations[0].target == "check:5"


def test_a_credit_memo_is_open_by_its_remaining_credit_else_by_its_balance() -> None:
    base = {"Id": "5", "TxnDate": "2026-05-04", "CustomerRef": {"value": "20"}, "TotalAmt": 50, "Balance": 40}
    for extra, left in (({"RemainingCredit": 30}, -3000), ({}, -4000)):
        row = msgspec.json.decode(encoded(base | extra), type=wire.CreditMemo)
        made = mapping.credit_memo(row, home)
        assert (made.total.minor, made.open.minor, made.items) == (-5000, left, ())


# --- customers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ()),
        ("a@example.com", ("a@example.com",)),
        ("a@example.com, b+tag@example.co.uk;c@example.com", ("a@example.com", "b+tag@example.co.uk", "c@example.com")),
        ("a@example.com; a@example.com", ("a@example.com",)),
        ("not an address, @example.com, a@b, a@example.com", ("a@example.com",)),
        ("Amy <a@example.com>", ()),
        ("a@example.com\r\nBcc: evil@example.com", ()),
        ("o'brien@example.com", ("o'brien@example.com",)),
        (f"{'x' * 250}@example.com", ()),
    ],
)
def test_addresses_are_split_and_checked_one_by_one(text: str | None, expected: tuple[str, ...]) -> None:
    assert addresses(text) == expected


@given(st.text())
def test_no_address_ever_carries_a_separator_or_a_line_break(text: str) -> None:
    for address in addresses(text):
        assert address.count("@") == 1
        assert not set(address) & set(" \r\n\t,;<>")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US", "US"),
        ("usa", "US"),
        ("Germany", "DE"),
        ("Deutschland", "DE"),
        ("États-Unis", "US"),
        ("Nowhere", ""),
        ("", ""),
    ],
)
def test_countries_are_understood_as_people_write_them(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("country", "language"), [("US", "en"), ("DE", "de"), ("AT", "de"), ("CH", ""), ("CA", ""), ("", "")]
)
def test_a_language_follows_from_a_country_that_has_one_alone(country: str, language: str) -> None:
    assert language_of(country) == language


def test_a_sub_customer_names_its_parent() -> None:
    row = {
        "Id": "21",
        "SyncToken": "4",
        "DisplayName": "Diego:Road Warrior",
        "ParentRef": {"value": "20"},
        "BillWithParent": True,
        "Active": False,
        "Balance": 12.5,
        "CurrencyRef": {"value": "USD"},
        "PrimaryEmailAddr": {"Address": "d@example.com"},
        "PrimaryPhone": {"FreeFormNumber": "+1 555 0100"},
        "BillAddr": {"Country": "Deutschland", "CountrySubDivisionCode": "BY", "PostalCode": "80331"},
        "PreferredDeliveryMethod": "Email",
        "CustomerTypeRef": {"value": "300", "name": "Wholesale"},
        "Notes": "#dispute",
        "MetaData": META,
    }
    made = mapping.customer(msgspec.json.decode(encoded(row), type=wire.Customer), home)
    assert (made.ref, made.parent, made.bill_with_parent, made.active) == ("21", "20", True, False)
    assert (made.country, made.region, made.postcode, made.language) == ("DE", "BY", "80331", "de")
    assert (made.delivery_method, made.customer_type, made.note) == ("email", "Wholesale", "#dispute")
    assert made.balance == Money.of("12.50", "USD")


# --- wire ------------------------------------------------------------------------------------------------------


def test_one_odd_row_does_not_take_its_page_along() -> None:
    raw = encoded([INVOICE, {"Id": "131", "Balance": "a lot"}, {"Balance": 3}, {**INVOICE, "Id": "132"}])
    rows = wire.decode_rows(raw, wire.Invoice)
    assert [row.id for row in rows.good] == ["130", "132"]
    assert [row.id for row in rows.bad] == ["131", ""]


def test_a_deleted_stub_never_looks_like_an_invoice_paid_in_full() -> None:
    stub = msgspec.json.decode(b'{"domain":"QBO","status":"Deleted","Id":"65"}', type=wire.Invoice)
    assert stub.is_stub
    assert stub.balance is None
    with pytest.raises(MAPPING_ERRORS):
        mapping.invoice(stub, home)


def test_ids_of_nineteen_digits_stay_as_they_are() -> None:
    row = msgspec.json.decode(b'{"Id":"5000000000000503624","Note":"x"}', type=wire.Attachable)
    assert row.id == "5000000000000503624"
