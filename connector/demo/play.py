"""Plays the month: the world's mornings, the service's jobs, the customers' answers, the collector's commands.

Everything but the clock is real: the QuickBooks sandbox answers on a local port, mails leave by SMTP, answers come
in as files, and the collector types commands. What the judge needs is left in the output folder.
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
from pathlib import Path
from uuid import UUID

import httpx

from adapters.ledger import Ledger
from adapters.quickbooks.oauth import read_callback
from adapters.quickbooks.sandbox import serve_quickbooks
from adapters.sandbox import office as world_office
from adapters.sandbox.company import MONTH_BEGINS, believable, first_instant
from adapters.sandbox.month import Month
from connector.bootstrap import Service, open_service, quickbooks_oauth
from connector.connect import confirm, propose
from connector.demo.collector import Collector
from connector.demo.evidence import Evidence, leave_evidence
from connector.demo.post import Postman, Sink
from connector.demo.time import WorldTime
from connector.demo.watching import WatchedLedger
from connector.jobs import Job, Ran, all_jobs, cash_note, run
from connector.office import Office
from connector.release import set_mode
from connector.settings import MailSettings, QuickBooksSettings, Security, Settings
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


def play(
    out: Path,
    *,
    seed: int = 1,
    progress: Progress | None = None,
    afterwards: Callable[[Evidence, str], None] | None = None,
) -> Evidence:
    """Plays the month and leaves its evidence in `out`, some folders of which are emptied first.

    Deterministic for a seed. `afterwards` is called while the sandbox still answers, with its address.
    """
    _empty(out)
    time = WorldTime(first_instant(MONTH_BEGINS)())
    books = world_office.believable_books(time)
    company = believable(books, clock=time, seed=seed, today=MONTH_BEGINS)
    month = Month(company, books, time, seed)
    gc.freeze()  # what the past left in memory stays: no collector need walk it for the length of the month
    with ExitStack() as stack:
        box = stack.enter_context(serve_quickbooks(books, now=time))
        sink = stack.enter_context(Sink(out / "mails", time))
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duecourse-demo-", dir=_fast_folder())))
        service = open_service(_settings(data, box.url, sink.port, out / "inbox"), clock=time)
        stack.callback(service.close)
        company_id = _connect(service)
        evidence = Evidence(out=out, books=books, month=month, calls=box.calls, start=MONTH_BEGINS)
        office = _furnish(service, company_id, month, time, seed)
        world = _World(
            time=time,
            month=month,
            service=service,
            office=office,
            sink=sink,
            postman=Postman(out / "inbox", time),
            collector=Collector(service, office),
            evidence=evidence,
        )
        _first_day(world)
        for number, day in enumerate(month.days, start=1):
            _play_day(world, day)
            if progress:
                progress(day, number, sink.count)
        evidence.failed_commands = world.collector.failed
        evidence.commands = world.collector.commands
        leave_evidence(evidence, office)
        if afterwards:
            afterwards(evidence, box.url)
    return evidence


def _fast_folder() -> str | None:
    """In memory where there is such a place: the demo's database lives for half a minute."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of our own is made in it


def _empty(out: Path) -> None:
    for name in ("mails", "inbox", "cadences"):
        shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)


def _settings(data: Path, url: str, smtp_port: int, inbox: Path) -> Settings:
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
        quickbooks=QuickBooksSettings(
            client_id="demo",
            client_secret="demo",  # type: ignore[arg-type]  # noqa: S106 - the sandbox takes any
            api_url=url,
            authorize_url=f"{url}/connect/oauth2",
            token_url=f"{url}/oauth2/v1/tokens/bearer",
            revoke_url=f"{url}/v2/oauth2/tokens/revoke",
        ),
    )


def _connect(service: Service) -> str:
    """What `duecourse connect quickbooks` does, with the consent clicked by a plain HTTP client."""
    oauth = quickbooks_oauth(service)
    state = "demo"
    url = httpx.URL(oauth.authorize_url(state))
    answer = httpx.post(url.copy_with(query=None), data={**dict(url.params), "decision": "connect"})
    code, realm = read_callback(answer.headers["location"], state)
    proposal = propose(service, oauth.exchange(code, realm), realm)
    return confirm(service, proposal, zone_name=str(world_office.ZONE), country=world_office.COUNTRY)


def _furnish(service: Service, company_id: str, month: Month, time: WorldTime, seed: int) -> Office:
    office = service.office(company_id)
    dice = random.Random(f"ids {seed}")  # noqa: S311 - a world that replays exactly, not a secret

    def about_to_read(customers: Collection[str]) -> object:
        return month.before_reread(customers, time.now())

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
            _run_jobs(world, day)
            if number == 0:
                _collect(world, day)
        world.evidence.note(run(world.office, Job.RECONCILE, all_jobs(None)[Job.RECONCILE], now_please=True))
        world.evidence.end_day(day, cash_note(world.office))
    month.evening(day)


def _run_jobs(world: _World, day: date) -> None:
    world.postman.deliver()
    jobs = all_jobs(world.service.settings.inbox_folder)
    for job in _DAY_JOBS:
        ran: Ran = run(world.office, job, jobs[job], now_please=True)
        world.evidence.note(ran)
    for recipient, eml in world.sink.take():
        for reply in world.month.on_mail(day, world.time.now(), recipient, eml):
            world.postman.give(reply.at, reply.eml)


def _collect(world: _World, day: date) -> None:
    for act in world.month.collector(day, world.collector.open_tasks()):
        world.collector.do(act, day)
