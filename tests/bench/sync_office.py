"""The product as it is, furnished for a bench: a SQLite store, a ledger (QuickBooks: limits that never bind)."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import structlog

from adapters.http import TIMEOUT, Http
from adapters.ledger import Ledger
from adapters.quickbooks.ledger import QuickBooksLedger
from adapters.quickbooks.limits import MemoryQuota, Pace
from adapters.quickbooks.oauth import Endpoints, MemoryTokens, OAuthClient, Tokens
from connector.clock import SystemClock
from connector.office import Letterhead, Office
from connector.store import companies
from connector.store.engine import open_database
from reminders.assignment import Assignment
from reminders.cadence_file import load_builtin
from reminders.working_days import WorkingDays
from tests.fakes import FakeMailer

COMPANY = "qbo-1"
WATCHED = ("customer", "document", "item", "allocation", "account", "problem")


def furnish(port: int, folder: Path) -> tuple[Office, Callable[[], int]]:
    """An office on the store in `folder`, and how many metered calls its ledger has made."""
    clock = SystemClock()
    ledger = _ledger(port, clock)
    return office_with(ledger, "quickbooks", folder, clock), lambda: ledger.limits.metered(f"{clock.now():%Y-%m}")


def office_with(ledger: Ledger, kind: str, folder: Path, clock: SystemClock) -> Office:
    """An office on the store in `folder`, with this ledger."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    database = open_database(f"sqlite:///{folder / 'ours.db'}")
    cadence = load_builtin("standard")
    office = Office(
        company=COMPANY,
        database=database,
        ledger=ledger,
        mailer=FakeMailer(),
        clock=clock,
        zone="America/New_York",
        calendar=WorkingDays("US"),
        cadences={cadence.name: cadence},
        assignment=Assignment(default=cadence.name),
        letterhead=Letterhead(sender="ar@harbour.example"),
    )
    with database.write("connect") as connection:
        if not companies.load_all(connection):
            companies.add(
                connection,
                id=COMPANY,
                ledger=kind,
                ledger_ref="1",
                name="Harbour Supplies",
                home_currency="USD",
                country="US",
                zone="America/New_York",
                connected_at=clock.now(),
            )
    return office


def _ledger(port: int, clock: SystemClock) -> QuickBooksLedger:
    http = Http(sleep=clock.sleep, chance=lambda: 0.5, client=httpx.Client(timeout=TIMEOUT))
    oauth = OAuthClient(
        client_id="app",
        client_secret="secret",
        redirect_uri="http://localhost/callback",
        http=http,
        now=clock.now,
        endpoints=Endpoints(),
    )
    until = datetime.now(UTC) + timedelta(hours=4)
    tokens = Tokens(realm="1", access_token="access", access_expires_at=until, refresh_token="refresh")
    return QuickBooksLedger(
        realm="1",
        api_url=f"http://127.0.0.1:{port}",
        tokens=MemoryTokens(tokens),
        oauth=oauth,
        http=http,
        quota=MemoryQuota(),
        now=clock.now,
        pace=Pace(per_second=1_000_000, per_minute=1_000_000),
    )


def watch_rows(folder: Path) -> None:
    """From now on every row of the books that is written, changed or removed is counted."""
    with sqlite3.connect(folder / "ours.db") as database:
        database.execute("CREATE TABLE bench_written (book TEXT)")
        for table in WATCHED:
            for act in ("INSERT", "UPDATE", "DELETE"):
                database.execute(
                    f"CREATE TRIGGER bench_{table}_{act} AFTER {act} ON {table} "
                    f"BEGIN INSERT INTO bench_written VALUES ('{table}'); END"
                )


def written_rows(folder: Path) -> int:
    """How many rows of the books were written since they are watched."""
    with sqlite3.connect(folder / "ours.db") as database:
        there = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'bench_written'").fetchone()
        return int(database.execute("SELECT count(*) FROM bench_written").fetchone()[0]) if there else 0
