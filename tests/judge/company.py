"""The company whose month is judged: its days, zone, calendar and limits, as `company.json` tells them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.judge.names import Names

ONE_DAY = timedelta(days=1)


def instant(text: str) -> datetime:
    """An aware UTC instant from ISO 8601 text."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def zone_of(name: str) -> tzinfo:
    """An IANA zone, or a fixed offset written `UTC+02:00`."""
    if name.startswith("UTC") and len(name) > 3:
        hours, _, minutes = name[4:].partition(":")
        sign = -1 if name[3] == "-" else 1
        return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes or 0)))
    return ZoneInfo(name or "UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Days are the company's own; `start` and `end` are the first and the last day of the month judged."""

    name: str
    zone: tzinfo
    home_currency: str
    start: date
    end: date
    holidays: frozenset[date]
    outage_days: frozenset[date]
    default_cadence: str
    fresh_seconds: int
    contacts: dict[str, frozenset[str]] = field(default_factory=dict)  # reminder contacts set with the service
    days_off: dict[str, frozenset[date]] = field(default_factory=dict)  # of customers, by "country-region"
    names: Names = field(default_factory=Names)  # the ledger's, where it calls the books' documents otherwise
    keeps_delivery: bool = True  # the ledger has an address for each invoice, and knows when it was mailed
    links: int = 100  # how many documents one note of the ledger's can hang on

    @property
    def days(self) -> list[date]:
        """Every day of the month judged."""
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]

    def day_of(self, at: datetime) -> date:
        """The company's day on which an instant fell."""
        return at.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """The last instant of a day of the company, in UTC."""
        return datetime.combine(day + ONE_DAY, datetime.min.time(), self.zone).astimezone(UTC) - timedelta(
            microseconds=1
        )

    def is_working(self, day: date) -> bool:
        """Whether the company works on this day."""
        return day.isoweekday() < 6 and day not in self.holidays

    def on_or_after(self, day: date) -> date:
        """The day itself if it is a working day, else the next one."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def add(self, day: date, working_days: int) -> date:
        """The day that many working days later."""
        for _ in range(working_days):
            day = self.on_or_after(day + ONE_DAY)
        return day


def _dates(values: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(value) for value in values)


def load_company(path: Path) -> Company:
    """Reads `company.json`."""
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Company(
        name=told["name"],
        zone=zone_of(told["zone"]),
        home_currency=told["home_currency"],
        start=date.fromisoformat(told["start"]),
        end=date.fromisoformat(told["end"]),
        holidays=_dates(told.get("holidays", [])),
        outage_days=_dates(told.get("outage_days", [])),
        default_cadence=told["default_cadence"],
        fresh_seconds=int(told.get("fresh_seconds", 60)),
        days_off={where: _dates(each) for where, each in told.get("days_off", {}).items()},
        names=Names(told.get("names", {})),
        keeps_delivery=told.get("keeps", {}).get("delivery", True),
        links=told.get("keeps", {}).get("links", 100),
        contacts={who: frozenset(map(str.casefold, each)) for who, each in told.get("contacts", {}).items()},
    )
