"""Everything the judge looks at, read from one folder."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.judge.audit import Audit, Row, load_audit
from tests.judge.books import Books, load_books
from tests.judge.company import Company, load_company
from tests.judge.families import Families
from tests.judge.ladder import Cadence, load_cadences
from tests.judge.mails import Mail, load_mails
from tests.judge.messages import Message, gather
from tests.judge.notes import Notes


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are judged; None for all. `settled` are those whose notes must be in the books by now."""

    days: frozenset[date] | None = None
    settled: frozenset[date] | None = None
    first_row: int = 0  # how many rows of the history were judged before

    @property
    def is_whole(self) -> bool:
        """Whether everything is judged."""
        return self.days is None


@dataclass(frozen=True)
class Evidence:
    """Mails, books, audit, cadences and the closing table of one world; a law judges the cases of its `span`."""

    company: Company
    books: Books
    mails: list[Mail]
    audit: Audit
    cadences: dict[str, Cadence]
    figures: dict[str, Any]
    covered: dict[str, dict[str, Decimal]] = field(default_factory=dict)  # promises laid over items, reckoned once
    span: Span = Span()
    gathered: list[Message] | None = None  # the messages, where somebody has put them together already
    _families: dict[int, Families] = field(default_factory=dict)

    @cached_property
    def messages(self) -> list[Message]:
        """The mails of each reminder together."""
        if self.gathered is not None:
            return self.gathered
        return gather(self.mails, self.books, self.audit, self.company)

    def judges(self, day: date) -> bool:
        """Whether what happened on a day is judged."""
        return self.span.days is None or day in self.span.days

    def settles(self, day: date) -> bool:
        """Whether what was said on a day must have become a note by now."""
        return self.span.settled is None or day in self.span.settled

    @cached_property
    def judged(self) -> list[Message]:
        """The messages that are judged; the others are what they are set against."""
        return [message for message in self.messages if self.judges(message.day)]

    def rows(self, *kinds: str) -> Iterator[Row]:
        """The rows of these kinds that are judged."""
        return (row for row in self.audit.of(*kinds) if self.judges(row.day))

    @cached_property
    def notes(self) -> Notes:
        """Our notes in the books."""
        return Notes(self.books)

    def families(self, at: datetime) -> Families:
        """Who is billed together at an instant."""
        state = self.books.customer_changes_until(at)
        if state not in self._families:
            self._families[state] = Families(self.books, at)
        return self._families[state]

    def cadence(self, name: str) -> Cadence:
        """A cadence by its name, or the default one."""
        return self.cadences.get(name) or self.cadences[self.company.default_cadence]


def load(folder: Path) -> Evidence:
    """Reads the folder that the demo wrote. Raises `OSError` or `ValueError` where a part is missing or unreadable."""
    company = load_company(folder / "company.json")
    return Evidence(
        company=company,
        books=load_books(folder / "books.jsonl", company),
        mails=load_mails(folder / "mails"),
        audit=load_audit(folder / "audit.jsonl", company),
        cadences=load_cadences(folder / "cadences"),
        figures=json.loads((folder / "figures.json").read_text(encoding="utf-8")),
    )
