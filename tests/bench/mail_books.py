"""A company with many small debtors, behind Intuit's API answered inside the process: only the client is measured."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import msgspec

from adapters.documents import Customer, Document
from adapters.quickbooks import mapping, wire
from adapters.quickbooks.cursor import State

INVOICES_EACH = 2
_IDS = re.compile(r"'(\d+)'")


class SmallDebtors:
    """So many customers, each owing two invoices for some weeks, in English, German, French and Spanish."""

    def __init__(self, customers: int, today: date) -> None:
        self.customers = [_customer(number) for number in range(1, customers + 1)]
        due = today - timedelta(days=16)
        self.invoices = {str(number): _invoice(number, due) for number in range(1, customers * INVOICES_EACH + 1)}

    def documents(self) -> Iterator[Document]:
        """The invoices as our own adapter reads them."""
        for row in self.invoices.values():
            yield mapping.invoice(msgspec.json.decode(row, type=wire.Invoice), lambda: "USD")

    def people(self) -> Iterator[Customer]:
        """The customers as our own adapter reads them."""
        for row in self.customers:
            yield mapping.customer(msgspec.json.decode(row, type=wire.Customer), lambda: "USD")


_COUNTRIES = ("US", "US", "US", "DE", "FR", "ES")


def _customer(number: int) -> bytes:
    return json.dumps(
        {
            "Id": str(number),
            "SyncToken": "0",
            "DisplayName": f"Customer {number:05} Trading Company",
            "Active": True,
            "PrimaryEmailAddr": {"Address": f"ap{number}@debtor{number % 977}.example"},
            "BillAddr": {"Country": _COUNTRIES[number % len(_COUNTRIES)], "CountrySubDivisionCode": "NY"},
            "CurrencyRef": {"value": "USD"},
            "MetaData": _made(number),
        }
    ).encode()


def _invoice(number: int, due: date) -> bytes:
    total = f"{100 + number % 900}.{number % 100:02}"
    return (
        json.dumps(
            {
                "Id": str(number),
                "SyncToken": "1",
                "DocNumber": f"26-{number:05}",
                "TxnDate": (due - timedelta(days=30)).isoformat(),
                "DueDate": (due - timedelta(days=number % 3)).isoformat(),
                "CustomerRef": {"value": str((number - 1) // INVOICES_EACH + 1)},
                "CurrencyRef": {"value": "USD"},
                "TotalAmt": 0,
                "Balance": 0,
                "EmailStatus": "EmailSent",
                "PrivateNote": "Delivered by van, signed at the gate.",
                "Line": [{"Id": "1", "Amount": 0, "DetailType": "SalesItemLineDetail", "Description": "Goods"}],
                "MetaData": _made(number),
            }
        )
        .replace('"TotalAmt": 0, "Balance": 0', f'"TotalAmt": {total}, "Balance": {total}')
        .encode()
    )


def _made(number: int) -> dict[str, str]:
    at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=number)
    return {"CreateTime": at.isoformat(), "LastUpdatedTime": at.isoformat()}


class AnsweringIntuit(httpx.BaseTransport):
    """Answers what `fresh` and `post` ask, from rows rendered beforehand, and counts the calls."""

    def __init__(self, books: SmallDebtors, now: Callable[[], datetime]) -> None:
        self.books = books
        self._now = now
        self.calls: dict[str, int] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One call."""
        what = request.url.path.rpartition("/")[2]
        self.calls[what] = self.calls.get(what, 0) + 1
        return httpx.Response(200, content=self._answer(what, request.read()))

    def _answer(self, what: str, body: bytes) -> bytes:
        time = f'"time":"{self._now().isoformat()}"'.encode()
        if what == "query":
            wanted = [self.books.invoices[each] for each in _IDS.findall(body.decode())]
            return b'{"QueryResponse":{"Invoice":[' + b",".join(wanted) + b"]}," + time + b"}"
        if what == "cdc":
            return b'{"CDCResponse":[{"QueryResponse":[{}]}],' + time + b"}"
        if what == "preferences":
            return b'{"Preferences":{"Id":"1","CurrencyPrefs":{"HomeCurrency":{"value":"USD"}}},' + time + b"}"
        assert what == "batch", what
        parts = [each["bId"] for each in json.loads(body)["BatchItemRequest"]]
        notes = [{"bId": part, "Attachable": {"Id": f"9{part}", "Note": ""}} for part in parts]
        return json.dumps({"BatchItemResponse": notes}).encode()


def read_cursor(now: datetime) -> str:
    """The cursor of a finished reading."""
    state = State(since="")
    state.move_to(now)
    return state.encode()
