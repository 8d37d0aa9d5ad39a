"""Working days: week-ends, public holidays, days off."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.working_days import WorkingDays, of_country

FRIDAY = date(2026, 6, 5)


def test_saturday_and_sunday_are_no_working_days() -> None:
    week = [WorkingDays().is_working(FRIDAY + timedelta(days)) for days in range(4)]
    assert week == [True, False, False, True]


def test_public_holidays_of_the_country_and_its_subdivision_are_none_either() -> None:
    assert not WorkingDays("US").is_working(date(2026, 11, 26))
    assert not WorkingDays("DE", subdivision="BY").is_working(date(2026, 1, 6))
    assert WorkingDays("DE", subdivision="BE").is_working(date(2026, 1, 6))
    assert WorkingDays("DE", subdivision="no such").is_working(date(2026, 1, 6))
    assert WorkingDays("XX").is_working(date(2026, 12, 25))


def test_days_off_are_the_companys_own() -> None:
    assert not WorkingDays(days_off=[FRIDAY]).is_working(FRIDAY)


def test_a_day_that_is_none_gives_way_to_the_next_one() -> None:
    assert WorkingDays().on_or_after(FRIDAY) == FRIDAY
    assert WorkingDays().on_or_after(FRIDAY + timedelta(1)) == date(2026, 6, 8)


def test_adding_counts_working_days_only_and_adding_none_stays() -> None:
    assert WorkingDays().add(FRIDAY, 2) == date(2026, 6, 9)
    saturday = FRIDAY + timedelta(1)
    assert WorkingDays().add(saturday, 0) == saturday
    assert WorkingDays().add(saturday, 1) == date(2026, 6, 8)


def test_a_week_without_a_working_day_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a working day"):
        WorkingDays(weekend=range(1, 8))


def test_a_countrys_calendar_has_its_own_week_end() -> None:
    assert of_country("SA").weekend == {5, 6}
    assert of_country("us").weekend == {6, 7}
    assert of_country("").country == ""


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(0, 30))
def test_what_was_added_lies_between(start: date, days: int) -> None:
    calendar = WorkingDays("GB")
    assert calendar.between(start, calendar.add(start, days)) == days


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.dates(date(2026, 12, 1), date(2027, 1, 10)), st.integers(-3, 20), st.integers(0, 15))
def test_more_than_is_what_counting_says(start: date, days: int, bound: int) -> None:
    calendar = WorkingDays("DE")
    end = start + timedelta(days)
    assert calendar.more_than(bound, start, end) == (calendar.between(start, end) > bound)
