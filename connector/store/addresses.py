"""Addresses that are not written to any more. Compared without case."""

from datetime import datetime

from sqlalchemy import Connection, delete

from connector.store.tables import address as table
from connector.store.upsert import upsert


def stop(connection: Connection, company: str, address: str, *, because: str, now: datetime) -> None:
    """No message goes to this address until a person releases it."""
    row = {"company": company, "address": address.casefold(), "stopped_because": because, "stopped_at": now}
    upsert(connection, table, [row])


def release(connection: Connection, company: str, address: str) -> bool:
    """A person says that the address works again. Tells whether it was stopped."""
    where = (table.c.company == company) & (table.c.address == address.casefold())
    return bool(connection.execute(delete(table).where(where)).rowcount)
