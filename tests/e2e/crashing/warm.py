"""Imported by the fork server alone, before it forks: plays a small day, so that what is made once is made already.

Calendars, templates, cadences and the driver's own modules are then shared by all forked services.
"""

import gc
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from adapters.http import Http
from connector.jobs import all_jobs
from connector.store.engine import open_database, open_engine
from reminders.working_days import WorkingDays
from tests.e2e.crashing import service
from tests.unit.connector.speaking.firm import Firm

__all__ = ["service"]


def rehearse() -> None:
    """A reminder, a promise and its note, on a throw-away database."""
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'rehearsal.db'}")
        firm = Firm(database)
        firm.owes("1")
        firm.owes("2")
        firm.sync()
        firm.promise("2")
        firm.sync()
        (Path(folder) / "reply.eml").write_bytes(b"From: c1@example.com\r\n\r\nWe dispute this.\r\n")
        for work in all_jobs(Path(folder)).values():
            work(firm.office)
        database.dispose()
    WorkingDays("US").add(date(2026, 11, 10), 1)
    Http(sleep=firm.clock.sleep, chance=Random(1).random).close()
    open_engine("postgresql://nobody@localhost/nothing").dispose()  # connects to nothing: loads the driver
    gc.freeze()


rehearse()
