"""Dispatches: a reminder's hand-over to one recipient, each with a state of its own (design, section 5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, bindparam, insert, select, update

from connector.store.bulk import execute_many
from connector.store.tables import dispatch, reminder

_OF = select(dispatch).where(dispatch.c.reminder == bindparam("of")).order_by(dispatch.c.address)


def load(connection: Connection, reminder_id: str) -> list[RowMapping]:
    """A reminder's dispatches, in the order of their addresses."""
    return list(connection.execute(_OF, {"of": reminder_id}).mappings())


def set_state(
    connection: Connection,
    reminder_id: str,
    address: str,
    state: str,
    *,
    now: datetime,
    reply: str = "",
    expect: Sequence[str] | None = None,
) -> bool:
    """Sets a dispatch's state, if it is one of `expect`. Tells whether it was."""
    where = and_(dispatch.c.reminder == reminder_id, dispatch.c.address == address)
    if expect is not None:
        where = and_(where, dispatch.c.state.in_(list(expect)))
    values: dict[str, object] = {"state": state, "reply": reply, "updated_at": now}
    if state == "sending":
        values["attempts"] = dispatch.c.attempts + 1
    return connection.execute(update(dispatch).where(where).values(**values)).rowcount == 1


def states(connection: Connection, reminder_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    """The state of every dispatch of these reminders, by reminder and address."""
    rows = connection.execute(_STATES, {"of": list(reminder_ids)})
    return {(row.reminder, row.address): row.state for row in rows}


_STATES = select(dispatch.c.reminder, dispatch.c.address, dispatch.c.state).where(
    dispatch.c.reminder.in_(bindparam("of", expanding=True))
)


def set_states(
    connection: Connection, changes: Sequence[tuple[str, str, str, str]], *, now: datetime, attempt: int = 0
) -> None:
    """Sets dispatches (reminder, address, state, reply) whose states were looked at in this transaction.

    The reminders' rows must be locked (claims.ours), so that nobody changes a dispatch in between. `attempt` 1 counts
    one more attempt.
    """
    rows = [
        {"of": of, "to": to, "becomes": state, "said": reply, "at": now, "more": attempt}
        for of, to, state, reply in changes
    ]
    execute_many(connection, _SET, rows)


_SET = (
    update(dispatch)
    .where(dispatch.c.reminder == bindparam("of"), dispatch.c.address == bindparam("to"))
    .values(
        state=bindparam("becomes"),
        reply=bindparam("said"),
        updated_at=bindparam("at"),
        attempts=dispatch.c.attempts + bindparam("more"),
    )
)


def add(connection: Connection, company: str, reminder_id: str, addresses: Iterable[str], now: datetime) -> None:
    """More recipients, for a message whose addresses were replaced before it left."""
    known = {row["address"] for row in load(connection, reminder_id)}
    rows = [
        {"reminder": reminder_id, "address": each, "company": company, "state": "waiting", "updated_at": now}
        for each in addresses
        if each not in known
    ]
    if rows:
        connection.execute(insert(dispatch), rows)


def uncertain(connection: Connection, company: str) -> list[RowMapping]:
    """Dispatches whose acceptance is unknown, with their reminder's subject."""
    return list(
        connection.execute(
            select(dispatch, reminder.c.account, reminder.c.subject)
            .join(reminder, reminder.c.id == dispatch.c.reminder)
            .where(dispatch.c.company == company, dispatch.c.state == "uncertain")
            .order_by(dispatch.c.updated_at),
        ).mappings(),
    )
