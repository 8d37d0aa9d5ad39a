"""The mails that left: what the mail sink accepted, and what each of them says to its reader."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.judge.amounts import Amount, amounts_in
from tests.judge.company import instant

_CONTINUED = 3  # lines that may follow an invoice's number before its amount comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One accepted transaction: one message, one recipient."""

    file: str
    message_id: str
    reminder: str
    to: str
    accepted_at: datetime
    subject: str
    text: str


def read_mail(path: Path) -> Mail:
    """Reads an .eml file of the sink."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    return Mail(
        file=path.name,
        message_id=str(message["Message-ID"] or "").strip(),
        reminder=str(message["X-Duecourse-Reminder"] or "").strip(),
        to=str(message["X-Envelope-To"]).strip().strip("<>").casefold(),
        accepted_at=instant(str(message["X-Accepted-At"]).strip()),
        subject=str(message["Subject"] or ""),
        text=str(body.get_content()) if body is not None else "",
    )


def load_mails(folder: Path) -> list[Mail]:
    """All mails, oldest first."""
    found = [read_mail(path) for path in sorted(folder.glob("*.eml"))]
    return sorted(found, key=lambda mail: (mail.accepted_at, mail.file))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that speaks of one invoice, with the amounts on it."""

    number: str
    text: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A mail's text sorted into lines about invoices and the rest."""

    lines: tuple[Line, ...]
    rest: tuple[str, ...]


def read_text(text: str, numbers: frozenset[str]) -> Reading:
    """Finds the lines that speak of these invoice numbers, each with an amount behind its number.

    The first number on a line is the line's. An amount may also stand on one of the indented lines that follow.
    """
    pattern = _pattern(numbers)
    lines: list[Line] = []
    rest: list[str] = []
    number, patience = "", 0
    for row in text.splitlines():
        found = pattern.search(row) if pattern else None
        if found:
            number, patience = found[1], _CONTINUED
        elif not row.startswith(("\t", " ", "\u00a0")):
            number = ""
        amounts = tuple(amounts_in(row[found.end() :] if found else row))
        if number and amounts and patience:
            lines.append(Line(number=number, text=row, amounts=amounts))
            number = ""
        else:
            rest.append(row)
            patience = max(0, patience - 1)
    return Reading(lines=tuple(lines), rest=tuple(rest))


def _pattern(numbers: frozenset[str]) -> re.Pattern[str] | None:
    spelled = sorted((re.escape(number) for number in numbers if number), key=len, reverse=True)
    return re.compile(rf"(?<![\w.,/-])({'|'.join(spelled)})(?![\w/-]|[.,]\d)") if spelled else None


def mentions(text: str, number: str) -> bool:
    """Whether the text names this invoice number as a word of its own."""
    pattern = _pattern(frozenset({number}))
    return bool(pattern and pattern.search(text))
