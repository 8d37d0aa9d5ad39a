"""A message as a mail: MIME with the text first and the HTML second, the same bytes for the same facts.

The Message-ID comes from the reminder's id, so that a doubled copy is recognised by anybody, and so that an answer
or a delivery report leads back to its reminder. The bytes are put together here rather than by `EmailMessage`, which
takes five times as long; a test reads them back with the standard library and compares.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256

from reminders.channels import mime
from reminders.channels.addresses import BadAddress, domain_of, parse_address
from reminders.messages import Message
from reminders.plain_text import one_line

__all__ = ["BadAddress", "BadHeader", "Envelope", "build", "message_id", "parse_address"]

REMINDER_HEADER = "X-Duecourse-Reminder"

_REMINDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}@[A-Za-z0-9.-]{1,200}>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_MOST_REFERENCES = 20


class BadHeader(ValueError):
    """A value that may not stand in a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Everything about a mail but its words. Addresses are plain; `recipients` are all that the To line shows.

    `message_id`, `in_reply_to` and `references` (oldest first) are Message-IDs with their angle brackets; an empty
    `message_id` is made of the reminder's id and the sender's domain. `stop_address` is a mail address or https
    address that somebody reads; only with it there is a List-Unsubscribe header.
    """

    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    reminder_id: str
    reply_to: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    stop_address: str = ""


def message_id(reminder_id: str, domain: str) -> str:
    """`<reminder-id@domain>`. Raises `BadHeader` for an id that could not be read back out of it."""
    return f"<{_reminder(reminder_id)}@{domain}>"


def build(message: Message, envelope: Envelope, date: datetime) -> bytes:
    """The mail as it goes over the wire: 7-bit, CRLF. Raises `BadAddress` or `BadHeader`; never sends a guess."""
    sender = parse_address(envelope.sender)
    own_id = _checked(envelope.message_id or message_id(envelope.reminder_id, domain_of(sender)))
    boundary = f"=_{sha256(own_id.encode()).hexdigest()[:32]}"  # no quoted-printable line can begin like this
    headers = [
        *_headers(message, envelope, sender),
        f"Date: {format_datetime(date)}",
        f"Message-ID: {own_id}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    text, page = mime.text_part("plain", message.text), mime.text_part("html", message.html)
    edge = f"--{boundary}".encode("ascii")
    parts = ("\r\n".join(headers).encode("ascii"), b"", edge, text, edge, page, edge + b"--", b"")
    return b"\r\n".join(parts)


def _headers(message: Message, envelope: Envelope, sender: str) -> Iterator[str]:
    if not envelope.recipients:
        raise BadHeader("A mail needs a recipient.")
    yield mime.folded("From", [mime.mailbox(one_line(envelope.sender_name, 80), sender)])
    yield mime.folded("To", [parse_address(each) for each in envelope.recipients], ",")
    if envelope.reply_to:
        name = one_line(envelope.sender_name, 80)
        yield mime.folded("Reply-To", [mime.mailbox(name, parse_address(envelope.reply_to))])
    yield mime.folded("Subject", mime.words(one_line(message.subject, 250)))
    if envelope.in_reply_to:
        yield f"In-Reply-To: {_checked(envelope.in_reply_to)}"
    if envelope.references:
        yield mime.folded("References", list(map(_checked, _recent(envelope.references))))
    yield f"{REMINDER_HEADER}: {_reminder(envelope.reminder_id)}"
    yield "Auto-Submitted: auto-generated"  # RFC 3834: responders stay silent
    yield "X-Auto-Response-Suppress: OOF, AutoReply"  # the same, for Exchange
    if envelope.stop_address:
        yield f"List-Unsubscribe: <{_stop(envelope.stop_address)}>"
    yield f"Content-Language: {_language(message.language)}"


def _reminder(reminder_id: str) -> str:
    if not _REMINDER_ID.fullmatch(reminder_id):
        raise BadHeader(f"{reminder_id[:80]!r} cannot be a reminder's id.")
    return reminder_id


def _language(tag: str) -> str:
    if not _LANGUAGE.fullmatch(tag):
        raise BadHeader(f"{tag[:80]!r} is not a language.")
    return tag


def _recent(references: tuple[str, ...]) -> tuple[str, ...]:
    """The first and the last ones: a long thread keeps its root (RFC 5537 section 3.4.4 trims likewise)."""
    if len(references) <= _MOST_REFERENCES:
        return references
    return (references[0], *references[1 - _MOST_REFERENCES :])


def _checked(value: str) -> str:
    if not _MESSAGE_ID.fullmatch(value):
        raise BadHeader(f"{value[:80]!r} is not a Message-ID.")
    return value


def _stop(address: str) -> str:
    if address.startswith("https://"):
        if not re.fullmatch(r"[!-;=?-~]{9,500}", address):  # no blanks, no angle brackets
            raise BadHeader(f"{address[:80]!r} cannot be a stop address.")
        return address
    return f"mailto:{parse_address(address)}"
