"""One day's work on a store, in a process of its own: python -m tests.bench.day_run remind|job STORE.

Prints one line of JSON. The store is opened and what the job needs is imported before the clock runs.
"""

import json
import sys
import time
from pathlib import Path

from connector.clock import SimulatedClock
from connector.jobs import Job, remind_company, run
from connector.office import Letterhead, Office
from connector.remind import due_accounts, remind
from connector.store.engine import Database, open_engine
from reminders.assignment import Assignment
from reminders.cadence_file import BUILTIN, load_builtin
from reminders.working_days import WorkingDays
from tests.bench.day_store import COMPANY
from tests.bench.day_world import NOW
from tests.bench.machine import peak_rss
from tests.fakes import FakeLedger, FakeMailer


def office_at(path: Path) -> Office:
    """The company's office on the store at `path`."""
    return office_on(Database(open_engine(f"sqlite:///{path}")))


def office_on(database: Database) -> Office:
    """The company's office, with a ledger and a mail server that this bench never reaches."""
    clock = SimulatedClock(NOW)
    return Office(
        company=COMPANY,
        database=database,
        ledger=FakeLedger(now=clock.now),
        mailer=FakeMailer(),
        clock=clock,
        zone="America/New_York",
        calendar=WorkingDays("US"),
        cadences={name: load_builtin(name) for name in BUILTIN},
        assignment=Assignment(default="standard"),
        letterhead=Letterhead(sender="ar@bench.example", sender_name="Bench & Sons"),
    )


def _query_seconds(office: Office) -> float:
    """The query for what is due, the best of five."""
    best = 1.0
    for _ in range(5):
        with office.database.read() as connection:
            start = time.perf_counter()
            assert due_accounts(connection, office.company, office.today()) == []
            best = min(best, time.perf_counter() - start)
    return best


def main(what: str, path: Path) -> dict[str, object]:
    """Does the work and says what it took."""
    office = office_at(path)
    with office.database.read() as connection:
        office.row(connection)
    office.calendar.is_working(NOW.date())
    before = peak_rss()
    wall, cpu = time.perf_counter(), time.process_time()
    ran = run(office, Job.REMIND, remind_company) if what == "job" else None
    done = None if ran else remind(office)
    taken, used = time.perf_counter() - wall, time.process_time() - cpu
    told: dict[str, object] = {}
    if ran:
        assert ran.is_well, ran.error
        told["query"] = _query_seconds(office)
    if done:
        told |= {"looked_at": done.looked_at, "planned": done.planned, "outcomes": done.outcomes}
    return {
        "wall": taken,
        "cpu": used,
        "peak_mb": peak_rss() / 2**20,
        "before_mb": before / 2**20,
        **told,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]))) + "\n")
