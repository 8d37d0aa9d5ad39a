"""Insert or update, in one statement per row, alike on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Insert, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_CHUNK = 2000


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str] = (),
    update: Sequence[str] | None = None,
) -> None:
    """Writes `rows`, all with the same columns. Where `key` (default: the primary key) is there already, sets the
    columns named by `update` (default: all given ones but the key; empty: leaves that row as it is).
    """
    if not rows:
        return
    columns = tuple(rows[0])
    key = tuple(key) or tuple(column.name for column in table.primary_key.columns)
    update = tuple(update) if update is not None else tuple(name for name in columns if name not in key)
    statement = _statement(connection.dialect.name, table, key, update)
    for start in range(0, len(rows), _CHUNK):
        connection.execute(statement, [dict(row) for row in rows[start : start + _CHUNK]])


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str] = ()) -> bool:
    """Writes one row unless its key is taken; tells whether it was written."""
    key = tuple(key) or tuple(column.name for column in table.primary_key.columns)
    statement = _statement(connection.dialect.name, table, key, ())
    return connection.execute(statement, dict(row), execution_options={"preserve_rowcount": True}).rowcount == 1


@lru_cache(maxsize=256)
def _statement(dialect: str, table: Table, key: tuple[str, ...], update: tuple[str, ...]) -> Insert:
    """One statement object per shape, so that SQLAlchemy compiles it once."""
    statement = _insert(dialect, table)
    if not update:
        return statement.on_conflict_do_nothing(index_elements=key)
    return statement.on_conflict_do_update(index_elements=key, set_={name: statement.excluded[name] for name in update})


def _insert(dialect: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Either dialect takes long to load, and a database speaks one."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
