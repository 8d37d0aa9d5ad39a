"""Statements about what is listed: hundreds of refs or thousands, in one parameter, so that their text stays the same
and the database reads it once. The list is JSON for SQLite and an array for PostgreSQL.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    String,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from connector.store import json_text

Among: TypeAlias = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""Makes the condition that a column is among what is listed."""


class _Refs(TypeDecorator[Sequence[str]]):
    """A list of refs as a parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An array where there are arrays."""
        return dialect.type_descriptor(ARRAY(String()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the driver wants it
        """To the database."""
        return value if dialect.name == "postgresql" else json_text.encode(value)


class Listed:
    """A statement that finds rows, with a condition on what is listed; `build` makes it, once for each database."""

    def __init__(self, build: Callable[[Among], Executable]) -> None:
        self._build = build
        self._built: dict[str, Executable] = {}

    def select(self, connection: Connection, listed: Sequence[str], **of: object) -> CursorResult[*tuple[Any, ...]]:
        """What it finds for `listed`."""
        name = connection.dialect.name
        if name not in self._built:
            self._built[name] = self._build(_among_array if name == "postgresql" else _among_json)
        return connection.execute(self._built[name], {**of, "listed": listed})


_LISTED = bindparam("listed", type_=_Refs())


def _among_array(column: ColumnElement[str]) -> ColumnElement[bool]:
    return column == any_(_LISTED)


def _among_json(column: ColumnElement[str]) -> ColumnElement[bool]:
    return column.in_(select(func.json_each(_LISTED).table_valued("value").c.value))
