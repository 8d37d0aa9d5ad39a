"""Addresses: those that are not written to any more, and when each heard from us. Compared without case."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from connector.store.tables import address as table
from connector.store.tables import contact
from connector.store.upsert import upsert

CONTACT_DAYS = 31
"""How far back contacts are counted: a month for the caps."""


def stop(connection: Connection, company: str, address: str, *, because: str, now: datetime) -> None:
    """No message goes to this address until a person releases it."""
    row = {"company": company, "address": address.casefold(), "stopped_because": because, "stopped_at": now}
    upsert(connection, table, [row])


def release(connection: Connection, company: str, address: str) -> bool:
    """A person says that the address works again. Tells whether it was stopped."""
    where = (table.c.company == company) & (table.c.address == address.casefold())
    return bool(connection.execute(delete(table).where(where)).rowcount)


_STOPPED = select(table.c.address).where(
    table.c.company == bindparam("company"),
    table.c.address.in_(bindparam("addresses", expanding=True)),
    table.c.stopped_because.is_not(None),
)


def stopped_addresses(connection: Connection, company: str, addresses: Iterable[str]) -> set[str]:
    """Which of these addresses (case folded) bounced, were refused, or asked us to stop."""
    folded = [each.casefold() for each in addresses]
    return set(connection.scalars(_STOPPED, {"company": company, "addresses": folded}))


_ADDRESS_CONTACTS = select(contact.c.address, contact.c.on_day, contact.c.source).where(
    contact.c.company == bindparam("company"),
    contact.c.address.in_(bindparam("addresses", expanding=True)),
    contact.c.on_day > bindparam("since"),
)


def address_contacts(
    connection: Connection, company: str, addresses: Iterable[str], *, today: date, excluding: Collection[str] = ()
) -> dict[str, tuple[date, ...]]:
    """When each address (case folded) last heard from us, over all accounts, for 31 days."""
    folded = [each.casefold() for each in addresses]
    since = today - timedelta(days=CONTACT_DAYS)
    rows = connection.execute(_ADDRESS_CONTACTS, {"company": company, "addresses": folded, "since": since}).all()
    by_address: dict[str, list[date]] = defaultdict(list)
    for where, day, source in rows:
        if source.removeprefix("reminder:") not in excluding:
            by_address[where].append(day)
    return {where: tuple(days) for where, days in by_address.items()}
