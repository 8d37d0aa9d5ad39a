"""The customers' mails: answers, out-of-office replies and delivery reports (RFC 3464), as real MIME.

Everything in them comes from the mail that is answered, the customer and the seed, Message-ID and MIME boundaries
included, so that the same world writes the same bytes.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from functools import cache
from html import escape
from importlib.resources import files
from random import Random

from babel.dates import format_date
from babel.numbers import format_currency

from adapters.sandbox.bookkeeper import Bill
from adapters.sandbox.population import Actor

_TAGS = re.compile(r"<[^>]+>")
_QUOTED_LINES = 8


@cache
def _phrases() -> dict[str, dict[str, list[str]]]:
    """The customers' words, by language and kind."""
    return tomllib.loads(files("adapters.sandbox").joinpath("letters.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as the customer sees it."""

    message_id: str
    references: str
    subject: str
    sender: str  # where an answer goes: the Reply-To, or else the From
    from_address: str
    recipient: str
    text: str
    headers: str  # as they came, for a delivery report

    def names(self, number: str) -> bool:
        """Whether an invoice of this number is mentioned in the mail."""
        return re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", self.text) is not None


def read_mail(eml: bytes, recipient: str) -> Mail:
    """The mail that arrived at `recipient`."""
    message = message_from_bytes(eml)  # without the modern policy: its structured headers take most of a mail's time
    text = _plain_text(message)
    subject = str(make_header(decode_header(_unfolded(message, "Subject"))))
    sender = _unfolded(message, "From")
    return Mail(
        message_id=_unfolded(message, "Message-ID"),
        references=_unfolded(message, "References"),
        subject=subject,
        sender=_unfolded(message, "Reply-To") or sender,
        from_address=parseaddr(sender)[1],
        recipient=recipient,
        text=f"{subject}\n{_TAGS.sub(' ', text)}",
        headers=eml.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace"),
    )


def _unfolded(message: Message, name: str) -> str:
    return " ".join(str(message[name] or "").split())


def _plain_text(message: Message) -> str:
    """The first text part, plain before HTML."""
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    parts.sort(key=lambda part: part.get_content_subtype() != "plain")
    payload = parts[0].get_payload(decode=True) if parts else b""
    return payload.decode(parts[0].get_content_charset() or "utf-8", "replace") if isinstance(payload, bytes) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a mail server would not deliver: the enhanced status and its words."""

    status: str
    words: str


REFUSALS = (
    Refusal(status="5.1.1", words="550 5.1.1 The email account that you tried to reach does not exist"),
    Refusal(status="5.1.10", words="550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
    Refusal(status="5.2.1", words="550 5.2.1 The mailbox is disabled, not accepting messages"),
    Refusal(status="5.1.2", words="553 5.1.2 Bad destination system address"),
)
TRYING = Refusal(status="4.4.1", words="421 4.4.1 Connection timed out")


class Letters:
    """Writes the mails of one world."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def _digest(self, *parts: object) -> str:
        text = "|".join(str(part) for part in (self._seed, *parts))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def phrase(self, actor: Actor, kind: str, salt: object = "") -> str:
        """One of the variants of `kind` in the customer's language."""
        variants = _phrases().get(actor.language, _phrases()["en"])[kind]
        return Random(self._digest(actor.key, kind, salt)).choice(variants)  # noqa: S311 - words, not secrets

    def wording(self, actor: Actor, kind: str, bills: Iterable[Bill], *, amount: Decimal, day: date) -> str:
        """The body of a promise, dispute or question about `bills`."""
        named = list(bills)
        currency = named[0].currency if named else actor.currency
        return self.phrase(actor, kind).format(
            numbers=", ".join(bill.number for bill in named),
            amount=format_currency(amount, currency, locale=actor.language),
            day=format_date(day, format="long", locale=actor.language),
            reason=self.phrase(actor, "reasons"),
        )

    def answer(self, actor: Actor, mail: Mail, body: str, *, at: datetime) -> bytes:
        """An answer written by a person, who quotes the beginning of what it answers."""
        message = self._head(actor, mail, f"Re: {mail.subject}", at)
        wrote = self.phrase(actor, "wrote").format(
            day=format_date(at.date(), format="medium", locale=actor.language), sender=mail.sender
        )
        quoted = "\n".join(f"> {line}".rstrip() for line in mail.text.splitlines()[1 : 1 + _QUOTED_LINES])
        mine = f"{body}\n\n{self.phrase(actor, 'regards', at.date())}\n{actor.contact}\n{actor.name}"
        message.set_content(f"{mine}\n\n{wrote}\n{quoted}\n")
        if int(self._digest(actor.key, "html"), 16) % 2:
            paragraphs = "".join(f"<p>{_html(each)}</p>" for each in mine.split("\n\n"))
            past = f"<blockquote>{_html(quoted)}</blockquote>"
            message.add_alternative(f"<html><body>{paragraphs}{past}</body></html>\n", subtype="html")
            message.set_boundary(f"=_{self._digest(message['Message-ID'])}")
        return message.as_bytes()

    def away(self, actor: Actor, mail: Mail, *, at: datetime, back_on: date) -> bytes:
        """An out-of-office reply; every other mail system marks it as RFC 3834 asks, the others only by words."""
        subject = self.phrase(actor, "away_subject").format(subject=mail.subject)
        message = self._head(actor, mail, subject, at)
        if actor.copy % 2 == 0:
            message["Auto-Submitted"] = "auto-replied"
            message["X-Auto-Response-Suppress"] = "All"
        day = format_date(back_on, format="long", locale=actor.language)
        body = self.phrase(actor, "away").format(day=day, phone=actor.phone)
        message.set_content(f"{body}\n\n{actor.contact}\n{actor.name}\n")
        return message.as_bytes()

    def _head(self, actor: Actor, mail: Mail, subject: str, at: datetime) -> EmailMessage:
        domain = mail.recipient.rpartition("@")[2]
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = formataddr((actor.contact, mail.recipient))
        message["To"] = mail.sender
        message["Subject"] = subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{self._digest(actor.key, mail.message_id, subject)}@{domain}>"
        if mail.message_id:
            message["In-Reply-To"] = mail.message_id
            message["References"] = f"{mail.references} {mail.message_id}".strip()
        return message

    def bounce(self, mail: Mail, refusal: Refusal, *, at: datetime, delayed: bool = False) -> bytes:
        """A delivery report about `mail`, as RFC 3464 lays it out: words, fields, and the headers of the mail."""
        host = f"mx.{mail.recipient.rpartition('@')[2]}"
        mark = self._digest("bounce", mail.message_id, mail.recipient, delayed)
        report = MIMEMultipart("report", boundary=f"=_{mark}", policy=policy.SMTP)
        report.set_param("report-type", "delivery-status")
        report["Return-Path"] = "<>"
        report["From"] = formataddr(("Mail Delivery System", f"MAILER-DAEMON@{host}"))
        report["To"] = mail.from_address
        report["Subject"] = "Delivery delayed" if delayed else "Undelivered Mail Returned to Sender"
        report["Date"] = format_datetime(at)
        report["Message-ID"] = f"<{mark}@{host}>"
        report["Auto-Submitted"] = "auto-replied"
        if mail.message_id:
            report["References"] = mail.message_id
        report.attach(MIMEText(_notice(mail, refusal, host, delayed=delayed), "plain", "utf-8"))
        report.attach(_delivery_status(mail, refusal, host, at=at, delayed=delayed))
        report.attach(MIMEText(f"{mail.headers}\n\n", "rfc822-headers", "utf-8"))
        return report.as_bytes()


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _notice(mail: Mail, refusal: Refusal, host: str, *, delayed: bool) -> str:
    fate = "has not been delivered yet; we go on trying" if delayed else "could not be delivered"
    return f"This is the mail system at host {host}.\n\nYour message to <{mail.recipient}> {fate}:\n\n{refusal.words}\n"


def _delivery_status(mail: Mail, refusal: Refusal, host: str, *, at: datetime, delayed: bool) -> Message:
    """The `message/delivery-status` part: fields about the message, then fields about the recipient."""
    about_message, about_recipient = Message(), Message()
    about_message["Reporting-MTA"] = f"dns; {host}"
    about_message["Arrival-Date"] = format_datetime(at - timedelta(seconds=20))
    about_recipient["Final-Recipient"] = f"rfc822; {mail.recipient}"
    about_recipient["Action"] = "delayed" if delayed else "failed"
    about_recipient["Status"] = refusal.status
    about_recipient["Remote-MTA"] = f"dns; {host}"
    about_recipient["Diagnostic-Code"] = f"smtp; {refusal.words}"
    part = MIMEMessage(about_message, "delivery-status")
    part.set_payload([about_message, about_recipient])
    return part
