import threading
from datetime import timedelta

import pytest

from adapters.errors import LedgerOutOfQuota
from adapters.quickbooks.limits import CallKind, Limits, QuotaStore, Standing
from connector.clock import SimulatedClock
from connector.store.engine import Database
from connector.store.pace import StoredQuota


def limits(database: Database, clock: SimulatedClock, company: str = "c") -> Limits:
    store: QuotaStore = StoredQuota(database, Standing.decode)
    return Limits(company, store, now=clock.now, monthly_budget=3)


def test_two_processes_on_one_database_share_one_pace(database: Database, clock: SimulatedClock) -> None:
    first, second = limits(database, clock), limits(database, clock)
    waits = []
    for _ in range(6):
        for process in (first, second):
            permit = process.enter(CallKind.WRITE)
            process.leave(permit, CallKind.WRITE, success=True)
            waits.append(permit.wait)
    assert waits == [0.0] * 8 + [1.0] * 4


def test_each_company_has_a_pace_of_its_own(database: Database, clock: SimulatedClock) -> None:
    busy, quiet = limits(database, clock, "busy"), limits(database, clock, "quiet")
    for _ in range(9):
        busy.leave(busy.enter(CallKind.WRITE), CallKind.WRITE)
    assert quiet.enter(CallKind.WRITE).wait == 0


def test_metered_calls_are_counted_per_month_and_survive_a_restart(database: Database, clock: SimulatedClock) -> None:
    for kind in (CallKind.READ, CallKind.READ, CallKind.WRITE):
        process = limits(database, clock)
        process.leave(process.enter(kind), kind, success=True)
    assert limits(database, clock).metered("2026-11") == 2
    assert limits(database, clock).metered("2026-12") == 0


def test_one_process_throttled_is_all_throttled(database: Database, clock: SimulatedClock) -> None:
    first, second = limits(database, clock), limits(database, clock)
    first.leave(first.enter(CallKind.READ), CallKind.READ, wait=timedelta(seconds=60))
    assert second.enter(CallKind.READ).wait == 60


def test_out_of_quota_is_known_to_all_and_what_is_refused_changes_nothing(
    database: Database, clock: SimulatedClock
) -> None:
    first, second = limits(database, clock), limits(database, clock)
    for _ in range(4):
        first.leave(first.enter(CallKind.READ), CallKind.READ, success=True)
    first.leave(first.enter(CallKind.READ), CallKind.READ, wait=timedelta(seconds=1))
    with pytest.raises(LedgerOutOfQuota):
        second.enter(CallKind.READ)
    assert second.out_of_quota_until() is not None
    assert second.metered("2026-11") == 4


def test_threads_that_call_at_once_take_different_slots(database: Database, clock: SimulatedClock) -> None:
    waits: list[float] = []

    def call() -> None:
        process = limits(database, clock)
        for _ in range(4):
            permit = process.enter(CallKind.WRITE)
            process.leave(permit, CallKind.WRITE, success=True)
            waits.append(permit.wait)

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0.0] * 8 + [1.0] * 8 + [2.0] * 8
