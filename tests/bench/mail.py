"""10,000 reminders of two invoices each: re-read, decided once more, rendered, built and handed over by SMTP.

Everything is ours but the two ends: Intuit is answered inside the process from rows rendered beforehand, and the mail
server is Postfix's smtp-sink, a process of its own that takes whatever it is given. Nothing slows either down.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from adapters.http import Http
from adapters.ledger import Page
from adapters.quickbooks.ledger import QuickBooksLedger
from adapters.quickbooks.limits import MemoryQuota
from adapters.quickbooks.oauth import Endpoints, MemoryTokens, OAuthClient, Tokens
from connector.bootstrap import BUILTIN_CADENCES
from connector.deliver import deliver
from connector.letters import Delivered
from connector.office import Letterhead, Office, SendingRules
from connector.outbox import post_notes
from connector.remind import remind
from connector.store import companies
from connector.store.companies import Mode
from connector.store.engine import Database, open_database
from connector.sync import apply_fresh
from reminders.assignment import Assignment
from reminders.cadence_file import load_builtin
from reminders.channels import Mailer, SendResult
from reminders.channels.smtp import Security, SmtpTransport
from reminders.working_days import WorkingDays
from tests.bench.figures import Figure
from tests.bench.mail_books import AnsweringIntuit, SmallDebtors, read_cursor

COMPANY = "bench"
BEGIN = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)  # a Tuesday: business hours in New York, Berlin, Paris and Madrid
REMINDERS = 10_000


class RunningClock:
    """A clock that began on a Tuesday afternoon, and runs."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        """This instant."""
        return BEGIN + timedelta(seconds=time.monotonic() - self._began)

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


@dataclass
class SlowCommits:
    """A disk on which each commit takes so many seconds."""

    seconds: float = 0.0

    def before(self, name: str) -> None:
        """The commit takes its time."""
        del name
        if self.seconds:
            time.sleep(self.seconds)

    def after(self, name: str) -> None:
        """Nothing."""


@dataclass
class WatchedMailer:
    """Hands on to the mailer, and notes how old the figures of a message were when it was handed over."""

    inner: Mailer
    now: Callable[[], datetime]
    reads: list[datetime]
    ages: list[float] = field(default_factory=list)

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        """Sends."""

        def noting() -> bool:
            opened = at_data()
            self.ages.append((self.now() - self.reads[-1]).total_seconds())
            return opened

        return self.inner.send(sender, recipient, data, noting)


@dataclass(frozen=True)
class Run:
    """What one run came to."""

    reminders: int
    seconds: float
    cpu: float
    oldest: float
    fresh_calls: int
    note_calls: int
    note_seconds: float

    @property
    def rate(self) -> float:
        """Reminders a second."""
        return self.reminders / self.seconds


def figures() -> list[Figure]:
    """The table's lines."""
    fast = run(REMINDERS)
    slow = run(REMINDERS, commit_seconds=0.005)
    section = "10,000 reminders"
    return [
        Figure(
            section=section,
            what="of 2 invoices each, to smtp-sink, 8 connections",
            measured=f"{fast.rate:.0f}/s ({fast.cpu / fast.reminders * 1000:.2f} ms CPU each)",
            target="≥ 300/s",
            met=fast.rate >= 300,
        ),
        Figure(
            section=section,
            what="the same, 5 ms added to each commit",
            measured=f"{slow.rate:.0f}/s",
            target="≥ 300/s",
            met=slow.rate >= 300,
        ),
        Figure(
            section=section,
            what="oldest figures at DATA",
            measured=f"{max(fast.oldest, slow.oldest):.1f} s",
            target="< 60 s",
            met=max(fast.oldest, slow.oldest) < 60,
        ),
        Figure(
            section=section,
            what="calls to re-read",
            measured=str(fast.fresh_calls),
            target="≤ 40",
            met=fast.fresh_calls <= 40,
        ),
        Figure(
            section=section,
            what="batch calls for their notes",
            measured=f"{fast.note_calls} ({fast.note_seconds:.1f} s)",
            target="≤ 334",
            met=fast.note_calls <= 334,
        ),
    ]


def run(count: int, *, commit_seconds: float = 0.0, connections: int = 8) -> Run:
    """Delivers `count` reminders and posts their notes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="duecourse-bench-")))
        port = stack.enter_context(smtp_sink())
        slow = SlowCommits()
        database = open_database(f"sqlite:///{folder / 'bench.db'}", boundaries=slow)
        stack.callback(database.dispose)
        clock = RunningClock()
        api = AnsweringIntuit(SmallDebtors(count, BEGIN.date()), clock.now)
        office = _office(database, clock, api, port, connections)
        _fill(office, api)
        planned = remind(office)
        assert planned.planned == count, planned
        slow.seconds = commit_seconds
        watched = WatchedMailer(office.mailer, clock.now, _noting_reads(office))
        began, cpu = time.monotonic(), time.process_time()
        done = deliver(replace(office, mailer=watched))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        assert done == Delivered(sent=count), done
        fresh_calls = api.calls["query"] + api.calls["cdc"]
        began = time.monotonic()
        posted = post_notes(office)
        assert posted.written == count, posted
        return Run(
            reminders=count,
            seconds=seconds,
            cpu=cpu,
            oldest=max(watched.ages),
            fresh_calls=fresh_calls,
            note_calls=api.calls["batch"],
            note_seconds=time.monotonic() - began,
        )


def _noting_reads(office: Office) -> list[datetime]:
    """The instants of `fresh`, as they happen."""
    reads: list[datetime] = []
    ledger, asked = office.ledger, office.ledger.fresh

    def fresh(*args: object) -> Page:
        reads.append(office.now())
        return asked(*args)  # type: ignore[arg-type]

    ledger.fresh = fresh  # type: ignore[method-assign, assignment]
    return reads


def _fill(office: Office, api: AnsweringIntuit) -> None:
    """The books as a first sync leaves them, a week before they are due to be asked for."""
    books = api.books
    now = office.now()
    apply_fresh(office, Page(customers=tuple(books.people()), cursor="", read_at=now))
    documents = list(books.documents())
    for at in range(0, len(documents), 1000):
        apply_fresh(office, Page(documents=tuple(documents[at : at + 1000]), cursor="", read_at=now))
    with office.database.write("first read done") as connection:
        companies.change(
            connection,
            COMPANY,
            cursor=read_cursor(now),
            first_read_done=True,
            synced_at=now,
            cash_posted_until=date(2026, 11, 10),
            cash_silence_days=30,
        )
    api.calls.clear()


def _office(database: Database, clock: RunningClock, api: AnsweringIntuit, port: int, connections: int) -> Office:
    with database.write("connect") as connection:
        companies.add(
            connection,
            id=COMPANY,
            ledger="quickbooks",
            ledger_ref="1001",
            name="Larkfield Supply Company",
            home_currency="USD",
            country="US",
            zone="America/New_York",
            mode=Mode.AUTOMATIC.value,
            connected_at=clock.now() - timedelta(days=90),
        )
    http = Http(sleep=_no_limit, chance=lambda: 0.0, client=httpx.Client(transport=api))
    tokens = Tokens(realm="1001", access_token="a", access_expires_at=BEGIN + timedelta(days=1), refresh_token="r")
    nowhere = Endpoints(authorize_url="http://intuit/a", token_url="http://intuit/t", revoke_url="http://intuit/r")
    ledger = QuickBooksLedger(
        realm="1001",
        api_url="http://intuit",
        tokens=MemoryTokens(tokens),
        oauth=OAuthClient(
            client_id="b", client_secret="b", redirect_uri="", http=http, now=clock.now, endpoints=nowhere
        ),
        http=http,
        quota=MemoryQuota(),
        now=clock.now,
    )
    return Office(
        company=COMPANY,
        database=database,
        ledger=ledger,
        mailer=SmtpTransport(host="127.0.0.1", port=port, security=Security.NONE, pool_size=connections),
        clock=clock,
        zone="America/New_York",
        calendar=WorkingDays("US"),
        cadences={name: load_builtin(name) for name in BUILTIN_CADENCES},
        assignment=Assignment(default="standard"),
        letterhead=Letterhead(
            sender="receivables@larkfield.example",
            sender_name="Larkfield Supply",
            postal_address="14 Quay Street\nAlbany, NY 12207",
            bank_details="Larkfield Supply Company · Example Bank · Account 4400 1188",
        ),
        sending=SendingRules(pay_links=False, connections=connections),
    )


def _no_limit(seconds: float) -> None:
    """The limits of Intuit's API are not what is measured: nothing waits for them."""


class NoSink(RuntimeError):
    """Postfix's smtp-sink is not on this machine."""


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Postfix's smtp-sink on a free port."""
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    if not Path(program).exists():
        raise NoSink("smtp-sink is missing: install Debian's package postfix.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{port}", "1000"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()
