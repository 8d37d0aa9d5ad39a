"""The same month, calm and in bad weather: the same books, the same mails, the same notes, a few minutes later.

Whatever strikes heals within the hour, by a call's own patience or by the schedule's next run. So nothing may differ
but instants and minted ids; the table of what struck is printed.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.quickbooks.sandbox import QuickBooksFault
from adapters.sandbox.faults import Timing
from connector.demo.play import play
from tests.contract.databases import PostgresDatabases
from tests.e2e.months import Told, differences
from tests.e2e.weather import FairWeather, Weather
from tests.judge.judge import judge

#: A seed whose deck lets everything strike, on each database.
SEEDS = {"sqlite": 1, "postgresql": 1}

#: A mail leaves at the latest so long after its calm twin: three runs of the schedule, and the waits within them.
LATEST = timedelta(minutes=75)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The month without faults, on SQLite."""
    folder = tmp_path_factory.mktemp("calm")
    evidence = play(folder, trouble=FairWeather())
    assert not evidence.failed_jobs
    return Told(folder)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], Told]:
    """The month in bad weather, on a database of this kind; played once, and told what struck."""
    played: dict[str, Told] = {}

    def month(kind: str) -> Told:
        if kind not in played:
            folder = tmp_path_factory.mktemp(kind)
            url = None
            if kind == "postgresql":
                databases: PostgresDatabases = request.getfixturevalue("postgresql_databases")
                url = databases.new_url()
            weather, began = Weather(seed=SEEDS[kind]), time.process_time()
            evidence = play(folder, database_url=url, trouble=weather)
            assert not evidence.failed_commands
            struck = weather.struck + Counter(call.fault for call in evidence.calls if call.fault)
            _tell(kind, struck, evidence.failed_jobs, weather.again, time.process_time() - began)
            played[kind] = Told(folder)
            _everything_struck(struck)
        return played[kind]

    return month


def _tell(kind: str, struck: Counter[str], failed: list[str], again: int, seconds: float) -> None:
    lines = [f"The faulty month on {kind}, seed {SEEDS[kind]}: {struck.total()} faults, {seconds:.0f} s of CPU"]
    lines += [f"{count:5}  {what}" for what, count in sorted(struck.items())]
    lines += [f"{len(failed):5}  jobs failed", f"{again:5}  runs of the schedule beside the hours"]
    sys.stdout.write("\n".join(lines) + "\n")


def _everything_struck(struck: Counter[str]) -> None:
    """A month that spares the service something proves nothing about it."""
    never_healing = {QuickBooksFault.INVALID_GRANT, QuickBooksFault.POISON}  # the first ends a consent
    faults = {each.value for each in (*QuickBooksFault, *Timing) if each not in never_healing}
    rows = {f"poisoned {entity}" for entity in ("Invoice", "Payment", "Customer", "JournalEntry", "CreditMemo")}
    assert not (faults | rows | {"sync between claim and send"}) - set(struck)
    assert {what.split()[2] for what in struck if what.startswith("mail refused")} == {"MAIL", "RCPT", "DATA"}


@pytest.mark.parametrize("kind", SEEDS)
def test_bad_weather_ends_in_the_same_books(calm: Told, faulty: Callable[[str], Told], kind: str) -> None:
    month = faulty(kind)
    assert month.open_balances == calm.open_balances
    assert differences(calm.booked, month.booked) == []
    assert differences(calm.notes, month.notes) == []
    assert max(month.note_keys.values()) == 1


@pytest.mark.parametrize("kind", SEEDS)
def test_bad_weather_changes_no_reminder(calm: Told, faulty: Callable[[str], Told], kind: str) -> None:
    month = faulty(kind)
    assert differences(calm.said, month.said) == []
    assert differences(calm.mails, month.mails) == []


@pytest.mark.parametrize("kind", SEEDS)
def test_bad_weather_makes_a_mail_later_by_minutes_at_most(
    calm: Told, faulty: Callable[[str], Told], kind: str
) -> None:
    arrived = faulty(kind).arrived
    assert arrived.keys() == calm.arrived.keys()
    late = {key: arrived[key] - calm.arrived[key] for key in arrived}
    assert max(late.values()) > timedelta(minutes=10)  # some of the weather was felt
    assert {key: by for key, by in late.items() if not timedelta(0) <= by <= LATEST} == {}


@pytest.mark.parametrize("kind", SEEDS)
def test_bad_weather_changes_no_promise_dispute_hold_or_reply(
    calm: Told, faulty: Callable[[str], Told], kind: str
) -> None:
    """What the faulty month has more was decided while the ledger could not be read, on the figures of the last sync:
    a step passed, or a task opened, about an item that was settled by then. It led to nothing.
    """
    month = faulty(kind)
    assert sorted((calm.agreed - month.agreed).elements()) == []
    more = (month.agreed - calm.agreed).elements()
    assert [line for line in more if not month.is_on_old_figures(line)] == []


@pytest.mark.parametrize("kind", SEEDS)
def test_the_judge_finds_every_promise_kept_in_bad_weather(faulty: Callable[[str], Told], kind: str) -> None:
    assert judge(faulty(kind).folder).broken == []


def test_the_calm_month_keeps_every_promise(calm: Told) -> None:
    assert judge(calm.folder).broken == []


def test_a_month_told_twice_differs_in_nothing(calm: Told) -> None:
    assert differences(calm.mails, Told(calm.folder).mails) == []
    first = next(iter(calm.arrived.values()))
    assert first > datetime.fromisoformat("2026-11-02T00:00:00+00:00")


def test_a_cent_in_a_mail_is_a_difference(calm: Told, tmp_path: Path) -> None:
    """The comparison is no blind one."""
    (tmp_path / "mails").mkdir()
    paths = sorted((calm.folder / "mails").glob("*.eml"))
    for path in paths:
        (tmp_path / "mails" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "company.json").write_bytes((calm.folder / "company.json").read_bytes())
    changed = tmp_path / "mails" / paths[0].name
    changed.write_bytes(changed.read_bytes().replace(b"1,578.29", b"1,578.30"))
    assert len(differences(calm.mails, Told(tmp_path).mails)) == 2
