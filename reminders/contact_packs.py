"""Rule packs: contact rules as data, each with its place, its status and its source.

A rule applies unless its place, role or kind of debt is known to be another: what is not known counts as applicable.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from functools import cache
from importlib.resources import files
from typing import Any

PACKS = ("business",)


class PackError(ValueError):
    """A rule pack that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRule:
    """One rule of a pack. Hours rules have `opens` and `closes`, limits `most` in `window_days`, both above 0."""

    id: str
    kind: str  # hours or limit
    status: str = "in_force"
    effective_from: date = date.min
    effective_to: date = date.max
    places: tuple[str, ...] = ()  # US, US-MA; empty: everywhere
    roles: tuple[str, ...] = ()  # first_party, third_party
    debts: tuple[str, ...] = ()  # commercial, consumer
    channels: tuple[str, ...] = ()
    opens: time = time.min
    closes: time = time.max
    working_days_only: bool = False
    most: int = 0
    window_days: int = 0
    counts: tuple[str, ...] = ()  # kinds of contact: reminder, mail, call, ledger
    cite: Mapping[str, object] = field(default_factory=dict)

    def applies(self, *, channel: str, country: str, region: str, role: str, debt: str, on: date) -> bool:
        """Whether it may hold for this contact; an empty fact is unknown, and fits every rule."""
        return (
            self.status != "proposed"
            and self.effective_from <= on <= self.effective_to
            and channel in self.channels
            and (not role or not self.roles or role in self.roles)
            and (not debt or not self.debts or debt in self.debts)
            and (not self.places or any(_may_be(place, country, region) for place in self.places))
        )


def _may_be(place: str, country: str, region: str) -> bool:
    of_country, _, of_region = place.partition("-")
    return not country or (country == of_country and (not of_region or not region or region == of_region))


@cache
def load_pack(name: str) -> tuple[ContactRule, ...]:
    """A pack that comes with Duecourse. Raises `PackError`."""
    path = files("reminders") / "rule_packs" / f"{name}.toml"
    return parse_pack(path.read_text(encoding="utf-8"))


def parse_pack(text: str) -> tuple[ContactRule, ...]:
    """The rules of a pack's text. Raises `PackError` naming the rule that cannot be read."""
    try:
        tables: list[dict[str, Any]] = tomllib.loads(text).get("rule", [])
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"The rule pack is no TOML: {error}.") from error
    return tuple(_rule(table) for table in tables)


def _rule(table: dict[str, Any]) -> ContactRule:
    try:
        applies, effective, limit = table.get("applies", {}), table.get("effective", {}), table.get("limit", {})
        if table["kind"] not in {"hours", "limit"}:
            raise PackError(f"{table['id']}: a rule's kind is hours or limit, not {table['kind']}.")
        if table["kind"] == "limit" and not (limit.get("max", 0) > 0 and limit.get("window_days", 0) > 0):
            raise PackError(f"{table['id']}: a limit says max contacts in window_days, both above 0.")
        return ContactRule(
            id=table["id"],
            kind=table["kind"],
            status=table.get("status", "in_force"),
            effective_from=effective.get("from", date.min),
            effective_to=effective.get("to", date.max),
            places=tuple(applies.get("place", ())),
            roles=tuple(applies.get("role", ())),
            debts=tuple(applies.get("debt", ())),
            channels=tuple(table["channels"]),
            opens=time.fromisoformat(table.get("opens", "00:00")),
            closes=time.fromisoformat(table.get("closes", "23:59:59")),
            working_days_only=table.get("working_days_only", False),
            most=limit.get("max", 0),
            window_days=limit.get("window_days", 0),
            counts=tuple(limit.get("counts", ())),
            cite=table.get("cite", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, PackError):
            raise
        raise PackError(f"{table.get('id', 'a rule without an id')}: {error} cannot be read.") from error
