"""Two months held against each other: what was booked, said, noted and agreed, day by day, without instants and ids."""

import email
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from email import policy
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.judge.names import Names

_MINTED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32,64}\b")
_TASK = re.compile(r"\btask:\d+")
_CLOCK = re.compile(r"\b\d{1,2}:\d{2}(?:\s?[AP]M)?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")
#: What a service does on its way, and may do twice: not what it says, books or agrees.
_WORKINGS = {"verdict", "reminder_planned", "reminder_cancelled", "synced"}


def plain(text: str) -> str:
    """Without minted ids, instants and times of day."""
    return _TASK.sub("task:#", _CLOCK.sub("hh:mm", _MINTED.sub("#", _INSTANT.sub("then", text))))


def _timeless(value: object) -> object:
    """A record without the fields that say at which instant, or under which id we wrote it."""
    if isinstance(value, dict):
        return {
            name: _timeless(each)
            for name, each in value.items()
            if not name.endswith("_at") and name not in {"ledger_id", "figures_at"}
        }
    if isinstance(value, list):
        return [_timeless(each) for each in value]
    return plain(value) if isinstance(value, str) else value


def _unnumbered(row: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = row["record"]
    numbered = row["entity"] not in {"payment", "credit_memo"}
    return record if numbered else {name: value for name, value in record.items() if name != "id"}


@dataclass(frozen=True)
class Told:
    """A month as its folder tells it."""

    folder: Path

    @cached_property
    def company(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / "company.json").read_text(encoding="utf-8"))
        return told

    @property
    def _names(self) -> Names:
        """The ledger may number its own postings in the order in which they came: they are told apart by the books."""
        return Names(self.company["names"])

    def day(self, at: str) -> date:
        """The company's day of an instant."""
        return datetime.fromisoformat(at).astimezone(ZoneInfo(self.company["zone"])).date()

    @cached_property
    def books(self) -> list[dict[str, Any]]:
        """Every row of the books' history."""
        return list(_rows(self.folder / "books.jsonl", self._names))

    @cached_property
    def audit(self) -> list[dict[str, Any]]:
        """Every row of the service's history."""
        return list(_rows(self.folder / "audit.jsonl", self._names))

    @cached_property
    def booked(self) -> Counter[str]:
        """What happened in the books, notes left out: day, what, and the whole record after it.

        Payments and credits of the same minute are entered in the order in which customers wrote: their ids are none
        of the service's doing.
        """
        return Counter(
            _line(self.day(row["at"]), row["entity"], row["event"], _timeless(_unnumbered(row)))
            for row in self.books
            if row["entity"] != "note"
        )

    @cached_property
    def open_balances(self) -> dict[tuple[str, str], str]:
        """What is open of every document at the end."""
        billed = (row for row in self.books if row["entity"] in {"invoice", "journal"})
        last = {(row["entity"], row["id"]): row["record"] for row in billed}
        return {key: "gone" if record["deleted"] else record["open"] for key, record in last.items()}

    @cached_property
    def notes(self) -> Counter[str]:
        """Our notes in the books: day, what they hang on, and their text with the kind in its marker."""
        return Counter(
            _line(self.day(at), record["links"], plain(record["text"])) for at, record in self._notes.values()
        )

    @cached_property
    def _notes(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Every note that stands: when it was written, and how it stands now (a promise's task is closed later)."""
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for row in self.books:
            if row["entity"] == "note":
                began, _ = found.get(row["id"], (row["at"], None))
                found[row["id"]] = (began, row["record"])
        return {ident: each for ident, each in found.items() if not each[1].get("deleted")}

    @cached_property
    def note_keys(self) -> Counter[str]:
        """How often each key stands in the books."""
        texts = (record["text"] for _, record in self._notes.values())
        return Counter(key for text in texts for key in re.findall(r"\[duecourse:([^\]]+)\]", text))

    @cached_property
    def mails(self) -> Counter[str]:
        """The mails as they arrived: day, envelope, headers, and both texts."""
        return Counter(self._mail(path) for path in (self.folder / "mails").glob("*.eml"))

    def _mail(self, path: Path) -> str:
        mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        at = str(mail["X-Accepted-At"])
        headers = [f"{name}: {plain(str(value))}" for name, value in mail.items() if name not in _TIMED_HEADERS]
        texts = [plain(str(part.get_content())) for part in mail.iter_parts()]
        return _line(self.day(at), *headers, *texts)

    @cached_property
    def arrived(self) -> dict[tuple[str, str, int], datetime]:
        """When each mail arrived: by address, subject, and which of these it was."""
        seen: Counter[tuple[str, str]] = Counter()
        found: dict[tuple[str, str, int], datetime] = {}
        for path in sorted((self.folder / "mails").glob("*.eml")):
            mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
            about = (str(mail["X-Envelope-To"]), str(mail["Subject"]))
            seen[about] += 1
            found[*about, seen[about]] = datetime.fromisoformat(str(mail["X-Accepted-At"]))
        return found

    def is_on_old_figures(self, line: str) -> bool:
        """Whether a line of `agreed` is a passed step or a person's task, about items settled by its day's end."""
        day, kind, _, subject, data = json.loads(line)
        if kind == "step_lapsed":
            items = [data["item"]]
        elif kind == "task_opened" and subject.startswith("step:"):
            items = data["items"]
        else:
            return False
        return all(self._open_on(each.partition("#")[0], day) in {None, 0} for each in items)

    def _open_on(self, ref: str, day: str) -> Decimal | None:
        """What was open of a document at the end of a day; None where it was gone."""
        kind, _, ident = ref.partition(":")
        states = [
            row["record"]
            for row in self.books
            if (row["entity"], row["id"]) == (kind, ident) and str(self.day(row["at"])) <= day
        ]
        return None if not states or states[-1]["deleted"] else Decimal(states[-1]["open"])

    @cached_property
    def said(self) -> Counter[str]:
        """The reminders: day, account, steps of which items in which cycle, amounts, to how many, and how sure."""
        return self._of_kinds({"reminder_said", "dispatch_said"})

    @cached_property
    def agreed(self) -> Counter[str]:
        """Everything else that the history keeps: promises, disputes, holds, tasks, replies, totals compared."""
        kinds = {row["kind"] for row in self.audit} - _WORKINGS - {"reminder_said", "dispatch_said"}
        return self._of_kinds(kinds)

    def _of_kinds(self, kinds: Iterable[str]) -> Counter[str]:
        wanted = set(kinds)
        return Counter(
            _line(self.day(row["at"]), row["kind"], row["account"], plain(row["subject"]), _timeless(row["data"]))
            for row in self.audit
            if row["kind"] in wanted
        )


_TIMED_HEADERS = {"Date", "X-Accepted-At", "Content-Type"}


def _line(*parts: object) -> str:
    return json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)


def _rows(path: Path, names: Names) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(names.read, file)


def differences(one: Counter[str], other: Counter[str]) -> list[str]:
    """What only the first holds, and what only the second."""
    return sorted(
        [f"only calm:   {line}" for line in (one - other)] + [f"only faulty: {line}" for line in (other - one)]
    )
