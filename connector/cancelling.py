"""Cancelling what was planned and not yet said."""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, update

from connector.office import Office
from connector.store import history, reminders
from connector.store.bulk import execute_many
from connector.store.history import Event
from connector.store.tables import account


def cancel_reminder(office: Office, connection: Connection, reminder_id: str, account_ref: str, because: str) -> bool:
    """Cancels a reminder of which nothing was said, and has its account looked at again today."""
    return cancel_reminders(office, connection, {reminder_id: account_ref}, because) == 1


def cancel_reminders(office: Office, connection: Connection, accounts: Mapping[str, str], because: str) -> int:
    """The same for many, by id with the account of each. Tells of how many nothing was said."""
    cancelled = reminders.cancel(connection, list(accounts), because, now=office.now())
    gone = {each: ref for each, ref in accounts.items() if each in cancelled}
    look = [{"of": office.company, "named": ref, "today": office.today()} for ref in gone.values()]
    execute_many(connection, _LOOK, look)
    events = [
        Event(
            at=office.now(),
            actor="duecourse",
            kind="reminder_cancelled",
            account=ref,
            subject=each,
            data={"reason": because},
        )
        for each, ref in gone.items()
    ]
    history.record_many(connection, office.company, events)
    return len(gone)


_LOOK = (
    update(account)
    .where(account.c.company == bindparam("of"), account.c.ref == bindparam("named"))
    .values(look_on=bindparam("today"))
)
