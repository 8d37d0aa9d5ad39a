"""Delivery reports: which addresses did not get a mail, for good or for now, and which mail it was.

Read are the standard form (RFC 3464) and two old ones that are still met: an `X-Failed-Recipients` header (Exim,
Gmail) and qmail's plain text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message

from reminders.channels.addresses import BadAddress, parse_address
from reminders.plain_text import one_line

_MOST_RECIPIENTS = 100
_MOST_PARTS = 200
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_CODE = re.compile(r"\b([45])\d\d[ -]")
_MESSAGE_ID = re.compile(r"<([^<>@\s]{1,200})@[^<>@\s]{1,200}>")
_REMINDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_QMAIL_BEGINS = "Hi. This is the"
_DAEMONS = ("mailer-daemon", "postmaster", "mail-daemon", "bounce")
_LONGEST_TEXT = 64_000  # characters of a report's own words that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRecipient:
    """An address that did not get the mail. `permanent`: the server gave up and says that trying again is no use.

    `status` is the enhanced code (`5.1.1`), empty where the report has none; `diagnostic` the server's words.
    """

    address: str
    permanent: bool
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """A report of non-delivery or delay. `reminder_ids` are read from the mail that it returns."""

    recipients: tuple[FailedRecipient, ...]
    reminder_ids: tuple[str, ...] = ()


def read_report(mail: Message) -> DeliveryReport | None:
    """The report in `mail`, if it is one. A report of success alone has no recipients."""
    parts = [part for part, _ in zip(mail.walk(), range(_MOST_PARTS), strict=False)]
    blocks = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if mail.get_content_type() == "multipart/report" and blocks:
        recipients = list(_standard(blocks))
    elif _is_from_a_daemon(mail):
        recipients = list(_by_header(mail, parts)) or list(_qmail(parts))
        if not recipients:
            return None
    else:
        return None
    return DeliveryReport(
        recipients=tuple(recipients[:_MOST_RECIPIENTS]), reminder_ids=tuple(dict.fromkeys(_returned(parts)))
    )


def _is_from_a_daemon(mail: Message) -> bool:
    sender = str(mail.get("From", ""))[:500].lower()
    return str(mail.get("Return-Path", "")).strip() == "<>" or any(f"{name}@" in sender for name in _DAEMONS)


def _standard(reports: list[Message]) -> Iterator[FailedRecipient]:
    for report in reports:
        blocks = report.get_payload()
        for block in blocks[:_MOST_RECIPIENTS] if isinstance(blocks, list) else ():
            if isinstance(block, Message) and (failed := _failed(block)):
                yield failed


def _failed(block: Message) -> FailedRecipient | None:
    """One recipient's block of RFC 3464, section 2.3; None where it did not fail or names nobody."""
    address = _typed(block, "Original-Recipient") or _typed(block, "Final-Recipient")
    action = str(block.get("Action", "")).strip().lower()
    if not address or action not in {"failed", "delayed"}:
        return None
    status = _status(str(block.get("Status", ""))[:100])
    return FailedRecipient(
        address=address,
        permanent=action == "failed" and status.startswith("5"),
        status=status,
        diagnostic=one_line(str(block.get("Diagnostic-Code", ""))[:2_000], 300),
    )


def _typed(block: Message, name: str) -> str:
    """The address in `rfc822; somebody@example.com`."""
    return _plain(str(block.get(name, ""))[:500].rpartition(";")[2].strip().strip("<>"))


def _by_header(mail: Message, parts: list[Message]) -> Iterator[FailedRecipient]:
    words = _own_words(parts)
    for each in str(mail.get("X-Failed-Recipients", ""))[:4_000].split(","):
        if address := _plain(each.strip()):
            yield _told(address, words)


def _qmail(parts: list[Message]) -> Iterator[FailedRecipient]:
    """Paragraphs that begin with `<address>:`, before the copy of the mail begins."""
    words = _own_words(parts)
    if not words.lstrip().startswith(_QMAIL_BEGINS):
        return
    for paragraph in words.partition("--- Below this line")[0].split("\n\n")[:_MOST_RECIPIENTS]:
        first, _, rest = paragraph.strip().partition("\n")
        if first.startswith("<") and first.endswith(">:") and (address := _plain(first[1:-2])):
            yield _told(address, rest)


def _told(address: str, words: str) -> FailedRecipient:
    """A failure of which only the words are known. Without any code in them it counts as one for now."""
    status = _status(words)
    code = _CODE.search(words)
    permanent = status.startswith("5") or (not status and code is not None and code[1] == "5")
    return FailedRecipient(address=address, permanent=permanent, status=status, diagnostic=one_line(words, 300))


def _status(words: str) -> str:
    found = _STATUS.search(words)
    return found[0] if found else ""


def _own_words(parts: list[Message]) -> str:
    """The first plain text of a report, with one kind of line end."""
    for part in parts:
        if part.get_content_type() == "text/plain" and not part.is_multipart():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return payload[:_LONGEST_TEXT].decode("latin-1").replace("\r\n", "\n")
    return ""


def _returned(parts: list[Message]) -> Iterator[str]:
    """The reminder's id in what a report returns: an enclosed mail, its headers alone, or a copy in the text."""
    for part in parts[1:]:
        yield from _ids(part.items())
        if part.get_content_type() == "text/rfc822-headers":
            yield from _ids(_header_lines(str(part.get_payload())))
    yield from _ids(_header_lines(_own_words(parts).partition("--- Below this line")[2]))


def _header_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text[:_LONGEST_TEXT].splitlines()[:500]:
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()


def _ids(headers: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in headers:
        if name.lower() == "x-duecourse-reminder" and (found := _REMINDER_ID.fullmatch(str(value).strip())):
            yield found[0]
        if name.lower() == "message-id" and (found := _MESSAGE_ID.fullmatch(str(value).strip())):
            yield found[1]


def _plain(text: str) -> str:
    try:
        return parse_address(text)
    except BadAddress:
        return ""
