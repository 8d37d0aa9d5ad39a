"""What a company sets, and what is known of it before anything is read: its currencies and its own fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from adapters.money import Money, decimals
from adapters.sap.values import ValueUnreadable, day

MULTI = "##"
"""The currency of a partner that has all of them."""

PARTNER_FIELDS = frozenset(["emails", "phone", "language", "customer_type", "delivery_method", "note"])
DOCUMENT_FIELDS = frozenset(["bill_emails", "memo", "number"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`partner_fields` and `document_fields` say which tenant's field (`U_…`) is read as what; `marker_field` names
    the activities' field that takes our marker, `details_length` is how much their Details hold. `dispute_blocks`: a
    dispute also sets the document's BlockDunning. `zone` is the server's (IANA), empty where unknown; `currencies`
    overrules what a currency's code is in ISO 4217. Raises ValueError for fields that cannot be mapped.
    """

    partner_fields: Mapping[str, str] = field(default_factory=dict)
    document_fields: Mapping[str, str] = field(default_factory=dict)
    marker_field: str = ""
    details_length: int = 100
    dispute_blocks: bool = False
    zone: str = ""
    currencies: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = (
            set(self.partner_fields.values()) - PARTNER_FIELDS | set(self.document_fields.values()) - DOCUMENT_FIELDS
        )
        own = {*self.partner_fields, *self.document_fields, *filter(None, [self.marker_field])}
        odd = {each for each in own if not each.startswith("U_")}
        if wrong or odd:
            raise ValueError(f"Fields cannot be mapped so: {', '.join(sorted(wrong | odd))}.")

    def instant(self, told_day: str | None, told_time: str | None) -> datetime | None:
        """A day and a time of the server's as aware UTC; None without one, or where its zone is not known."""
        try:
            on = day(told_day)
        except ValueUnreadable:
            return None
        if on is None or not self.zone:
            return None
        return datetime.combine(on, _time(told_time), ZoneInfo(self.zone)).astimezone(UTC)

    def local_day(self, at: datetime) -> date:
        """The server's day at an instant; UTC's where its zone is not known."""
        return at.astimezone(ZoneInfo(self.zone) if self.zone else UTC).date()


def _time(told: str | None) -> time:
    """`19:32:42` or `19:32`; the day's beginning where nothing is told, or no time of day."""
    found = _CLOCK.match(told or "")
    if found is None:
        return time()
    hour, minute, second = found.groups("0")
    return time(int(hour), int(minute), int(second))


_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]?\d)(?::([0-5]?\d))?$", re.ASCII)


@lru_cache(maxsize=256)
def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-decimals(currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Currencies:
    """What the company calls its currencies. `local` is its own code for its own."""

    local: str
    iso: Mapping[str, str] = field(default_factory=dict)

    def name(self, code: str | None) -> str:
        """The ISO code; nothing means the company's own."""
        told = code or self.local
        return self.iso.get(told, told)

    def is_foreign(self, code: str | None) -> bool:
        """Whether a document in it has its amounts in the FC properties."""
        return bool(code) and code not in (self.local, MULTI)

    def money(self, amount: Decimal | None, code: str | None) -> Money:
        """An amount at the currency's precision: Business One keeps doubles. Raises MoneyError."""
        currency = self.name(code)
        value = amount or Decimal(0)
        told = value.quantize(_unit(currency), ROUND_HALF_UP) if value.adjusted() < 16 else value
        return Money.of(told, currency)
