"""Tools for doctoring a world: a copy of the judge's evidence whose mails, books and history can be changed."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.judge.amounts import Amount
from tests.judge.books import Document
from tests.judge.chain import chained
from tests.judge.evidence import Evidence, load
from tests.judge.messages import Message
from tests.judge.notes import OurNote

_NUMBER = re.compile(r"\d(?:[\d.,'’\u00a0\u202f ]*\d)?")


class NoVictim(LookupError):
    """The world holds nothing that could be doctored in this way."""


def first(found: list[Any], what: str) -> Any:  # noqa: ANN401 - whatever was looked for
    """The first of what was found. Raises `NoVictim`."""
    if not found:
        raise NoVictim(f"The world holds no {what}.")
    return found[0]


def z(at: datetime) -> str:
    """An instant as the files spell it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class World:
    """A copy of a good world. `evidence` is what it was before; `save` writes what was changed."""

    def __init__(self, good: Path, folder: Path) -> None:
        shutil.copytree(good, folder)
        self.folder = folder
        self.books = _lines(folder / "books.jsonl")
        self.audit = _lines(folder / "audit.jsonl")
        self.figures: dict[str, Any] = json.loads((folder / "figures.json").read_text(encoding="utf-8"))

    @cached_property
    def evidence(self) -> Evidence:
        """The good world."""
        return load(self.folder)

    def save(self, *, chain: bool = True) -> None:
        """Writes books, history and figures; the history is chained anew, so that only the law under test fails."""
        audit = chained(sorted(self.audit, key=lambda row: row["at"])) if chain else self.audit
        _write(self.folder / "books.jsonl", sorted(self.books, key=lambda change: change["at"]))
        _write(self.folder / "audit.jsonl", audit)
        (self.folder / "figures.json").write_text(json.dumps(self.figures), encoding="utf-8")

    # -- finding a victim

    def message(self, fits: Callable[[Message], object], what: str) -> Message:
        """The first message that fits. Raises `NoVictim`."""
        found: Message = first([each for each in self.evidence.messages if fits(each)], f"message {what}")
        return found

    def documents(self, message: Message) -> list[Document]:
        """What a message shows, as it stood when it left."""
        found = (self.evidence.books.document(each.document, message.at) for each in message.shown)
        return [each for each in found if each is not None]

    def note(self, message: Message) -> OurNote:
        """The note of a message."""
        found: OurNote = first(self.evidence.notes.about("reminder", message.reminder), "note of a reminder")
        return found

    def rows(self, kind: str, subject: str = "") -> list[dict[str, Any]]:
        """Rows of the history, to be changed in place."""
        return [row for row in self.audit if row["kind"] == kind and (not subject or row["subject"] == subject)]

    # -- changing mails

    def edit_mails(self, message: Message, change: Callable[[EmailMessage], None], *, copy_as: str = "") -> None:
        """Changes every mail of a message, or copies of them."""
        for mail in message.mails:
            path = self.folder / "mails" / mail.file
            parsed = message_from_bytes(path.read_bytes(), policy=policy.SMTP)
            assert isinstance(parsed, EmailMessage)
            change(parsed)
            target = path.with_name(f"{copy_as}-{mail.file}") if copy_as else path
            target.write_bytes(parsed.as_bytes())

    def edit_text(self, message: Message, change: Callable[[str], str]) -> None:
        """Changes what a message says in plain text."""

        def apply(mail: EmailMessage) -> None:
            body = mail.get_body(("plain",))
            assert isinstance(body, EmailMessage)
            body.set_content(change(body.get_content()))

        self.edit_mails(message, apply)

    def say_again(self, message: Message, reminder: str, later: timedelta, *, account: str = "", to: str = "") -> None:
        """A new reminder with the words of an old one: mail, history and note as they should be."""

        def apply(mail: EmailMessage) -> None:
            set_header(mail, "X-Duecourse-Reminder", reminder)
            set_header(mail, "Message-ID", f"<{reminder}@doctored.example>")
            set_header(mail, "X-Accepted-At", z(message.at + later))
            if to:
                set_header(mail, "X-Envelope-To", to)

        self.edit_mails(message, apply, copy_as=reminder)
        said = first(self.rows("reminder_said", message.reminder), "row of a reminder")
        again = {**said, "at": z(message.at + later), "subject": reminder, "account": account or said["account"]}
        self.audit.append(again)
        self.add_note(f"reminder:{reminder}", self.note(message), message.at + later)

    def remove_mails(self, message: Message) -> None:
        """Takes away every mail of a message."""
        for mail in message.mails:
            (self.folder / "mails" / mail.file).unlink()

    # -- changing notes and documents

    def add_note(self, key: str, like: OurNote, at: datetime) -> None:
        """A note with this key, linked like another one, and its row in the history."""
        change = next(each for each in self.books if each["entity"] == "note" and str(each["id"]) == like.note.id)
        ident = f"{like.note.id}{len(self.books)}"
        text = change["record"]["text"].rpartition("[duecourse:")[0] + f"[duecourse:{key}]"
        record = {**change["record"], "id": ident, "text": text}
        self.books.append({**change, "at": z(at), "id": ident, "record": record})
        enqueued = first(self.rows("entry_enqueued", like.key), "row of a note")
        if not self.rows("entry_enqueued", key):
            self.audit.append({**enqueued, "at": z(at), "subject": key})

    def drop_note(self, note: OurNote) -> None:
        """Takes a note out of the books."""
        self.books = [each for each in self.books if not (each["entity"] == "note" and str(each["id"]) == note.note.id)]

    def rewrite(self, ref: str, **fields: object) -> None:
        """Changes fields in every state of a document."""
        kind, _, ident = ref.partition(":")
        for change in self.books:
            if change["entity"] == kind and str(change["id"]) == ident:
                change["record"] = {**change["record"], **fields}

    def pay_in_full(self, document: Document, at: datetime) -> None:
        """Enters a payment of all that is open."""
        kind, _, ident = document.ref.partition(":")
        states = [
            each for each in self.books if each["entity"] == kind and str(each["id"]) == ident and each["at"] <= z(at)
        ]
        invoice = {**states[-1], "at": z(at), "event": "update"}
        invoice["record"] = {**invoice["record"], "open": "0.00"}
        payment = {
            **invoice["record"],
            "kind": "payment",
            "id": "999999",
            "number": "999999",
            "total": f"-{document.open}",
            "allocations": [{"target": document.ref, "amount": str(document.open)}],
        }
        self.books += [{**invoice, "entity": "payment", "id": "999999", "event": "create", "record": payment}, invoice]


def set_header(mail: EmailMessage, name: str, value: str) -> None:
    """Replaces a header."""
    del mail[name]
    mail[name] = value


def restated(row: str, old: Amount, new: Decimal) -> str:
    """A line of text with one amount replaced, written the way the line writes numbers."""
    for found in _NUMBER.finditer(row):
        if re.sub(r"\D", "", found[0]) == re.sub(r"\D", "", str(old.value)):
            return row[: found.start()] + _like(found[0], new) + row[found.end() :]
    raise NoVictim(f"{old.value} does not stand in {row!r}.")


def _like(sample: str, value: Decimal) -> str:
    point = sample[-3] if len(sample) > 2 else "."
    groups = {",": ".", ".": ","}.get(point, ",")
    return "".join({",": groups, ".": point}.get(char, char) for char in f"{value:,.2f}")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
