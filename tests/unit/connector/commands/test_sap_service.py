"""S/4HANA and Business One from the command line: connected, read, asked for, written to, over their own faces."""

import io
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from structlog.testing import capture_logs

from adapters.marker import find_marker
from adapters.sandbox.books import Books
from adapters.sandbox.server import Sandbox
from adapters.sap.business_one.sandbox import serve_business_one
from adapters.sap.s4hana.sandbox import S4HanaSettings as SandboxSettings
from adapters.sap.s4hana.sandbox import ServedS4Hana, serve_s4hana
from connector.bootstrap import Service, open_service
from connector.cli import invoke
from connector.clock import SimulatedClock
from connector.settings import BusinessOneSettings, MailSettings, S4HanaSettings, Settings
from connector.store.tables import document
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

    def notes(self) -> list[str]:
        """Our entries in the ledger, by their marker."""
        return [key for key in (find_marker(each.text) for each in self.books.notes()) if key]

    def calls(self, ending: str) -> int:
        return sum(each.path.endswith(ending) for each in self.sandbox.calls)


@pytest.fixture(params=CONNECT)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    clock = SimulatedClock(BEGUN)
    books = Books(now=clock.now, multicurrency=True)
    anna = books.add_customer("Anna Boats", emails="anna@boats.example", country="US")
    invoice = books.bill(anna, OWED, issue_date=date(2026, 9, 12), due_date=DUE)
    clock.set(MONDAY)
    face: AbstractContextManager[Sandbox] = (
        serve_s4hana(books, now=clock.now, settings=SandboxSettings(user="collect", password="secret"))
        if request.param == "s4hana"
        else serve_business_one(books, now=clock.now)
    )
    mailer = ScriptedMailer(clock)
    with capture_logs(), face as sandbox:
        settings = Settings(
            data_dir=tmp_path,
            mail=MailSettings(sender_address="ar@trade.example"),
            s4hana=S4HanaSettings(url=sandbox.url, user="collect", password=SecretStr("secret")),
            business_one=BusinessOneSettings(url=sandbox.url, user="manager", password=SecretStr("secret")),
        )
        service = open_service(settings, clock=clock, mailer=mailer)
        yield Desk(
            ledger=request.param,
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


def _go_on(desk: Desk) -> None:
    """From now on what is due is sent: Business One does not say when an invoice was entered, so a week goes by."""
    desk.connect()
    desk.tell("mode", "automatic", "--yes")
    desk.clock.advance(timedelta(days=8))


def _a_day(desk: Desk) -> None:
    for each in desk.tell("run"):
        assert not each["error"], each


def test_connecting_reads_the_books_in_dry_run_and_they_agree(desk: Desk) -> None:
    told = desk.connect()
    assert (told["error"], told["country"]) == ("", "US")
    [status] = desk.tell("status")
    assert (status["mode"], status["problems"]) == ("dry_run", [])
    assert desk.tell("aging")["totals"][0]["total"] == {"amount": "100.00", "currency": "USD"}
    assert desk.tell("reconcile")["state"] == "agrees"


def test_a_reminder_leaves_once_and_stands_once_in_the_ledger(desk: Desk) -> None:
    _go_on(desk)
    for _ in range(3):
        _a_day(desk)
        desk.clock.advance(timedelta(hours=1))
    assert [mail.to for mail in desk.mailer.taken] == ["anna@boats.example"]
    assert [key.partition(":")[0] for key in desk.notes()] == ["reminder"]
    assert desk.tell("reconcile")["state"] == "agrees"


def test_money_that_came_after_the_last_sync_stops_the_letter(desk: Desk) -> None:
    _go_on(desk)
    desk.tell("sync")
    desk.books.pay(desk.anna, OWED, on=desk.clock.now().date(), apply={desk.invoice: OWED})
    _a_day(desk)
    assert desk.mailer.taken == []
    assert desk.notes() == []


def test_all_commands_share_one_session_that_ends_with_the_service(desk: Desk) -> None:
    desk.connect()
    desk.tell("sync")
    desk.tell("reconcile")
    if desk.ledger == "business_one":
        assert desk.calls("/Login") == 1
        desk.service.close()
        assert desk.calls("/Logout") == 1
    assert desk.service.office().ledger is desk.service.office().ledger


def test_a_refused_password_is_one_sentence_and_nothing_is_connected(desk: Desk) -> None:
    wrong = SecretStr("another")
    settings = desk.service.settings.model_copy(
        update={
            "s4hana": desk.service.settings.s4hana.model_copy(update={"password": wrong}),
            "business_one": desk.service.settings.business_one.model_copy(update={"password": wrong}),
        }
    )
    object.__setattr__(desk.service, "settings", settings)
    code, _, err = desk.run(*CONNECT[desk.ledger], *PLACE)
    assert (code, err.count("\n")) == (4, 1)
    assert "another" not in err
    assert desk.run("status")[0] != 0


def _set(desk: Desk, **fields: dict[str, object]) -> None:
    """Other settings of the two ledgers, before anything is connected."""
    changed = {name: getattr(desk.service.settings, name).model_copy(update=told) for name, told in fields.items()}
    object.__setattr__(desk.service, "settings", desk.service.settings.model_copy(update=changed))


def _block(desk: Desk) -> object:
    """The dunning block that the ledger itself keeps."""
    if isinstance(desk.sandbox, ServedS4Hana):
        return desk.sandbox.face.sets.extras.dunning(desk.anna)[0].block
    return desk.books.document(desk.invoice).extra.get("business_one", {}).get("BlockDunning", "")


def test_a_dispute_blocks_the_ledgers_own_dunning_until_it_is_resolved(desk: Desk) -> None:
    _set(desk, s4hana={"write_blocks": True, "block_code": "Z"}, business_one={"dispute_blocks": True})
    _go_on(desk)
    desk.tell("sync")
    with desk.service.database.read() as connection:
        number = str(connection.scalar(select(document.c.number).where(document.c.open_minor > 0)))
    opened = desk.tell("dispute", "open", "Anna Boats", number)
    _a_day(desk)
    assert _block(desk) == {"s4hana": "Z", "business_one": "tYES"}[desk.ledger]
    assert desk.mailer.taken == []
    desk.tell("dispute", "resolve", opened["id"], "upheld")
    _a_day(desk)
    assert _block(desk) in {"", "tNO"}
    _a_day(desk)
    assert len(desk.mailer.taken) == 1


def test_a_field_of_ones_own_that_cannot_be_mapped_is_one_sentence(desk: Desk) -> None:
    if desk.ledger != "business_one":
        pytest.skip("fields of one's own are Business One's")
    _set(desk, business_one={"partner_fields": {"U_DunMail": "colour"}})
    code, _, err = desk.run(*CONNECT[desk.ledger], *PLACE)
    assert (code != 0, err.count("\n")) == (True, 1)
    assert "colour" in err
