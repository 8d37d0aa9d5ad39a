"""The only place that asks what time it is.

Everything else is told: jobs take a `Clock`, adapters and reminders take an instant or a day. A simulated
clock plays a month in seconds. Instants are aware UTC; `today` is a day in the company's own zone.
"""

import re
import time
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"UTC(?:(?P<sign>[+-])(?P<hours>\d{1,2})(?::(?P<minutes>\d{2}))?)?")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """This instant, aware UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits this long; a simulated clock moves on instead."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This instant, aware UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Waits this long."""
        time.sleep(max(0.0, seconds))


class SimulatedClock:
    """A clock that stands still until it is moved; never backwards."""

    def __init__(self, now: datetime) -> None:
        self._now = _aware(now)

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Moves on by this many seconds at once."""
        self.advance(timedelta(seconds=max(0.0, seconds)))

    def advance(self, by: timedelta) -> datetime:
        """Moves on by this long and tells the new instant."""
        return self.set(self._now + by)

    def set(self, now: datetime) -> datetime:
        """Moves to this instant. Raises ValueError for one that has passed."""
        if _aware(now) < self._now:
            raise ValueError(f"A clock never runs backwards: {now.isoformat()} is before {self._now.isoformat()}.")
        self._now = _aware(now)
        return self._now


class UnknownZone(ValueError):
    """A time zone that is neither an IANA name nor an offset."""


def zone(name: str) -> tzinfo:
    """The time zone of this name: IANA (`Europe/Berlin`), or an offset (`UTC`, `UTC-07:00`). Raises UnknownZone."""
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
        if offset <= timedelta(hours=14) and int(match["minutes"] or 0) < 60:
            return timezone(-offset if match["sign"] == "-" else offset)
    else:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise UnknownZone(f"“{name}” is no time zone: use a name like Europe/Berlin, or an offset like UTC-07:00.")


def today(clock: Clock, where: tzinfo | str) -> date:
    """The day it is now in this zone."""
    return clock.now().astimezone(zone(where) if isinstance(where, str) else where).date()


def _aware(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("An instant needs its time zone.")
    return now.astimezone(UTC)
