"""The service in a process of its own, forked from a warm one that has imported everything and runs no thread.

A fresh interpreter takes 1.5 s to start, a fork some milliseconds; multiprocessing's fork server is that warm process.
"""

import logging
import multiprocessing
import os
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock

import structlog

from connector.bootstrap import open_service
from connector.clock import SimulatedClock
from connector.jobs import Job, all_jobs, run
from connector.settings import MailSettings, Settings
from tests.e2e.crashing.journal import Journal
from tests.e2e.crashing.mortal import Deadline, MortalLedger, MortalMailer, watch_commits, watch_writes
from tests.e2e.crashing.stands import STANDS, Stand

KEY = "a key of thirty-two characters, or more"
_LONGEST = 120  # seconds, for one run of all jobs on a busy machine

_warm = multiprocessing.get_context("forkserver")
_warm.set_forkserver_preload(["pytest", "tests.e2e.crashing.warm"])


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What a forked service is to do: these jobs once, at this instant, and perhaps to die on the way.

    `trusted` is a file with the only certificate that it trusts: its mail server's. `stand` is its ledger's name. Each
    mail is longer by `padding` bytes than it would be.
    """

    settings: Settings
    now: datetime
    jobs: tuple[Job, ...]
    journal: Path
    trusted: Path
    stand: str = "quickbooks"
    padding: int = 0
    die_at: tuple[str, int] | None = None


class Running:
    """A forked service at work. Several may be, each looked after by a thread of its own."""

    #: Whoever starts one makes multiprocessing ask after all others: an exit code can be read once alone.
    _turn = Lock()

    def __init__(self, errand: Errand) -> None:
        self._process = _warm.Process(target=_work, args=(errand,))
        with self._turn:
            self._process.start()

    def kill(self) -> None:
        """SIGKILL, to this process alone; returns when it is dead."""
        self._process.kill()
        wait([self._process.sentinel], _LONGEST)

    def ended(self) -> int:
        """Waits for its end. Returns the exit code; -9 where it was killed. Raises TimeoutError, and kills it."""
        is_in_time = wait([self._process.sentinel], _LONGEST)
        if not is_in_time:
            self.kill()
        with self._turn:
            self._process.join()
            code = self._process.exitcode
            self._process.close()
        assert code is not None
        if not is_in_time:
            raise TimeoutError(f"the service did not end within {_LONGEST} s")
        return code


def settings_of(*, data: Path, api: str, database_url: str, mail: MailSettings, stand: Stand) -> Settings:
    """The settings of a service over the sandbox of this ledger at `api`."""
    common = Settings(
        data_dir=data,
        database_url=database_url,  # type: ignore[arg-type]
        secret_key=KEY,  # type: ignore[arg-type]
        inbox_folder=data / "inbox",
        mail=mail,
    )
    return common.model_copy(update=dict(stand.settings(api)))


def _work(errand: Errand) -> None:
    """In the forked process: the jobs, in their order. A job that fails is written down, and is the exit code."""
    os.environ["SSL_CERT_FILE"] = str(errand.trusted)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    journal = Journal(errand.journal)
    watch_commits(journal)
    deadline = Deadline(journal, errand.die_at)
    service = open_service(errand.settings, clock=SimulatedClock(errand.now), boundaries=deadline)
    office = service.office()
    office = replace(
        office,
        ledger=MortalLedger(office.ledger, deadline),
        mailer=MortalMailer(office.mailer, deadline, errand.padding),
    )
    if client := STANDS[errand.stand].client:
        watch_writes(service.clients[client].client, STANDS[errand.stand].writes, deadline)
    jobs = all_jobs(errand.settings.inbox_folder)
    failed = [ran.error for job in errand.jobs if (ran := run(office, job, jobs[job], now_please=True)).error]
    service.close()
    for error in failed:
        journal.write("failed", error)
    if failed:
        raise SystemExit(1)
