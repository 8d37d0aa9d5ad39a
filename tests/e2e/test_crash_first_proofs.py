"""Killed just before and just after a message is handed over or a note is posted: nothing doubled, nothing unsaid."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from pathlib import Path

import pytest

from adapters.marker import find_marker
from adapters.quickbooks.sandbox import serve_quickbooks
from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.sandbox.books import Books
from connector.bootstrap import Service, open_service
from connector.clock import SimulatedClock
from connector.connect import confirm, propose
from connector.demo.post import Sink
from connector.demo.time import WorldTime
from connector.jobs import Job, all_jobs, run
from connector.release import set_mode
from connector.store.companies import Mode
from connector.store.tables import dispatch, entry, reminder
from tests.e2e.crash_child import settings

NOW = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)  # a Tuesday morning in New York
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class World:
    """Books and a mail server that live on while the service dies."""

    books: Books
    sink: Sink
    mails: Path
    data: Path
    api: str
    time: WorldTime

    def start_service(self, die_at: str = "") -> str:
        """The service's jobs, once, in a process of their own; returns what it printed."""
        command = [sys.executable, "-m", "tests.e2e.crash_child", "--data", str(self.data), "--api", self.api]
        command += ["--smtp", str(self.sink.port), "--now", self.time.now().isoformat(), "--die-at", die_at]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == (-9 if die_at else 0), done.stdout + done.stderr
        return done.stdout

    def service(self) -> Service:
        """To look into the store."""
        return open_service(settings(self.data, self.api, self.sink.port), clock=SimulatedClock(self.time.now()))

    def handed_over(self) -> Counter[tuple[str, str]]:
        """How often each message was accepted, by Message-ID and recipient."""
        mails = [message_from_bytes(path.read_bytes()) for path in sorted(self.mails.glob("*.eml"))]
        return Counter((mail["Message-ID"], mail["X-Envelope-To"]) for mail in mails)

    def notes(self) -> Counter[str]:
        """How often each of our notes stands in the books, by key."""
        return Counter(key for note in self.books.notes() if (key := find_marker(note.text)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    time = WorldTime(NOW - timedelta(days=40))
    books = Books(
        now=time, name="Creditor Inc.", home_currency="USD", country="US", zone="America/New_York", multicurrency=False
    )
    for number in range(3):
        customer = books.add_customer(
            f"Customer {number}", emails=f"ap{number}@debtor.example", country="US", region="NY"
        )
        issued = date(2026, 10, 1)
        books.bill(customer, Decimal("100.00") + number, issue_date=issued, due_date=issued + timedelta(days=30))
    time.set(NOW)
    with ExitStack() as stack:
        box = stack.enter_context(serve_quickbooks(books, now=time, settings=SandboxSettings(open_door=True)))
        sink = stack.enter_context(Sink(tmp_path / "mails", time))
        world = World(books=books, sink=sink, mails=tmp_path / "mails", data=tmp_path / "data", api=box.url, time=time)
        _connect(world)
        yield world


def _connect(world: World) -> None:
    from adapters.quickbooks.oauth import Tokens

    service = world.service()
    tokens = Tokens(realm="1", access_token="a", access_expires_at=NOW + timedelta(days=2), refresh_token="r")
    company = confirm(service, propose(service, tokens, "1"), zone_name="America/New_York", country="US")
    office = service.office(company)
    assert run(office, Job.SYNC, all_jobs(None)[Job.SYNC]).is_well
    set_mode(office, Mode.AUTOMATIC, by="person")
    service.close()


def _recover(world: World) -> None:
    """Started again at once, and once more when every lease and waiting time is over."""
    world.start_service()
    world.time.set(world.time.now() + timedelta(minutes=21))
    world.start_service()
    world.time.set(world.time.now() + timedelta(minutes=21))
    world.start_service()


def _assert_kept(world: World) -> None:
    """No mail twice, none that was owed missing or unmentioned, no note missing or double."""
    handed_over, notes = world.handed_over(), world.notes()
    assert all(count == 1 for count in handed_over.values()), handed_over
    assert all(count == 1 for count in notes.values()), notes
    service = world.service()
    with service.database.read() as connection:
        said = connection.execute(reminder.select().where(reminder.c.said_at.is_not(None))).mappings().all()
        states = {row.address: row.state for row in connection.execute(dispatch.select())}
        entries = {row.key: row.state for row in connection.execute(entry.select())}
    service.close()
    assert len({row["account"] for row in said}) == 3, "every customer who owes was written to, or it is mentioned"
    arrived = {recipient for _, recipient in handed_over}
    assert set(states) == {f"ap{number}@debtor.example" for number in range(3)}
    for address, state in states.items():
        assert state in {"sent", "uncertain"}
        assert state == "uncertain" or address in arrived
    assert set(entries) == {f"reminder:{row['id']}" for row in said}
    assert set(entries.values()) == {"written"}
    assert set(notes) == set(entries)


def test_a_service_that_lives_says_everything_once(world: World) -> None:
    assert "boundaries" in world.start_service()
    _assert_kept(world)
    assert len(world.handed_over()) == 3


@pytest.mark.parametrize("die_at", ["before handing over", "after handing over", "before posting", "after posting"])
def test_killed_around_a_message_or_a_note_nothing_is_doubled_lost_or_unmentioned(world: World, die_at: str) -> None:
    assert f"{die_at}\n" in world.start_service(die_at)
    _recover(world)
    _assert_kept(world)


def test_what_may_have_been_handed_over_is_uncertain_and_its_note_says_so(world: World) -> None:
    world.start_service("after handing over")
    _recover(world)
    service = world.service()
    with service.database.read() as connection:
        rows = connection.execute(dispatch.select().where(dispatch.c.state == "uncertain")).mappings().all()
        note = (
            connection.execute(
                entry.select().where(entry.c.key == f"reminder:{rows[0]['reminder']}"),
            )
            .mappings()
            .one()
        )
    service.close()
    assert len(rows) == 1
    assert "acceptance unknown" in note["text_body"]
