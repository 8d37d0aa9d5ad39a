"""Tasks: what a person should look at. A key from its meaning makes one task of it, however often it is seen."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, RowMapping, select, update

from connector.store.tables import task
from connector.store.upsert import insert_new


def step_key(item_ref: str, cycle: int, step_id: str) -> str:
    """The key of the task that a person's step of an item makes."""
    return f"step:{item_ref}:{cycle}:{step_id}"


def open_task(
    connection: Connection,
    company: str,
    *,
    key: str,
    kind: str,
    text: str,
    now: datetime,
    today: date,
    account: str | None = None,
    items: Sequence[str] = (),
    facts: dict[str, object] | None = None,
    again_after: timedelta | None = None,
) -> bool:
    """Opens a task unless its key was seen before. Tells whether it is new.

    With `again_after`, one that was done that long ago is opened again: what it asked for is needed again.
    """
    row = {
        "company": company,
        "key": _fitting(key),
        "kind": kind,
        "account": account,
        "items": list(items),
        "text": text,
        "facts": facts or {},
        "created_at": now,
        "created_on": today,
        "state": "open",
    }
    if insert_new(connection, task, row, key=("company", "key")):
        return True
    if again_after is None:
        return False
    where = (task.c.company == company) & (task.c.key == _fitting(key)) & (task.c.state != "open")
    anew = {name: row[name] for name in ("text", "items", "facts", "created_at", "created_on", "state")}
    opened = connection.execute(
        update(task).where(where, task.c.done_at < now - again_after).values(**anew, done_at=None, result=""),
    )
    return opened.rowcount == 1


def load_open(connection: Connection, company: str, *, kind: str | None = None) -> list[RowMapping]:
    """The open tasks, oldest first."""
    where = (task.c.company == company) & (task.c.state == "open")
    if kind:
        where &= task.c.kind == kind
    return list(connection.execute(select(task).where(where).order_by(task.c.id)).mappings())


def by_id(connection: Connection, company: str, number: int) -> RowMapping | None:
    """The task with this number."""
    where = (task.c.company == company) & (task.c.id == number)
    return connection.execute(select(task).where(where)).mappings().one_or_none()


def finish(connection: Connection, company: str, number: int, *, result: str, now: datetime) -> bool:
    """Marks an open task as done. Tells whether it was open."""
    where = (task.c.company == company) & (task.c.id == number) & (task.c.state == "open")
    changed = connection.execute(update(task).where(where).values(state="done", done_at=now, result=result))
    return changed.rowcount == 1


def drop(connection: Connection, company: str, key: str, *, now: datetime, result: str) -> None:
    """What it asked for is no longer needed."""
    where = (task.c.company == company) & (task.c.key == _fitting(key)) & (task.c.state == "open")
    connection.execute(update(task).where(where).values(state="dropped", done_at=now, result=result))


def _fitting(key: str) -> str:
    """A key may name an address, which is longer than a column: then its hash stands for its end."""
    return key if len(key) <= 200 else f"{key[:130]}:{sha256(key.encode()).hexdigest()}"
