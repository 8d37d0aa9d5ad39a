"""Leases: who may do something now, across processes, for a limited time.

A lease carries a fencing number that grows with every new holder. Whoever finishes work under a lease writes its
effect in a transaction that asks `is_current` first: a holder that slept through its lease then changes nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from connector.store.tables import lease
from connector.store.upsert import insert_new


def take(connection: Connection, name: str, holder: str, now: datetime, seconds: float) -> int | None:
    """Takes the lease unless somebody holds it still; its fencing number, or None. Taking one's own again is a new
    number too: the work before it no longer counts.
    """
    until = now + timedelta(seconds=seconds)
    if insert_new(connection, lease, {"name": name, "holder": holder, "until": until, "fence": 1}):
        return 1
    taken = connection.execute(_TAKE, {"of": name, "by": holder, "at": now, "to": until})
    return fence(connection, name) if taken.rowcount == 1 else None


def renew(connection: Connection, name: str, number: int, now: datetime, seconds: float) -> bool:
    """Holds it for `seconds` from now; False where another holder has taken it meanwhile, or it was released."""
    until = now + timedelta(seconds=seconds)
    return connection.execute(_RENEW, {"of": name, "number": number, "at": now, "to": until}).rowcount == 1


def release(connection: Connection, name: str, number: int, now: datetime) -> None:
    """Gives it back at once; nothing happens where it is somebody else's by now."""
    connection.execute(_RENEW, {"of": name, "number": number, "at": now, "to": now})


def is_current(connection: Connection, name: str, number: int) -> bool:
    """Whether this number is still the newest. On PostgreSQL the answer stays true until this transaction ends."""
    asked = select(lease.c.fence).where(lease.c.name == name).with_for_update(read=True)
    return connection.execute(asked).scalar() == number


def fence(connection: Connection, name: str) -> int:
    """The newest fencing number; 0 where it was never taken."""
    return connection.execute(select(lease.c.fence).where(lease.c.name == name)).scalar() or 0


_TAKE = (
    update(lease)
    .where(lease.c.name == bindparam("of"), (lease.c.until <= bindparam("at")) | (lease.c.holder == bindparam("by")))
    .values(holder=bindparam("by"), until=bindparam("to"), fence=lease.c.fence + 1)
)
_RENEW = (
    update(lease)
    .where(lease.c.name == bindparam("of"), lease.c.fence == bindparam("number"), lease.c.until > bindparam("at"))
    .values(until=bindparam("to"))
)
