"""Cancelling what was planned and not yet said."""

from sqlalchemy import Connection, update

from connector.office import Office
from connector.store import history, reminders
from connector.store.tables import account


def cancel_reminder(office: Office, connection: Connection, reminder_id: str, account_ref: str, because: str) -> bool:
    """Cancels a reminder of which nothing was said, and has its account looked at again today."""
    if not reminders.cancel(connection, reminder_id, because, now=office.now()):
        return False
    where = (account.c.company == office.company) & (account.c.ref == account_ref)
    connection.execute(update(account).where(where).values(look_on=office.today()))
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="duecourse",
        kind="reminder_cancelled",
        account=account_ref,
        subject=reminder_id,
        data={"reason": because},
    )
    return True
