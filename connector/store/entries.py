"""Entries on their way into the ledger, and the batches that carry them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, exists, func, insert, or_, select, update

from adapters.ledger import Batch, Entry, EntryKind, Outcome, Receipt
from adapters.money import Money
from connector.store.books import chunks
from connector.store.bulk import execute_many
from connector.store.tables import batch, entry
from connector.store.upsert import insert_new, upsert


def enqueue(connection: Connection, company: str, made: Sequence[Entry], *, now: datetime) -> list[Entry]:
    """Puts entries in line, in the transaction of the facts they tell. Keys are unique for ever: returns the new ones.

    Called late, like the history: who has put an entry in line first holds up whoever does so for the same key.
    """
    if not made:
        return []
    last = connection.scalar(_LAST_SEQ, {"of": company}) or 0
    rows = [_row(company, each, last + place, now) for place, each in enumerate(made, 1)]
    if len(rows) == 1:
        return list(made) if insert_new(connection, entry, rows[0]) else []
    known = known_keys(connection, company, [each.key for each in made])
    upsert(connection, entry, [row for row in rows if row["key"] not in known], update=())
    return [each for each in made if each.key not in known]


_LAST_SEQ = select(func.max(entry.c.seq)).where(entry.c.company == bindparam("of"))


def _row(company: str, each: Entry, seq: int, now: datetime) -> dict[str, object]:
    return {
        "company": company,
        "key": each.key,
        "seq": seq,
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
        "step": each.step,
        "state": "waiting",
        "updated_at": now,
    }


def waiting(connection: Connection, company: str, now: datetime, limit: int) -> list[Entry]:
    """Entries that are in no batch, oldest first. What speaks of another entry waits until that one has its answer:
    a promise's end closes the promise's task, which has to be there.
    """
    rows = connection.execute(
        select(entry)
        .where(
            entry.c.company == company,
            entry.c.state == "waiting",
            or_(entry.c.not_before.is_(None), entry.c.not_before <= now),
            or_(entry.c.about.is_(None), ~_IS_ABOUT_UNSETTLED),
        )
        .order_by(entry.c.seq)
        .limit(limit),
    ).mappings()
    return [to_entry(row) for row in rows]


_other = entry.alias("other")
_IS_ABOUT_UNSETTLED = exists().where(
    _other.c.company == entry.c.company,
    _other.c.key == entry.c.about,
    _other.c.state.not_in(["written", "impossible"]),
)


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
        step=row["step"],
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
    """Whether nobody took this batch over meanwhile. On PostgreSQL nobody can until this transaction ends."""
    where = (batch.c.company == company) & (batch.c.request_id == request_id)
    return connection.scalar(select(batch.c.fence).where(where).with_for_update()) == fence


def mark_batch(
    connection: Connection, company: str, request_id: str, state: str, *, retry_at: datetime | None = None
) -> None:
    """Sets a batch's state; `retry_at` is when somebody may take it up again."""
    where = (batch.c.company == company) & (batch.c.request_id == request_id)
    connection.execute(update(batch).where(where).values(state=state, lease_until=retry_at))


def settle(connection: Connection, company: str, receipts: Iterable[Receipt], *, now: datetime) -> list[Receipt]:
    """Writes down what became of entries. Returns those that were news. Their batch is ours: nobody else settles it."""
    told = {each.key: each for each in receipts if each.outcome is not Outcome.UNKNOWN}
    if not told:
        return []
    statement = select(entry.c.key).where(entry.c.company == company, entry.c.key.in_(list(told)), ~_SETTLED)
    open_keys = set(connection.scalars(statement.with_for_update()))
    news = [each for key, each in told.items() if key in open_keys]
    if news:
        execute_many(connection, _SETTLE, [_settled_as(company, each, now) for each in news])
    return news


_SETTLED = entry.c.state.in_(["written", "impossible"])
_SETTLE = (
    update(entry)
    .where(entry.c.company == bindparam("of"), entry.c.key == bindparam("named"))
    .values(
        state=bindparam("becomes"),
        ledger_id=bindparam("known_as"),
        why=bindparam("because"),
        updated_at=bindparam("at"),
    )
)


def _settled_as(company: str, each: Receipt, now: datetime) -> dict[str, object]:
    state = "impossible" if each.outcome is Outcome.IMPOSSIBLE else "written"
    return {
        "of": company,
        "named": each.key,
        "becomes": state,
        "known_as": each.ledger_id,
        "because": each.reason,
        "at": now,
    }


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


def waited_about(connection: Connection, company: str) -> set[str]:
    """The customers about whom an entry is not in the ledger yet, to our knowledge."""
    return set(connection.scalars(select(entry.c.customer).where(entry.c.company == company, ~_SETTLED).distinct()))


def counts(connection: Connection, company: str) -> dict[str, int]:
    """How many entries are in each state."""
    rows = connection.execute(
        select(entry.c.state, func.count()).where(entry.c.company == company).group_by(entry.c.state),
    )
    return {state: int(count) for state, count in rows}
