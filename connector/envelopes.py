"""From whom, to whom, and in which thread a reminder goes."""

from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from connector.office import Office
from connector.store import reminders
from reminders.channels.addresses import domain_of
from reminders.channels.email import Envelope, message_id


def envelope_for(office: Office, connection: Connection, row: RowMapping, recipients: tuple[str, ...]) -> Envelope:
    """The envelope of a reminder; it continues the thread of what this account was sent before."""
    letterhead = office.letterhead
    domain = domain_of(letterhead.sender)
    before = reminders.last_said(connection, office.company, row["account"], but=row["id"])
    previous = message_id(before["id"], domain) if before else ""
    root = (before["thread"] or previous) if before else ""
    if root and row["thread"] != root:
        reminders.change(connection, row["id"], thread=root)
    return Envelope(
        sender=letterhead.sender,
        sender_name=letterhead.sender_name,
        recipients=recipients,
        reminder_id=row["id"],
        reply_to=letterhead.reply_to,
        in_reply_to=previous,
        references=tuple(dict.fromkeys(each for each in (root, previous) if each)),
        stop_address=letterhead.stop_address,
    )
