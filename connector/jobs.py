"""The jobs, as plain functions of an office. What runs them, and when, is connector.scheduler's affair.

A job that fails says so in one sentence, backs off, and stops no other. A withdrawn connection pauses the company; a
used-up quota stops what reads the ledger, while notes (which are free) go on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import structlog

from adapters.errors import LedgerAuthExpired, LedgerError, LedgerOutOfQuota, LedgerUnavailable
from connector import promises
from connector.cash import cash_on
from connector.disputes import end_flags
from connector.ledger_mail import count_as_contact
from connector.office import CannotWork, CompanyPaused, Office
from connector.pauses import end_due
from connector.release import release_cash_drafts
from connector.store import companies, jobs
from connector.store.companies import CompanyRow
from connector.sync import SWEEP_EVERY, Progress, pause_company, sync

log = structlog.get_logger()

_LONGEST_BACKOFF = timedelta(hours=1)


class Job(StrEnum):
    """What `duecourse serve` does by itself."""

    INBOX = "inbox"
    SYNC = "sync"
    REMIND = "remind"
    NOTES = "notes"
    RECONCILE = "reconcile"


#: Jobs that read the ledger, which costs calls: not while the month's are used up.
READING = frozenset({Job.SYNC, Job.REMIND, Job.RECONCILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run of a job went. `result` is what the job returned; `error` one sentence where it failed."""

    job: Job
    result: object = None
    error: str = ""
    skipped: str = ""

    @property
    def is_well(self) -> bool:
        """It ran, or had a reason not to."""
        return not self.error


class UnexpectedFailure(Exception):
    """A defect of ours, said without what it was about: that is in the log."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"Something went wrong that should not ({type(error).__name__}): the log has the details.")


def sync_company(
    office: Office, *, whole: bool = False, believe: bool = False, progress: Progress | None = None
) -> object:
    """Sync, and what follows from it: promises are judged, flags and holds that are over end.

    `whole`, `believe` and `progress` are those of `connector.sync.sync`.
    """
    with office.database.read() as connection:
        row = office.row(connection)
    whole = whole or row.swept_at is None or office.now() - row.swept_at > SWEEP_EVERY
    synced = sync(office, whole=whole, believe=believe, progress=progress)
    if not row.first_read_done:
        count_as_contact(office)
    promises.judge(office)
    end_flags(office)
    end_due(office)
    release_cash_drafts(office)
    return synced


def remind_company(office: Office) -> object:
    """Decides what is due, and sends what may leave."""
    from connector.deliver import deliver
    from connector.remind import remind

    planned = remind(office)
    return planned, deliver(office)


def write_company(office: Office) -> object:
    """Writes into the ledger what waits: notes, and dunning blocks for disputes. Tells what became of the notes."""
    from connector.blocks import keep_blocks
    from connector.outbox import post_notes

    posted = post_notes(office)
    keep_blocks(office)
    return posted


def _nothing(office: Office) -> object:
    """No inbox folder is set."""
    del office
    return 0


def all_jobs(inbox: Path | None) -> dict[Job, Callable[[Office], object]]:
    """Every job, in the order in which one run does them; each room is loaded here, and not by a sync."""
    from connector.inbox_folder import take_in_folder
    from connector.reconcile import reconcile

    read_inbox = (lambda office: take_in_folder(office, inbox)) if inbox else _nothing
    return {
        Job.INBOX: read_inbox,
        Job.SYNC: sync_company,
        Job.REMIND: remind_company,
        Job.NOTES: write_company,
        Job.RECONCILE: reconcile,
    }


def run(office: Office, job: Job, work: Callable[[Office], object], *, now_please: bool = False) -> Ran:
    """Runs one job and writes down how it went; never raises for what a company or its ledger did.

    `now_please` runs it although it backs off after a failure: a person asked.
    """
    with office.database.write(f"start {job.value}") as connection:
        row = office.row(connection)
        skipped = _why_not(office, row, job)
        known = jobs.load(connection, office.company).get(job.value)
        if not skipped and not now_please and known and known["not_before"] and known["not_before"] > office.now():
            skipped = f"waits until {known['not_before']:%H:%M} UTC after: {known['last_error']}"
        if skipped:
            return Ran(job=job, skipped=skipped)
        jobs.started(connection, office.company, job.value, office.now())
        failures = known["failures"] if known else 0
    try:
        result = work(office)
    except CompanyPaused as paused:
        return Ran(job=job, skipped=str(paused))
    except (LedgerError, CannotWork) as error:
        return _failed(office, job, error, failures)
    except Exception as error:  # a defect of ours: it is said, backs off, and stops no other job
        log.exception("job failed", job=job.value, company=office.company)
        return _failed(office, job, UnexpectedFailure(error), failures)
    with office.database.write(f"end {job.value}") as connection:
        jobs.succeeded(connection, office.company, job.value, office.now())
    return Ran(job=job, result=result)


def _why_not(office: Office, row: CompanyRow, job: Job) -> str:
    if row.paused_because:
        return f"{row.name} is paused: {row.paused_because}"
    if row.out_of_quota_until and row.out_of_quota_until > office.now() and job in READING:
        return f"out of quota until {row.out_of_quota_until:%d %b %Y}: nothing is read, and so nothing is sent"
    return ""


def _failed(office: Office, job: Job, error: Exception, failures: int) -> Ran:
    why = str(error) or type(error).__name__
    backoff = min(timedelta(minutes=2 ** min(failures, 10)), _LONGEST_BACKOFF)
    if isinstance(error, LedgerUnavailable) and error.retry_after:
        backoff = max(backoff, error.retry_after)
    with office.database.write(f"fail {job.value}") as connection:
        jobs.failed(connection, office.company, job.value, why=why, not_before=office.now() + backoff)
        if isinstance(error, LedgerAuthExpired):
            pause_company(office, connection, f"{why} Run: {office.row(connection).connect_command}")
        if isinstance(error, LedgerOutOfQuota):
            companies.change(connection, office.company, out_of_quota_until=error.until)
    return Ran(job=job, error=why)


def cash_note(office: Office) -> str:
    """One line about posted cash where it is silent; empty where it is not."""
    with office.database.read() as connection:
        row = office.row(connection)
        cash = cash_on(row, office.calendar, office.today())
        if not cash.is_silent:
            return ""
        from connector.store import reminders

        waiting = sum(each["waits_because"] == "cash" for each in reminders.drafts(connection, office.company))
    since = f"{cash.last_entered:%A %d %b}" if cash.last_entered else "the beginning"
    return f"No payment entered since {since}: {waiting} reminders wait. Is cash posted? duecourse cash-is-posted"
