"""Our dunning blocks in the ledger, as far as we know of them: one row for each customer or document that ever had one.

A row is written before the ledger is, and says what is intended; an attempt is counted before it is made.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, or_, select, update

from adapters.ledger import divided
from connector.store.books import among
from connector.store.tables import customer, document, ledger_block
from connector.store.upsert import insert_new


class BlockState(StrEnum):
    """How far a block is. What is `setting` or `clearing` may have arrived, or not."""

    SETTING = "setting"
    SET = "set"
    NOT_OURS = "not_ours"  # nothing of ours stands there, while the dispute lasts
    CLEARING = "clearing"
    ENDED = "ended"


_KNOWN = (BlockState.SET.value, BlockState.CLEARING.value)


def live(connection: Connection, company: str) -> dict[str, RowMapping]:
    """What is not ended, by place."""
    where = (ledger_block.c.company == company) & (ledger_block.c.state != BlockState.ENDED.value)
    return {row["place"]: row for row in connection.execute(select(ledger_block).where(where)).mappings()}


def begin(connection: Connection, company: str, place: str, values: Mapping[str, object]) -> bool:
    """Intends a block on a place that has none of ours. False where somebody else was first."""
    anew = {"state": BlockState.SETTING.value, "ours": "", "attempts": 0, "lease_until": None, "why": "", **values}
    if insert_new(connection, ledger_block, {"company": company, "place": place, "fence": 0, **anew}):
        return True
    where = (ledger_block.c.company == company) & (ledger_block.c.place == place)
    ended = where & (ledger_block.c.state == BlockState.ENDED.value)
    return connection.execute(update(ledger_block).where(ended).values(**anew)).rowcount == 1


def take(
    connection: Connection, row: RowMapping, state: BlockState, *, now: datetime, lease: timedelta
) -> RowMapping | None:
    """Takes a row for an attempt at `state`, and counts it; None where somebody else has it.

    The row comes back as it is now. An attempt at another state than before is the first one.
    """
    here = (ledger_block.c.company == row["company"]) & (ledger_block.c.place == row["place"])
    free = or_(ledger_block.c.lease_until.is_(None), ledger_block.c.lease_until <= now)
    attempts = row["attempts"] + 1 if row["state"] == state.value else 1
    taken = connection.execute(
        update(ledger_block)
        .where(here, free, ledger_block.c.fence == row["fence"], ledger_block.c.state == row["state"])
        .values(state=state.value, fence=row["fence"] + 1, attempts=attempts, lease_until=now + lease, updated_at=now)
    )
    return connection.execute(select(ledger_block).where(here)).mappings().one() if taken.rowcount == 1 else None


def settle(connection: Connection, taken: RowMapping, *, retry_at: datetime | None = None, **values: object) -> bool:
    """Writes down how an attempt went. False where somebody else took the row over meanwhile.

    `retry_at` is when it may be tried again, where it is not at once.
    """
    here = (ledger_block.c.company == taken["company"]) & (ledger_block.c.place == taken["place"])
    changed = connection.execute(
        update(ledger_block).where(here, ledger_block.c.fence == taken["fence"]).values(lease_until=retry_at, **values)
    )
    return changed.rowcount == 1


def ours(connection: Connection, company: str, places: Collection[str]) -> dict[str, frozenset[str]]:
    """What of the ledger's blocks on these places is ours, and so no reason to wait."""
    where = (ledger_block.c.company == company) & ledger_block.c.state.in_(_KNOWN)
    rows = connection.execute(
        select(ledger_block.c.place, ledger_block.c.ours).where(
            where, among(connection, ledger_block.c.place, sorted(places))
        )
    )
    return {place: divided(told) for place, told in rows}


def forget(connection: Connection, row: RowMapping, cleared: str) -> None:
    """What was taken away stands no longer in our copy of the books either: a sync may not tell it for a while."""
    table, ref = (document, row["document"]) if row["document"] else (customer, row["customer"])
    where = (table.c.company == row["company"]) & (table.c.ref == ref)
    told = connection.execute(select(table.c.block).where(where)).scalar() or ""
    gone = divided(cleared)
    left = ", ".join(each for each in told.split(", ") if each not in gone)
    if left != told:
        connection.execute(update(table).where(where).values(block=left))
