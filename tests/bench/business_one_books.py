"""Business One's books rendered beforehand: invoices, credit notes, payments on account, and partners."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tests.bench.sap_mix import SapMix, Sort
from tests.bench.sap_server import Answer
from tests.bench.sync_books import Rows, write_rows

PAGE = 500  # as the client prefers, which this server heeds
_BEYOND = re.compile(r"\b(?:DocEntry|CardCode) gt '?C?(\d+)")
_TAB = "\n\t\t\t"


def card_code(customer: int) -> str:
    """The partner of this place."""
    return f"C{customer + 1:07}"


class BusinessOneBooks:
    """The rows of every entity set, and how a call is answered from them. A document's number is its item's and one."""

    def __init__(self, folder: Path, items: int) -> None:
        self._mix = render(folder, items)
        counts = {**{name: _before(name, items) for name in _SORTS}, "open": items}
        counts |= dict.fromkeys(("BusinessPartners", "balances"), self._mix.customers)
        self._rows = {name: Rows(folder, name, count) for name, count in counts.items()}

    def answer(self, method: str, path: str, options: dict[str, str], body: bytes) -> Answer:
        """The answer to a read, a login, or a function."""
        name, filter_ = path.rpartition("/")[2], options.get("$filter", "")
        if method == "POST":
            return self._called(name, body)
        if name == "$count":
            return Answer([str(self._rows["Invoices"].count).encode()], "text/plain")
        if name == "Currencies":
            return _page(b'{"Code" : "$", "DocumentsCode" : "USD"}')
        if options.get("$orderby", "").endswith(" desc"):
            return _page(b'{"DocEntry" : %d}' % self._mix.items if name in _SORTS else b"")
        if name == "BusinessPartners" and "UpdateDate" in filter_:  # none has changed
            return _page(b"")
        if "CurrentAccountBalance" in options.get("$select", ""):
            name = "balances"
        return self._list(name, filter_)

    def _called(self, name: str, body: bytes) -> Answer:
        if name == "Login":
            return Answer([b'{"SessionId" : "bench"}'], headers="Set-Cookie: B1SESSION=bench; HttpOnly;\r\n")
        if name == "CompanyService_GetAdminInfo":
            return Answer([b'{"CompanyName" : "Harbour Supplies", "LocalCurrency" : "$", "Country" : "US"}'])
        codes = re.findall(rb'"BPCode":"C(\d+)"', body)
        items = (item for each in codes for item in self._mix.of_customer(int(each) - 1))
        rows = b",".join(self._rows["open"].run(item, item + 1) for item in items)
        return Answer([b'{"InternalReconciliationOpenTransRows" : [', rows, b"]}"])

    def _list(self, name: str, filter_: str) -> Answer:
        rows = self._rows.get(name)
        if rows is None:  # journal entries and down payments, of which there are none
            return _page(b"")
        if keys := re.findall(r"(?:DocEntry|CardCode) eq '?C?(\d+)", filter_):
            places = [_before(name, int(each) - 1) for each in keys]
            return _page(b",".join(rows.run(each, each + 1) for each in places))
        first = _before(name, int(found[1])) if (found := _BEYOND.search(filter_)) else 0
        return _page(rows.run(first, first + PAGE), more=first + PAGE < rows.count)


def _page(rows: bytes | memoryview, *, more: bool = False) -> Answer:
    link = b'"@odata.nextLink" : "Next?$skip=500",' if more else b""
    return Answer([b'{%s\n\t"value" : [' % link, rows, b"]\n}"])


def _before(name: str, item: int) -> int:
    """How many rows of a kind there are before an item of the mix."""
    whole, rest = divmod(item, 100)
    return {
        "Invoices": whole * 98 + rest - (rest > 49),
        "CreditNotes": whole,
        "IncomingPayments": whole + (rest > 49),
    }.get(name, item)


_SORTS = {"Invoices": Sort.INVOICE, "CreditNotes": Sort.CREDIT, "IncomingPayments": Sort.PAYMENT}


def render(folder: Path, items: int) -> SapMix:
    """Writes the books into `folder`, unless they are there."""
    mix = SapMix(items)
    if not (folder / "rendered").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name, sort in _SORTS.items():
            own = (item for item in range(items) if mix.sort(item) is sort)
            facts = _payment if sort is Sort.PAYMENT else _document
            write_rows(folder, name, (_row(facts(mix, item)) for item in own))
        write_rows(folder, "open", (_row(_open(mix, item)) for item in range(items)))
        for name in ("BusinessPartners", "balances"):
            write_rows(folder, name, (_row(_partner(each, whole=name != "balances")) for each in range(mix.customers)))
        (folder / "rendered").touch()
    return mix


def _row(told: Mapping[str, object]) -> str:
    """As Business One writes it: a line for each property, a blank before each colon."""
    lines: Iterable[str] = (f'"{name}" : {msgspec.json.encode(value).decode()}' for name, value in told.items())
    return f"{{{_TAB}" + f",{_TAB}".join(lines) + "}"


def _document(mix: SapMix, item: int) -> dict[str, object]:
    total, due = mix.cents(item) / 100, f"{mix.due(item)}T00:00:00Z"
    issued, clock = f"{mix.issued(item)}T00:00:00Z", f"{item % 24:02}:{item % 60:02}:{item * 7 % 60:02}"
    return {
        "@odata.etag": f'W/"{item:040X}"',
        "DocEntry": item + 1,
        "DocNum": 100_001 + item,
        "CardCode": card_code(mix.owner(item)),
        "NumAtCard": f"PO {item}",
        "DocDate": issued,
        "DocDueDate": due,
        "DocTotal": total,
        "DocTotalFc": 0.0,
        "DocCurrency": "$",
        "PaidToDate": 0.0,
        "PaidToDateFC": 0.0,
        "DocumentStatus": "bost_Open",
        "Cancelled": "tNO",
        "CancelStatus": "csNo",
        "Comments": f"Order {item}, as agreed by phone",
        "BlockDunning": "tNO",
        "CreationDate": issued,
        "DocTime": clock,
        "UpdateDate": issued,
        "UpdateTime": clock,
        "DocumentInstallments": [
            {
                "DueDate": due,
                "Percentage": 100.0,
                "Total": total,
                "LastDunningDate": None,
                "DunningLevel": 0,
                "TotalFC": 0.0,
                "InstallmentId": 1,
                "PaymentOrdered": "tNO",
            }
        ],
    }


def _payment(mix: SapMix, item: int) -> dict[str, object]:
    return {
        "@odata.etag": f'W/"{item:040X}"',
        "DocEntry": item + 1,
        "DocNum": 100_001 + item,
        "DocType": "rCustomer",
        "CardCode": card_code(mix.owner(item)),
        "DocDate": f"{mix.issued(item)}T00:00:00Z",
        "DocCurrency": "$",
        "DocRate": 0.0,
        "CashSum": 0.0,
        "TransferSum": mix.cents(item) / 100,
        "BillOfExchangeAmount": 0.0,
        "TransferReference": f"T{item}",
        "CounterReference": None,
        "Remarks": "Paid on account",
        "Cancelled": "tNO",
        "PaymentChecks": [],
        "PaymentCreditCards": [],
        "PaymentInvoices": [],
    }


def _open(mix: SapMix, item: int) -> dict[str, object]:
    """A row of the list for reconciling an account."""
    sort = mix.sort(item)
    return {
        "Selected": "tNO",
        "TransId": 500_001 + item,
        "TransRowId": 0 if sort is Sort.INVOICE else 1,
        "SrcObjTyp": {Sort.INVOICE: "13", Sort.CREDIT: "14", Sort.PAYMENT: "24"}[sort],
        "SrcObjAbs": item + 1,
        "CreditOrDebit": "codDebit" if sort is Sort.INVOICE else "codCredit",
        "ReconcileAmount": mix.cents(item) / 100,
        "CashDiscount": 0.0,
        "ShortName": card_code(mix.owner(item)),
    }


def _partner(customer: int, *, whole: bool) -> dict[str, object]:
    code = card_code(customer)
    own = {"CardCode": code, "Currency": "$", "FatherCard": None, "FatherType": "cPayments_sum"}
    if not whole:
        return {**own, "CurrentAccountBalance": 1000.0}
    return {
        "@odata.etag": f'W/"{customer:040X}"',
        **own,
        "CardType": "cCustomer",
        "CardName": f"Harbor Lane Trading {customer}",
        "EmailAddress": f"accounts{customer}@harbor-lane.example",
        "Phone1": f"(650) 555-{customer % 10000:04}",
        "ContactPerson": None,
        "Country": "US",
        "ZipCode": f"{customer % 99999:05}",
        "BillToState": "CA",
        "BlockDunning": "tNO",
        "DunningDate": None,
        "DunningTerm": None,
        "LanguageCode": 3,
        "FreeText": None,
        "Frozen": "tNO",
        "UpdateDate": "2026-02-01T00:00:00Z",
        "UpdateTime": "10:11:12",
        "CreateDate": "2025-02-01T00:00:00Z",
        "ContactEmployees": [
            {
                "CardCode": code,
                "Name": "A. Payable",
                "Phone1": None,
                "E_Mail": f"payables{customer}@harbor-lane.example",
                "InternalCode": customer + 1,
                "Gender": "gt_Undefined",
                "Active": "tYES",
            }
        ],
    }
