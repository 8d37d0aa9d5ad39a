"""Working days of a company or customer: week-ends and public holidays of a country, and extra days off."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import holidays
from holidays.registry import EntityLoader

_ONE = timedelta(days=1)
_WEEK = frozenset(range(1, 8))
_COUNTRIES = frozenset(EntityLoader.get_country_codes())


@lru_cache(maxsize=256)
def _public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    if country not in _COUNTRIES:
        return frozenset()
    known = holidays.country_holidays(country).subdivisions
    return frozenset(
        holidays.country_holidays(country, subdiv=subdivision if subdivision in known else None, years=year)
    )


class WorkingDays:
    """A calendar. `weekend` holds ISO weekdays (6, 7 for Saturday and Sunday); days are plain dates.

    Raises `ValueError` where every day of the week is a week-end.
    """

    def __init__(
        self,
        country: str = "",
        *,
        subdivision: str = "",
        weekend: Iterable[int] = (6, 7),
        days_off: Iterable[date] = (),
    ) -> None:
        self.country = country
        self.subdivision = subdivision
        self.weekend = frozenset(weekend)
        if self.weekend >= _WEEK:
            raise ValueError("A week needs a working day.")
        self.days_off = frozenset(days_off)
        self._known: dict[date, bool] = {}  # of the few years that a book spans

    def is_working(self, day: date) -> bool:
        """Whether `day` is neither a week-end, nor a public holiday, nor a day off."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._is_working(day)
        return known

    def _is_working(self, day: date) -> bool:
        return (
            day.isoweekday() not in self.weekend
            and day not in self.days_off
            and not (self.country and day in _public_holidays(self.country, self.subdivision, day.year))
        )

    def on_or_after(self, day: date) -> date:
        """`day` if it is a working day, else the next one."""
        while not self.is_working(day):
            day += _ONE
        return day

    def add(self, day: date, working_days: int) -> date:
        """The day that lies `working_days` working days after `day` (0: `day` itself)."""
        for _ in range(working_days):
            day = self.on_or_after(day + _ONE)
        return day

    def between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`."""
        count = 0
        while start < end:
            start += _ONE
            count += self.is_working(start)
        return count

    def more_than(self, working_days: int, start: date, end: date) -> bool:
        """Whether `between` them lie more than this many. Holidays, which take long to load, are looked up only where
        week-ends do not decide it.
        """
        weekdays = WorkingDays(weekend=self.weekend).between(start, end)
        return weekdays > working_days and self.between(start, end) > working_days


@lru_cache(maxsize=512)
def of_country(country: str, region: str = "") -> WorkingDays:
    """The calendar of a country: its own week-end and public holidays, and its region's where that is known.

    `country` is ISO 3166-1 alpha-2, `region` the part of ISO 3166-2 after the hyphen. An unknown country has the
    week-end of most and no holidays.
    """
    country = country.upper()
    if country not in _COUNTRIES:
        return WorkingDays()
    weekend = {day + 1 for day in holidays.country_holidays(country).weekend}
    return WorkingDays(country, subdivision=region.upper(), weekend=weekend)
