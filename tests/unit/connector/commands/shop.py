"""A small company behind a fake ledger, and its command line: what every test of a command begins with."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.ledger import Ledger
from connector import bootstrap
from connector.bootstrap import Service
from connector.cli import invoke
from connector.clock import SimulatedClock
from connector.office import Office
from connector.settings import MailSettings, QuickBooksSettings, ServeSettings, Settings
from connector.store import companies
from connector.store.companies import CompanyRow, Mode
from tests.fakes import FakeLedger, FakeMailer

MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # business hours from New York to Los Angeles
COMPANY = "qbo-1001"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopService(Service):
    """A service whose companies all have the same fake ledger."""

    fake: FakeLedger

    def ledger(self, row: CompanyRow) -> Ledger:
        del row
        return self.fake


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:  # noqa: ANN401 - whatever the command tells
        return json.loads(self.out)


class Shop:
    """The company: three customers who owe something, read and in automatic mode unless a test wants else."""

    def __init__(self, folder: Path, *, connected: bool = True, **settings: object) -> None:
        self.clock = SimulatedClock(MONDAY)
        self.ledger = FakeLedger(now=self.clock.now)
        self.mailer = FakeMailer()
        given: dict[str, object] = {
            "mail": MailSettings(sender_address="ar@shop.example"),
            "quickbooks": QuickBooksSettings(
                client_id="id", client_secret=SecretStr("secret"), webhook_verifier=SecretStr("verifier")
            ),
            "serve": ServeSettings(port=1),
        }
        self.settings = Settings(data_dir=folder, **(given | settings))  # type: ignore[arg-type]  # its fields
        opened = bootstrap.open_service(self.settings, clock=self.clock, mailer=self.mailer)
        fields = {name: getattr(opened, name) for name in Service.__dataclass_fields__}
        self.service = ShopService(**fields, fake=self.ledger)
        self._books()
        if connected:
            self.connect()

    def _books(self) -> None:
        self.ledger.customer("20", "Anna Boats")
        self.ledger.customer("21", "Bertram & Söhne")
        self.ledger.customer("22", "Anna Berta Books")
        self.ledger.bill("130", "20", "100.00", date(2026, 10, 19), number="1042")
        self.ledger.bill("131", "20", "50.00", date(2026, 11, 20), number="1043")
        self.ledger.bill("132", "21", "200.00", date(2026, 9, 1), number="1044", currency="EUR")
        self.ledger.bill("133", "22", "75.50", date(2026, 10, 5), number="1045")

    def connect(self, company: str = COMPANY, realm: str = "1001", *, mode: Mode = Mode.AUTOMATIC) -> None:
        with self.service.database.write("connect") as connection:
            companies.add(
                connection,
                id=company,
                ledger="quickbooks",
                ledger_ref=realm,
                name="Harbour Supplies" if company == COMPANY else f"Company {realm}",
                home_currency="USD",
                country="US",
                zone="America/New_York",
                mode=mode.value,
                connected_at=self.clock.now(),
            )

    @property
    def office(self) -> Office:
        return self.service.office(COMPANY)

    def run(self, *args: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        code = invoke(args, self.service, stdout=out, stderr=err)
        return Said(code=code, out=out.getvalue(), err=err.getvalue())

    def tell(self, *args: str) -> Any:  # noqa: ANN401 - whatever the command tells
        """The answer of a command that must succeed, as data."""
        said = self.run(*args, "--json")
        assert said.code == 0, said.err
        return said.data

    def history(self, kind: str) -> list[dict[str, Any]]:
        """The history's rows of a kind."""
        rows = (json.loads(line) for line in self.run("audit", "export").out.splitlines())
        return [row for row in rows if row["kind"] == kind]

    def notes(self) -> list[str]:
        """The first lines of the notes that wait for the ledger, or are in it."""
        self.run("run")
        return [each.text.splitlines()[0] for each in self.ledger.notes.values()]
