"""Plays a random world, day by day: the office's morning, the service's jobs, the answers, the collector, the judge."""

import gc
import os
import shutil
import tempfile
import time as machine
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random

from adapters.quickbooks.sandbox import QuickBooksSandbox
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.bookkeeper import Bookkeeper
from adapters.sandbox.books import Books
from adapters.sandbox.letters import Letters
from connector.demo.post import Postman
from connector.demo.time import WorldTime
from connector.jobs import Job, all_jobs, run
from connector.release import set_mode
from connector.store.companies import Mode
from tests.judge.diary import Diary
from tests.judge.judge import judge
from tests.worlds.desk import Desk
from tests.worlds.evidence import Evidence
from tests.worlds.firm import DAY, draw_firm
from tests.worlds.mailboxes import Mailboxes
from tests.worlds.mischief import Mischief
from tests.worlds.played import Played
from tests.worlds.post import FickleSink
from tests.worlds.process import Killed, Process, settings_for
from tests.worlds.size import Size
from tests.worlds.stage import Stage
from tests.worlds.trade import PAST_DAYS, Trade
from tests.worlds.wire import Wire

_QUIET_HOURS = (11,)
_JOBS = (Job.INBOX, Job.SYNC, Job.REMIND, Job.NOTES)
_SOON_AGAIN = timedelta(minutes=25)
_DEFECT = "should not"


@dataclass(slots=True, kw_only=True)
class _World:
    stage: Stage
    trade: Trade
    mischief: Mischief
    mailboxes: Mailboxes
    sink: FickleSink
    postman: Postman
    wire: Wire
    process: Process
    desk: Desk
    evidence: Evidence
    dice: Random
    played: Played


def _stage(seed: int, size: Size) -> Stage:
    rng = Random(f"world {seed}")
    firm = draw_firm(rng)
    start = date(2026, 1, 1) + timedelta(days=rng.randrange(1, 700))
    time = WorldTime(firm.at(start - timedelta(days=PAST_DAYS + 5), 7))
    books = Books(
        now=time,
        name=firm.name,
        home_currency=firm.home_currency,
        country=firm.country,
        zone=firm.zone_name,
        multicurrency=True,
        rates=firm.rates,
    )
    stage = Stage(
        seed=seed,
        size=size,
        firm=firm,
        start=start,
        time=time,
        books=books,
        keeper=Bookkeeper(books),
        agenda=Agenda(time),
        letters=Letters(seed),
    )
    stage.off = _windows(rng, stage, often=4, longest=4)
    stage.silent = _windows(rng, stage, often=2, longest=12)
    return stage


def _windows(rng: Random, stage: Stage, *, often: float, longest: int) -> set[date]:
    """Some days in a row, about so often in a year, never the first ones."""
    found: set[date] = set()
    for day in stage.days[10:]:
        if rng.random() < often / 365:
            found |= {day + timedelta(days=number) for number in range(rng.randrange(1, longest + 1))}
    return found


@contextmanager
def _world(seed: int, size: Size, out: Path, database_url: str | None) -> Iterator[_World]:
    _empty(out)
    stage = _stage(seed, size)
    trade = Trade(stage)
    trade.open_shop()
    gc.freeze()
    mailboxes = Mailboxes(stage, trade)
    wire = Wire(QuickBooksSandbox(stage.books, now=stage.time), stage.dice("wire"))
    played = Played(seed, size, company=stage.firm.zone_name)
    dice = stage.dice("fate")

    def about_to_read(customers: Collection[str]) -> None:
        for ident in sorted(customers):
            owners = [each for each in stage.actors.values() if stage.id_of(each) == ident.partition("|")[0]]
            if owners and dice.random() < 0.03 and stage.today() not in stage.silent:
                stage.tally["pays before the re-read"] += trade.pays_at_once(owners[0], dice)

    with (
        tempfile.TemporaryDirectory(prefix="duecourse-world-", dir=_fast_folder()) as data,
        FickleSink(out / "mails", stage.time, stage.dice("sink")) as sink,
    ):
        process = Process(
            settings=settings_for(Path(data), out / "inbox", sink.port, database_url),
            time=stage.time,
            firm=stage.firm,
            wire=wire,
            ids=stage.dice("ids"),
            chance=stage.dice("chance"),
            before_fresh=about_to_read,
        )
        process.open()
        try:
            yield _World(
                stage=stage,
                trade=trade,
                mischief=Mischief(stage, trade),
                mailboxes=mailboxes,
                sink=sink,
                postman=Postman(out / "inbox", stage.time),
                wire=wire,
                process=process,
                desk=Desk(stage, sink),
                evidence=Evidence(out, stage),
                dice=dice,
                played=played,
            )
        finally:
            process.close()
            stage.books.close()


def _fast_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _empty(out: Path) -> None:
    for name in ("mails", "inbox", "cadences"):
        shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)


def play(
    seed: int,
    out: Path,
    *,
    size: Size | None = None,
    database_url: str | None = None,
) -> Played:
    """Plays one world and judges it after each day; `out` takes what it leaves. A seed always plays the same world."""
    began = machine.process_time()
    with _world(seed, size or Size(), out, database_url) as world:
        played = world.played
        _first_day(world)
        diary = Diary(out)
        for day in world.stage.days:
            _play_day(world, day)
            world.evidence.catch_up(world.process.office)
            spent = machine.process_time()
            played.broken += diary.judge(day).broken
            played.judge_seconds += machine.process_time() - spent
            if world.desk.defects or played.broken:
                break
        world.evidence.end(world.sink.reminders, day)
        played.broken += world.desk.defects
        played.cases = diary.cases
        _count(world)
        final = judge(out)
        played.broken += [each for each in final.broken if each not in played.broken and "nothing to judge" not in each]
        played.cases += sum(final.cases.values())
    played.cpu_seconds = machine.process_time() - began
    return played


def _count(world: _World) -> None:
    played, kinds = world.played, world.evidence.kinds
    played.customers = len(world.stage.keeper.ids)
    played.invoices = world.stage.tally["billed"]
    played.reminders = kinds["reminder_said"]
    played.mails = world.sink.count
    played.notes = kinds["entry_written"]
    played.uncertain = world.sink.uncertain + sum("handing" in each for each in played.deaths)
    played.commands = world.desk.commands
    played.kills = world.process.deaths
    played.faults = world.sink.faults + world.wire.faults
    played.tally = dict(sorted(world.stage.tally.items()))


def _first_day(world: _World) -> None:
    """Before the year begins: the first sync, in dry run; then a person switches it on."""
    world.evidence.begin(world.process.office)
    _run(world, Job.SYNC)
    set_mode(world.process.office, Mode.AUTOMATIC, by="person")


def _play_day(world: _World, day: date) -> None:
    stage = world.stage
    world.trade.play_day(day)
    world.mischief.play_day(day)
    for number, hour in enumerate(stage.firm.hours if stage.firm.is_open(day) else _QUIET_HOURS):
        stage.play(stage.firm.at(day, hour))
        if day in stage.off:
            continue
        if _round(world):
            stage.play(stage.time.now() + _SOON_AGAIN)  # the service comes every hour: what went wrong is tried again
            _round(world)
        if number == 0:
            _mortal(world, lambda: world.desk.work(world.process))
    if day not in stage.off:
        _run(world, Job.RECONCILE)
    stage.play(stage.firm.at(day + DAY, 0))


def _round(world: _World) -> bool:
    """The service's jobs once, with the faults and the death that this hour has in store. Tells whether any struck."""
    dice, before = world.dice, _troubles(world)
    if dice.random() < 0.06:
        world.wire.trouble = dice.randrange(1, 6)
    if dice.random() < 0.04:
        world.process.fate.kill_in(int(dice.expovariate(1 / 40)) + 1)
    world.postman.deliver()
    for job in _JOBS:
        _mortal(world, partial(_run, world, job))
    world.wire.trouble = 0
    world.process.fate.kill_in(None)
    for recipient, eml in world.sink.take():
        for answer in world.mailboxes.receive(recipient, eml):
            world.postman.give(answer.at, answer.eml)
    return _troubles(world) != before


def _troubles(world: _World) -> tuple[int, int, int]:
    return world.process.deaths, world.wire.faults, world.sink.faults


def _mortal(world: _World, act: Callable[[], object]) -> None:
    """Does something that may end in the process's death; it is started again some minutes later."""
    try:
        act()
    except Killed as killed:
        world.played.deaths.append(str(killed))
        world.process.bury()
        world.stage.time.sleep(world.dice.choice((20, 300, 1000, 1500)))
        world.process.open()
        act()


def _run(world: _World, job: Job) -> None:
    process = world.process
    jobs = all_jobs(process.settings.inbox_folder)
    ran = run(process.office, job, jobs[job], now_please=True)
    if ran.error:
        world.stage.tally[f"failed {job.value}"] += 1
        if _DEFECT in ran.error:
            world.played.broken.append(f"{world.stage.today()} {job.value}: {ran.error}")
