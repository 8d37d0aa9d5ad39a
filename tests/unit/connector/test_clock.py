from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from connector.clock import SimulatedClock, SystemClock, UnknownZone, today, zone

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_a_simulated_clock_stands_still_until_it_is_moved() -> None:
    clock = SimulatedClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(hours=1))
    clock.sleep(60)
    assert clock.now() == NOON + timedelta(minutes=61)
    assert clock.set(NOON + timedelta(days=1)) == clock.now() == NOON + timedelta(days=1)


def test_a_simulated_clock_tells_utc_whatever_it_was_set_to() -> None:
    clock = SimulatedClock(NOON.astimezone(timezone(timedelta(hours=5))))
    assert clock.now().tzinfo is UTC
    assert clock.now() == NOON


def test_a_clock_never_runs_backwards_and_needs_a_zone() -> None:
    clock = SimulatedClock(NOON)
    with pytest.raises(ValueError, match="never runs backwards"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="needs its time zone"):
        clock.set(datetime(2027, 1, 1))  # noqa: DTZ001 - the fault under test
    assert clock.now() == NOON


def test_the_system_clock_tells_utc_and_moves_on() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(-1)
    assert clock.now() >= before
    assert before.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Europe/Berlin", date(2026, 11, 2)),
        ("Pacific/Auckland", date(2026, 11, 3)),
        ("UTC", date(2026, 11, 2)),
        ("UTC+12:00", date(2026, 11, 3)),
        ("UTC+12", date(2026, 11, 3)),
        ("UTC-12:30", date(2026, 11, 1)),
    ],
)
def test_today_is_a_day_in_the_companys_zone(name: str, day: date) -> None:
    assert today(SimulatedClock(NOON), name) == day
    assert today(SimulatedClock(NOON), zone(name)) == day


@pytest.mark.parametrize(
    "name", ["", "Berlin", "UTC+25:00", "UTC+01:75", "../etc/passwd", "/etc/localtime", "CEST+1", "Europe"]
)
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(UnknownZone, match="use a name like Europe/Berlin"):
        zone(name)
