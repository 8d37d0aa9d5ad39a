"""When the jobs run, for every connected company (APScheduler). The jobs themselves are connector.jobs.

APScheduler's wall clock only pulls the trigger: what day it is, and whether a job still backs off, the job asks the
office's own clock. Each job of each company runs once at a time, in its own thread, with an office of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Lock

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from adapters.errors import LedgerError
from connector.bootstrap import NotSetUp, Service
from connector.clock import SystemClock, zone
from connector.deliver import recover
from connector.jobs import Job, Ran, all_jobs, run
from connector.office import Office
from connector.outbox import Posted, settle_unknown
from connector.settings_sources import SettingsError
from connector.store import companies
from connector.store.companies import CompanyRow, NoSuchCompany

log = structlog.get_logger()

SYNC_JITTER = 60  # seconds: companies do not all ask at once
REMIND_MINUTES = 60
NOTES_SECONDS = 60
INBOX_SECONDS = 60
RECONCILE_AT = (2, 30)  # the company's own night
WATCH_SECONDS = 10
"""How often new companies and calls of the ledger ("sync now") are looked for."""
FIRST_ROUND = (Job.INBOX, Job.SYNC, Job.REMIND, Job.NOTES)
"""What a company begins with, in this order: the books first, then what is decided on them."""

OfficeOf = Callable[[str], Office]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Furnished:
    """An office, and what it was furnished from: where that changes, it is furnished anew."""

    row: tuple[object, ...]
    office: Office


class Scheduler:
    """Runs the jobs of all companies until it is stopped."""

    def __init__(self, service: Service, *, office_of: OfficeOf | None = None) -> None:
        self._service = service
        self._office_of = office_of or service.office
        self._jobs: Mapping[Job, Callable[[Office], object]] = all_jobs(service.settings.inbox_folder)
        self._offices: dict[tuple[str, Job], _Furnished] = {}
        self._busy: dict[tuple[str, Job], Lock] = {}
        self._lock = Lock()
        self._stopping = Event()
        self._begun: set[str] = set()
        self._wall = SystemClock()  # what APScheduler goes by, whatever time it is for the company
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Settles what a crash left behind, then begins."""
        for row in self._companies():
            self._settle(row)
            self._enrol(row)
        self._scheduler.add_job(self.watch, IntervalTrigger(seconds=WATCH_SECONDS), id="watch")
        self._scheduler.start()

    def stop(self) -> None:
        """Begins nothing more, and waits for the jobs that run."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def scheduled(self) -> dict[str, str]:
        """What is scheduled: ids of the form `company:job`, with their triggers."""
        return {each.id: str(each.trigger) for each in self._scheduler.get_jobs()}

    def watch(self) -> None:
        """Enrols companies that were connected meanwhile, and syncs those that their ledger called for."""
        for row in self._companies():
            self._enrol(row)
            if row.sync_wanted_at is not None and not self._busy_with(row.id, Job.SYNC).locked():
                self._scheduler.modify_job(_id(row, Job.SYNC), next_run_time=self._wall.now())

    def sync(self, company: str) -> None:
        """What the sync's trigger does: the first time a whole round, from then on a sync."""
        if company in self._begun:
            self.run(company, Job.SYNC)
        else:
            self._begun.add(company)
            self.begin(company)

    def begin(self, company: str) -> None:
        """A company's first round."""
        for job in FIRST_ROUND:
            if not self._stopping.is_set():
                self.run(company, job)

    def run(self, company: str, job: Job) -> Ran | None:
        """Runs one job of a company now. None where it runs already, or the company cannot be worked for."""
        busy = self._busy_with(company, job)
        if not busy.acquire(blocking=False):
            return None
        try:
            ran = run(self._office(company, job), job, self._jobs[job])
        except (NoSuchCompany, NotSetUp, SettingsError) as error:
            log.warning("company cannot be worked for", company=company, job=job.value, why=str(error))
            return None
        finally:
            busy.release()
        if ran.error:
            log.error("job failed", company=company, job=job.value, why=ran.error)
        else:
            log.info("job ran", company=company, job=job.value, skipped=ran.skipped)
        return ran

    # -- companies

    def _companies(self) -> list[CompanyRow]:
        with self._service.database.read() as connection:
            return companies.load_all(connection)

    def _enrol(self, row: CompanyRow) -> None:
        if self._scheduler.get_job(_id(row, Job.SYNC)) is not None:
            return
        for job in self._jobs:
            if job is Job.SYNC:
                first = self._wall.now()
                self._scheduler.add_job(
                    self.sync, self._trigger(row, job), args=[row.id], id=_id(row, job), next_run_time=first
                )
            elif job is not Job.INBOX or self._service.settings.inbox_folder is not None:
                self._scheduler.add_job(self.run, self._trigger(row, job), args=[row.id, job], id=_id(row, job))

    def _trigger(self, row: CompanyRow, job: Job) -> IntervalTrigger | CronTrigger:
        match job:
            case Job.SYNC:
                return IntervalTrigger(
                    minutes=self._service.settings.minutes_between_syncs(row.ledger), jitter=SYNC_JITTER
                )
            case Job.REMIND:
                return IntervalTrigger(minutes=REMIND_MINUTES, jitter=SYNC_JITTER)
            case Job.NOTES:
                return IntervalTrigger(seconds=NOTES_SECONDS)
            case Job.INBOX:
                return IntervalTrigger(seconds=INBOX_SECONDS)
            case Job.RECONCILE:
                hour, minute = RECONCILE_AT
                return CronTrigger(hour=hour, minute=minute, jitter=900, timezone=zone(row.zone))

    def _busy_with(self, company: str, job: Job) -> Lock:
        with self._lock:
            return self._busy.setdefault((company, job), Lock())

    def _office(self, company: str, job: Job) -> Office:
        """Each job has its own: a ledger's tokens serve one thread."""
        with self._service.database.read() as connection:
            row = companies.load(connection, company)
            is_alone = len(companies.load_all(connection)) == 1
        place = (row.zone, row.country, row.name, row.ledger_ref)
        made_from = (*place, row.default_cadence, row.note_style, row.letterhead, is_alone)
        with self._lock:
            known = self._offices.get((company, job))
            if known is None or known.row != made_from:
                known = _Furnished(row=made_from, office=self._office_of(company))
                self._offices[company, job] = known
        return known.office

    def _settle(self, row: CompanyRow) -> None:
        try:
            office = self._office(row.id, Job.NOTES)
            recovered = recover(office)
            if row.paused_because is None:
                settle_unknown(office, Posted())
        except (LedgerError, NotSetUp, SettingsError) as error:
            log.warning("what a crash left behind waits", company=row.id, why=str(error))
        else:
            log.info("what a crash left behind is settled", company=row.id, reminders=recovered)


def _id(row: CompanyRow, job: Job) -> str:
    return f"{row.id}:{job.value}"
