"""The same month, calm and in bad weather: the same books, the same mails, the same notes, a few minutes later.

Whatever strikes heals within the hour, by a call's own patience or by the schedule's next run. So nothing may differ
but instants and minted ids; the table of what struck is printed.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from adapters.sandbox.behaviour import AT_LEAST
from connector.demo.evidence import Evidence
from connector.demo.play import play
from connector.demo.stand import STANDS
from tests.contract.databases import PostgresDatabases
from tests.e2e.decks import GROUNDS
from tests.e2e.months import Told, differences
from tests.e2e.weather import FairWeather, Weather
from tests.judge.judge import judge

#: A seed whose deck lets everything strike, by ledger and database.
SEEDS = {
    ("quickbooks", "sqlite"): 1,
    ("quickbooks", "postgresql"): 1,
    ("s4hana", "sqlite"): 1,
    ("business-one", "sqlite"): 1,
}
LEDGERS = tuple(STANDS)

#: A mail leaves at the latest so long after its calm twin: three runs of the schedule, and the waits within them.
LATEST = timedelta(minutes=75)

Calm = Callable[[str], tuple[Told, Evidence]]
Faulty = Callable[[str, str], Told]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """The month without faults behind a ledger, on SQLite; played once."""

    @cache
    def month(ledger: str) -> tuple[Told, Evidence]:
        folder = tmp_path_factory.mktemp(f"calm-{ledger}")
        evidence = play(folder, ledger=ledger, trouble=FairWeather())
        return Told(folder), evidence

    return month


@pytest.fixture(scope="module")
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


@pytest.mark.parametrize(("ledger", "kind"), SEEDS)
def test_bad_weather_ends_in_the_same_books(calm: Calm, faulty: Faulty, ledger: str, kind: str) -> None:
    month, (fair, _) = faulty(ledger, kind), calm(ledger)
    assert month.open_balances == fair.open_balances
    assert differences(fair.booked, month.booked) == []
    assert differences(fair.notes, month.notes) == []
    assert max(month.note_keys.values()) == 1


@pytest.mark.parametrize(("ledger", "kind"), SEEDS)
def test_bad_weather_changes_no_reminder(calm: Calm, faulty: Faulty, ledger: str, kind: str) -> None:
    month, (fair, _) = faulty(ledger, kind), calm(ledger)
    assert differences(fair.said, month.said) == []
    assert differences(fair.mails, month.mails) == []


@pytest.mark.parametrize(("ledger", "kind"), SEEDS)
def test_bad_weather_makes_a_mail_later_by_minutes_at_most(calm: Calm, faulty: Faulty, ledger: str, kind: str) -> None:
    arrived, (fair, _) = faulty(ledger, kind).arrived, calm(ledger)
    assert arrived.keys() == fair.arrived.keys()
    late = {key: arrived[key] - fair.arrived[key] for key in arrived}
    assert max(late.values()) > timedelta(minutes=10)  # some of the weather was felt
    assert {key: by for key, by in late.items() if not timedelta(0) <= by <= LATEST} == {}


@pytest.mark.parametrize(("ledger", "kind"), SEEDS)
def test_bad_weather_changes_no_promise_dispute_hold_or_reply(
    calm: Calm, faulty: Faulty, ledger: str, kind: str
) -> None:
    """What the faulty month has more was decided while the ledger could not be read, on the figures of the last sync:
    a step passed, or a task opened, about an item that was settled by then. It led to nothing.
    """
    month, (fair, _) = faulty(ledger, kind), calm(ledger)
    assert sorted((fair.agreed - month.agreed).elements()) == []
    more = (month.agreed - fair.agreed).elements()
    assert [line for line in more if not month.is_on_old_figures(line)] == []


@pytest.mark.parametrize(("ledger", "kind"), SEEDS)
def test_the_judge_finds_every_promise_kept_in_bad_weather(faulty: Faulty, ledger: str, kind: str) -> None:
    assert judge(faulty(ledger, kind).folder).broken == []


@pytest.mark.parametrize("ledger", LEDGERS)
def test_the_calm_month_keeps_every_promise(calm: Calm, ledger: str) -> None:
    told, evidence = calm(ledger)
    assert judge(told.folder).broken == []
    assert not evidence.failed_jobs
    assert not evidence.failed_commands


@pytest.mark.parametrize("ledger", LEDGERS)
def test_the_calm_month_agrees_with_the_ledger_every_day(calm: Calm, ledger: str) -> None:
    _, evidence = calm(ledger)
    assert evidence.agreeing_days == len(evidence.month.days) - len(evidence.month.outage_days)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_the_calm_month_shows_whatever_the_ledger_can_hold(calm: Calm, ledger: str) -> None:
    _, evidence = calm(ledger)
    assert evidence.missing == {}
    assert len(STANDS[ledger].hidden) < len(AT_LEAST) / 10


def test_a_month_told_twice_differs_in_nothing(calm: Calm) -> None:
    fair, _ = calm("quickbooks")
    assert differences(fair.mails, Told(fair.folder).mails) == []
    first = next(iter(fair.arrived.values()))
    assert first > datetime.fromisoformat("2026-11-02T00:00:00+00:00")


def test_a_cent_in_a_mail_is_a_difference(calm: Calm, tmp_path: Path) -> None:
    """The comparison is no blind one."""
    fair, _ = calm("quickbooks")
    (tmp_path / "mails").mkdir()
    paths = sorted((fair.folder / "mails").glob("*.eml"))
    for path in paths:
        (tmp_path / "mails" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "company.json").write_bytes((fair.folder / "company.json").read_bytes())
    changed = tmp_path / "mails" / paths[0].name
    changed.write_bytes(changed.read_bytes().replace(b"1,578.29", b"1,578.30"))
    assert len(differences(fair.mails, Told(tmp_path).mails)) == 2
