"""Claims: a reminder is delivered by one process at a time, while its lease lasts and its fence is current."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, or_, select, update

from connector.store.reminders import IS_LIVE
from connector.store.tables import reminder

#: Asked several times for each message: built once.
_FENCE = select(reminder.c.fence, reminder.c.state).where(reminder.c.id == bindparam("of")).with_for_update()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A reminder that is ours to deliver until the lease ends, while its fence is current."""

    id: str
    fence: int
    row: RowMapping


def claim(
    connection: Connection, company: str, *, now: datetime, lease: timedelta, limit: int, holder_fence: int = 1
) -> list[Claim]:
    """Takes up to `limit` reminders that may leave now, by conditional updates."""
    free = or_(reminder.c.lease_until.is_(None), reminder.c.lease_until <= now)
    due = or_(reminder.c.not_before.is_(None), reminder.c.not_before <= now)
    rows = connection.execute(
        select(reminder)
        .where(reminder.c.company == company, IS_LIVE, reminder.c.state == "ready", free, due)
        .order_by(reminder.c.decided_at, reminder.c.id)
        .limit(limit),
    ).mappings()
    claims = []
    for row in list(rows):
        fence = row["fence"] + holder_fence
        taken = connection.execute(
            update(reminder)
            .where(reminder.c.id == row["id"], reminder.c.state == "ready", reminder.c.fence == row["fence"])
            .values(state="claimed", fence=fence, lease_until=now + lease),
        )
        if taken.rowcount == 1:
            claims.append(Claim(id=row["id"], fence=fence, row=row))
    return claims


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
    row = connection.execute(_FENCE, {"of": claimed.id}).one()
    return bool(row.fence == claimed.fence and row.state == "claimed")


def put_back(connection: Connection, reminder_id: str, *, not_before: datetime | None) -> None:
    """Ready again, not before this instant."""
    connection.execute(
        update(reminder)
        .where(reminder.c.id == reminder_id)
        .values(state="ready", lease_until=None, not_before=not_before),
    )
