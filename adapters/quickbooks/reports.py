"""QuickBooks' own open totals: the report AgedReceivableDetail, read by column keys, never by titles.

Only lines of a single transaction are counted: group headings, parents' rows and "Total for …" say the same money
again. Titles and buckets are localised and left alone.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec

from adapters.errors import LedgerUnavailable
from adapters.money import Money

REPORT = "AgedReceivableDetail"
_COLUMNS = ("tx_date", "txn_type", "doc_num", "due_date", "cust_name", "subt_amount", "subt_open_bal")
_FOREIGN = ("tx_date", "txn_type", "doc_num", "due_date", "cust_name", "currency", "exch_rate")
_FOREIGN_AMOUNTS = ("foreign_amount", "foreign_open_bal")


class _Pair(msgspec.Struct, kw_only=True, rename="pascal"):
    name: str = ""
    value: str = ""


class _Column(msgspec.Struct, kw_only=True, rename="pascal"):
    col_type: str = ""
    meta_data: list[_Pair] = []

    @property
    def key(self) -> str:
        return next((pair.value for pair in self.meta_data if pair.name == "ColKey"), self.col_type)


class _Columns(msgspec.Struct, kw_only=True, rename="pascal"):
    column: list[_Column] = []


class _Cell(msgspec.Struct, kw_only=True):
    value: str = ""
    id: str | None = None


class _Row(msgspec.Struct, kw_only=True):
    type: str = ""
    cells: list[_Cell] = msgspec.field(name="ColData", default_factory=list)
    rows: "_Rows | None" = msgspec.field(name="Rows", default=None)


class _Rows(msgspec.Struct, kw_only=True, rename="pascal"):
    row: list[_Row] = []


class _Header(msgspec.Struct, kw_only=True, rename="pascal"):
    time: str | None = None
    currency: str = ""


class Report(msgspec.Struct, kw_only=True, rename="pascal"):
    """A report as QuickBooks gives it."""

    header: _Header = msgspec.field(default_factory=_Header)
    columns: _Columns = msgspec.field(default_factory=_Columns)
    rows: _Rows = msgspec.field(default_factory=_Rows)


class ReportLine(msgspec.Struct, kw_only=True, frozen=True):
    """One open transaction of the report."""

    customer: str  # id, empty where the report gives none
    customer_name: str
    day: date | None
    open: Money


def parameters(on: date, *, multicurrency: bool) -> dict[str, str]:
    """What is asked for: every line open on a day, aged on that day."""
    columns = _FOREIGN + _FOREIGN_AMOUNTS if multicurrency else _COLUMNS
    return {"report_date": on.isoformat(), "aging_method": "Report_Date", "columns": ",".join(columns)}


def read_report(body: bytes) -> Report:
    """The report of an answer. Raises `LedgerUnavailable` for one that cannot be read."""
    try:
        return msgspec.json.decode(body, type=Report)
    except msgspec.DecodeError as error:
        raise LedgerUnavailable("QuickBooks gave a report that cannot be read.") from error


def lines(report: Report, home_currency: str) -> Iterator[ReportLine]:
    """The transactions of the report."""
    keys = [column.key for column in report.columns.column]
    for row in _data_rows(report.rows):
        cells = dict(zip(keys, row.cells, strict=False))
        kind = cells.get("txn_type", _Cell())
        opened = cells.get("foreign_open_bal") or cells.get("subt_open_bal")
        if opened is None or not (kind.value and opened.value):
            continue
        yield _line(cells, opened.value, report.header.currency or home_currency)


def _data_rows(rows: _Rows) -> Iterator[_Row]:
    for row in rows.row:
        if row.rows is not None:
            yield from _data_rows(row.rows)
        elif row.type == "Data":
            yield row


def _line(cells: Mapping[str, _Cell], opened: str, home: str) -> ReportLine:
    currency = (cells["currency"].value if "currency" in cells else "") or home
    customer = cells.get("cust_name", _Cell())
    dated = cells.get("tx_date", _Cell()).value
    try:
        amount = Decimal(opened.replace(",", ""))
        return ReportLine(
            customer=customer.id or "",
            customer_name=customer.value,
            day=date.fromisoformat(dated) if dated else None,
            open=Money.of(amount, currency),
        )
    except (InvalidOperation, ValueError) as error:
        raise LedgerUnavailable(
            f"The ageing report has a line that cannot be read: {opened!r} on {dated!r}."
        ) from error
