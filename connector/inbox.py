"""Inbox: words coming in by mail. They are stored, hold the account, make a task and a note; they never decide.

A reply is matched by In-Reply-To, References or its plus-tag, else by its sender. Auto-replies hold nothing. A
delivery report that is final stops the address; it is evidence for a dispatch that was uncertain.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, func, select

from adapters.ledger import EntryKind
from connector.notes import enqueue_note
from connector.office import Office
from connector.pauses import set_hold
from connector.settling import settle_dispatch
from connector.store import addresses, dispatches, history, reminders, tasks
from connector.store.tables import account, customer, dispatch, mail_in, reminder
from connector.store.upsert import insert_new
from reminders.account import HoldKind
from reminders.channels.addresses import domain_of
from reminders.incoming import AutoKind, IncomingMail, UnreadableMail, read_mail
from reminders.notes import NoteFacts
from reminders.replies import Meaning, Meant, likely_meaning, scrub

MAX_BYTES = 5_000_000


class MailKind(StrEnum):
    """What a mail turned out to be."""

    REPLY = "reply"
    AUTO_REPLY = "auto_reply"
    DELIVERY_REPORT = "delivery_report"
    OWN = "own"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What became of a mail. `account` is None where nobody could be found for it: a task asks a person."""

    kind: MailKind
    account: str | None = None
    meaning: str = ""
    is_new: bool = True


def take_in(office: Office, data: bytes) -> TakenIn:
    """Takes in one mail. The same bytes twice are one mail."""
    mail_id = hashlib.sha256(data).hexdigest()
    domain = domain_of(office.letterhead.sender)
    try:
        mail = read_mail(data, max_bytes=MAX_BYTES, domain=domain)
    except UnreadableMail:
        mail = None
    with office.database.write("take in mail") as connection:
        taking = _Taking(office, connection, mail_id, mail)
        return taking.unreadable() if mail is None else taking.take(mail)


class _Taking:
    """One mail on its way into the store, in one transaction."""

    def __init__(self, office: Office, connection: Connection, mail_id: str, mail: IncomingMail | None) -> None:
        self.office = office
        self.connection = connection
        self.mail_id = mail_id
        self.mail = mail

    def unreadable(self) -> TakenIn:
        new = self._store(MailKind.UNREADABLE, None, None, Meaning(kind=Meant.OTHER))
        if new:
            self._task("unreadable", None, "A mail came in that cannot be read: look at it in the mailbox.")
        return TakenIn(kind=MailKind.UNREADABLE, is_new=new)

    def take(self, mail: IncomingMail) -> TakenIn:
        said = self._reminder(mail)
        whose = said["account"] if said else self._by_sender(mail.from_address)
        kind = _kind_of(mail)
        language = said["language"].partition("-")[0] if said else "en"
        meaning = likely_meaning(mail.text, language) if kind is MailKind.REPLY else Meaning(kind=Meant.OTHER)
        if not self._store(kind, whose, said["id"] if said else None, meaning):
            return TakenIn(kind=kind, account=whose, meaning=meaning.kind.value, is_new=False)
        if kind is MailKind.DELIVERY_REPORT:
            self._bounced(mail, whose)
        elif kind is MailKind.REPLY:
            self._replied(mail, whose, meaning, said)
        self._record(kind, whose, meaning)
        return TakenIn(kind=kind, account=whose, meaning=meaning.kind.value)

    # -- whose it is

    def _reminder(self, mail: IncomingMail) -> RowMapping | None:
        ids = [*mail.reminder_ids, *(mail.report.reminder_ids if mail.report else ())]
        if mail.plus_tag:
            ids.append(mail.plus_tag)
        for each in filter(str.isprintable, ids[:50]):  # no id of ours is not; PostgreSQL refuses NUL
            row = reminders.by_id(self.connection, each)
            if row and row["company"] == self.office.company:
                return row
        return None

    def _by_sender(self, sender: str) -> str | None:
        """The account that was last written to at this address, else the customer that has it."""
        wanted = sender.casefold()
        row = self.connection.execute(
            select(reminder.c.account)
            .join(dispatch, dispatch.c.reminder == reminder.c.id)
            .where(dispatch.c.company == self.office.company, func.lower(dispatch.c.address) == sender.lower())
            .order_by(dispatch.c.updated_at.desc())
            .limit(1),
        ).one_or_none()
        if row:
            return str(row.account)
        rows = self.connection.execute(
            select(account.c.ref, customer.c.emails)
            .join(customer, (customer.c.company == account.c.company) & (customer.c.ref == account.c.customer))
            .where(account.c.company == self.office.company, account.c.address == ""),
        )
        found = [ref for ref, emails in rows if wanted in {each.casefold() for each in emails}]
        return found[0] if len(found) == 1 else None

    # -- what it means

    def _replied(self, mail: IncomingMail, whose: str | None, meaning: Meaning, said: RowMapping | None) -> None:
        office, words = self.office, scrub(mail.text)
        if whose is None:
            self._task("reply", None, f"A mail from {mail.from_address} belongs to no customer: “{meaning.sentence}”")
            return
        rules = office.cadence(None).rules
        set_hold(
            office,
            self.connection,
            HoldKind.REPLY_WAITING,
            account_ref=whose,
            reason="a reply waits to be read",
            ends=office.calendar.add(office.today(), rules.reply_waiting_days),
            source=f"mail:{self.mail_id}",
        )
        self._task(
            "reply",
            whose,
            f"{mail.from_address} wrote ({meaning.kind.value.replace('_', ' ')}?): “{scrub(meaning.sentence)}”",
        )
        documents = [line["document"] for line in said["facts"]["about"]] if said else []
        enqueue_note(
            office,
            self.connection,
            EntryKind.REPLY,
            fact=self.mail_id,
            customer=whose.partition("|")[0],
            documents=documents,
            facts=NoteFacts(on=office.today(), by=mail.from_address, subject=scrub(mail.subject), quote=words),
        )

    def _bounced(self, mail: IncomingMail, whose: str | None) -> None:
        """A final failure stops the address, if the report returns a mail that we sent there: others are forgeable."""
        office = self.office
        assert mail.report is not None
        for failed in mail.report.recipients:
            sent = [each for named in mail.report.reminder_ids for each in self._went_to(named, failed.address)]
            if not failed.permanent or not sent:
                continue
            because = f"bounced: {failed.diagnostic}"
            addresses.stop(self.connection, office.company, failed.address, because=because, now=office.now())
            self._task(
                "bad_address",
                whose,
                f"Mail to {failed.address} came back ({failed.status or failed.diagnostic}): is there another address?",
                key=f"bounced:{failed.address.casefold()}",
            )
            for reminder_id, address in sent:
                settle_dispatch(office, self.connection, reminder_id, address, arrived=False, by="a bounce")

    def _went_to(self, reminder_id: str, address: str) -> list[tuple[str, str]]:
        """Our dispatches of this reminder to this address, which reports often spell in lower case."""
        return [
            (row["reminder"], row["address"])
            for row in dispatches.load(self.connection, reminder_id if reminder_id.isprintable() else "")
            if row["address"].casefold() == address.casefold() and row["company"] == self.office.company
        ]

    # -- writing down

    def _store(self, kind: MailKind, whose: str | None, reminder_id: str | None, meaning: Meaning) -> bool:
        mail = self.mail
        row = {
            "id": self.mail_id,
            "company": self.office.company,
            "account": whose,
            "reminder": reminder_id,
            "kind": kind.value,
            "received_at": self.office.now(),
            "from_address": mail.from_address if mail else "",
            "subject": scrub(mail.subject) if mail else "",
            "text_body": scrub(mail.text) if mail else "",
            "meaning": {
                "kind": meaning.kind.value,
                "sentence": scrub(meaning.sentence),
                "amounts": list(meaning.amounts),
                "dates": list(meaning.dates),
            },
        }
        return insert_new(self.connection, mail_in, row)

    def _task(self, kind: str, whose: str | None, text: str, *, key: str | None = None) -> None:
        tasks.open_task(
            self.connection,
            self.office.company,
            key=key or f"mail:{self.mail_id}",
            kind=kind,
            text=text,
            now=self.office.now(),
            today=self.office.today(),
            account=whose,
            facts={"mail": self.mail_id, "hold_source": f"mail:{self.mail_id}"},
            again_after=timedelta(0) if key else None,
        )

    def _record(self, kind: MailKind, whose: str | None, meaning: Meaning) -> None:
        history.record(
            self.connection,
            self.office.company,
            at=self.office.now(),
            actor="inbox",
            kind="reply_received" if kind is MailKind.REPLY else "mail_received",
            account=whose,
            subject=self.mail_id,
            data={"kind": kind.value, "meaning": meaning.kind.value},
        )


def _kind_of(mail: IncomingMail) -> MailKind:
    if mail.report is not None:
        return MailKind.DELIVERY_REPORT
    if mail.auto is AutoKind.NONE:
        return MailKind.REPLY
    return MailKind.OWN if mail.auto is AutoKind.OWN else MailKind.AUTO_REPLY
