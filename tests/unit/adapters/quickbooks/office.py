"""A connected company for tests: a clock that waiting moves, and no patience lost in real time."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest
import yaml

from adapters.http import Http
from adapters.quickbooks.ledger import NoteField, QuickBooksLedger
from adapters.quickbooks.limits import MemoryQuota
from adapters.quickbooks.oauth import Endpoints, MemoryTokens, OAuthClient, Tokens

API = "https://quickbooks.example"
SIGN_IN = "https://sign-in.example"
REALM = "4620816365"
COMPANY = f"{API}/v3/company/{REALM}"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
RECORDINGS = Path(__file__).parents[5] / "shared" / "data" / "quickbooks-recorded"


class Clock:
    """A time that only waiting moves."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += timedelta(seconds=seconds)


class Office:
    """Everything a ledger needs, over addresses that respx answers."""

    def __init__(
        self, *, note_field: NoteField = "attachable", monthly_budget: int = 500_000, chance: float = 0.0
    ) -> None:
        self.clock = Clock()
        self.http = Http(sleep=self.clock.sleep, chance=lambda: chance)
        self.quota = MemoryQuota()
        self.tokens = MemoryTokens(tokens("first", self.clock.now()))
        endpoints = Endpoints(
            authorize_url=f"{SIGN_IN}/consent", token_url=f"{SIGN_IN}/tokens", revoke_url=f"{SIGN_IN}/revoke"
        )
        self.oauth = OAuthClient(
            client_id="app",
            client_secret="app-secret",
            redirect_uri="http://localhost:8765/callback",
            http=self.http,
            now=self.clock.now,
            endpoints=endpoints,
        )
        self.ledger = QuickBooksLedger(
            realm=REALM,
            api_url=API,
            tokens=self.tokens,
            oauth=self.oauth,
            http=self.http,
            quota=self.quota,
            now=self.clock.now,
            note_field=note_field,
            monthly_budget=monthly_budget,
        )


def tokens(name: str, now: datetime, *, valid_for: timedelta = timedelta(hours=1)) -> Tokens:
    """Tokens that can be told apart by a name."""
    return Tokens(
        realm=REALM,
        access_token=f"access-{name}",
        access_expires_at=now + valid_for,
        refresh_token=f"refresh-{name}",
    )


def at(moment: datetime) -> str:
    """An instant as QuickBooks writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def statement(request: httpx.Request) -> str:
    """What a query asked, with single blanks."""
    text = request.content.decode() or unquote_plus(str(request.url))
    return re.sub(r"\s+", " ", text)


def recording(name: str) -> list[dict[str, Any]]:
    """The interactions of a recording; the test is skipped where there is none."""
    path = RECORDINGS / f"{name}.yml"
    if not path.exists():
        pytest.skip(f"no recordings at {RECORDINGS}")
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text())["http_interactions"]
    return found


def bodies(name: str) -> Iterator[bytes]:
    """The recorded answers' bodies."""
    for each in recording(name):
        yield each["response"]["body"]["string"].encode()


def encoded(value: object) -> bytes:
    """JSON with amounts written as they are given, so that `10.10` keeps its zero."""
    return json.dumps(value).encode()
