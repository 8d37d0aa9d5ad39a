"""Which time zone a company may be in: named by its city, proposed from the ledger's offset and the country."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from connector.clock import UnknownZone, zone
from reminders.zones import zones_of

_REGIONS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
_MOST = 8


def likely_zones(proposed: str, country: str, now: datetime) -> list[str]:
    """IANA names that fit what the ledger says (`proposed`: a name, or an offset like UTC-05:00), likeliest first.

    An offset fits a zone that has it at any time of the year: the ledger's times may be of winter or of summer.
    """
    if "/" in proposed:
        return [proposed]
    try:
        offset = zone(proposed).utcoffset(now)
    except UnknownZone:
        offset = None
    at_home = list(zones_of(country=country, company_zone="").names) if country else []
    at_home = [name for name in at_home if name]
    if offset is None:
        return at_home[:_MOST]
    fitting = [name for name in at_home if _has(name, offset, now)]
    if fitting or at_home:
        return (fitting or at_home)[:_MOST]
    return [name for name in sorted(available_timezones()) if name.startswith(_REGIONS) and _has(name, offset, now)][
        :_MOST
    ]


def _has(name: str, offset: timedelta, now: datetime) -> bool:
    here = ZoneInfo(name)
    days = (datetime(now.year, 1, 1, tzinfo=UTC), datetime(now.year, 7, 1, tzinfo=UTC))
    return any(day.astimezone(here).utcoffset() == offset for day in days)
