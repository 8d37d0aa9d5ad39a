"""Where a random world plays: a company with its zone, its calendar and its currencies."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import holidays

DAY = timedelta(days=1)


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A company's office. `rates` are home units for one unit of another currency."""

    name: str
    country: str
    zone_name: str
    home_currency: str
    rates: dict[str, Decimal]
    hours: tuple[int, ...]  # when its jobs run: each customer's business hours are met once on a working day

    @property
    def zone(self) -> ZoneInfo:
        """The zone it lives in, summer time included."""
        return ZoneInfo(self.zone_name)

    def holidays(self, first: date, last: date) -> list[date]:
        """The public holidays of every year between two days."""
        years = range(first.year, last.year + 1)
        return sorted(day for year in years for day in _holidays(self.country, year))

    def is_open(self, day: date) -> bool:
        """Whether somebody is in the office."""
        return day.isoweekday() < 6 and day not in _holidays(self.country, day.year)

    def open_day(self, day: date) -> date:
        """The day, or the next one on which the office is open."""
        while not self.is_open(day):
            day += DAY
        return day

    def open_days_after(self, day: date, count: int) -> date:
        """The day that lies `count` office days later."""
        for _ in range(count):
            day = self.open_day(day + DAY)
        return day

    def at(self, day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
        """The instant (aware UTC) at which the office's clock shows this time."""
        return datetime.combine(day, time(hour, minute, second), self.zone).astimezone(UTC)

    def day_of(self, instant: datetime) -> date:
        """The company's day at an instant."""
        return instant.astimezone(self.zone).date()


FIRMS = (
    Firm(
        name="Larkfield Supply Company",
        country="US",
        zone_name="America/New_York",
        home_currency="USD",
        rates={"EUR": Decimal("1.0850"), "CAD": Decimal("0.7310")},
        hours=(9, 13, 20),
    ),
    Firm(
        name="Nordhof Handel",
        country="DE",
        zone_name="Europe/Berlin",
        home_currency="EUR",
        rates={"USD": Decimal("0.9217"), "CAD": Decimal("0.6738")},
        hours=(8, 14, 20),
    ),
    Firm(
        name="Gull Rock Provisions",
        country="AU",
        zone_name="Australia/Sydney",
        home_currency="AUD",
        rates={"USD": Decimal("1.5210"), "EUR": Decimal("1.6503"), "CAD": Decimal("1.1118")},
        hours=(6, 12, 20),
    ),
    Firm(
        name="Cape Mercy Outfitters",
        country="CA",
        zone_name="America/Vancouver",
        home_currency="CAD",
        rates={"USD": Decimal("1.3680"), "EUR": Decimal("1.4843")},
        hours=(7, 12, 18),
    ),
)


def draw_firm(rng: Random) -> Firm:
    """One of the companies; the first is drawn as often as the others together."""
    return rng.choice((FIRMS[0], *FIRMS, FIRMS[0]))
