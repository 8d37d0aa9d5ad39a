"""Many rows of one shape at once, handed to the driver as it wants them: what SQLAlchemy does for each row between
its own execute and the driver's costs more than the database. psycopg sends them in one pipeline.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Connection, Date, DateTime, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from connector.store.tables import Instant

_CHUNK = 5000
_Change: TypeAlias = tuple[str, Callable[[Any], Any]]


def execute_many(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Executes an INSERT or UPDATE, built once for each shape, for each of `rows`; all have the same keys, and none
    is changed. Raises IntegrityError as `Connection.execute` does.
    """
    if not rows:
        return
    text, names, changes = _compiled(connection.dialect, statement, tuple(rows[0]))
    waiting = iter(rows)
    while some := list(islice(waiting, _CHUNK)):
        connection.exec_driver_sql(text, [_driven(row, names, changes) for row in some])


def _driven(row: Mapping[str, Any], names: tuple[str, ...] | None, changes: Sequence[_Change]) -> Any:  # noqa: ANN401 - as the driver wants it
    driven = dict(row)
    for name, change in changes:
        driven[name] = change(driven[name])
    return driven if names is None else tuple([driven[name] for name in names])


@lru_cache(maxsize=64)
def _compiled(
    dialect: Dialect, statement: Executable, keys: tuple[str, ...]
) -> tuple[str, tuple[str, ...] | None, tuple[_Change, ...]]:
    """The statement as text, its parameters in their places (None: by name), and what becomes of which values."""
    compiled = statement.compile(dialect=dialect, column_keys=list(keys))  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)
    names = tuple(compiled.positiontup) if compiled.positiontup else None
    changes = ((name, _change(compiled.binds[name].type, dialect)) for name in keys)
    return str(compiled), names, tuple((name, change) for name, change in changes if change)


def _change(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What becomes of a value on its way to the driver. Days and instants repeat from row to row."""
    change = kind.dialect_impl(dialect).bind_processor(dialect)
    repeats = isinstance(kind, Date | DateTime | Instant)
    return lru_cache(maxsize=1024)(change) if change and repeats else change
