"""In which time zones a customer may be, from what its address says.

A zone that was set with us wins; else the region's zones, where the address names one we know; else the zones that
hold the bulk of the country's people (`zones.toml`, with its sources); else none, and the company's own hours apply.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Candidates, and what they were taken from: zone, region, country, or company."""

    names: tuple[str, ...]
    evidence: str

    def zones(self) -> tuple[ZoneInfo, ...]:
        """The zones themselves."""
        return tuple(ZoneInfo(name) for name in self.names)


def zones_of(*, zone: str = "", country: str = "", region: str = "", company_zone: str) -> Zones:
    """The zones in which a customer may be; `company_zone` where its address tells nothing."""
    if zone:
        return Zones(names=(zone,), evidence="zone")
    country, region = country.upper(), region.upper().rpartition("-")[2]
    if names := _regions().get(country, {}).get(region):
        return Zones(names=names, evidence="region")
    if names := _countries().get(country) or _tables().get(country):
        return Zones(names=names, evidence="country")
    return Zones(names=(company_zone,), evidence="company")


@cache
def _data() -> dict[str, Any]:
    path = files("reminders") / "zones.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    return {country: tuple(names) for country, names in _data()["countries"].items()}


@cache
def _regions() -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        country: {region: tuple(names) for region, names in regions.items()}
        for country, regions in _data()["regions"].items()
    }


@cache
def _tables() -> dict[str, tuple[str, ...]]:
    """All zones of each country, as the time zone database lists them."""
    found: dict[str, tuple[str, ...]] = {}
    text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), name)
    return found
