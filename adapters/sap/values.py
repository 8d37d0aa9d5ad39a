"""OData's values, both ways: literals for addresses, and what stands in answers as days, instants, amounts and counts.

Version 2 marks its literals (`datetime'…'`, `12.50M`), version 4 does not (OASIS OData 4.01, URL conventions 5.1.1.6;
OData.org 2.0 overview, section 6). SAP's initial values (empty strings, zeros, years that cannot be) mean "nothing".
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import msgspec


class Version(Enum):
    """Which OData a service speaks."""

    V2 = 2
    V4 = 4


Value: TypeAlias = str | bool | int | Decimal | date | datetime | UUID | None


class ValueUnreadable(ValueError):
    """Something in an answer that is not what its place asks for."""


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are not the JSON that was asked for."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"/Date\((?P<ms>-?\d{1,18})(?:[+-]\d{1,4})?\)/")
_NO_DAYS = frozenset(["", "0000-00-00", "00000000"])
_LONGEST_DAY = 40  # characters of a day that is remembered
_FIRST_YEAR = 1900
"""Years before it are fillers: ABAP's 0001, SQL Server's 1753."""

_MOST_DIGITS = 30
"""Before the point; what has more is no amount of money, and too much for arithmetic."""


def literal(value: Value, version: Version) -> str:
    """`value` as it stands in a filter or a key.

    Raises ValueError for an instant without its zone and for a number that is none, TypeError for other types.
    """
    write = next((each for kind, each in _LITERALS if isinstance(value, kind)), None)
    if write is None:
        raise TypeError(f"a {type(value).__name__} has no literal")
    return write(value, version is Version.V2)


def _instant_literal(at: datetime, old: bool) -> str:
    if at.tzinfo is None:
        raise ValueError("An instant needs its time zone.")
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return f"datetimeoffset'{text}'" if old else text


def _decimal_literal(number: Decimal, old: bool) -> str:
    if not number.is_finite():
        raise ValueError(f"{number} is no amount")
    return f"{number:f}M" if old else f"{number:f}"


_LITERALS: tuple[tuple[type, Callable[[Any, bool], str]], ...] = (  # the narrower type first
    (str, lambda text, _: "'" + text.replace("'", "''") + "'"),
    (bool, lambda truth, _: str(truth).lower()),
    (int, lambda number, _: str(number)),
    (Decimal, _decimal_literal),
    (datetime, _instant_literal),
    (date, lambda on, old: f"datetime'{on.isoformat()}T00:00:00'" if old else on.isoformat()),
    (UUID, lambda ident, old: f"guid'{ident}'" if old else str(ident)),
    (type(None), lambda *_: "null"),
)


def day(told: str | None) -> date | None:
    """The day of `/Date(ms)/`, `2026-01-31` or `2026-01-31T00:00:00Z`; None for nothing and for fillers.

    Raises ValueUnreadable.
    """
    if told is None or told in _NO_DAYS:
        return None
    return _day(told) if len(told) <= _LONGEST_DAY else _day.__wrapped__(told)


@lru_cache(maxsize=4096)
def _day(told: str) -> date | None:
    """Ledgers tell few different days, and each of them often."""
    try:
        found = _of_milliseconds(told)
        on = found.date() if found is not None else date.fromisoformat(told.partition("T")[0])
    except (ValueError, OverflowError):
        raise ValueUnreadable(f"{told[:40]!r} is no day") from None
    return on if on.year >= _FIRST_YEAR else None


def wire_day(on: date) -> str:
    """A day as version 2 writes it into JSON: `/Date(ms)/`."""
    return f"/Date({(on - _EPOCH.date()) // timedelta(milliseconds=1)})/"


def instant(told: str | None) -> datetime | None:
    """The instant (aware UTC) of `/Date(ms)/`, with or without offset, or of ISO text; None for nothing and fillers.

    The milliseconds are UTC whatever the offset beside them says. ISO text without an offset is taken as UTC.
    Raises ValueUnreadable.
    """
    if told is None or told in _NO_DAYS:
        return None
    try:
        at = _of_milliseconds(told) or datetime.fromisoformat(told)
        if at.year < _FIRST_YEAR:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueUnreadable(f"{told[:40]!r} is no instant") from None


def _of_milliseconds(told: str) -> datetime | None:
    found = _DATE.fullmatch(told)
    return _EPOCH + timedelta(milliseconds=int(found["ms"])) if found else None


def amount(told: str | float | Decimal | None) -> Decimal:
    """An exact amount: `"12.500"`, `12.5` or nothing, which is zero. Raises ValueUnreadable.

    A JSON number comes as the shortest decimal that means it, which is what the sender wrote.
    """
    if told is None or told == "":
        return Decimal(0)
    try:
        found = told if isinstance(told, Decimal) else Decimal(str(told))
    except InvalidOperation:
        raise ValueUnreadable(f"{str(told)[:40]!r} is no amount") from None
    if not found.is_finite() or found.adjusted() > _MOST_DIGITS:
        raise ValueUnreadable(f"{str(told)[:40]!r} is no amount")
    return found


def count(told: str | int | None) -> int | None:
    """A count, which comes as text or as a number; None for nothing. Raises ValueUnreadable."""
    if told is None or told == "":
        return None
    try:
        return int(told)
    except ValueError:
        raise ValueUnreadable(f"{str(told)[:40]!r} is no count") from None


def unpadded(told: str) -> str:
    """A number without the zeros that fill its field, for comparison: `0000010100` and `10100` are the same.

    Text with letters in it is not filled (ALPHA conversion), and comes back as it is.
    """
    told = told.strip()
    return told.lstrip("0") if told[:1] == "0" and told.isdigit() else told
