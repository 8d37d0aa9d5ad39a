"""A mail that came in, read without trust: who, in answer to what, by a person or a machine, and the new words.

Whatever the bytes are, reading ends soon (time linear in their number, which is capped) and either gives an
`IncomingMail` or raises `UnreadableMail`. A mail too big or nested too deeply for an honest one is read by its
headers alone. What a mail says never changes anything by itself: the sender of a mail is easily forged.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from enum import StrEnum

from reminders.bounces import DeliveryReport, read_report
from reminders.channels.addresses import BadAddress, parse_address
from reminders.incoming_text import new_words, text_of
from reminders.plain_text import one_line

_MOST_CONTAINERS = 25  # multiparts and enclosed mails
_MOST_PARTS = 2_000
_MOST_LINES = 150_000
_MOST_LINES_IN_CONTAINERS = 800_000
_LONGEST_HEADERS = 256_000  # bytes
_LONGEST_HEADER = 4_000  # characters of one header that are looked at
_MOST_ADDRESSES = 50
_MOST_IDS = 100

_CONTAINER = re.compile(rb"multipart/|message/", re.IGNORECASE)
_LONG_CONTENT_HEADER = re.compile(
    rb"(?:^|[\r\n])content-(?:[^\r\n]{1000}|[^\r\n]*(?:\r?\n[ \t][^\r\n]*){30})", re.IGNORECASE
)
_ADDRESS = re.compile(r"[A-Za-z0-9.#$&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID = re.compile(r"<([^<>@\s]{1,200})@([^<>@\s]{1,200})>")

_OUT_OF_OFFICE = (
    *("out of office", "out of the office", "automatic reply", "on vacation", "on leave", "away from"),
    *("abwesenheit", "abwesend", "automatische antwort", "nicht im büro", "im urlaub", "autom. antwort"),
    *("absence", "absent du bureau", "réponse automatique", "en congé"),
    *("fuera de la oficina", "respuesta automática", "ausente", "ausencia", "de vacaciones"),
)


class UnreadableMail(ValueError):
    """The bytes are no mail that anybody could have sent."""


class AutoKind(StrEnum):
    """Whether a machine wrote it."""

    NONE = "none"
    AUTO_REPLY = "auto_reply"
    OUT_OF_OFFICE = "out_of_office"
    DELIVERY_REPORT = "delivery_report"
    LIST = "list"
    OWN = "own"  # a reminder of this service, come back to its own inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMail:
    """What is worth knowing of a mail. Empty strings where it does not say; Message-IDs with angle brackets.

    `reminder_ids` are the ids that it may be an answer to, the likeliest first: whoever asks looks them up.
    `text` holds the new words only, where they can be told from what is quoted.
    """

    from_address: str
    to_addresses: tuple[str, ...]
    plus_tag: str
    subject: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    date: datetime | None
    auto: AutoKind
    reminder_ids: tuple[str, ...]
    report: DeliveryReport | None
    text: str
    too_big: bool  # too big or too deeply nested: only the headers were read


def read_mail(data: bytes, *, max_bytes: int = 5_000_000, domain: str = "") -> IncomingMail:
    """The mail in `data`. With `domain`, only Message-IDs of that domain give `reminder_ids`.

    Raises `UnreadableMail`, and nothing else.
    """
    too_big = len(data) > max_bytes or _is_too_much(data)
    try:
        return _read(_parsed(data, headers_only=too_big), too_big=too_big, domain=domain)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableMail("This is not a mail that can be read.") from error


def _is_too_much(data: bytes) -> bool:
    """Whether parsing could take long: the parser's time grows with depth times lines, and with the square of a
    `Content-` header's length. Each limit is far above what mail programs write.
    """
    containers = sum(1 for _ in zip(_CONTAINER.finditer(data), range(_MOST_CONTAINERS), strict=False))
    lines = max(data.count(b"\n"), data.count(b"\r"))
    return (
        containers >= _MOST_CONTAINERS
        or lines > _MOST_LINES
        or containers * lines > _MOST_LINES_IN_CONTAINERS
        or data.count(b"\n--") > _MOST_PARTS
        or _LONG_CONTENT_HEADER.search(data) is not None
    )


def _parsed(data: bytes, *, headers_only: bool) -> Message:
    if headers_only:
        data = data[:_LONGEST_HEADERS]
        end = min((at for at in (data.find(b"\n\n"), data.find(b"\n\r\n")) if at >= 0), default=len(data))
        data = data[: end + 1]
    mail = BytesParser(policy=policy.compat32).parsebytes(data, headersonly=headers_only)
    if not any(mail[name] for name in ("From", "Date", "Message-ID", "Received", "Return-Path")):
        raise UnreadableMail("This is not a mail: it has none of the headers that every mail has.")
    return mail


def _read(mail: Message, *, too_big: bool, domain: str) -> IncomingMail:
    heads = _headers(mail)
    report = None if too_big else read_report(mail)
    subject = one_line(_decoded(heads.get("subject", "")), 250)
    in_reply_to, references = (_ids(heads.get(name, "")) for name in ("in-reply-to", "references"))
    to_addresses = tuple(_addresses(heads))
    returned = report.reminder_ids if report else ()
    return IncomingMail(
        from_address=_sender(_decoded(heads.get("from", ""))),
        to_addresses=to_addresses,
        plus_tag=next(filter(None, map(_tag, to_addresses)), ""),
        subject=subject,
        message_id=next(iter(_ids(heads.get("message-id", ""))), ""),
        in_reply_to=next(iter(in_reply_to), ""),
        references=references,
        date=_date(heads.get("date", "")),
        auto=_auto_kind(heads, subject, report),
        reminder_ids=_unique((*returned, *_locals((*in_reply_to, *reversed(references)), domain))),
        report=report,
        text="" if too_big else new_words(text_of(mail)),
        too_big=too_big,
    )


def _headers(mail: Message) -> dict[str, str]:
    """The first header of each name, by its lower-case name; bytes that nobody encoded are taken for UTF-8."""
    heads: dict[str, str] = {}
    for name, value in mail.raw_items():
        key = name.lower()
        if key not in heads:
            raw = str(value)[: 4 * _LONGEST_HEADER]
            heads[key] = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return heads


def _decoded(raw: str) -> str:
    """A header as its reader sees it, cut to what is worth reading."""
    raw = raw[:_LONGEST_HEADER]
    try:
        parts = decode_header(raw)
        words = [
            part if isinstance(part, str) else part.decode(charset or "latin-1", "replace") for part, charset in parts
        ]
    except (MessageError, LookupError, ValueError):
        return raw
    return "".join(words)


def _ids(value: str) -> tuple[str, ...]:
    found = _MESSAGE_ID.finditer(value)
    return tuple(match[0] for match, _ in zip(found, range(_MOST_IDS), strict=False))


def _locals(message_ids: Iterable[str], domain: str) -> Iterator[str]:
    for each in message_ids:
        local, _, its_domain = each.strip("<>").rpartition("@")
        if not domain or its_domain.lower() == domain.lower():
            yield local


def _unique(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def _sender(value: str) -> str:
    """The one address that it is from; empty where there is none or more than one."""
    if "<" in value:
        inner = value.rpartition("<")[2].partition(">")[0]
        return _plain(inner.strip())
    found = {match[0] for match in _ADDRESS.finditer(value)}
    return _plain(found.pop()) if len(found) == 1 else ""


def _addresses(heads: dict[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in ("to", "cc", "delivered-to", "x-original-to"):
        for match in _ADDRESS.finditer(_decoded(heads.get(name, ""))):
            address = _plain(match[0])
            if address and address not in seen and len(seen) < _MOST_ADDRESSES:
                seen.add(address)
                yield address


def _plain(text: str) -> str:
    try:
        return parse_address(text)
    except BadAddress:
        return ""


def _tag(address: str) -> str:
    return address.partition("@")[0].partition("+")[2]


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value[:100])
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _auto_kind(heads: dict[str, str], subject: str, report: DeliveryReport | None) -> AutoKind:
    if report is not None:
        return AutoKind.DELIVERY_REPORT
    if heads.get("x-duecourse-reminder"):
        return AutoKind.OWN
    precedence = heads.get("precedence", "").strip().lower()
    if heads.get("list-id") or precedence == "list":
        return AutoKind.LIST
    by_machine = _is_by_machine(heads, precedence)
    folded = subject.casefold()
    if folded.startswith(_OUT_OF_OFFICE) or (by_machine and any(words in folded for words in _OUT_OF_OFFICE)):
        return AutoKind.OUT_OF_OFFICE
    return AutoKind.AUTO_REPLY if by_machine else AutoKind.NONE


def _is_by_machine(heads: dict[str, str], precedence: str) -> bool:
    submitted = heads.get("auto-submitted", "").strip().lower()
    return (
        (submitted != "" and not submitted.startswith("no"))
        or precedence in {"bulk", "junk", "auto_reply"}
        or any(heads.get(name) for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress"))
        or heads.get("return-path", "").strip() == "<>"
        or heads.get("content-type", "").strip().lower().startswith("multipart/report")
    )
