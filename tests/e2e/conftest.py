"""Months that several tests look at, each played once, and told what struck; and the mornings of the crash matrix."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from connector.demo.evidence import Evidence
from connector.demo.play import play
from connector.note_style import NoteStyle
from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.e2e.crashing import company
from tests.e2e.crashing.mornings import Mornings
from tests.e2e.crashing.outside import LedgerServer, MailServer
from tests.e2e.crashing.stands import Stand
from tests.e2e.decks import GROUNDS
from tests.e2e.months import Told
from tests.e2e.weather import FairWeather, Weather
from tests.unit.reminders.channels.certificates import make_tls

pytest.register_assert_rewrite("tests.e2e.faulty")
from tests.e2e.faulty import SEEDS, Calm, Faulty  # noqa: E402 - its assertions explain themselves


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """The month without faults behind a ledger, on SQLite; played once."""

    @cache
    def month(ledger: str) -> tuple[Told, Evidence]:
        folder = tmp_path_factory.mktemp(f"calm-{ledger}")
        evidence = play(folder, ledger=ledger, trouble=FairWeather())
        return Told(folder), evidence

    return month


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Faulty:
    """The month in bad weather, behind a ledger and on a database; played once, and told what struck."""

    @cache
    def month(ledger: str, kind: str) -> Told:
        folder = tmp_path_factory.mktemp(f"{ledger}-{kind}")
        url = None
        if kind == "postgresql":
            databases: PostgresDatabases = request.getfixturevalue("postgresql_databases")
            url = databases.new_url()
        weather, began = Weather(seed=SEEDS[ledger, kind], ledger=ledger), time.process_time()
        evidence = play(folder, ledger=ledger, database_url=url, trouble=weather)
        assert not evidence.failed_commands
        struck = weather.struck + Counter(call.fault for call in evidence.calls if call.fault)
        _tell(ledger, kind, struck, evidence.failed_jobs, weather.again, time.process_time() - began)
        _everything_struck(ledger, struck)
        return Told(folder)

    return month


def _tell(ledger: str, kind: str, struck: Counter[str], failed: list[str], again: int, seconds: float) -> None:
    title = f"The faulty month, {ledger} on {kind}, seed {SEEDS[ledger, kind]}"
    lines = [f"{title}: {struck.total()} faults, {seconds:.0f} s of CPU"]
    lines += [f"{count:5}  {what}" for what, count in sorted(struck.items())]
    lines += [f"{len(failed):5}  jobs failed", f"{again:5}  runs of the schedule beside the hours"]
    sys.stdout.write("\n".join(lines) + "\n")


def _everything_struck(ledger: str, struck: Counter[str]) -> None:
    """A month that spares the service something proves nothing about it."""
    ground = GROUNDS[ledger]
    rows = {f"poisoned {entity}" for entity in ground.poisons}
    assert not (ground.faults | rows | {"sync between claim and send"}) - set(struck)
    assert {what.split()[2] for what in struck if what.startswith("mail refused")} == {"MAIL", "RCPT", "DATA"}


@pytest.fixture
def mornings_on(
    databases: SqliteDatabases | PostgresDatabases, tmp_path: Path
) -> Iterator[Callable[[Stand, NoteStyle], Mornings]]:
    """Makes the company's mornings on a ledger, with notes of this style."""
    trusted = tmp_path / "server.pem"
    make_tls(tmp_path)
    with ExitStack() as stack:
        ledger = stack.enter_context(LedgerServer())
        mail = stack.enter_context(
            MailServer(refuses=company.REFUSES, defers_once=company.DEFERS_ONCE, falls_silent=company.FALLS_SILENT)
        )
        yield lambda stand, style: Mornings(tmp_path / style.value, databases, (ledger, mail), trusted, style, stand)
