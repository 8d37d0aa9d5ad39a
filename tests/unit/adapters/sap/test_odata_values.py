from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sap.values import (
    ValueUnreadable,
    Version,
    amount,
    count,
    day,
    instant,
    literal,
    unpadded,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINTER = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
_THERE = _WINTER.astimezone(timezone(timedelta(hours=5)))
_ID = UUID("0894ef30-1ddc-11eb-b6a8-0242ac110002")


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        ("O'Brien", "'O''Brien'", "'O''Brien'"),
        ("", "''", "''"),
        (True, "true", "true"),
        (42, "42", "42"),
        (Decimal("12.50"), "12.50M", "12.50"),
        (Decimal("1E+3"), "1000M", "1000"),
        (date(2026, 1, 31), "datetime'2026-01-31T00:00:00'", "2026-01-31"),
        (_WINTER, "datetimeoffset'2026-01-31T09:30:00Z'", "2026-01-31T09:30:00Z"),
        (_THERE, "datetimeoffset'2026-01-31T09:30:00Z'", "2026-01-31T09:30:00Z"),
        (_ID, f"guid'{_ID}'", str(_ID)),
        (None, "null", "null"),
    ],
)  # fmt: skip
def test_each_version_has_its_own_literals(value: str, old: str, new: str) -> None:
    assert (literal(value, Version.V2), literal(value, Version.V4)) == (old, new)


def test_an_instant_is_written_to_its_last_microsecond() -> None:
    assert literal(_WINTER.replace(microsecond=250_000), Version.V4) == "2026-01-31T09:30:00.250000Z"


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("value", [datetime(2026, 1, 31), Decimal("NaN"), Decimal("Infinity")])  # noqa: DTZ001
def test_what_means_no_certain_thing_is_not_written(value: datetime | Decimal, version: Version) -> None:
    with pytest.raises(ValueError, match=r"zone|no amount"):
        literal(value, version)


def test_a_float_is_not_taken_for_nothing() -> None:
    with pytest.raises(TypeError, match="float"):
        literal(12.5, Version.V2)  # type: ignore[arg-type]


@given(st.dates(min_value=date(1900, 1, 1)))
def test_every_day_comes_back_from_both_ways_of_writing(on: date) -> None:
    ms = (on - _EPOCH.date()) // timedelta(milliseconds=1)
    told = [f"/Date({ms})/", f"/Date({ms}+0000)/", on.isoformat(), f"{on.isoformat()}T00:00:00", f"{on}T00:00:00Z"]
    assert {day(each) for each in told} == {on}


@given(st.datetimes(min_value=datetime(1900, 1, 2), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_instant_comes_back_from_its_literals(at: datetime) -> None:
    old, new = literal(at, Version.V2), literal(at, Version.V4)
    assert instant(old.removeprefix("datetimeoffset'").removesuffix("'")) == instant(new) == at


@given(st.integers(min_value=-2_208_988_800_000, max_value=253_402_300_799_999), st.integers(-840, 840))
def test_milliseconds_are_utc_whatever_offset_stands_beside_them(ms: int, offset: int) -> None:
    assert instant(f"/Date({ms}{offset:+05d})/") == instant(f"/Date({ms})/") == _EPOCH + timedelta(milliseconds=ms)


@pytest.mark.parametrize(
    "filler",
    [None, "", "0000-00-00", "00000000", "/Date(-62135596800000)/", "0001-01-01T00:00:00", "/Date(-6847804800000)/",
     "1753-01-01"],
)  # fmt: skip
def test_initial_values_and_fillers_are_no_day_and_no_instant(filler: str | None) -> None:
    assert day(filler) is None
    assert instant(filler) is None


def test_the_seventh_digit_of_a_fraction_is_read_over() -> None:
    assert instant("2005-10-24T15:36:52.0000009Z") == datetime(2005, 10, 24, 15, 36, 52, tzinfo=UTC)


@pytest.mark.parametrize(
    "garbage",
    ["soon", "/Date()/", "/Date(1e3)/", "2026-02-30", "2026-01-31x", "/Date(999999999999999999)/",
     f"/Date({'9' * 5000})/", "9999-12-31T23:59:59-24:59", "9999-12-31T23:59:59-05:00"],
)  # fmt: skip
def test_what_is_no_instant_is_said_to_be_none(garbage: str) -> None:
    with pytest.raises(ValueUnreadable, match="is no instant"):
        instant(garbage)


@given(st.text())
def test_any_text_is_a_day_or_is_said_to_be_none(told: str) -> None:
    for read in (day, instant, amount, count):
        with suppress(ValueUnreadable):
            read(told)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_amounts_are_exact_as_text_and_as_numbers(value: Decimal) -> None:
    assert amount(f"{value:f}") == amount(value) == value
    assert literal(value, Version.V2) == f"{amount(str(value)):f}M"


@pytest.mark.parametrize(
    ("told", "meant"), [(None, "0"), ("", "0"), ("0.000", "0"), (12.5, "12.5"), (0.1, "0.1"), (1e3, "1000")]
)
def test_nothing_is_zero_and_a_number_is_the_decimal_that_was_written(told: str | float | None, meant: str) -> None:
    assert amount(told) == Decimal(meant)


@pytest.mark.parametrize("garbage", ["12,50", "12.50-", "NaN", "sNaN", "Infinity", "1E+99", "EUR", float("inf")])
def test_what_is_no_amount_is_said_to_be_none(garbage: str | float) -> None:
    with pytest.raises(ValueUnreadable, match="is no amount"):
        amount(garbage)


@pytest.mark.parametrize(("told", "meant"), [("5", 5), (5, 5), (None, None), ("", None), ("0", 0)])
def test_counts_come_as_text_or_as_numbers(told: str | int | None, meant: int | None) -> None:
    assert count(told) == meant


def test_what_is_no_count_is_said_to_be_none() -> None:
    with pytest.raises(ValueUnreadable, match="is no count"):
        count("<html>")


@pytest.mark.parametrize(
    ("told", "meant"),
    [("0000010100", "10100"), ("10100", "10100"), ("00A1", "00A1"), ("", ""), (" 007 ", "7"), ("000", "")],
)
def test_zeros_that_fill_a_field_mean_nothing(told: str, meant: str) -> None:
    assert unpadded(told) == meant
