"""The believable company's office: its name, its zone, its working days and hours."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from adapters.sandbox.books import Books

COMPANY_NAME = "Larkfield Supply Company"
COUNTRY = "US"
HOME_CURRENCY = "USD"
ZONE = ZoneInfo("America/New_York")
RATES = {"EUR": Decimal("1.0850"), "CAD": Decimal("0.7310")}

_DAY = timedelta(days=1)


def believable_books(clock: Callable[[], datetime], *, path: str = ":memory:") -> Books:
    """Empty books of the believable company, ready for `company.believable`."""
    return Books(
        now=clock,
        name=COMPANY_NAME,
        home_currency=HOME_CURRENCY,
        country=COUNTRY,
        zone=str(ZONE),
        multicurrency=True,
        rates=RATES,
        path=path,
    )


@cache
def public_holidays(year: int) -> frozenset[date]:
    """The days of `year` on which the office is closed besides week-ends."""
    return frozenset(holidays.country_holidays(COUNTRY, years=year))


def is_holiday(day: date) -> bool:
    """Whether `day` is a public holiday of the company."""
    return day in public_holidays(day.year)


def is_open(day: date) -> bool:
    """Whether somebody is in the office on `day`."""
    return day.isoweekday() < 6 and not is_holiday(day)


def open_day(day: date) -> date:
    """`day`, or the next day on which the office is open."""
    while not is_open(day):
        day += _DAY
    return day


def open_days_after(day: date, count: int) -> date:
    """The day that lies `count` office days after `day`."""
    for _ in range(count):
        day = open_day(day + _DAY)
    return day


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """The instant (aware UTC) at which the office's clock shows this time."""
    return datetime.combine(day, time(hour, minute, second), ZONE).astimezone(UTC)


def local_day(instant: datetime) -> date:
    """The company's day at `instant`."""
    return instant.astimezone(ZONE).date()
