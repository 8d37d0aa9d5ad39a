from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import respx

from adapters.errors import LedgerUnavailable
from adapters.money import Money
from adapters.quickbooks.reports import lines, parameters, read_report
from tests.unit.adapters.quickbooks.office import COMPANY, Office, bodies, encoded

KEYS = ("tx_date", "txn_type", "doc_num", "cust_name", "subt_open_bal")


def column(key: str, *, with_key: bool) -> dict[str, object]:
    made: dict[str, object] = {"ColTitle": f"«{key}» auf Deutsch", "ColType": key}
    return made | ({"MetaData": [{"Name": "ColKey", "Value": key}], "ColType": "Money"} if with_key else {})


def data(day: str, kind: str, customer: str, opened: str) -> dict[str, object]:
    cells = [{"value": day}, {"value": kind, "id": "9"}, {"value": "1041"}, {"value": "Amy", "id": customer}]
    return {"type": "Data", "ColData": [*cells, {"value": opened}]}


def total(opened: str) -> dict[str, object]:
    return {"ColData": [{"value": "Summe"}, *[{"value": ""}] * 3, {"value": opened}]}


def section(*rows: dict[str, object], opened: str) -> dict[str, object]:
    return {
        "type": "Section",
        "Header": total("")["ColData"] and total(""),
        "Rows": {"Row": list(rows)},
        "Summary": total(opened),
    }


def report(*rows: dict[str, object], with_key: bool = True) -> bytes:
    columns = [column(key, with_key=with_key) for key in KEYS]
    return encoded({"Header": {"Currency": "USD"}, "Columns": {"Column": columns}, "Rows": {"Row": list(rows)}})


def told(body: bytes) -> Iterator[tuple[str, Decimal]]:
    return ((line.customer, line.open.amount) for line in lines(read_report(body), "USD"))


@pytest.mark.parametrize("with_key", [True, False])
def test_lines_are_counted_once_under_parents_and_totals(with_key: bool) -> None:
    child = section(data("2026-05-04", "Rechnung", "21", "12.50"), opened="12.50")
    parent = section(data("2026-05-01", "Rechnung", "20", "1,000.00"), child, opened="1012.50")
    body = report(parent, {"type": "Section", "group": "GrandTotal", "Summary": total("1012.50")}, with_key=with_key)
    assert list(told(body)) == [("20", Decimal(1000)), ("21", Decimal("12.50"))]


def test_total_rows_that_look_like_data_are_passed_over() -> None:
    as_data = {**total("99.00"), "type": "Data"}
    assert list(told(report(data("2026-05-04", "Invoice", "20", "1.00"), as_data))) == [("20", Decimal("1.00"))]


def test_credits_are_negative_and_blanks_are_nothing() -> None:
    body = report(data("2026-05-04", "Payment", "20", "-7.25"), data("2026-05-04", "Invoice", "20", ""))
    assert list(told(body)) == [("20", Decimal("-7.25"))]


def test_an_empty_report_has_no_lines() -> None:
    assert list(told(encoded({"Header": {"Option": [{"Name": "NoReportData", "Value": "true"}]}, "Rows": {}}))) == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", report(data("May", "Invoice", "20", "1.00"))])
def test_a_report_that_cannot_be_read_is_never_half_a_report(body: bytes) -> None:
    with pytest.raises(LedgerUnavailable):
        list(lines(read_report(body), "USD"))


def test_with_several_currencies_the_foreign_columns_are_asked_for() -> None:
    asked = parameters(date(2026, 11, 2), multicurrency=True)
    assert asked["report_date"] == "2026-11-02"
    assert asked["aging_method"] == "Report_Date"
    assert {"currency", "foreign_open_bal"} <= set(asked["columns"].split(","))
    assert "subt_open_bal" in parameters(date(2026, 11, 2), multicurrency=False)["columns"]


def test_foreign_lines_are_in_their_own_currency() -> None:
    keys = ("tx_date", "txn_type", "cust_name", "currency", "foreign_open_bal")
    cells = [
        {"value": "2026-05-04"},
        {"value": "Invoice"},
        {"value": "Amy", "id": "20"},
        {"value": "EUR"},
        {"value": "5"},
    ]
    columns = {"Column": [column(key, with_key=True) for key in keys]}
    row = {"type": "Data", "ColData": cells}
    body = encoded({"Header": {"Currency": "USD"}, "Columns": columns, "Rows": {"Row": [row]}})
    (line,) = lines(read_report(body), "USD")
    assert line.open == Money.of(5, "EUR")


def test_a_recorded_report_is_walked_without_a_stumble() -> None:
    (body,) = bodies("reports/gl")
    assert list(lines(read_report(body), "USD")) == []


def totals(body: bytes) -> dict[str, dict[str, Money]]:
    office = Office()
    preferences = {"Preferences": {"Id": "1", "CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}}
    customers = {"QueryResponse": {"Customer": [{"Id": "20", "DisplayName": "Amy", "FullyQualifiedName": "Amy"}]}}
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{COMPANY}/preferences").respond(json=preferences)
        router.get(f"{COMPANY}/reports/AgedReceivableDetail").respond(content=body)
        router.post(f"{COMPANY}/query").respond(json=customers)
        return office.ledger.totals(date(2026, 11, 2)).by_customer


def test_lines_dated_after_the_day_are_left_out_even_where_the_report_has_them() -> None:
    body = report(data("2026-11-02", "Invoice", "20", "5.00"), data("2026-11-03", "Invoice", "20", "7.00"))
    assert totals(body) == {"20": {"USD": Money.of(5, "USD")}}


def test_a_customer_named_without_an_id_is_found_by_its_name() -> None:
    unnamed = data("2026-11-02", "Invoice", "", "5.00")
    assert totals(report(unnamed)) == {"20": {"USD": Money.of(5, "USD")}}
