"""AgedReceivableDetail and AgedReceivables, with the traps of the real ones.

Titles are localised, all values are strings and nothing is an empty one, sections carry totals that count their rows
a second time, and parents stand above their sub-customers with both in one total. With multicurrency the open
balances of the detail are in foreign units.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from adapters.quickbooks.sandbox.ageing import OpenItem, open_items
from adapters.quickbooks.sandbox.context import Context
from adapters.quickbooks.sandbox.titles import COLUMNS
from adapters.quickbooks.sandbox.wire import Json, Refused, amount
from adapters.sandbox.records import ZERO, Customer

_CENT = Decimal("0.01")
_DETAIL = ("tx_date", "txn_type", "doc_num", "due_date", "memo", "dept_name")
_HOME = ("subt_amount", "subt_open_bal")
_FOREIGN = ("currency", "exch_rate", "foreign_amount", "foreign_open_bal")
_KNOWN = frozenset((*_DETAIL, *_HOME, *_FOREIGN, "cust_name", "past_due"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a call asks for."""

    on: date
    customers: frozenset[str]
    period: int
    periods: int


class Reports:
    """The ageing reports."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._words = COLUMNS.get(context.settings.language, COLUMNS["en"])

    def report(self, name: str, params: Mapping[str, str]) -> Json:
        """The report with this name. Raises `Refused` (500) for one that the sandbox does not have."""
        try:
            asked = _Asked(
                on=date.fromisoformat(params["report_date"]) if params.get("report_date") else self._context.today(),
                customers=frozenset(filter(None, params.get("customer", "").split(","))),
                period=int(params.get("aging_period", "30")),
                periods=int(params.get("num_periods", "4")),
            )
        except ValueError as error:
            raise Refused("2080", f"Invalid report parameter: {error}") from error
        items = open_items(
            self._context.books, asked.on, customers=asked.customers, period=asked.period, periods=asked.periods
        )
        if name.lower() == "agedreceivabledetail":
            return self._detail(asked, items, params.get("columns", ""))
        if name.lower() == "agedreceivables":
            return self._summary(asked, items)
        raise Refused("500", f"Operation report {name} is not supported.")

    def _header(self, name: str, asked: _Asked, items: list[OpenItem]) -> Json:
        return {
            "Time": self._context.time(self._context.now()),
            "ReportName": name,
            "ReportBasis": "Accrual",
            "EndPeriod": asked.on.isoformat(),
            "Currency": self._context.books.home_currency,
            "Option": [
                {"Name": "report_date", "Value": asked.on.isoformat()},
                {"Name": "NoReportData", "Value": "false" if items else "true"},
            ],
        }

    def _bucket(self, bucket: int, asked: _Asked) -> str:
        if bucket == 0:
            return self._words["current"]
        first = (bucket - 1) * asked.period + 1
        if bucket == asked.periods:
            return self._words["over"].format(first)
        return self._words["days"].format(first, bucket * asked.period)

    def _home(self, item: OpenItem) -> Decimal:
        return (item.open * self._context.books.rate(item.document.currency)).quantize(_CENT)

    # --- detail ------------------------------------------------------------------------------------------------

    def _detail(self, asked: _Asked, items: list[OpenItem], columns: str) -> Json:
        chosen = [each for each in columns.split(",") if each in _KNOWN] or list(self._default())
        rows: list[Json] = []
        for bucket in range(asked.periods, -1, -1):
            held = [item for item in items if item.bucket == bucket]
            if held:
                rows.append(self._section(self._bucket(bucket, asked), held, chosen, asked.on))
        if items:
            total = self._total_row(self._words["grand"], items, chosen)
            rows.append({"Summary": total, "type": "Section", "group": "GrandTotal"})
        titled = [
            {"ColTitle": self._words[key], "ColType": key, "MetaData": [{"Name": "ColKey", "Value": key}]}
            for key in chosen
        ]
        header = self._header("AgedReceivableDetail", asked, items)
        return {"Header": header, "Columns": {"Column": titled}, "Rows": {"Row": rows}}

    def _default(self) -> tuple[str, ...]:
        return (*_DETAIL, *(_FOREIGN if self._context.books.multicurrency else _HOME))

    def _section(self, title: str, items: list[OpenItem], columns: list[str], on: date) -> Json:
        head = [{"value": title}, *({"value": ""} for _ in columns[1:])]
        return {
            "Header": {"ColData": head},
            "Rows": {"Row": [{"ColData": self._cells(item, columns, on), "type": "Data"} for item in items]},
            "Summary": self._total_row(self._words["total_for"].format(title), items, columns),
            "type": "Section",
        }

    def _total_row(self, title: str, items: list[OpenItem], columns: list[str]) -> Json:
        opened = sum((self._home(item) for item in items), ZERO)
        last = {"subt_open_bal", "foreign_open_bal"}
        return {
            "ColData": [
                {"value": title if at == 0 else str(opened) if key in last else ""} for at, key in enumerate(columns)
            ]
        }

    def _cells(self, item: OpenItem, columns: list[str], on: date) -> list[Json]:
        document = item.document
        rate = self._context.books.rate(document.currency)
        customer = self._context.customer_ref(document.customer)
        cells: dict[str, Json] = {
            "tx_date": {"value": document.issue_date.isoformat()},
            "txn_type": {"value": self._words[document.kind.value], "id": document.id.partition(".")[0]},
            "doc_num": {"value": document.number},
            "cust_name": {"value": customer.get("name", ""), "id": customer["value"]},
            "due_date": {"value": document.due_date.isoformat()},
            "memo": {"value": document.memo},
            "dept_name": {"value": ""},
            "past_due": {"value": str((on - document.due_date).days)},
            "subt_amount": {"value": _text((document.total * rate).quantize(_CENT))},
            "subt_open_bal": {"value": _text(self._home(item))},
            "currency": {"value": document.currency},
            "exch_rate": {"value": str(rate)},
            "foreign_amount": {"value": _text(document.total)},
            "foreign_open_bal": {"value": _text(item.open)},
        }
        return [cells[key] for key in columns]

    # --- summary -----------------------------------------------------------------------------------------------

    def _summary(self, asked: _Asked, items: list[OpenItem]) -> Json:
        width = asked.periods + 2  # not yet due, the periods, and their sum
        own: dict[str, list[Decimal]] = {}
        for item in items:
            sums = own.setdefault(item.document.customer, [ZERO] * width)
            sums[item.bucket] += self._home(item)
            sums[-1] += self._home(item)
        tops = [each for each in self._context.books.customers() if each.parent is None]
        rows = [
            row for each in sorted(tops, key=lambda one: one.name.lower()) if (row := self._family(each, own, width))
        ]
        if rows:
            total = _added(own.values(), width)
            rows.append(
                {"Summary": _amounts({"value": self._words["grand"]}, total), "type": "Section", "group": "GrandTotal"}
            )
        titles = ["", *(self._bucket(each, asked) for each in range(asked.periods + 1)), self._words["total"]]
        keys = ["cust_name", "current", *(str(each) for each in range(asked.periods)), "total"]
        columns = [
            {
                "ColTitle": title,
                "ColType": "Money" if at else "Customer",
                "MetaData": [{"Name": "ColKey", "Value": key}],
            }
            for at, (title, key) in enumerate(zip(titles, keys, strict=True))
        ]
        header = self._header("AgedReceivables", asked, items)
        return {"Header": header, "Columns": {"Column": columns}, "Rows": {"Row": rows}}

    def _family(self, customer: Customer, own: dict[str, list[Decimal]], width: int) -> Json | None:
        children = self._context.books.customer_book.children(customer.id)
        below = [row for child in children if (row := self._family(child, own, width))]
        cell = {"value": customer.name, "id": customer.id}
        mine = own.get(customer.id)
        if not below:
            return {"ColData": _amounts(cell, mine)["ColData"], "type": "Data"} if mine else None
        family = _added((own[each] for each in self._members(customer.id) if each in own), width)
        title = self._words["total_for"].format(customer.name)
        return {
            "Header": _amounts(cell, mine or [ZERO] * width),
            "Rows": {"Row": below},
            "Summary": _amounts({"value": title}, family),
            "type": "Section",
        }

    def _members(self, ident: str) -> list[str]:
        children = self._context.books.customer_book.children(ident)
        return [ident, *(member for child in children for member in self._members(child.id))]


def _added(rows: Iterable[list[Decimal]], width: int) -> list[Decimal]:
    kept = list(rows)
    return [sum((row[at] for row in kept), ZERO) for at in range(width)]


def _amounts(title: Json, values: list[Decimal]) -> Json:
    return {"ColData": [title, *({"value": _text(value)} for value in values)]}


def _text(value: Decimal) -> str:
    return str(amount(value)) if value else ""
