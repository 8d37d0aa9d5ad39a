"""The notes that the ledger gets: what was said by or to a customer and what was agreed, in the company's language.

A note's first line can be read by itself in 80 characters; the lines below it give the figures. The ledger's marker
is added by whoever posts the note. Words stand in `templates/notes.<language>.toml`.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from adapters.money import Money
from reminders.formats import Formats, choose_language, formats
from reminders.phrases import environment
from reminders.plain_text import one_line

if TYPE_CHECKING:
    from jinja2 import Template

FIRST_LINE = 80
LONGEST = 1_800
LONGEST_NEUTRAL = 120
_MOST_LINES = 25
_LONGEST_QUOTE = 700

KINDS = (
    *("reminder", "reply", "call", "promise_made", "promise_kept", "promise_partly_kept", "promise_broken"),
    *("promise_withdrawn", "promise_overtaken", "dispute_opened", "dispute_reviewed", "dispute_resolved"),
    *("pause", "resume", "document_gone", "settled"),
)
"""The kinds of entries, by the values of `adapters.ledger.EntryKind`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFacts:
    """The facts of one note; each kind uses those that it needs, and leaves out the line of one that is missing.

    `on` is the company's day of the event. `outcome` is a code: for a dispute credited, withdrawn or upheld; for a
    document voided, deleted, merged or written_off; for an uncertain message arrived or lost.
    """

    on: date
    documents: tuple[str, ...] = ()  # numbers, as the customer sees them
    amounts: tuple[Money, ...] = ()  # asked, promised or disputed; one for each currency
    paid: Money | None = None  # of a promise: what came
    day: date | None = None  # promised day, or the day by which a dispute is to be decided
    until: date | None = None  # the end of a pause
    step: int = 0  # the reminder's place in its ladder
    tone: str = ""
    subject: str = ""
    recipients: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()  # one for each item: number, days, amount, as they are to be read
    uncertain: bool = False
    replaces: date | None = None
    reason: str = ""
    owner: str = ""  # who looks after a dispute
    by: str = ""  # who told us, or which of our people did it
    quote: str = ""  # the customer's words, scrubbed
    outcome: str = ""


def note_text(kind: str, facts: NoteFacts, language: str) -> str:
    """The note for an event. Raises `KeyError` for an unknown kind or outcome."""
    shown = formats(choose_language(language))
    words = _words(shown.language)
    said = _said(facts, words, shown)
    body = [
        _first_line(words[f"first.{kind}"], facts, said),
        *(line for line in _lines(facts, words, shown, said) if line),
    ]
    text = "\n".join(body[:_MOST_LINES])
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def neutral_line(kind: str, facts: NoteFacts, language: str) -> str:
    """One line of at most 120 characters for a field that may print: no amounts, promises, disputes or names."""
    shown = formats(choose_language(language))
    words = _words(shown.language)
    said = {"on": shown.short_day(facts.on), "documents": _listing(facts.documents, 4)}
    neutral = kind if kind in {"reminder", "reply", "call"} else "other"
    return one_line(words[f"neutral.{neutral}"].render(said), LONGEST_NEUTRAL)


def _first_line(words: "Template", facts: NoteFacts, said: dict[str, str | int]) -> str:
    """As many document numbers as there is room for; what is still too long is cut."""
    tries = (words.render(said | {"documents": _listing(facts.documents, most)}) for most in (3, 2, 1))
    short = next((line for line in tries if len(line) <= FIRST_LINE), words.render(said | {"documents": ""}))
    return one_line(short, FIRST_LINE)


def _said(facts: NoteFacts, words: dict[str, "Template"], shown: Formats) -> dict[str, str | int]:
    plain = words["and"].render()
    return {
        "on": shown.short_day(facts.on),
        "documents": "",
        "amount": shown.listing([shown.money(each) for each in facts.amounts], plain),
        "paid": shown.money(facts.paid) if facts.paid else "",
        "day": shown.short_day(facts.day) if facts.day else "",
        "until": shown.short_day(facts.until) if facts.until else "",
        "step": facts.step,
        "uncertain": int(facts.uncertain),
        "reason": one_line(facts.reason, 60),
        "by": one_line(facts.by, 40),
        "outcome": words[f"outcome.{facts.outcome}"].render() if facts.outcome else "",
    }


def _listing(numbers: tuple[str, ...], most: int) -> str:
    """`1042, 1043 +3`."""
    named = ", ".join(one_line(number, 21) for number in numbers[:most])
    return f"{named} +{len(numbers) - most}" if len(numbers) > most else named


def _lines(facts: NoteFacts, words: dict[str, "Template"], shown: Formats, said: dict[str, str | int]) -> Iterator[str]:
    if facts.uncertain:
        yield words["line.uncertain"].render()
    for name, text in _details(facts, shown, said):
        if text:
            yield words[f"line.{name}"].render(text=text)
    for line in facts.lines[:15]:
        yield f"- {one_line(line)}"
    if len(facts.lines) > 15:
        yield f"- +{len(facts.lines) - 15}"
    if facts.quote:
        yield words["line.quote"].render(text=one_line(facts.quote, _LONGEST_QUOTE))


def _details(facts: NoteFacts, shown: Formats, said: dict[str, str | int]) -> Iterator[tuple[str, str]]:
    yield "on", str(said["on"])
    yield "subject", one_line(facts.subject, 200)
    yield "recipients", one_line(", ".join(facts.recipients), 300)
    yield "documents", _listing(facts.documents, 20) if len(facts.documents) > 2 or not facts.lines else ""
    yield "paid", str(said["paid"])
    yield "reason", one_line(facts.reason, 300)
    yield "owner", one_line(facts.owner, 60)
    yield "by", one_line(facts.by, 60)
    yield "replaces", shown.short_day(facts.replaces) if facts.replaces else ""


@cache
def _words(language: str) -> dict[str, "Template"]:
    source = files("reminders") / "templates" / f"notes.{language}.toml"
    tree = tomllib.loads(source.read_text(encoding="utf-8"))
    env = environment()
    flat = {"and": env.from_string(tree.pop("and"))}
    for group, phrases in tree.items():
        flat |= {f"{group}.{name}": env.from_string(text) for name, text in phrases.items()}
    return flat
