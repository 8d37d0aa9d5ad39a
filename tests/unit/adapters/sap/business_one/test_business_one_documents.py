"""What becomes of rows: instalments, cancellations, foreign currency, and what people put into them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.documents import DocumentKind
from adapters.money import Money
from adapters.sap.business_one.documents import Key, applied, key_of, ref_of
from adapters.sap.business_one.instalments import Part, spread
from adapters.sap.business_one.settings import Currencies, Settings
from adapters.sap.business_one.wire import Applied
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.lively import DUE, TODAY, bill, customer
from tests.contract.replica import Replica


def own(**properties: object) -> dict[str, Any]:
    return {"business_one": properties}


def instalments(*parts: tuple[int, str, float]) -> list[dict[str, Any]]:
    return [
        {"InstallmentId": number, "DueDate": f"{due}T00:00:00Z", "Total": total, "TotalFC": 0.0}
        for number, due, total in parts
    ]


THREE = instalments((1, "2026-10-01", 40.0), (2, "2026-11-01", 40.0), (3, "2026-12-01", 20.0))


def opens(replica: Replica, ref: str) -> list[tuple[int, str]]:
    return [(item.part, f"{item.open.amount}") for item in replica.documents[ref].items]


def test_each_instalment_is_an_item_with_its_own_day(here: BusinessOneConnection, replica: Replica) -> None:
    invoice = bill(here, customer(here), Decimal(100), extra=own(DocumentInstallments=THREE))
    replica.sync()
    items = replica.documents[here.ref("invoice", invoice)].items
    assert [(each.part, each.due_date.isoformat(), str(each.open.amount)) for each in items] == [
        (1, "2026-10-01", "40.00"),
        (2, "2026-11-01", "40.00"),
        (3, "2026-12-01", "20.00"),
    ]


def test_a_payment_goes_to_the_instalments_that_are_due_first(here: BusinessOneConnection, replica: Replica) -> None:
    owner = customer(here)
    invoice = bill(here, owner, Decimal(100), extra=own(DocumentInstallments=THREE))
    here.books.pay(owner, Decimal(50), on=TODAY, apply={invoice: Decimal(50)}, extra=own(InstallmentIds={invoice: 0}))
    replica.sync()
    assert opens(replica, here.ref("invoice", invoice)) == [(1, "0.00"), (2, "30.00"), (3, "20.00")]


def test_a_payment_that_names_an_instalment_goes_there(here: BusinessOneConnection, replica: Replica) -> None:
    owner = customer(here)
    invoice = bill(here, owner, Decimal(100), extra=own(DocumentInstallments=THREE))
    here.books.pay(owner, Decimal(30), on=TODAY, apply={invoice: Decimal(30)}, extra=own(InstallmentIds={invoice: 2}))
    replica.sync()
    assert opens(replica, here.ref("invoice", invoice)) == [(1, "40.00"), (2, "10.00"), (3, "20.00")]
    here.clock.later(hours=1)
    here.books.pay(owner, Decimal(45), on=TODAY, apply={invoice: Decimal(45)}, extra=own(InstallmentIds={invoice: 0}))
    replica.sync()
    assert opens(replica, here.ref("invoice", invoice)) == [(1, "0.00"), (2, "5.00"), (3, "20.00")]


def parts(*totals: str) -> list[Part]:
    return [
        Part(number=at, due_date=date(2026, at, 1), total=Money.of(total, "EUR")) for at, total in enumerate(totals, 1)
    ]


@pytest.mark.parametrize("left", ["100.00", "99.99", "66.67", "50.00", "0.01", "0.00"])
@pytest.mark.parametrize("named", [{}, {3: "33.33"}, {2: "500.00"}, {1: "-5.00"}, {9: "10.00"}])
def test_instalments_are_always_together_the_invoice(left: str, named: dict[int, str]) -> None:
    paid = {at: Money.of(amount, "EUR") for at, amount in named.items()}
    total, rest = Money.of("100.00", "EUR"), Money.of(left, "EUR")
    items = spread(parts("33.33", "33.33", "33.33"), total, rest, paid)
    zero = Money.zero("EUR")
    assert sum((each.total for each in items), zero) == total
    assert sum((each.open for each in items), zero) == rest
    assert all(zero <= each.open <= each.total for each in items)


def test_a_cancelled_invoice_is_void_and_the_document_that_cancels_it_is_none(
    here: BusinessOneConnection, replica: Replica
) -> None:
    owner = customer(here)
    invoice, kept = bill(here, owner), bill(here, owner)
    replica.sync()
    here.clock.later(hours=1)
    here.books.void("invoice", invoice)
    replica.sync()
    assert {ref for ref in replica.documents if ref.startswith("invoice")} == {
        here.ref("invoice", invoice),
        here.ref("invoice", kept),
    }
    voided = replica.documents[here.ref("invoice", invoice)]
    assert (voided.voided, voided.open.minor, voided.total.minor) == (True, 0, 0)
    assert replica.problems == []


def test_foreign_invoices_are_told_in_their_own_currency(here: BusinessOneConnection, replica: Replica) -> None:
    here.books.rates["EUR"] = Decimal("1.08")
    owner = customer(here, "Deux", currency="EUR")
    invoice = bill(here, owner, Decimal("100.00"))
    paid = here.books.pay(owner, Decimal("40.00"), on=TODAY, apply={invoice: Decimal("33.33")})
    replica.sync()
    assert replica.open == {
        here.ref("invoice", invoice): Money.of("66.67", "EUR"),
        here.ref("payment", paid): Money.of("-6.67", "EUR"),
    }
    assert replica.documents[here.ref("payment", paid)].total == Money.of("-40.00", "EUR")


def test_a_credit_in_a_foreign_currency_on_an_account_of_all_currencies(
    here: BusinessOneConnection, replica: Replica
) -> None:
    here.books.rates["EUR"] = Decimal("1.08")
    owner = customer(here)
    invoice = bill(here, owner, Decimal("100.00"), currency="EUR")
    paid = here.books.pay(owner, Decimal("40.00"), on=TODAY, currency="EUR", apply={invoice: Decimal("33.33")})
    local = bill(here, owner)
    replica.sync()
    assert replica.customers[owner].currency == ""
    assert replica.open == {
        here.ref("invoice", invoice): Money.of("66.67", "EUR"),
        here.ref("payment", paid): Money.of("-6.67", "EUR"),
        here.ref("invoice", local): Money.of("10.10", "USD"),
    }


def test_an_invoice_below_zero_is_a_credit(here: BusinessOneConnection, replica: Replica) -> None:
    properties = {"DocTotal": -25.5, "PaidToDate": 0.0, "DocumentStatus": "bost_Open"}
    invoice = bill(here, customer(here), extra=own(**properties))
    replica.sync()
    document = replica.documents[f"credit_memo:13/{invoice}"]
    assert (document.open, document.items) == (Money.of("-25.50", "USD"), ())
    page = here.ledger.fresh([document.ref], (), replica.cursor or "")
    assert document.ref in {each.ref for each in page.documents}


def test_without_a_due_date_the_first_instalments_counts_and_then_the_documents_own(
    here: BusinessOneConnection, replica: Replica
) -> None:
    owner = customer(here)
    with_part = bill(here, owner, extra=own(DocDueDate=None, DocumentInstallments=THREE[:1]))
    without = bill(here, owner, extra=own(DocDueDate=None, DocumentInstallments=None))
    replica.sync()
    dues = [replica.documents[here.ref("invoice", each)].items[0].due_date for each in (with_part, without)]
    assert dues == [DUE, date(2026, 9, 1)]


def test_what_is_left_over_from_doubles_is_rounded_away(here: BusinessOneConnection, replica: Replica) -> None:
    invoice = bill(here, customer(here), extra=own(DocTotal=119.00000000000001, PaidToDate=18.999999999999996))
    replica.sync()
    assert replica.open == {here.ref("invoice", invoice): Money.of("100.00", "USD")}


def test_amounts_that_no_books_hold_are_told_and_keep_nothing_else_from_being_read(
    here: BusinessOneConnection, replica: Replica
) -> None:
    owner = customer(here)
    odd = bill(here, owner, extra=own(DocTotal=1e22, DocumentInstallments=THREE))
    payment = here.books.pay(owner, Decimal(5), on=TODAY, extra=own(TransferSum=1e22))
    invoice = bill(here, owner)
    replica.sync()
    assert here.ref("invoice", invoice) in replica.open
    told = {each.ref for page in here.ledger.changes(None) for each in page.problems}
    assert told == {here.ref("invoice", odd), here.ref("payment", payment)}


@pytest.mark.parametrize("told", ["10:99:00", "25:00:00", "noon", "", None])
def test_a_time_of_day_that_is_none_is_the_days_beginning(told: str | None) -> None:
    at = Settings(zone="Europe/Berlin").instant("2026-11-02T00:00:00Z", told)
    assert at == datetime(2026, 11, 1, 23, 0, tzinfo=UTC)


def test_a_down_payment_invoice_is_owed_and_a_request_is_not(here: BusinessOneConnection, replica: Replica) -> None:
    owner = customer(here)
    owed = bill(here, owner, extra=own(DownPaymentType="dptInvoice"))
    bill(here, owner, extra=own(DownPaymentType="dptRequest"))
    here.books.pay(owner, Decimal(4), on=TODAY, apply={owed: Decimal(4)})
    replica.sync()
    ref = f"invoice:203/{owed}"
    assert replica.open == {ref: Money.of("6.10", "USD")}
    payment = next(each for each in replica.documents.values() if each.kind is DocumentKind.PAYMENT)
    assert [each.target for each in payment.allocations] == [ref]
    assert here.ledger.totals(TODAY).by_customer[owner] == {"USD": Money.of("6.10", "USD")}


def test_a_blocked_partner_is_a_block_and_a_child_is_billed_with_its_father(
    here: BusinessOneConnection, replica: Replica
) -> None:
    father = customer(here, "Father", extra=own(BlockDunning="tYES", DunningDate="2026-10-20T00:00:00Z"))
    child = customer(here, "Child", parent=father, bill_with_parent=True)
    shipped = customer(here, "Shipped", parent=father)
    replica.sync()
    assert (replica.customers[father].block, replica.customers[father].last_dunned) == (
        "BlockDunning",
        date(2026, 10, 20),
    )
    assert (replica.customers[child].parent, replica.customers[child].bill_with_parent) == (father, True)
    assert not replica.customers[shipped].bill_with_parent


def test_a_blocked_document_is_another_version(here: BusinessOneConnection, replica: Replica) -> None:
    invoice = bill(here, customer(here))
    replica.sync()
    before = replica.documents[here.ref("invoice", invoice)].version
    here.clock.later(hours=3)
    here.books.change_document(invoice, extra=own(BlockDunning="tYES"))
    replica.sync()
    assert replica.documents[here.ref("invoice", invoice)].version != before


def test_contacts_are_written_to_where_the_partner_has_no_address(
    here: BusinessOneConnection, replica: Replica
) -> None:
    people = [
        {"Name": "Ann", "E_Mail": "ann@example.com", "Active": "tYES"},
        {"Name": "Bob", "E_Mail": "bob@example.com", "Active": "tYES"},
        {"Name": "Gone", "E_Mail": "gone@example.com", "Active": "tNO"},
    ]
    usual = customer(here, "One", emails="", extra=own(ContactEmployees=people, ContactPerson="Bob"))
    everyone = customer(here, "Two", emails="", extra=own(ContactEmployees=people))
    replica.sync()
    assert replica.customers[usual].emails == ("bob@example.com",)
    assert replica.customers[everyone].emails == ("ann@example.com", "bob@example.com")


@pytest.fixture
def tailored() -> Iterator[BusinessOneConnection]:
    fields = Settings(
        zone="America/Los_Angeles",
        partner_fields={"U_DunningMail": "emails"},
        document_fields={"U_PO": "memo", "U_Mail": "bill_emails"},
    )
    connection = BusinessOneConnection(settings=fields)
    yield connection
    connection.books.close()


def test_a_tenants_own_fields_are_read_where_they_are_mapped(tailored: BusinessOneConnection) -> None:
    here, replica = tailored, Replica(tailored.ledger)
    owner = customer(here, extra=own(U_DunningMail="due@example.com; ap@example.com", U_Odd={"a": [1]}))
    invoice = bill(here, owner, extra=own(U_PO=4711, U_Mail="po@example.com", U_Else=None))
    replica.sync()
    document = replica.documents[here.ref("invoice", invoice)]
    assert replica.customers[owner].emails == ("due@example.com", "ap@example.com")
    assert (document.memo, document.bill_emails) == ("4711", ("po@example.com",))


def test_a_tenants_own_fields_are_passed_over_elsewhere(here: BusinessOneConnection, replica: Replica) -> None:
    bill(here, customer(here, extra=own(U_Odd={"a": [1]})), extra=own(U_PO=[4711], U_X=None))
    replica.sync()
    assert (len(replica.open), replica.problems) == (1, [])


@pytest.mark.parametrize(
    "wrong", [{"partner_fields": {"EMail": "emails"}}, {"document_fields": {"U_X": "open"}}, {"marker_field": "Notes"}]
)
def test_fields_that_cannot_be_mapped_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot be mapped"):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("key", "is_credit", "ref"),
    [
        (Key(13, 130), False, "invoice:130"),
        (Key(203, 7), False, "invoice:203/7"),
        (Key(14, 5), True, "credit_memo:5"),
        (Key(13, 130), True, "credit_memo:13/130"),
        (Key(24, 9), False, "payment:9"),
        (Key(30, 77, 1), False, "journal:77.1"),
    ],
)
def test_refs_name_documents_and_are_read_back(key: Key, is_credit: bool, ref: str) -> None:
    assert ref_of(key, is_credit=is_credit) == ref
    assert key_of(ref) == key


@pytest.mark.parametrize("ref", ["customer:1", "invoice:", "invoice:abc", "invoice:x/7", "invoice"])
def test_what_is_no_ref_of_ours_names_nothing(ref: str) -> None:
    assert key_of(ref) is None


def test_currencies_without_decimals_keep_none() -> None:
    known = Currencies(local="$", iso={"$": "USD"})
    assert known.money(Decimal("1200.0"), "JPY") == Money(1200, "JPY")
    assert known.money(Decimal("1.2345"), "KWD") == Money(1235, "KWD")
    assert known.money(None, None) == Money(0, "USD")


@pytest.mark.parametrize("told", ["10.10", "-10.10"])
def test_a_credit_note_that_a_payment_uses_up_is_negative_whatever_its_sign_on_the_wire(told: str) -> None:
    row = Applied(doc_entry=5, invoice_type="it_CredItnote", sum_applied=Decimal(told))
    assert applied(row, None, Currencies(local="EUR")) == Money.of("-10.10", "EUR")
