"""Beside a peer: Tryton 8.2's account_dunning and `remind`, on as many overdue lines, decisions saved in both.

Tryton (GPL) is run, in an environment and a process of its own, and nothing of it is part of this project. Its
database is SQLite in memory; ours is a file, and every commit of it waits for the disk.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from connector.clock import SimulatedClock
from connector.deliver import deliver
from connector.office import Letterhead, Office
from connector.remind import remind
from connector.store import companies
from connector.store.companies import Mode
from connector.store.engine import open_database
from connector.store.tables import reminder_item
from connector.sync import sync
from reminders.assignment import Assignment
from reminders.cadence_file import BUILTIN, load_builtin
from reminders.working_days import WorkingDays
from tests.bench.figures import Figure
from tests.fakes import FakeLedger, FakeMailer

LINES = 10_000
LINES_EACH = 5
_TIMES_FASTER = 100
_ROOT = Path(__file__).parents[2]
_VENV = _ROOT / ".venv-tryton"
_PACKAGES = ("trytond~=8.2.0", "trytond_account_dunning~=8.2.0", "proteus~=8.2.0")
_COMPANY = "bench"
_READ_AT = datetime(2026, 10, 5, 18, 0, tzinfo=UTC)  # business hours from New York to Los Angeles
_DUE_AFTER = timedelta(days=21)
_REMINDED_AFTER = timedelta(days=30)
_QUIET_DAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of CPU."""

    first: float  # all lines reach their first step, saved
    nothing_due: float  # the daily run after that
    process: float = 0.0  # Tryton's second act: its drafts begin to count


def peer(lines: int = LINES) -> Spent:
    """Tryton, installed beside the project where it is not yet. Raises CalledProcessError."""
    python = _VENV / "bin" / "python"
    if not (_VENV / ".ready").exists():
        subprocess.run([sys.executable, "-m", "venv", _VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *_PACKAGES], check=True)
        (_VENV / ".ready").touch()
    command = [str(python), str(Path(__file__).with_name("tryton_peer.py")), str(lines)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])
    assert told["saved"] == lines
    return Spent(first=told["first"], nothing_due=told["nothing_due"], process=told["process"])


def ours(folder: Path, lines: int = LINES) -> Spent:
    """The same day with us: what is due is decided by the full rules and saved with facts, reasons and history."""
    clock = SimulatedClock(_READ_AT)
    office = _office(folder, clock, _books(clock, lines))
    sync(office)
    clock.advance(_REMINDED_AFTER)
    first = _cpu(lambda: remind(office))
    with office.database.read() as connection:
        saved = connection.scalar(select(func.count()).where(reminder_item.c.how == "planned"))
    assert saved == lines
    deliver(office)
    quiet = []
    for _ in range(_QUIET_DAYS):
        clock.advance(timedelta(days=1))
        quiet.append(_cpu(lambda: remind(office)))
    office.database.dispose()
    return Spent(first=first, nothing_due=sorted(quiet)[_QUIET_DAYS // 2])


def _books(clock: SimulatedClock, lines: int) -> FakeLedger:
    ledger = FakeLedger(now=clock.now)
    due = (_READ_AT + _DUE_AFTER).date()
    for customer in range(lines // LINES_EACH):
        ledger.customer(str(customer), f"Customer {customer}")
        for nth in range(LINES_EACH):
            ledger.bill(f"{customer}-{nth}", str(customer), "100.00", due)
    return ledger


def _office(folder: Path, clock: SimulatedClock, ledger: FakeLedger) -> Office:
    database = open_database(f"sqlite:///{folder / 'bench.db'}")
    with database.write("connect") as connection:
        companies.add(
            connection,
            id=_COMPANY,
            ledger="fake",
            ledger_ref="1001",
            name="Bench & Sons",
            home_currency="USD",
            country="US",
            zone="America/New_York",
            mode=Mode.AUTOMATIC.value,
            connected_at=clock.now(),
        )
    return Office(
        company=_COMPANY,
        database=database,
        ledger=ledger,
        mailer=FakeMailer(),
        clock=clock,
        zone="America/New_York",
        calendar=WorkingDays("US"),
        cadences={name: load_builtin(name) for name in BUILTIN},
        assignment=Assignment(default="standard"),
        letterhead=Letterhead(sender="ar@bench.example"),
    )


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def figures() -> list[Figure]:
    """Both, and how many times faster ours is."""
    with tempfile.TemporaryDirectory(prefix="tryton-") as folder:
        mine = ours(Path(folder))
    theirs = peer()
    times = theirs.first / mine.first
    rows = [
        ("Duecourse, all lines due: decided and saved, CPU", f"{mine.first:.2f} s"),
        ("Tryton, all lines due: decided and saved, CPU", f"{theirs.first:.1f} s"),
        ("Tryton, its drafts made to count, CPU", f"{theirs.process:.1f} s"),
        ("Duecourse, the next day, nothing due, CPU", f"{mine.nothing_due * 1000:.1f} ms"),
        ("Tryton, the next day, nothing due, CPU", f"{theirs.nothing_due:.1f} s"),
        ("Nothing due: times faster than Tryton", f"{theirs.nothing_due / mine.nothing_due:,.0f}"),
    ]
    section = f"Beside Tryton 8.2 ({LINES:,} lines, {LINES_EACH} a customer)"
    faster = Figure(
        section=section,
        what="All lines due: times faster than Tryton",
        measured=f"{times:.0f}",
        target=f"≥ {_TIMES_FASTER}",
        met=times >= _TIMES_FASTER,
    )
    return [faster, *(Figure(section=section, what=what, measured=measured) for what, measured in rows)]
