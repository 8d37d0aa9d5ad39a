"""Plays the month: the world's mornings, the service's jobs, the customers' answers, the collector's commands.

Everything but the clock is real: a ledger's sandbox answers on a local port, mails leave by SMTP, answers come in as
files, and the collector types commands. What the judge needs is left in the output folder.
"""

import gc
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from adapters.ledger import Ledger
from adapters.sandbox import office as world_office
from adapters.sandbox.company import MONTH_BEGINS, believable, first_instant
from adapters.sandbox.month import Month
from connector.bootstrap import Service, open_service
from connector.demo.collector import Collector
from connector.demo.evidence import Evidence, leave_evidence
from connector.demo.post import Postman, Sink
from connector.demo.stand import STANDS, Stand, company_settings, replayed
from connector.demo.time import WorldTime
from connector.demo.trouble import NoTrouble, Scene, Trouble
from connector.demo.watching import WatchedLedger
from connector.jobs import Job, Ran, all_jobs, cash_note, run
from connector.office import Office
from connector.release import set_mode
from connector.settings import MailSettings, Security, Settings
from connector.store.companies import Mode

#: The hours (company's zone) at which the jobs run: for Europe and the east, for the west, for the other side.
HOURS = (9, 13, 19)
_DAY_JOBS = (Job.INBOX, Job.SYNC, Job.REMIND, Job.NOTES)

Progress = Callable[[date, int, int], None]


@dataclass(slots=True)
class _World:
    """What plays together."""

    time: WorldTime
    month: Month
    service: Service
    office: Office
    sink: Sink
    postman: Postman
    collector: Collector
    evidence: Evidence
    trouble: Trouble


def play(
    out: Path,
    *,
    seed: int = 1,
    ledger: str = "quickbooks",
    database_url: str | None = None,
    trouble: Trouble | None = None,
    progress: Progress | None = None,
    afterwards: Callable[[Evidence, str], None] | None = None,
) -> Evidence:
    """Plays the month and leaves its evidence in `out`, some folders of which are emptied first.

    Deterministic for a seed and its `trouble` (none: a calm month). `database_url`: instead of a SQLite file of its
    own. `ledger` is one of `STANDS`. `afterwards` is called while the sandbox still answers, with its address.
    """
    trouble, stand = trouble or NoTrouble(), STANDS[ledger]
    _empty(out)
    time = WorldTime(first_instant(MONTH_BEGINS)())
    books = world_office.believable_books(time)
    company = believable(books, clock=time, seed=seed, today=MONTH_BEGINS, plain_numbers=stand.plain_numbers)
    month = Month(company, books, time, seed, without=stand.hidden)
    gc.freeze()  # what the past left in memory stays: no collector need walk it for the length of the month
    with ExitStack() as stack:
        box = stack.enter_context(stand.open(books, time))
        sink = stack.enter_context(Sink(out / "mails", time))
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duecourse-demo-", dir=_fast_folder())))
        settings = company_settings(stand, box.url, _settings(data, sink.port, out / "inbox"))
        service = _open(settings.model_copy(update={"database_url": _secret(database_url)}), stand, time, seed)
        stack.callback(service.close)
        company_id = stand.connect(service)
        evidence = Evidence(out=out, books=books, month=month, stand=stand, box=box, start=MONTH_BEGINS)
        office = _furnish(service, company_id, month, time, seed)
        office = trouble.begin(Scene(books=books, box=box, sink=sink, service=service, office=office, time=time))
        world = _World(
            time=time,
            month=month,
            service=service,
            office=office,
            sink=sink,
            postman=Postman(out / "inbox", time),
            collector=Collector(service, office),
            evidence=evidence,
            trouble=trouble,
        )
        _play_through(world, progress)
        if afterwards:
            afterwards(evidence, box.url)
    return evidence


def _play_through(world: _World, progress: Progress | None) -> None:
    _first_day(world)
    for number, day in enumerate(world.month.days, start=1):
        _play_day(world, day)
        if progress:
            progress(day, number, world.sink.count)
    world.evidence.failed_commands = world.collector.failed
    world.evidence.commands = world.collector.commands
    leave_evidence(world.evidence, world.office)


def _fast_folder() -> str | None:
    """In memory where there is such a place: the demo's database lives for half a minute."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of our own is made in it


def _empty(out: Path) -> None:
    for name in ("mails", "inbox", "cadences"):
        shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)


def _settings(data: Path, smtp_port: int, inbox: Path) -> Settings:
    return Settings(
        data_dir=data,
        inbox_folder=inbox,
        postal_address="14 Quay Street\nAlbany, NY 12207",
        bank_details="Larkfield Supply Company · Example Bank · Account 4400 1188",
        mail=MailSettings(
            host="127.0.0.1",
            port=smtp_port,
            security=Security.NONE,
            sender_address="receivables@larkfield.example",
            sender_name="Larkfield Supply, Accounts Receivable",
            connections=1,  # one mail after the other: the month replays exactly
        ),
    )


def _open(settings: Settings, stand: Stand, time: WorldTime, seed: int) -> Service:
    """The service, whose waits between attempts are the same every time."""
    opened = open_service(settings, clock=time)
    opened.http.close()
    service = replace(opened, http=replayed(time.sleep, seed))
    stand.patient(service, time.sleep, seed)
    return service


def _secret(url: str | None) -> SecretStr | None:
    return SecretStr(url) if url else None


def _furnish(service: Service, company_id: str, month: Month, time: WorldTime, seed: int) -> Office:
    office = service.office(company_id)
    dice = random.Random(f"ids {seed}")  # noqa: S311 - a world that replays exactly, not a secret

    moved: set[tuple[date, str]] = set()

    def about_to_read(_documents: Collection[str], customers: Collection[str]) -> object:
        """Whoever pays in that moment does so once a day, however often the service has to ask."""
        now = time.now()
        asked = {(world_office.local_day(now), each) for each in customers} - moved
        moved.update(asked)
        return month.before_reread([each for _, each in asked], now)

    watched: Ledger = WatchedLedger(office.ledger, about_to_read)
    return replace(office, ledger=watched, new_id=lambda: str(UUID(int=dice.getrandbits(128), version=4)))


def _first_day(world: _World) -> None:
    """Before the month begins: the first sync, in dry run; then a person switches it on."""
    jobs = all_jobs(None)
    world.evidence.note(run(world.office, Job.SYNC, jobs[Job.SYNC]))
    set_mode(world.office, Mode.AUTOMATIC, by="person")


def _play_day(world: _World, day: date) -> None:
    month = world.month
    month.morning(day)
    if day not in month.outage_days:
        for number, hour in enumerate(HOURS):
            month.until(day, hour)
            _play_hour(world, day, hour)
            if number == 0:
                _collect(world, day)
        _reconcile(world, day)
        world.evidence.end_day(day, cash_note(world.office))
    month.evening(day)


def _play_hour(world: _World, day: date, hour: int) -> None:
    """The jobs of an hour, and again as soon as the schedule has it where something went wrong."""
    for attempt in count():
        world.trouble.before_jobs(day, hour, attempt)
        wait = world.trouble.wait_after(_run_jobs(world, day))
        if wait is None:
            return
        world.time.sleep(wait.total_seconds())


def _reconcile(world: _World, day: date) -> None:
    for attempt in count():
        world.trouble.before_reconcile(day, attempt)
        ran = run(world.office, Job.RECONCILE, all_jobs(None)[Job.RECONCILE])
        world.evidence.note(ran)
        wait = world.trouble.wait_after([ran])
        if wait is None:
            return
        world.time.sleep(wait.total_seconds())


def _run_jobs(world: _World, day: date) -> list[Ran]:
    world.postman.deliver()
    jobs = all_jobs(world.service.settings.inbox_folder)
    all_ran = []
    for job in _DAY_JOBS:
        ran: Ran = run(world.office, job, jobs[job])
        world.evidence.note(ran)
        all_ran.append(ran)
    for recipient, eml in world.sink.take():
        for reply in world.month.on_mail(day, world.time.now(), recipient, eml):
            world.postman.give(reply.at, reply.eml)
    return all_ran


def _collect(world: _World, day: date) -> None:
    for act in world.month.collector(day, world.collector.open_tasks()):
        world.collector.do(act, day)
