"""A client of the face that knows nothing of ours: addresses as they are typed, answers as they come."""

import json
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, unquote

from adapters.sandbox.books import Books
from adapters.sap.s4hana.sandbox import S4HanaSandbox, S4HanaSettings
from adapters.sap.s4hana.sandbox.app import ROOT
from adapters.sap.s4hana.sandbox.sets import CUBE, PARTNERS
from adapters.sap.s4hana.sandbox.wire import Answer
from tests.contract.ledgers import Clock

ITEMS = f"{CUBE}/A_OperationalAcctgDocItemCube"
TEXTS = f"{PARTNERS}/A_CustomerCompanyText"
JSON = {"accept": "application/json", "host": "s4.example"}


class Caller:
    """A face over books with one customer, who owes three invoices."""

    def __init__(self, settings: S4HanaSettings | None = None) -> None:
        self.clock = Clock()
        self.books = Books(now=self.clock.now, multicurrency=True)
        self.face = S4HanaSandbox(self.books, settings=settings)
        self.books.add_customer("O'Brien & Söhne", emails="ap@example.com, boss@example.com", language="de")
        self.invoices = [
            self.books.bill("1", Decimal(amount), issue_date=date(2026, 9, day), due_date=date(2026, 10, day))
            for day, amount in ((1, "10.10"), (2, "20.20"), (3, "30.30"))
        ]

    def call(self, method: str, address: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        path, _, query = address.partition("?")
        params = dict(parse_qsl(query, keep_blank_values=True))
        return self.face.answer(method, unquote(ROOT + path), params, JSON if headers is None else headers, body)

    def told(self, address: str) -> dict[str, object]:
        """What `d` holds."""
        answer = self.call("GET", address)
        assert answer.status == 200, answer.body
        found: dict[str, object] = json.loads(answer.body)["d"]
        return found

    def rows(self, address: str) -> list[dict[str, object]]:
        found = self.told(address)["results"]
        assert isinstance(found, list)
        return found

    def amounts(self, filter_: str) -> list[object]:
        """Amounts of lines on customers that meet a condition."""
        whole = f"FinancialAccountType eq 'D' and ({filter_})"
        return [row["AmountInTransactionCurrency"] for row in self.rows(f"{ITEMS}?$filter={whole.replace(' ', '%20')}")]

    def token(self) -> dict[str, str]:
        """The headers that a change needs."""
        answer = self.call("GET", f"{PARTNERS}/", {**JSON, "x-csrf-token": "Fetch"})
        told = dict(answer.headers)
        return {**JSON, "x-csrf-token": told["X-CSRF-Token"], "cookie": told["Set-Cookie"].partition(";")[0]}
