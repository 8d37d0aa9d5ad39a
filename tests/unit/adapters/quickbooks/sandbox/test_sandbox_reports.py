from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.quickbooks.sandbox import SandboxSettings
from adapters.sandbox.records import AR_ACCOUNT
from tests.unit.adapters.quickbooks.sandbox.face import DAY, Face, Value

D = Decimal
COLUMNS = "tx_date,txn_type,doc_num,cust_name,due_date,subt_amount,subt_open_bal"


def detail(face: Face, **params: str) -> Value:
    return face.get("reports/AgedReceivableDetail", **{"columns": COLUMNS, **params})


def data(report: Value) -> list[dict[str, Value]]:
    """The rows of data, each cell by the key of its column."""
    keys = [each["MetaData"][0]["Value"] for each in report["Columns"]["Column"]]
    sections = [row for row in report["Rows"]["Row"] if "Rows" in row]
    return [dict(zip(keys, row["ColData"], strict=True)) for section in sections for row in section["Rows"]["Row"]]


def opened(report: Value) -> list[Decimal]:
    return [D(row["subt_open_bal"]["value"]) for row in data(report)]


def busy(face: Face) -> str:
    """A customer with one of everything."""
    customer = face.customer()
    late = face.invoice(customer, "100", due_date=DAY - timedelta(days=40))
    face.invoice(customer, "50")
    face.books.pay(customer, D(75), on=DAY, apply={late: D(60)})
    face.books.credit(customer, D(20), on=DAY)
    face.books.journal([(customer, D(7), AR_ACCOUNT), (None, D(-7), "Services")], on=DAY)
    return customer


def test_every_open_document_is_a_row_and_credits_are_negative(face: Face) -> None:
    customer = busy(face)
    report = detail(face)
    assert sorted(opened(report)) == [D(-20), D(-15), D(7), D(40), D(50)]
    assert sum(opened(report)) == face.books.balance(customer, "USD")
    assert {row["cust_name"]["id"] for row in data(report)} == {customer}
    assert all(row["txn_type"]["id"].isdigit() for row in data(report))


def test_sections_are_ages_and_their_totals_count_the_rows_again(face: Face) -> None:
    busy(face)
    rows = detail(face)["Rows"]["Row"]
    assert [row["Header"]["ColData"][0]["value"] for row in rows if "Header" in row] == [
        "31 - 60 days past due",
        "Current",
    ]
    totals = [D(row["Summary"]["ColData"][-1]["value"]) for row in rows]
    assert totals[-1] == sum(totals[:-1])
    assert rows[-1]["group"] == "GrandTotal"


def test_titles_are_in_the_companys_language() -> None:
    face = Face(SandboxSettings(open_door=True, language="de"))
    busy(face)
    report = detail(face)
    assert [each["ColTitle"] for each in report["Columns"]["Column"]][-1] == "Offener Saldo"
    assert report["Columns"]["Column"][-1]["ColType"] == "subt_open_bal"
    assert sum(opened(report)) == D(62)
    face.books.close()


def test_documents_after_the_reports_day_are_left_out(face: Face) -> None:
    customer = face.customer()
    face.invoice(customer, "100")
    face.invoice(customer, "50", issue_date=DAY + timedelta(days=1))
    assert opened(detail(face)) == [D(100)]
    assert opened(detail(face, report_date="2026-03-03")) == [D(100), D(50)]
    assert opened(detail(face, report_date="2026-03-01")) == []


def test_what_a_later_payment_settles_is_still_open_on_the_day(face: Face) -> None:
    customer = face.customer()
    invoice = face.invoice(customer, "100")
    face.books.pay(customer, D(100), on=DAY + timedelta(days=2), apply={invoice: D(100)})
    assert opened(detail(face)) == [D(100)]
    assert opened(detail(face, report_date="2026-03-04")) == []


def test_a_payment_for_a_later_invoice_is_unapplied_on_the_day(face: Face) -> None:
    customer = face.customer()
    invoice = face.invoice(customer, "100", issue_date=DAY + timedelta(days=2))
    face.books.pay(customer, D(100), on=DAY, apply={invoice: D(100)})
    assert opened(detail(face)) == [D(-100)]


def test_the_report_is_of_some_customers_where_they_are_named(face: Face) -> None:
    first, second = face.customer("One"), face.customer("Two")
    face.invoice(first, "1")
    face.invoice(second, "2")
    assert opened(detail(face, customer=second)) == [D(2)]


def test_no_data_is_said_so(face: Face) -> None:
    report = detail(face)
    assert {"Name": "NoReportData", "Value": "true"} in report["Header"]["Option"]
    assert report["Rows"] == {"Row": []}


def test_the_columns_without_a_wish_have_no_customer(face: Face) -> None:
    report = face.get("reports/AgedReceivableDetail")
    assert [each["ColType"] for each in report["Columns"]["Column"]] == [
        "tx_date",
        "txn_type",
        "doc_num",
        "due_date",
        "memo",
        "dept_name",
        "subt_amount",
        "subt_open_bal",
    ]


def test_with_several_currencies_open_balances_are_in_the_documents_own() -> None:
    face = Face(multicurrency=True, rates={"EUR": D("1.08")})
    face.invoice(face.customer("Euro", currency="EUR"), "50")
    report = face.get("reports/AgedReceivableDetail")
    assert [each["ColType"] for each in report["Columns"]["Column"]][-4:] == [
        "currency",
        "exch_rate",
        "foreign_amount",
        "foreign_open_bal",
    ]
    (row,) = data(report)
    assert (row["currency"]["value"], row["foreign_open_bal"]["value"]) == ("EUR", "50.00")
    face.books.close()


def test_the_summary_has_parents_above_their_sub_customers_with_both_in_one_total(face: Face) -> None:
    parent = face.customer("Harbour")
    child = face.customer("Berth", parent=parent)
    face.invoice(parent, "10")
    face.invoice(child, "5", due_date=DAY - timedelta(days=1))
    face.invoice(face.customer("Alone"), "1")
    rows = face.get("reports/AgedReceivables")["Rows"]["Row"]
    alone, family, total = rows
    assert [cell["value"] for cell in alone["ColData"]] == ["Alone", "1.00", "", "", "", "", "1.00"]
    assert [cell["value"] for cell in family["Header"]["ColData"]][-1] == "10.00"
    assert family["Rows"]["Row"][0]["ColData"][0] == {"value": "Berth", "id": child}
    assert [cell["value"] for cell in family["Summary"]["ColData"]][1:3] == ["10.00", "5.00"]
    assert total["Summary"]["ColData"][-1]["value"] == "16.00"


@pytest.mark.parametrize(("name", "params"), [("Nothing", {}), ("AgedReceivables", {"report_date": "soon"})])
def test_what_is_no_report_is_refused(face: Face, name: str, params: dict[str, str]) -> None:
    assert face.refusal("GET", f"reports/{name}", **params) in {"500", "2080"}
