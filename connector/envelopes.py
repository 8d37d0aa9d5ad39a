"""From whom, to whom, and in which thread a reminder goes."""

from sqlalchemy.engine import RowMapping

from connector.office import Office
from reminders.channels.addresses import domain_of
from reminders.channels.email import Envelope, message_id


def envelope_for(
    office: Office, row: RowMapping, recipients: tuple[str, ...], before: RowMapping | None
) -> tuple[Envelope, str | None]:
    """The envelope of a reminder, and the thread it stands in: that of `before`, what its account was sent last."""
    letterhead = office.letterhead
    domain = domain_of(letterhead.sender)
    previous = message_id(before["id"], domain) if before else ""
    root = (before["thread"] or previous) if before else ""
    envelope = Envelope(
        sender=letterhead.sender,
        sender_name=letterhead.sender_name,
        recipients=recipients,
        reminder_id=row["id"],
        reply_to=letterhead.reply_to,
        in_reply_to=previous,
        references=tuple(dict.fromkeys(each for each in (root, previous) if each)),
        stop_address=letterhead.stop_address,
    )
    return envelope, root or row["thread"]
