"""Entries on their way into the ledger, and the batches that carry them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from adapters.ledger import Batch, Entry, EntryKind, Outcome, Receipt
from adapters.money import Money
from connector.store.books import chunks
from connector.store.tables import batch, entry
from connector.store.upsert import insert_new


def enqueue(connection: Connection, company: str, each: Entry, *, now: datetime) -> bool:
    """Puts an entry in line, in the transaction of the fact it tells. Its key is unique for ever: False if known."""
    last = connection.scalar(select(func.max(entry.c.seq)).where(entry.c.company == company))
    row = {
        "company": company,
        "key": each.key,
        "seq": (last or 0) + 1,
        "kind": each.kind.value,
        "customer": each.customer,
        "documents": list(each.documents),
        "text_body": each.text,
        "neutral_text": each.neutral_text,
        "happened_at": each.happened_at,
        "amount_minor": each.amount.minor if each.amount else None,
        "currency": each.amount.currency if each.amount else None,
        "day": each.day,
        "about": each.about,
        "state": "waiting",
        "updated_at": now,
    }
    return insert_new(connection, entry, row)


def waiting(connection: Connection, company: str, now: datetime, limit: int) -> list[Entry]:
    """Entries that are in no batch, oldest first."""
    rows = connection.execute(
        select(entry)
        .where(
            entry.c.company == company,
            entry.c.state == "waiting",
            or_(entry.c.not_before.is_(None), entry.c.not_before <= now),
        )
        .order_by(entry.c.seq)
        .limit(limit),
    ).mappings()
    return [to_entry(row) for row in rows]


def to_entry(row: RowMapping) -> Entry:
    """A row as the port has it."""
    return Entry(
        key=row["key"],
        kind=EntryKind(row["kind"]),
        customer=row["customer"],
        documents=tuple(row["documents"]),
        text=row["text_body"],
        neutral_text=row["neutral_text"],
        happened_at=row["happened_at"],
        amount=Money(row["amount_minor"], row["currency"]) if row["amount_minor"] is not None else None,
        day=row["day"],
        about=row["about"],
    )


def save_batch(connection: Connection, company: str, each: Batch, *, now: datetime, lease: timedelta) -> bool:
    """Stores a batch that is about to be sent, and binds its entries to it. False, and nothing is bound, if another
    process has some of them.
    """
    keys = [key for _, key in each.members]
    with connection.begin_nested() as savepoint:
        bound = connection.execute(
            update(entry)
            .where(entry.c.company == company, entry.c.key.in_(keys), entry.c.state == "waiting")
            .values(state="batched", batch=each.request_id, attempts=entry.c.attempts + 1, updated_at=now),
        )
        if bound.rowcount != len(keys):
            savepoint.rollback()
            return False
    connection.execute(
        insert(batch).values(
            company=company,
            request_id=each.request_id,
            body=each.body,
            members=[list(member) for member in each.members],
            state="sending",
            created_at=now,
            sent_at=now,
            lease_until=now + lease,
            fence=1,
        ),
    )
    return True


def unsettled(connection: Connection, company: str, now: datetime) -> list[RowMapping]:
    """Batches whose answer never came and that nobody is sending now."""
    return list(
        connection.execute(
            select(batch)
            .where(
                batch.c.company == company,
                batch.c.state.in_(["sending", "unknown"]),
                or_(batch.c.lease_until.is_(None), batch.c.lease_until <= now),
            )
            .order_by(batch.c.created_at),
        ).mappings(),
    )


def by_key(connection: Connection, company: str, key: str) -> Entry:
    """The entry with this key."""
    where = (entry.c.company == company) & (entry.c.key == key)
    return to_entry(connection.execute(select(entry).where(where)).mappings().one())


def are_on_their_way(connection: Connection, company: str) -> bool:
    """Whether there are batches whose answer has not come."""
    where = (batch.c.company == company) & batch.c.state.in_(["sending", "unknown"])
    return connection.scalar(select(batch.c.request_id).where(where).limit(1)) is not None


def known_keys(connection: Connection, company: str, keys: Sequence[str]) -> set[str]:
    """Which of these entries are ours to our own knowledge."""
    found: set[str] = set()
    for some in chunks(keys):
        found |= set(connection.scalars(select(entry.c.key).where(entry.c.company == company, entry.c.key.in_(some))))
    return found


def to_batch(row: RowMapping) -> Batch:
    """A stored batch, byte for byte."""
    return Batch(
        request_id=row["request_id"],
        body=row["body"],
        members=tuple((part, key) for part, key in row["members"]),
    )


def take_batch(connection: Connection, company: str, row: RowMapping, *, now: datetime, lease: timedelta) -> int | None:
    """Takes an unsettled batch for oneself. Returns the fencing number, or None if somebody else was first."""
    number: int = row["fence"] + 1
    taken = connection.execute(
        update(batch)
        .where(batch.c.company == company, batch.c.request_id == row["request_id"], batch.c.fence == row["fence"])
        .where(batch.c.state != "answered")
        .values(fence=number, lease_until=now + lease),
    )
    return number if taken.rowcount == 1 else None


def is_ours(connection: Connection, company: str, request_id: str, fence: int) -> bool:
    """Whether nobody took this batch over meanwhile."""
    where = (batch.c.company == company) & (batch.c.request_id == request_id)
    return connection.scalar(select(batch.c.fence).where(where)) == fence


def mark_batch(
    connection: Connection, company: str, request_id: str, state: str, *, retry_at: datetime | None = None
) -> None:
    """Sets a batch's state; `retry_at` is when somebody may take it up again."""
    where = (batch.c.company == company) & (batch.c.request_id == request_id)
    connection.execute(update(batch).where(where).values(state=state, lease_until=retry_at))


def settle(connection: Connection, company: str, receipts: Iterable[Receipt], *, now: datetime) -> list[Receipt]:
    """Writes down what became of entries. Returns those that were news."""
    news = []
    for each in receipts:
        if each.outcome is Outcome.UNKNOWN:
            continue
        state = "impossible" if each.outcome is Outcome.IMPOSSIBLE else "written"
        changed = connection.execute(
            update(entry)
            .where(entry.c.company == company, entry.c.key == each.key, entry.c.state.not_in(["written", "impossible"]))
            .values(state=state, ledger_id=each.ledger_id, why=each.reason, updated_at=now),
        )
        if changed.rowcount:
            news.append(each)
    return news


def release(connection: Connection, company: str, keys: Sequence[str], *, now: datetime) -> None:
    """Not found in the ledger although their batch was answered for others: they may go into another batch."""
    connection.execute(
        update(entry)
        .where(entry.c.company == company, entry.c.key.in_(keys), entry.c.state == "batched")
        .values(state="waiting", batch=None, updated_at=now),
    )


def customers_of(connection: Connection, company: str, keys: Sequence[str]) -> dict[str, str]:
    """The customer of each of these entries."""
    rows = connection.execute(
        select(entry.c.key, entry.c.customer).where(entry.c.company == company, entry.c.key.in_(keys)),
    )
    return {row.key: row.customer for row in rows}


def counts(connection: Connection, company: str) -> dict[str, int]:
    """How many entries are in each state."""
    rows = connection.execute(
        select(entry.c.state, func.count()).where(entry.c.company == company).group_by(entry.c.state),
    )
    return {state: int(count) for state, count in rows}
