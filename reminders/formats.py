"""Amounts, days and instants as people of a language write them (Unicode's CLDR data, by Babel).

Amounts carry their ISO code rather than a symbol: one message may speak of several dollars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import NumberPattern, parse_pattern

from adapters.money import Money, decimals

LANGUAGES = ("en", "de", "fr", "es")
"""The languages that we have words for; the first is the last resort."""

_LONGEST_TAG = 35  # characters of a language tag, RFC 5646 section 4.4.1
_NARROW_SPACE, _FIXED_SPACE = "\u202f", "\u00a0"


def choose_language(*wishes: str) -> str:
    """The first wish that we have words for, as a Babel locale id (`de`, `en_GB`); English where there is none.

    Wishes are BCP 47 tags, the customer's before the company's. A wish without a region takes the region of a
    later wish in the same language: a British company writes British dates to a customer who wants English.
    """
    known = [locale for locale in map(_locale, wishes) if locale is not None]
    if not known:
        return LANGUAGES[0]
    first = known[0]
    alike = (locale for locale in known if locale.language == first.language and locale.territory)
    return str(first if first.territory else next(alike, first))


@cache
def _parsed(tag: str) -> Locale | None:
    language = tag.split("_", 1)[0].lower()
    if language not in LANGUAGES:
        return None
    try:
        return Locale.parse(tag)
    except (ValueError, UnknownLocaleError):
        return Locale.parse(language)


def _locale(tag: str) -> Locale | None:
    return _parsed(tag.strip().replace("-", "_")) if len(tag) <= _LONGEST_TAG and tag.isascii() else None


@cache
def formats(locale_id: str) -> "Formats":
    """The formats of a locale id that `choose_language` returned."""
    locale = Locale.parse(locale_id)
    patterns = {places: _pattern(locale, places) for places in (0, 2, 3)}
    return Formats(locale=locale, language=locale.language, patterns=patterns)


def _pattern(locale: Locale, places: int) -> NumberPattern:
    number = f"#,##0.{'0' * places}" if places else "#,##0"
    return parse_pattern(f"¤¤ {number}" if locale.language == "en" else f"{number} ¤¤")


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """How one locale writes. `language` is its plain language code, for choosing words."""

    locale: Locale
    language: str
    patterns: dict[int, NumberPattern]

    def money(self, money: Money) -> str:
        """`EUR 1,250.00` in English, `1.250,00 EUR` in German."""
        return _money(money, self.patterns[decimals(money.currency)], self.locale)

    def day(self, day: date) -> str:
        """`3 November 2026`, in full."""
        return _day(day, "long", self.locale)

    def short_day(self, day: date) -> str:
        """`3 Nov 2026`: for subjects, tables and notes."""
        return _day(day, "medium", self.locale)

    def instant(self, at: datetime, zone: str) -> str:
        """`14 November 2026, 09:31 (UTC+01:00)`: to the minute, in `zone` (an IANA name; UTC where unknown)."""
        local = at.astimezone(_zone(zone))
        clock = format_time(local, "short", locale=self.locale).replace(_NARROW_SPACE, " ")
        offset = local.strftime("%z")
        return f"{self.day(local.date())}, {clock} (UTC{offset[:3]}:{offset[3:5]})"

    def listing(self, parts: Sequence[str], word_and: str) -> str:
        """`a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {word_and} {parts[-1]}"


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=4096)  # an amount stands in a message several times: in its line, a sum, the subject, the note
def _money(money: Money, pattern: NumberPattern, locale: Locale) -> str:
    text: str = pattern.apply(money.amount, locale, currency=money.currency)
    return text.replace(_NARROW_SPACE, _FIXED_SPACE)  # fonts of mail programs often lack the narrow one


@lru_cache(maxsize=4096)
def _day(day: date, width: str, locale: Locale) -> str:
    text = format_date(day, width, locale=locale)
    is_french_first = locale.language == "fr" and text.startswith("1 ")
    return f"1er{text[1:]}" if is_french_first else text
