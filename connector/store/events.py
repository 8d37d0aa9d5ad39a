"""Looking back: what the history and the tables tell of one account."""

import json
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from connector.store.tables import contact, entry, history, reminder


def verdict_on(connection: Connection, company: str, account: str, day: date) -> dict[str, Any] | None:
    """The last verdict about an account for a day, as the history holds it."""
    statement = (
        select(history.c.data)
        .where(history.c.company == company, history.c.account == account, history.c.kind == "verdict")
        .order_by(history.c.seq.desc())
    )
    for text in connection.scalars(statement):
        data: dict[str, Any] = json.loads(text)
        if data.get("day") == day.isoformat():
            return data
    return None


def messages_of(connection: Connection, company: str, account: str, *, limit: int = 20) -> list[RowMapping]:
    """The account's last reminders, whatever became of them, newest first."""
    where = (reminder.c.company == company) & (reminder.c.account == account)
    statement = select(reminder).where(where).order_by(reminder.c.decided_at.desc(), reminder.c.id).limit(limit)
    return list(connection.execute(statement).mappings())


def entries_of(connection: Connection, company: str, customer: str, *, limit: int = 20) -> list[RowMapping]:
    """What went, or is to go, into the ledger about a customer, newest first."""
    where = (entry.c.company == company) & (entry.c.customer == customer)
    return list(connection.execute(select(entry).where(where).order_by(entry.c.seq.desc()).limit(limit)).mappings())


def contacts_of(connection: Connection, company: str, account: str, *, limit: int = 20) -> list[RowMapping]:
    """When the customer heard from somebody, newest first."""
    where = (contact.c.company == company) & (contact.c.account == account)
    return list(connection.execute(select(contact).where(where).order_by(contact.c.at.desc()).limit(limit)).mappings())
