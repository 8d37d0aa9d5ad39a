"""Connecting, over the sandbox's own sign-in: the consent is clicked by a plain HTTP client."""

import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
import pytest

from adapters.quickbooks.sandbox import serve_quickbooks
from adapters.quickbooks.sandbox.empty_company import fill
from adapters.sandbox.books import Books
from connector.bootstrap import Service, open_service
from connector.cli import invoke
from connector.clock import SimulatedClock
from connector.settings import MailSettings, QuickBooksSettings, Settings
from connector.store import companies
from tests.fakes import FakeMailer


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    service: Service
    sandbox: str
    callback: str


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = SimulatedClock(datetime(2026, 11, 2, 18, 0, tzinfo=UTC))
    books = Books(now=clock.now)
    fill(books)
    with serve_quickbooks(books, now=clock.now) as box:
        callback = f"http://localhost:{_free_port()}/callback"
        quickbooks = QuickBooksSettings(
            client_id="id",
            client_secret="secret",  # type: ignore[arg-type]  # becomes a SecretStr
            redirect_url=callback,
            api_url=box.url,
            token_url=f"{box.url}/oauth2/v1/tokens/bearer",
            authorize_url=f"{box.url}/connect/oauth2",
            revoke_url=f"{box.url}/v2/oauth2/tokens/revoke",
        )
        settings = Settings(data_dir=tmp_path, quickbooks=quickbooks, mail=MailSettings(sender_address="ar@x.example"))
        service = open_service(settings, clock=clock, mailer=FakeMailer())
        yield Desk(service=service, sandbox=box.url, callback=callback)
        service.close()


class _Listening(io.StringIO):
    """Words that tell when the consent page was named."""

    def __init__(self) -> None:
        super().__init__()
        self.named = threading.Event()

    def flush(self) -> None:
        if "/connect/oauth2?" in self.getvalue():
            self.named.set()


class Connecting:
    """`duecourse connect quickbooks`, running in a thread while the test clicks."""

    def __init__(self, desk: Desk, *words: str) -> None:
        self.out, self.err = _Listening(), _Listening()
        self.code = -1
        self._desk = desk
        self._words = ("connect", "quickbooks", "--no-browser", "--json", *words)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.err.named.wait(20), self.err.getvalue()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(30)

    def _run(self) -> None:
        self.code = invoke(self._words, self._desk.service, stdout=self.out, stderr=self.err)

    @property
    def page(self) -> str:
        found = re.search(r"http\S+/connect/oauth2\?\S+", self.err.getvalue())
        assert found
        return found[0]


def _click(page: str, sandbox: str) -> str:
    """Gives consent on the page; returns where the browser is sent back to."""
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', httpx.get(page).text)) | {"decision": "connect"}
    location: str = httpx.post(f"{sandbox}/connect/oauth2", data=form).headers["location"]
    return location


def test_connecting_asks_reads_the_books_and_stays_in_dry_run(desk: Desk) -> None:
    with Connecting(desk, "--zone", "America/Los_Angeles", "--country", "us", "--yes") as connecting:
        back = _click(connecting.page, desk.sandbox)
        assert httpx.get(back.replace("/callback", "/favicon.ico", 1)).status_code == 404
        assert "close this page" in httpx.get(back).text
    assert connecting.code == 0, connecting.err.getvalue()
    told = json.loads(connecting.out.getvalue())
    assert (told["zone"], told["country"], told["error"]) == ("America/Los_Angeles", "US", "")
    assert "automatic reminders off" in connecting.err.getvalue()
    out = io.StringIO()
    assert invoke(["status", "--json"], desk.service, stdout=out) == 0
    [status] = json.loads(out.getvalue())
    assert (status["mode"], status["first_read_done"]) == ("dry_run", True)


def test_without_an_answer_about_the_zone_the_likeliest_is_taken_only_with_yes(desk: Desk) -> None:
    with Connecting(desk, "--yes", "--no-sync") as connecting:
        httpx.get(_click(connecting.page, desk.sandbox))
    assert connecting.code == 0, connecting.err.getvalue()
    assert json.loads(connecting.out.getvalue())["zone"].startswith("America/")


def test_an_answer_to_somebody_elses_consent_connects_nothing(desk: Desk) -> None:
    with Connecting(desk, "--yes") as connecting:
        back = _click(connecting.page, desk.sandbox)
        httpx.get(re.sub(r"state=[^&]+", "state=forged", back))
    assert connecting.code == 4
    assert "does not belong" in connecting.err.getvalue()
    assert invoke(["plan"], desk.service) == 3


def test_a_zone_without_a_city_is_refused(desk: Desk) -> None:
    with Connecting(desk, "--yes", "--zone", "UTC-08:00") as connecting:
        httpx.get(_click(connecting.page, desk.sandbox))
    assert connecting.code == 1
    assert "America/New_York" in connecting.err.getvalue()


def test_disconnecting_gives_the_consent_back(desk: Desk) -> None:
    with Connecting(desk, "--yes", "--zone", "America/New_York") as connecting:
        httpx.get(_click(connecting.page, desk.sandbox))
    out = io.StringIO()
    assert invoke(["disconnect", "--yes", "--json"], desk.service, stdout=out) == 0
    assert json.loads(out.getvalue())["said"] == "The consent is given back."
    assert invoke(["sync"], desk.service) == 4


def test_connecting_again_keeps_place_and_language_and_lifts_only_the_lost_connection(desk: Desk) -> None:
    with Connecting(desk, "--yes", "--zone", "America/Denver", "--no-sync") as first:
        httpx.get(_click(first.page, desk.sandbox))
    company = json.loads(first.out.getvalue())["company"]
    restored = "restored from a backup"
    for because, left in (("Refused. Run: duecourse connect quickbooks", None), (restored, restored)):
        with desk.service.database.write("pause") as connection:
            companies.change(connection, company, paused_because=because)
        with Connecting(desk, "--yes", "--no-sync") as again:
            httpx.get(_click(again.page, desk.sandbox))
        assert again.code == 0, again.err.getvalue()
        assert json.loads(again.out.getvalue())["zone"] == "America/Denver"
        with desk.service.database.read() as connection:
            assert companies.load(connection, company).paused_because == left


def _private_notes(desk: Desk) -> Desk:
    """The same desk, whose settings wish for notes in the Statement Memo."""
    quickbooks = desk.service.settings.quickbooks.model_copy(update={"notes": "private_note"})
    settings = desk.service.settings.model_copy(update={"quickbooks": quickbooks})
    return replace(desk, service=replace(desk.service, settings=settings))


def _connected_notes(desk: Desk, *words: str) -> tuple[str, str]:
    """Where notes go after connecting, and what was said."""
    with Connecting(desk, "--zone", "America/Denver", "--no-sync", *words) as connecting:
        httpx.get(_click(connecting.page, desk.sandbox))
    assert connecting.code == 0, connecting.err.getvalue()
    told = json.loads(connecting.out.getvalue())
    with desk.service.database.read() as connection:
        assert companies.load(connection, told["company"]).note_style == told["notes"]
    return told["notes"], connecting.err.getvalue()


def test_a_setting_and_yes_alone_put_no_note_where_it_may_print(desk: Desk) -> None:
    notes, said = _connected_notes(_private_notes(desk), "--yes")
    assert notes == "attachable"
    assert "duecourse notes private-note" in said


def test_notes_may_print_where_the_setting_wishes_it_and_a_person_agrees_by_name(desk: Desk) -> None:
    notes, _ = _connected_notes(_private_notes(desk), "--yes", "--statement-memo-may-print")
    assert notes == "private_note"


def test_agreeing_without_the_setting_changes_nothing(desk: Desk) -> None:
    assert _connected_notes(desk, "--yes", "--statement-memo-may-print")[0] == "attachable"


def test_connecting_again_keeps_the_place_of_the_notes(desk: Desk) -> None:
    _connected_notes(_private_notes(desk), "--yes", "--statement-memo-may-print")
    assert _connected_notes(desk, "--yes")[0] == "private_note"
