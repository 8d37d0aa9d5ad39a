"""Claims: a reminder is delivered by one process at a time, while its lease lasts and its fence is current."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, or_, select, update

from connector.store.reminders import IS_LIVE
from connector.store.tables import reminder

#: Asked for each message or group of messages: built once. In the order of ids, so that no two wait for each other.
_FENCES = (
    select(reminder.c.id, reminder.c.fence, reminder.c.state)
    .where(reminder.c.id.in_(bindparam("of", expanding=True)))
    .order_by(reminder.c.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A reminder that is ours to deliver until the lease ends, while its fence is current."""

    id: str
    fence: int
    row: RowMapping


def claim(connection: Connection, company: str, *, now: datetime, lease: timedelta, limit: int) -> list[Claim]:
    """Takes up to `limit` reminders that may leave now, by one conditional update."""
    free = or_(reminder.c.lease_until.is_(None), reminder.c.lease_until <= now)
    due = or_(reminder.c.not_before.is_(None), reminder.c.not_before <= now)
    ready = (reminder.c.company == company) & IS_LIVE & (reminder.c.state == "ready") & free & due
    oldest = select(reminder.c.id).where(ready).order_by(reminder.c.decided_at, reminder.c.id).limit(limit)
    rows = connection.execute(
        update(reminder)
        .where(reminder.c.id.in_(list(connection.scalars(oldest))), ready)
        .values(state="claimed", fence=reminder.c.fence + 1, lease_until=now + lease)
        .returning(reminder)
    ).mappings()
    claims = [Claim(id=row["id"], fence=row["fence"], row=row) for row in rows]
    return sorted(claims, key=lambda each: (each.row["decided_at"], each.id))


def abandoned(connection: Connection, company: str, now: datetime) -> list[RowMapping]:
    """Claimed reminders whose lease has ended: their process died or lost its way."""
    return list(
        connection.execute(
            select(reminder).where(
                reminder.c.company == company,
                IS_LIVE,
                reminder.c.state == "claimed",
                reminder.c.lease_until <= now,
            ),
        ).mappings(),
    )


def take_over(connection: Connection, row: RowMapping) -> int | None:
    """Raises the fence of an abandoned reminder. Returns it, or None if somebody else was first."""
    fence: int = row["fence"] + 1
    taken = connection.execute(
        update(reminder)
        .where(reminder.c.id == row["id"], reminder.c.state == "claimed", reminder.c.fence == row["fence"])
        .values(fence=fence),
    )
    return fence if taken.rowcount == 1 else None


def is_ours(connection: Connection, claimed: Claim) -> bool:
    """Whether the claim's fence is still current. On PostgreSQL the row is locked until the transaction ends."""
    return claimed.id in ours(connection, [claimed])


def ours(connection: Connection, claims: Collection[Claim]) -> set[str]:
    """The ids of those claims whose fence is still current; their rows are locked likewise."""
    fences = {each.id: each.fence for each in claims}
    if not fences:
        return set()
    rows = connection.execute(_FENCES, {"of": sorted(fences)})
    return {row.id for row in rows if row.state == "claimed" and row.fence == fences[row.id]}


def put_back(connection: Connection, reminder_id: str, *, not_before: datetime | None) -> None:
    """Ready again, not before this instant."""
    connection.execute(
        update(reminder)
        .where(reminder.c.id == reminder_id)
        .values(state="ready", lease_until=None, not_before=not_before),
    )
