from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import LedgerOutOfQuota
from adapters.quickbooks.limits import (
    CallKind,
    Limits,
    MemoryQuota,
    Pace,
    Standing,
    enter,
    left,
)
from tests.unit.adapters.quickbooks.office import START, Clock

READ, WRITE, BATCH = CallKind.READ, CallKind.WRITE, CallKind.BATCH
PACE = Pace()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits("1", MemoryQuota(), now=clock.now, monthly_budget=3)


def call(limits: Limits, clock: Clock, kind: CallKind = READ, *, success: bool = True) -> None:
    permit = limits.enter(kind)
    clock.sleep(permit.wait)
    limits.leave(permit, kind, success=success)


def throttle(limits: Limits, clock: Clock, kind: CallKind = READ) -> None:
    permit = limits.enter(kind)
    clock.sleep(permit.wait)
    limits.leave(permit, kind, wait=timedelta(seconds=60))


def instants(kinds: list[CallKind], gaps: list[int]) -> list[tuple[int, CallKind]]:
    """When calls leave that are asked for at these distances (milliseconds), one after the other."""
    standing, now, out = Standing(), START, []
    for kind, gap in zip(kinds, gaps, strict=True):
        now += timedelta(milliseconds=gap)
        standing, permit = enter(standing, now, kind)
        standing = left(standing, permit)
        out.append((round((now - START).total_seconds() * 1000 + permit.wait * 1000), kind))
    return sorted(out)


def most_within(times: list[int], window: int) -> int:
    return max(sum(1 for t in times if start <= t < start + window) for start in times)


@given(st.lists(st.tuples(st.sampled_from(CallKind), st.integers(0, 400)), min_size=1, max_size=200))
def test_no_window_ever_holds_more_calls_than_are_allowed(asked: list[tuple[CallKind, int]]) -> None:
    out = instants([kind for kind, _ in asked], [gap for _, gap in asked])
    times = [at for at, _ in out]
    assert most_within(times, 1_000) <= PACE.per_second
    assert most_within(times, 60_000) <= PACE.per_minute
    batches = [at for at, kind in out if kind is BATCH]
    assert not batches or most_within(batches, 60_000) <= PACE.batches_per_minute


def test_a_burst_is_spread_over_seconds_and_over_minutes() -> None:
    times = [at for at, _ in instants([READ] * 1000, [0] * 1000)]
    assert times[:9] == [0] * 8 + [1000]
    assert most_within(times, 60_000) == PACE.per_minute
    assert times[-1] == 132_000


def test_calls_at_a_gentle_pace_never_wait() -> None:
    times = [at for at, _ in instants([READ] * 50, [200] * 50)]
    assert {later - earlier for earlier, later in pairwise(times)} == {200}


def test_two_processes_on_one_store_share_the_slots(clock: Clock) -> None:
    store = MemoryQuota()
    here, there = (Limits("1", store, now=clock.now) for _ in range(2))
    waits = [each.enter(READ).wait for each in (here, there) * 5]
    assert waits == [0.0] * 8 + [1.0] * 2


def test_companies_do_not_wait_for_each_other(clock: Clock) -> None:
    store = MemoryQuota()
    busy, other = (Limits(name, store, now=clock.now) for name in "12")
    for _ in range(8):
        busy.enter(READ)
    assert other.enter(READ).wait == 0.0


def test_only_ten_calls_are_under_way_at_once(limits: Limits, clock: Clock) -> None:
    permits = [limits.enter(READ) for _ in range(PACE.at_once)]
    assert limits.enter(READ).place == ""
    limits.leave(permits[0], READ)
    assert limits.enter(READ).place


def test_the_place_of_a_process_that_died_is_free_after_a_while(limits: Limits, clock: Clock) -> None:
    for _ in range(PACE.at_once):
        limits.enter(READ)
    clock.sleep(135)
    assert limits.enter(READ).place


def test_successful_reads_are_counted_by_month_and_writes_are_not(limits: Limits, clock: Clock) -> None:
    call(limits, clock)
    call(limits, clock, WRITE)
    call(limits, clock, BATCH)
    call(limits, clock, success=False)
    clock.time = datetime(2026, 12, 1, tzinfo=UTC)
    call(limits, clock)
    assert (limits.metered("2026-11"), limits.metered("2026-12")) == (1, 1)


def test_a_throttled_company_waits_as_a_whole(limits: Limits, clock: Clock) -> None:
    throttle(limits, clock)
    assert limits.enter(WRITE).wait == 60.0


def test_a_throttle_now_and_then_empties_no_quota(limits: Limits, clock: Clock) -> None:
    for _ in range(3):
        throttle(limits, clock)
        clock.sleep(400)
        call(limits, clock, WRITE)
    assert limits.out_of_quota_until() is None


def test_ten_minutes_of_nothing_but_throttling_is_an_empty_quota(limits: Limits, clock: Clock) -> None:
    for _ in range(11):
        throttle(limits, clock)
    until = limits.out_of_quota_until()
    assert until is not None
    assert until - clock.now() <= timedelta(hours=1)
    with pytest.raises(LedgerOutOfQuota, match="out of quota until"):
        limits.enter(READ)


def test_a_throttle_above_the_months_budget_is_an_empty_quota_until_the_next_month(
    limits: Limits, clock: Clock
) -> None:
    for _ in range(4):
        call(limits, clock)
    throttle(limits, clock)
    assert limits.out_of_quota_until() == datetime(2026, 12, 1, tzinfo=UTC)


def test_notes_go_on_while_the_quota_is_empty(limits: Limits, clock: Clock) -> None:
    for _ in range(11):
        throttle(limits, clock)
    assert limits.enter(BATCH).place


def test_one_read_an_hour_asks_whether_there_is_quota_again(limits: Limits, clock: Clock) -> None:
    for _ in range(4):
        call(limits, clock)
    throttle(limits, clock)
    clock.sleep(3600)
    throttle(limits, clock)
    with pytest.raises(LedgerOutOfQuota) as raised:
        limits.enter(READ)
    assert raised.value.until - clock.now() == timedelta(hours=1)
    clock.sleep(3600)
    call(limits, clock)
    assert limits.out_of_quota_until() is None
    assert limits.enter(READ).place


def test_a_standing_survives_being_stored(limits: Limits, clock: Clock) -> None:
    standing = Standing()
    for _ in range(3):
        standing, _permit = enter(standing, clock.now(), BATCH)
    assert Standing.decode(standing.encode()) == standing
    assert Standing.decode("") == Standing()
