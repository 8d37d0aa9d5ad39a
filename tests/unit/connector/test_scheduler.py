from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from adapters.errors import LedgerUnavailable
from adapters.ledger import Page
from connector.bootstrap import NotSetUp
from connector.jobs import Job
from connector.office import Office
from connector.scheduler import FIRST_ROUND, Scheduler
from connector.store import companies, jobs
from connector.store.tables import dispatch, reminder
from tests.fakes import FakeLedger
from tests.unit.connector.commands.shop import COMPANY, Shop

_PATIENCE = 20.0


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.service.close()


@pytest.fixture
def scheduler(shop: Shop) -> Iterator[Scheduler]:
    made = Scheduler(shop.service)
    yield made
    made.stop()


def test_every_company_has_its_jobs_and_compares_in_its_own_night(shop: Shop, scheduler: Scheduler) -> None:
    shop.connect("qbo-1002", "1002")
    scheduler.start()
    scheduled = scheduler.scheduled()
    for company in (COMPANY, "qbo-1002"):
        assert "0:15:00" in scheduled[f"{company}:sync"]
        assert "1:00:00" in scheduled[f"{company}:remind"]
        assert "0:01:00" in scheduled[f"{company}:notes"]
        assert "hour='2'" in scheduled[f"{company}:reconcile"]
    assert not [name for name in scheduled if name.endswith(":inbox")]  # no folder is set


def test_the_inbox_is_read_every_minute_where_a_folder_is_set(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "data", inbox_folder=tmp_path / "inbox")
    scheduler = Scheduler(shop.service)
    scheduler.watch()
    assert "0:01:00" in scheduler.scheduled()[f"{COMPANY}:inbox"]
    shop.service.close()


def test_a_company_connected_while_it_runs_is_enrolled_once(shop: Shop, scheduler: Scheduler) -> None:
    scheduler.watch()
    shop.connect("qbo-1002", "1002")
    scheduler.watch()
    scheduler.watch()
    assert len([name for name in scheduler.scheduled() if name.startswith("qbo-1002:")]) == 4


def test_a_call_of_the_ledger_brings_a_sync_forward(shop: Shop, scheduler: Scheduler) -> None:
    name, much_later = f"{COMPANY}:sync", datetime(2100, 1, 1, tzinfo=UTC)
    scheduler.watch()
    scheduler._scheduler.modify_job(name, next_run_time=much_later)
    scheduler.watch()
    assert scheduler._scheduler.get_job(name).next_run_time == much_later
    with shop.service.database.write("want") as connection:
        companies.change(connection, COMPANY, sync_wanted_at=shop.clock.now())
    scheduler.watch()
    assert scheduler._scheduler.get_job(name).next_run_time < much_later
    scheduler.run(COMPANY, Job.SYNC)
    with shop.service.database.read() as connection:
        assert companies.load(connection, COMPANY).sync_wanted_at is None


def test_a_call_that_comes_while_a_sync_runs_is_answered_by_the_next_one(shop: Shop) -> None:
    class Calling(FakeLedger):
        def changes(self, since: str | None, *, whole: bool = False) -> Iterator[Page]:
            with shop.service.database.write("want") as connection:
                companies.change(connection, COMPANY, sync_wanted_at=shop.clock.now())
            yield from shop.ledger.changes(since, whole=whole)

    scheduler = _over(shop, Calling(now=shop.clock.now))
    scheduler.run(COMPANY, Job.SYNC)
    with shop.service.database.read() as connection:
        assert companies.load(connection, COMPANY).sync_wanted_at is not None


def test_a_first_round_reads_the_books_and_then_reminds(shop: Shop, scheduler: Scheduler) -> None:
    scheduler.begin(COMPANY)
    assert len(shop.mailer.sent) == 3
    with shop.service.database.read() as connection:
        done = jobs.load(connection, COMPANY)
    assert {each.value for each in FIRST_ROUND} == {name for name, row in done.items() if row["last_success_at"]}


def test_a_job_that_fails_backs_off_and_stops_no_other(shop: Shop, scheduler: Scheduler) -> None:
    shop.ledger.fails = LedgerUnavailable("QuickBooks did not answer.")
    first = scheduler.run(COMPANY, Job.SYNC)
    second = scheduler.run(COMPANY, Job.SYNC)
    assert first is not None
    assert first.error == "QuickBooks did not answer."
    assert second is not None
    assert second.skipped.startswith("waits until")
    other = scheduler.run(COMPANY, Job.INBOX)
    assert other is not None
    assert other.is_well
    shop.ledger.fails = None
    shop.clock.advance(timedelta(minutes=5))
    third = scheduler.run(COMPANY, Job.SYNC)
    assert third is not None
    assert third.result is not None


def test_a_company_that_cannot_be_worked_for_stops_no_other(shop: Shop) -> None:
    shop.connect("qbo-1002", "1002")

    def furnish(company: str) -> Office:
        if company == "qbo-1002":
            raise NotSetUp("Its app's keys are missing.")
        return shop.service.office(company)

    scheduler = Scheduler(shop.service, office_of=furnish)
    assert scheduler.run("qbo-1002", Job.SYNC) is None
    assert scheduler.run("gone", Job.SYNC) is None
    ran = scheduler.run(COMPANY, Job.SYNC)
    assert ran is not None
    assert ran.result is not None


def test_each_job_has_an_office_of_its_own_and_a_new_one_when_the_company_changes(shop: Shop) -> None:
    made: list[str] = []

    def furnish(company: str) -> Office:
        made.append(company)
        return shop.service.office(company)

    scheduler = Scheduler(shop.service, office_of=furnish)
    for job in (Job.SYNC, Job.NOTES, Job.SYNC):
        scheduler.run(COMPANY, job)
    assert len(made) == 2
    with shop.service.database.write("move") as connection:
        companies.change(connection, COMPANY, zone="Europe/Berlin")
    scheduler.run(COMPANY, Job.SYNC)
    assert len(made) == 3


class _Slow(FakeLedger):
    """A ledger whose read takes until it is let go."""

    def hold(self, shop: Shop) -> None:
        self.shop, self.entered, self.go = shop, Event(), Event()

    def changes(self, since: str | None, *, whole: bool = False) -> Iterator[Page]:
        self.entered.set()
        assert self.go.wait(_PATIENCE)
        yield from self.shop.ledger.changes(since, whole=whole)


def _over(shop: Shop, ledger: FakeLedger) -> Scheduler:
    return Scheduler(shop.service, office_of=lambda company: shop.service.office(company, ledger=ledger))


def test_a_job_runs_once_at_a_time(shop: Shop) -> None:
    slow = _Slow(now=shop.clock.now)
    slow.hold(shop)
    scheduler = _over(shop, slow)
    first = Thread(target=scheduler.run, args=(COMPANY, Job.SYNC))
    first.start()
    assert slow.entered.wait(_PATIENCE)
    assert scheduler.run(COMPANY, Job.SYNC) is None
    slow.go.set()
    first.join(_PATIENCE)


def test_stopping_lets_the_running_job_end_and_begins_no_other(shop: Shop) -> None:
    slow = _Slow(now=shop.clock.now)
    slow.hold(shop)
    scheduler = _over(shop, slow)
    scheduler.start()
    assert slow.entered.wait(_PATIENCE)
    stopping = Thread(target=scheduler.stop)
    stopping.start()
    assert stopping.is_alive()
    slow.go.set()
    stopping.join(_PATIENCE)
    assert not stopping.is_alive()
    with shop.service.database.read() as connection:
        done = jobs.load(connection, COMPANY)
    assert done["sync"]["last_success_at"] == shop.clock.now()
    assert "remind" not in done
    assert shop.mailer.sent == []


def test_at_the_start_what_a_crash_left_behind_is_settled_and_not_sent_again(shop: Shop) -> None:
    shop.tell("sync")
    shop.clock.advance(timedelta(hours=9))  # late in the evening: planned, and not out yet
    shop.tell("run")
    with shop.service.database.write("crash") as connection:
        connection.execute(reminder.update().values(state="claimed", fence=1, lease_until=shop.clock.now()))
        connection.execute(dispatch.update().values(state="sending"))
    shop.clock.advance(timedelta(minutes=1))
    scheduler = Scheduler(shop.service)
    scheduler.start()
    scheduler.stop()
    assert len(shop.tell("status")[0]["uncertain"]) == 3
    assert shop.mailer.sent == []
