"""The command line over SAP's own faces: a firm of one customer, whose books are in S/4HANA or Business One."""

import io
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from structlog.testing import capture_logs

from adapters.marker import find_marker
from adapters.sandbox.books import Books
from adapters.sandbox.server import Sandbox
from adapters.sap.business_one.sandbox import serve_business_one
from adapters.sap.s4hana.sandbox import Partial, serve_s4hana
from adapters.sap.s4hana.sandbox import S4HanaSettings as SandboxSettings
from connector.bootstrap import Service, open_service
from connector.cli import invoke
from connector.clock import SimulatedClock
from connector.settings import BusinessOneSettings, MailSettings, S4HanaSettings, Settings
from tests.unit.connector.speaking.fakes import ScriptedMailer

BEGUN = datetime(2026, 8, 3, 18, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # business hours from New York to Los Angeles
OWED, DUE = Decimal("100.00"), date(2026, 10, 12)
CONNECT = {
    "s4hana": ("connect", "s4hana", "--company-code", "1710"),
    "business_one": ("connect", "business-one", "--database", "SBODEMO"),
}
PLACE = ("--zone", "America/New_York", "--country", "US", "--yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The command line over a served ledger; Anna owes one invoice, overdue."""

    ledger: str
    books: Books
    clock: SimulatedClock
    mailer: ScriptedMailer
    service: Service
    sandbox: Sandbox
    anna: str
    invoice: str

    def run(self, *words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        return invoke(words, self.service, stdout=out, stderr=err), out.getvalue(), err.getvalue()

    def tell(self, *words: str) -> Any:  # noqa: ANN401 - whatever a command tells
        code, out, err = self.run(*words, "--json")
        assert code == 0, (out, err)
        return json.loads(out)

    def connect(self) -> Any:  # noqa: ANN401 - whatever the command tells
        return self.tell(*CONNECT[self.ledger], *PLACE)

    def go_on(self, *, days: int = 8) -> None:
        """Connects, and from now on what is due is sent; Business One does not say when an invoice was entered, so a
        week goes by.
        """
        self.connect()
        self.tell("mode", "automatic", "--yes")
        self.clock.advance(timedelta(days=days))

    def a_day(self) -> None:
        """Everything is done once, and nothing fails."""
        for each in self.tell("run"):
            assert not each["error"], each

    def notes(self) -> list[str]:
        """Our entries in the ledger, by their marker."""
        return [key for key in (find_marker(each.text) for each in self.books.notes()) if key]

    def calls(self, ending: str) -> int:
        return sum(each.path.endswith(ending) for each in self.sandbox.calls)


@contextmanager
def open_desk(ledger: str, folder: Path, *, partial: Partial = Partial.REFERENCE) -> Iterator[Desk]:
    """Opens the firm. `partial`: how its clerk posts a payment of less than an invoice, in S/4HANA."""
    clock = SimulatedClock(BEGUN)
    books = Books(now=clock.now, multicurrency=True)
    anna = books.add_customer("Anna Boats", emails="anna@boats.example", country="US")
    invoice = books.bill(anna, OWED, issue_date=date(2026, 9, 12), due_date=DUE)
    clock.set(MONDAY)
    face: AbstractContextManager[Sandbox] = (
        serve_s4hana(books, now=clock.now, settings=SandboxSettings(partial=partial, user="collect", password="secret"))
        if ledger == "s4hana"
        else serve_business_one(books, now=clock.now)
    )
    mailer = ScriptedMailer(clock)
    with capture_logs(), face as sandbox:
        settings = Settings(
            data_dir=folder,
            mail=MailSettings(sender_address="ar@trade.example"),
            s4hana=S4HanaSettings(url=sandbox.url, user="collect", password=SecretStr("secret")),
            business_one=BusinessOneSettings(url=sandbox.url, user="manager", password=SecretStr("secret")),
        )
        service = open_service(settings, clock=clock, mailer=mailer)
        yield Desk(
            ledger=ledger,
            books=books,
            clock=clock,
            mailer=mailer,
            service=service,
            sandbox=sandbox,
            anna=anna,
            invoice=invoice,
        )
        service.close()
        books.close()
