"""Many rows of one shape at once, handed to the driver as it wants them: what SQLAlchemy does for each row between
its own execute and the driver's costs more than the database. psycopg sends them in one pipeline.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Connection, Date, DateTime, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from connector.store.tables import Instant

_CHUNK = 5000
_Change: TypeAlias = Callable[[Any], Any]


def execute_many(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Executes an INSERT or UPDATE, built once for each shape, for each of `rows`; all have the same keys, and none
    is changed. Raises IntegrityError as `Connection.execute` does.
    """
    if not rows:
        return
    text, names, changes = _compiled(connection.dialect, statement, tuple(rows[0]))
    by_place = connection.dialect.positional
    waiting = iter(rows)
    while some := list(islice(waiting, _CHUNK)):
        values = zip(*(_column(some, name, change) for name, change in zip(names, changes, strict=True)), strict=True)
        driven: Any = list(values) if by_place else [dict(zip(names, row, strict=True)) for row in values]
        connection.exec_driver_sql(text, driven)


def _column(rows: Iterable[Mapping[str, Any]], name: str, change: _Change | None) -> Iterable[Any]:
    """A parameter's values, as the driver wants them: most go as they are."""
    values = [row[name] for row in rows]
    return values if change is None else map(change, values)


@lru_cache(maxsize=64)
def _compiled(
    dialect: Dialect, statement: Executable, keys: tuple[str, ...]
) -> tuple[str, tuple[str, ...], tuple[_Change | None, ...]]:
    """The statement as text, its parameters (in their places, where the driver takes them so), and what becomes of
    the values of each.
    """
    compiled = statement.compile(dialect=dialect, column_keys=list(keys))  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)
    names = tuple(compiled.positiontup or keys)
    return str(compiled), names, tuple(_change(compiled.binds[name].type, dialect) for name in names)


def _change(kind: TypeEngine[Any], dialect: Dialect) -> _Change | None:
    """What becomes of a value on its way to the driver. Days and instants repeat from row to row."""
    change = kind.dialect_impl(dialect).bind_processor(dialect)
    repeats = isinstance(kind, Date | DateTime | Instant)
    return lru_cache(maxsize=1024)(change) if change and repeats else change
