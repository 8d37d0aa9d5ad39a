"""A company from its books to its customers' mailboxes: the sandbox's books, QuickBooks' face over them, the adapter,
the store, the jobs, the mails and the notes, all as a person at the command line meets them. Only the network is left
out: calls go straight to the face, and `garble` may change what it answers.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from pydantic import SecretStr

from adapters.http import Http, Patience
from adapters.quickbooks.oauth import Tokens
from adapters.quickbooks.sandbox import QuickBooksSandbox
from adapters.sandbox.books import Books
from connector import connect as connecting
from connector.bootstrap import open_service
from connector.cli import invoke
from connector.clock import SimulatedClock
from connector.office import Office
from connector.settings import MailSettings, QuickBooksSettings, Settings
from tests.contract.ledgers import SandboxTransport
from tests.unit.connector.speaking.fakes import Mail, ScriptedMailer

SUMMER = datetime(2026, 8, 3, 18, 0, tzinfo=UTC)  # when the books are written
MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # business hours from New York to Los Angeles
LONG_DUE = date(2026, 10, 12)
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:  # noqa: ANN401 - whatever the command tells
        return json.loads(self.out)


class Trade:
    """The company, connected; nothing is read yet, and so it is in dry run."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        at: datetime = SUMMER,
        zone: str = "America/New_York",
        country: str = "US",
        home_currency: str = "USD",
        **settings: Any,  # noqa: ANN401 - its fields
    ) -> None:
        self.clock = SimulatedClock(at)
        self.books = Books(now=self.clock.now, home_currency=home_currency, multicurrency=True)
        self.transport = SandboxTransport(QuickBooksSandbox(self.books))
        self.mailer = ScriptedMailer(self.clock)
        given: dict[str, Any] = {
            "data_dir": folder,
            "database_url": SecretStr(database_url),
            "mail": MailSettings(sender_address="ar@trade.example"),
            "quickbooks": QuickBooksSettings(
                client_id="id",
                client_secret=SecretStr("secret"),
                api_url="http://sandbox",
                token_url="http://sandbox/oauth2/v1/tokens/bearer",
            ),
        }
        opened = open_service(Settings(**(given | settings)), clock=self.clock, mailer=self.mailer)
        http = Http(
            sleep=self.clock.sleep,
            chance=lambda: 0.5,
            client=httpx.Client(transport=self.transport),
            patience=Patience(attempts=1),
        )
        self.service = replace(opened, http=http)
        tokens = Tokens(
            realm="1",
            access_token="",
            access_expires_at=self.clock.now(),
            refresh_token="sandbox-refresh-token",
        )
        proposal = connecting.propose(self.service, tokens, "1")
        self.company = connecting.confirm(self.service, proposal, zone_name=zone, country=country)

    def close(self) -> None:
        self.service.close()
        self.books.close()

    # -- the books

    def customer(self, name: str = "Anna Boats", emails: str = "anna@boats.example", **fields: Any) -> str:  # noqa: ANN401
        return self.books.add_customer(name, emails=emails, country="US", **fields)

    def bill(self, customer: str, amount: str = "100.00", due: date = LONG_DUE, **fields: Any) -> str:  # noqa: ANN401
        """An invoice, written thirty days before it is due unless told otherwise."""
        days = {"issue_date": date.fromordinal(due.toordinal() - 30), "due_date": due}
        return self.books.bill(customer, Decimal(amount), **(days | fields))

    def bad_and_good(self, **bad: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever a field may hold
        """Anna's rows hold what is bad, Berta's are as they should be; each owes one invoice, 1001 and 1002.

        `Customer_Notes="…"` is what that field of Anna's customer says, `Invoice_Balance=…` that of her invoice.
        """
        anna, berta = self.customer(), self.customer("Berta", "berta@books.example")
        invoice = self.bill(anna, number="1001")
        self.bill(berta, "70.00", number="1002")

        def change(entity: str, row: Row) -> None:
            if row.get("Id") != {"Customer": anna, "Invoice": invoice}.get(entity):
                return
            for name, value in bad.items():
                of, _, field = name.partition("_")
                if of == entity:
                    row[field] = value

        self.garble(change)
        return anna, berta

    def garble(self, change: Callable[[str, Row], object]) -> None:
        """From now on every row that the ledger tells passes `change(entity, row)` on its way."""

        def after(_: httpx.Request, response: httpx.Response) -> httpx.Response:
            if "json" not in response.headers["content-type"]:
                return response
            told = response.json()
            _visit(told, change)
            kind = {"content-type": "application/json"}
            return httpx.Response(response.status_code, headers=kind, content=json.dumps(told).encode())

        self.transport.after = after

    # -- the company's own people

    @property
    def office(self) -> Office:
        return self.service.office(self.company)

    def run(self, *args: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        code = invoke(args, self.service, stdout=out, stderr=err)
        return Said(code=code, out=out.getvalue(), err=err.getvalue())

    def tell(self, *args: str) -> Any:  # noqa: ANN401 - whatever the command tells
        """The answer of a command that must succeed, as data."""
        said = self.run(*args, "--json")
        assert said.code == 0, (said.out, said.err)
        return said.data

    def begin(self, at: datetime = MONDAY) -> None:
        """The first read, in November; from then on what is due is sent."""
        self.clock.advance(at - self.clock.now())
        self.tell("sync")
        self.tell("mode", "automatic", "--yes")

    def day(self) -> None:
        """All jobs, once; none may fail."""
        for each in self.tell("run"):
            assert not each["error"], each
            assert not each["skipped"], each

    def next_day(self, days: int = 1) -> None:
        self.clock.advance(timedelta(days=days))

    # -- what there is to see

    @property
    def mails(self) -> list[Mail]:
        return self.mailer.taken

    def problems(self) -> dict[str, str]:
        """The rows that could not be read, and what is said of each."""
        [status] = self.tell("status")
        return {each["ref"]: each["text"] for each in status["problems"]}

    def open_totals(self) -> dict[str, str]:
        """Ours, by currency."""
        return {each["currency"]: each["total"]["amount"] for each in self.tell("aging")["totals"]}

    def notes(self) -> list[str]:
        """The notes in the ledger."""
        return [each.text for each in self.books.notes()]


_ENTITIES = frozenset({"Customer", "Invoice", "CreditMemo", "Payment", "JournalEntry", "Attachable"})


def _visit(told: object, change: Callable[[str, Row], object]) -> None:
    if isinstance(told, list):
        for each in told:
            _visit(each, change)
    elif isinstance(told, dict):
        for name, value in told.items():
            if name in _ENTITIES:
                for row in value if isinstance(value, list) else [value]:
                    change(name, row)
            else:
                _visit(value, change)
