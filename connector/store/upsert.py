"""Insert or update, in one statement per row, alike on SQLite and PostgreSQL.

A statement is compiled by SQLAlchemy once; its rows then go straight to the driver, their values converted column by
column: a first sync writes hundreds of thousands, and spends its time here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import JSON, Boolean, Column, Connection, Date, Dialect, Insert, Table

from connector.store.tables.base import Instant

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_CHUNK = 2000

Change: TypeAlias = Callable[[Any], Mapping[str, Any]]
"""What to set where the key is there already, given the row that was to be inserted (`excluded`)."""

_Converter: TypeAlias = Callable[[Sequence[Any]], Iterable[Any]]
"""Makes the values of a column what the driver wants."""


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
    shape = _Shape(connection.dialect.name, table, columns, key, update)
    _write(connection, shape, [tuple([row[name] for name in columns]) for row in rows])


def upsert_tuples(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    change: Change | None = None,
) -> None:
    """The same for rows given as tuples in the order of `columns`; the primary key tells which are there already.

    `change` (a function of a module, not a lambda: it is remembered) sets something else than what is given.
    """
    key = tuple(column.name for column in table.primary_key.columns)
    update = tuple(name for name in columns if name not in key)
    _write(connection, _Shape(connection.dialect.name, table, columns, key, update, change), rows)


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str] = ()) -> bool:
    """Writes one row unless its key is taken; tells whether it was written."""
    key = tuple(key) or tuple(column.name for column in table.primary_key.columns)
    statement = _statement(connection.dialect.name, table, key, ())
    return connection.execute(statement, dict(row), execution_options={"preserve_rowcount": True}).rowcount == 1


@lru_cache(maxsize=256)
def _statement(
    dialect: str, table: Table, key: tuple[str, ...], update: tuple[str, ...], change: Change | None = None
) -> Insert:
    """One statement object per shape, so that SQLAlchemy compiles it once."""
    statement = _insert(dialect, table)
    if change is not None:
        return statement.on_conflict_do_update(index_elements=key, set_=change(statement.excluded))
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


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is written: these columns, and what happens where the key is there already."""

    dialect: str
    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    update: tuple[str, ...]
    change: Change | None = None


def _write(connection: Connection, shape: _Shape, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes these rows.

    A column that is NULL in all of them is left out of the INSERT, whose default it is: to the driver of SQLite a None
    is dearer than a word. Where the row is there already it is set to NULL as it would have been.
    """
    empty = _nullable(shape.table, shape.columns)
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        values = list(zip(*some, strict=True))
        absent = frozenset(at for at in empty if values[at][0] is None and values[at].count(None) == len(some))
        statement = _compiled(shape, absent)
        made = [_converted(values[at], how) for at, how in zip(statement.places, statement.converters, strict=True)]
        connection.exec_driver_sql(statement.text, list(zip(*made, strict=True)))


@lru_cache(maxsize=256)
def _nullable(table: Table, columns: tuple[str, ...]) -> tuple[int, ...]:
    """The places of the columns that are NULL where nothing is said. (No value of a JSON column is JSON's null.)"""
    free = (column for column in table.columns if column.nullable and column.server_default is None)
    plain = [column for column in free if not isinstance(column.type, JSON)]
    return tuple(columns.index(column.name) for column in plain if column.name in columns)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as text, and for each of its places which value goes there, and made into what."""

    text: str
    places: tuple[int, ...]
    converters: tuple[_Converter | None, ...]


def _converted(values: Sequence[Any], how: _Converter | None) -> Iterable[Any]:
    return values if how is None else how(values)


@lru_cache(maxsize=256)
def _compiled(shape: _Shape, absent: frozenset[int]) -> _Compiled:
    spoken = _positional(shape.dialect)
    told = tuple(name for at, name in enumerate(shape.columns) if at not in absent)
    statement = _statement(shape.dialect, shape.table, shape.key, shape.update, shape.change)
    compiled = statement.compile(dialect=spoken, column_keys=told)
    places = tuple(shape.columns.index(name) for name in compiled.positiontup or ())
    return _Compiled(
        text=str(compiled),
        places=places,
        converters=tuple(_converter(shape.table.c[shape.columns[place]], spoken) for place in places),
    )


def _positional(name: str) -> Dialect:
    """Both drivers take values by their place."""
    if name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
    from sqlalchemy.dialects import sqlite

    return sqlite.dialect(paramstyle="qmark")


def _converter(column: Column[Any], dialect: Dialect) -> _Converter | None:
    """What SQLAlchemy does with the values of this column; for what SQLite keeps as text, the same done faster."""
    if dialect.name == "sqlite":
        if isinstance(column.type, Boolean):
            return _numbers
        if isinstance(column.type, Date):
            return _days
        if isinstance(column.type, Instant):
            return _instants
    usual = column.type.dialect_impl(dialect).bind_processor(dialect)
    if usual is None:
        return None
    return partial(map, partial(_words_text, usual) if isinstance(column.type, JSON) else usual)


def _words_text(usual: Callable[[Any], Any], value: object) -> object:
    """A tuple holds words alone (addresses), and is written by hand; anything else as usual."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(encode_basestring_ascii, value))}]" if value else "[]"
    return usual(value)


def _numbers(values: Sequence[bool | None]) -> Iterable[int | None]:
    """The driver of SQLite looks for somebody who could adapt a bool, and keeps a number."""
    return [None if value is None else 1 if value else 0 for value in values]


def _days(values: Sequence[date | None]) -> Iterable[str | None]:
    """Days repeat from row to row."""
    texts = {value: None if value is None else value.isoformat() for value in set(values)}
    return map(texts.__getitem__, values)


def _instants(values: Sequence[datetime | None]) -> Iterable[str | None]:
    return [None if value is None else _utc(value).isoformat(" ", "microseconds")[:26] for value in values]


def _utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("An instant needs its time zone.")
    return value.astimezone(UTC)
