"""What a customer's answer probably means: a hint on a person's task, never a decision.

Word lists stand in `reply_words.toml`, by kind and language. Amounts and days are quoted as they were written: "by
the 15th" is for a person to read. Time is linear in the text, of which at most 8,000 characters are looked at.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import accumulate

from reminders.formats import LANGUAGES

_LONGEST = 8_000  # characters of an answer that are looked at
_MOST_HINTS = 10
_CURRENCY = r"(?:EUR|USD|GBP|CHF|CAD|AUD|MXN|JPY|SEK|NOK|DKK|PLN|€|\$|£)"
_NUMBER = r"\d{1,3}(?:[.,'\u00a0\u202f ]\d{3}){0,4}(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(rf"{_CURRENCY}[ \u00a0]?(?:{_NUMBER})(?!\d)|(?<![\d.,])(?:{_NUMBER})[ \u00a0]?{_CURRENCY}(?!\w)")
_NUMERIC_DAY = re.compile(
    r"(?<![\d./-])(?:\d{4}-\d{2}-\d{2}|(?:[0-2]?\d|3[01])[./-](?:[0-2]?\d|3[01])(?:[./-](?:\d{4}|\d{2}))?\.?)(?![\d/-])"
)
_CARD_DIGITS = re.compile(r"(?<!\d)\d(?:[ \u00a0.–-]?\d){12,200}(?!\d)")
_CARD_LENGTHS = range(13, 20)
REMOVED = "[card number removed]"


class Meant(StrEnum):
    """What an answer probably is."""

    PROMISE = "promise"
    DISPUTE = "dispute"
    PAID = "paid"
    STOP = "stop"
    WRONG_PERSON = "wrong_person"
    OTHER = "other"


_URGENT_FIRST = (Meant.STOP, Meant.WRONG_PERSON, Meant.DISPUTE, Meant.PAID, Meant.PROMISE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A guess with what it rests on: the sentence, and the amounts and days of the answer as they were written."""

    kind: Meant
    sentence: str = ""
    amounts: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


def likely_meaning(text: str, language: str = "en") -> Meaning:
    """The likeliest meaning of an answer, in the words of `language` (a plain code) and of English.

    Where several fit, the one that a person must see soonest wins: stop, wrong person, dispute, paid, promise.
    """
    text = text[:_LONGEST]
    languages = tuple(dict.fromkeys((language if language in LANGUAGES else "en", "en")))
    sentences = _sentences(text)
    amounts, dates = _amounts(text), _dates(text, languages)
    for kind in _URGENT_FIRST:
        for sentence in sentences:
            if _hints_at(kind, sentence, languages):
                return Meaning(kind=kind, sentence=sentence[:300], amounts=amounts, dates=dates)
    first = sentences[0][:300] if sentences else ""
    return Meaning(kind=Meant.OTHER, sentence=first, amounts=amounts, dates=dates)


def _sentences(text: str) -> list[str]:
    pieces = re.split(r"(?<=[.!?;])[ \n]|\n", text.replace("’", "'"))
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def _hints_at(kind: Meant, sentence: str, languages: tuple[str, ...]) -> bool:
    folded = sentence.casefold()
    found = next(filter(None, (_phrases(kind, each).search(folded) for each in languages)), None)
    if found is None or kind not in {Meant.PAID, Meant.PROMISE}:
        return found is not None
    before = re.split("[,:;]", folded[max(0, found.start() - 25) : found.end()])[-1]
    return not any(_phrases("not", each).search(before) for each in languages)


def _amounts(text: str) -> tuple[str, ...]:
    return _first(match[0].strip() for match in _AMOUNT.finditer(text))


def _dates(text: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    text = _AMOUNT.sub(lambda match: "#" * len(match[0]), text)  # `EUR 12.11` is no day
    found = [(match.start(), match[0]) for match in _NUMERIC_DAY.finditer(text)]
    for language in languages:
        found += [(match.start(), match[0]) for match in _named_days(language).finditer(text)]
    return _first(words for _, words in sorted(found))


def _first(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:_MOST_HINTS]


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((files("reminders") / "reply_words.toml").read_text(encoding="utf-8"))


@cache
def _phrases(kind: str, language: str) -> re.Pattern[str]:
    words = sorted(_words()[kind][language], key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")


@cache
def _named_days(language: str) -> re.Pattern[str]:
    """`3 November`, `November 3rd`, `3 de noviembre`, `friday`, `next week`."""
    months = "|".join(sorted(map(re.escape, _words()["month"][language]), key=len, reverse=True))
    days = "|".join(sorted(map(re.escape, _words()["day"][language]), key=len, reverse=True))
    year = r"(?:,? (?:de )?\d{4})?"
    before = rf"\d{{1,2}}(?:\.|st|nd|rd|th|er)? (?:de |of )?(?:{months})\b{year}"
    after = rf"(?:{months})\.? \d{{1,2}}(?:st|nd|rd|th)?\b{year}"
    return re.compile(rf"(?<!\w)(?:{before}|{after}|(?:{days})\b)", re.IGNORECASE)


def scrub(text: str) -> str:
    """`text` without card numbers: 13 to 19 digits that pass the Luhn check, with or without blanks and dashes.

    Whatever a customer wrote goes through here before it is stored, logged or shown.
    """
    return _CARD_DIGITS.sub(lambda match: _without_cards(match[0]), text)


def _without_cards(run: str) -> str:
    """A run of digit groups without its card numbers: whole groups of 13 to 19 digits together, the longest first."""
    spans = [match.span() for match in re.finditer(r"\d+", run)]
    digits = "".join(run[begin:end] for begin, end in spans)
    ends = list(accumulate(end - begin for begin, end in spans))
    sums = _luhn_sums(digits)
    kept, at, first = [], 0, 0
    while first < len(spans):
        begin = ends[first - 1] if first else 0
        card = next((last for last in _lasts(ends, first, begin) if _is_card(sums, begin, ends[last])), None)
        if card is not None:
            kept += [run[at : spans[first][0]], REMOVED]
            at, first = spans[card][1], card
        first += 1
    return "".join([*kept, run[at:]])


def _lasts(ends: list[int], first: int, begin: int) -> list[int]:
    """The groups with which a card number that begins at `begin` may end, the furthest first."""
    near = range(first, min(first + _CARD_LENGTHS.stop, len(ends)))
    return [last for last in reversed(near) if ends[last] - begin in _CARD_LENGTHS]


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Running Luhn sums, with the digits at even places doubled, and with those at odd places doubled."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits]
    plain = [int(digit) for digit in digits]
    even, odd = (
        [doubled[place] if place % 2 == parity else plain[place] for place in range(len(digits))] for parity in (0, 1)
    )
    return [0, *accumulate(even)], [0, *accumulate(odd)]


def _is_card(sums: tuple[list[int], list[int]], begin: int, end: int) -> bool:
    running = sums[end % 2]  # every second digit from the right is doubled
    return (running[end] - running[begin]) % 10 == 0
