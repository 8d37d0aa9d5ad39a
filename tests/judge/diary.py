"""A world judged while it goes on: what its days left is read as it comes, and each day is judged when it is over.

Only what is new is read from the files; a day's cases are set against everything that is known by then. When the
world has ended, `judge` reads and judges the whole once more.
"""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.judge.audit import Audit
from tests.judge.books import Books
from tests.judge.company import load_company
from tests.judge.evidence import Evidence, Span
from tests.judge.families import Families
from tests.judge.judge import Verdict, judged
from tests.judge.ladder import load_cadences
from tests.judge.mails import Mail, read_mail
from tests.judge.messages import Message, gather

_LATE = timedelta(days=4)  # a message may reach its last recipient so long after the first


class _Tail:
    """The end of a file of JSON lines, from where it was last read to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0

    def read(self) -> list[dict[str, Any]]:
        with self._path.open("rb") as file:
            file.seek(self._place)
            lines = file.readlines()
            self._place = file.tell()
        return [json.loads(line) for line in lines if line.strip()]


class Diary:
    """The folder of a world that goes on. Days are judged in their order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._company = load_company(folder / "company.json")
        self._cadences = load_cadences(folder / "cadences")
        self._books, self._audit = Books([]), Audit([], self._company)
        self._new_changes, self._new_rows = _Tail(folder / "books.jsonl"), _Tail(folder / "audit.jsonl")
        self._mails: list[Mail] = []
        self._read: set[str] = set()
        self._messages: dict[str, Message] = {}
        self._unsettled: set[date] = set()
        self._covered: dict[str, dict[str, Decimal]] = {}
        self._families: dict[int, Families] = {}
        self.cases = 0

    def judge(self, day: date) -> Verdict:
        """Reads what is new and judges a day that is over: its messages, its verdicts, and what was due by it."""
        judged_rows = len(self._audit.raw)
        self._books.add(self._new_changes.read())
        self._audit.add(self._new_rows.read())
        self._read_mails()
        verdict = judged(
            Evidence(
                company=replace(self._company, end=day),
                books=self._books,
                mails=self._mails,
                audit=self._audit,
                cadences=self._cadences,
                figures={},
                covered=self._covered,
                span=Span(frozenset({day}), self._settled(day), judged_rows),
                gathered=self._gathered(day),
                _families=self._families,
            )
        )
        self.cases += sum(verdict.cases.values())
        return verdict

    def _read_mails(self) -> None:
        paths = (path for path in sorted((self._folder / "mails").iterdir()) if path.name not in self._read)
        new = [read_mail(path) for path in paths if path.suffix == ".eml"]
        self._read |= {mail.file for mail in new}
        self._mails += sorted(new, key=lambda mail: (mail.accepted_at, mail.file))

    def _settled(self, day: date) -> frozenset[date]:
        """Days whose notes must be there: all before, once the service has worked for a day since."""
        self._unsettled.add(day)
        if not self._company.is_working(day) or day in self._company.outage_days:
            return frozenset()
        settled = frozenset(self._unsettled - {day})
        self._unsettled = {day}
        return settled

    def _gathered(self, day: date) -> list[Message]:
        """Messages are put together anew for some days: more of their mails, or of what is said of them, may come."""
        recent = {_key(mail) for mail in self._mails if self._company.day_of(mail.accepted_at) > day - _LATE}
        group = [mail for mail in self._mails if _key(mail) in recent]
        for message in gather(group, self._books, self._audit, self._company):
            self._messages[_key(message.mails[0])] = message
        return sorted(self._messages.values(), key=lambda message: message.at)


def _key(mail: Mail) -> str:
    return mail.reminder or mail.message_id or mail.file
