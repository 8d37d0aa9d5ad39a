"""Intuit's query language: a statement parsed, and compiled to a condition over the books' rows.

SELECT *|COUNT(*)|columns FROM Entity [WHERE f op 'v' [AND …]] [ORDERBY f [ASC|DESC] [, …]] [STARTPOSITION n]
[MAXRESULTS n]. Operators = < > <= >= IN LIKE. No OR, NOT, !=, JOIN: those are parser faults (4000). Column lists
are read and ignored. Inactive entries of lists are hidden unless `Active` is asked about.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from zoneinfo import ZoneInfo

from adapters.quickbooks.sandbox.wire import Refused
from adapters.sandbox.shelf import order_of
from adapters.sandbox.store import scaled

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\['\\])*')|(?P<op><=|>=|=|<|>)|(?P<punct>[(),*])|(?P<word>[A-Za-z0-9_.:\-+]+))"
)
_CLAUSES = ("WHERE", "ORDERBY", "ORDER", "STARTPOSITION", "MAXRESULTS")


class Of(Enum):
    """How a property is compared."""

    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    DAY = "day"
    INSTANT = "instant"
    FLAG = "flag"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Field:
    """A property that queries know: the SQL term it is, how it is compared, and what it may be used for.

    `sign` is -1 where the rows hold the amount with the other sign.
    """

    term: str
    of: Of = Of.TEXT
    filters: bool = True
    sorts: bool = True
    sign: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A parsed statement; `conditions` are (property, operator, values), `order` is (property, descending)."""

    entity: str
    count: bool = False
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    start: int = 1
    limit: int = DEFAULT_PAGE


class _Reader:
    """The statement's tokens, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        where, end = 0, len(text.rstrip())
        while where < end:
            found = _TOKEN.match(text, where)
            if found is None:
                raise Refused("4000", f"QueryParserError: Lexical error at position {where + 1}: {text[where]!r}")
            kind = found.lastgroup or ""
            self._tokens.append((kind, found.group(kind)))
            where = found.end()

    def peek(self) -> str:
        """The next token in capitals, empty at the end; a quoted text is never a keyword."""
        if self._at >= len(self._tokens):
            return ""
        kind, text = self._tokens[self._at]
        return "'" if kind == "text" else text.upper()

    def take(self, *expected: str, kind: str = "") -> str:
        """The next token as written. Raises `Refused` (4000) where it is not what was expected."""
        if self._at >= len(self._tokens):
            raise Refused("4000", f"QueryParserError: Encountered end of query, was expecting {self._wanted(expected)}")
        found, text = self._tokens[self._at]
        if (expected and text.upper() not in expected) or (kind and found != kind):
            raise Refused("4000", f"QueryParserError: Encountered {text!r}, was expecting {self._wanted(expected)}")
        self._at += 1
        return text

    @staticmethod
    def _wanted(expected: tuple[str, ...]) -> str:
        return "one of: " + ", ".join(expected) if expected else "a name or a value"

    def value(self) -> str:
        """A quoted text without its quotes, or a bare number, `true` or `false`."""
        if self.peek() == "'":
            return re.sub(r"\\(.)", r"\1", self.take()[1:-1])
        return self.take(kind="word")


def parse(text: str) -> Statement:
    """The statement in `text`. Raises `Refused` with 4000 or 4001."""
    reader = _Reader(text)
    reader.take("SELECT")
    count = _columns(reader)
    reader.take("FROM")
    entity = reader.take(kind="word")
    found: dict[str, object] = {}
    while clause := reader.peek():
        reader.take(*_CLAUSES)
        if clause == "WHERE":
            found["conditions"] = _conditions(reader)
        elif clause in {"ORDERBY", "ORDER"}:
            if clause == "ORDER":
                reader.take("BY")
            found["order"] = _order(reader)
        else:
            found["start" if clause == "STARTPOSITION" else "limit"] = _whole(reader.value())
    statement = Statement(entity=entity, count=count, **found)  # type: ignore[arg-type] # each clause its own type
    if statement.limit < 1:
        raise Refused("4001", "QueryValidationError: value 0 is too small. Min allowed value is 1")
    return statement


def _whole(text: str) -> int:
    if not text.isdigit():
        raise Refused("4000", f"QueryParserError: Encountered {text!r}, was expecting a whole number")
    return int(text)


def _columns(reader: _Reader) -> bool:
    first = reader.take().upper()
    if first == "COUNT":
        for expected in ("(", "*", ")"):
            reader.take(expected)
        return True
    while reader.peek() == ",":
        reader.take()
        reader.take()
    return False


def _conditions(reader: _Reader) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    found = []
    while True:
        name = reader.take(kind="word")
        operator = reader.take("=", "<", ">", "<=", ">=", "IN", "LIKE").upper()
        values = _list(reader) if operator == "IN" else (reader.value(),)
        found.append((name, operator, values))
        if reader.peek() != "AND":
            return tuple(found)
        reader.take()


def _list(reader: _Reader) -> tuple[str, ...]:
    reader.take("(")
    values = [reader.value()]
    while reader.take(",", ")") == ",":
        values.append(reader.value())
    return tuple(values)


def _order(reader: _Reader) -> tuple[tuple[str, bool], ...]:
    found = []
    while True:
        name = reader.take(kind="word")
        descending = reader.peek() in {"ASC", "DESC"} and reader.take().upper() == "DESC"
        found.append((name, descending))
        if reader.peek() != ",":
            return tuple(found)
        reader.take()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """An SQL condition with its values, an order, and the page it asks for."""

    condition: str
    values: tuple[object, ...]
    order: str
    limit: int
    offset: int


def compiled(
    statement: Statement, *, kind: str, fields: Mapping[str, Field], zone: ZoneInfo, default_order: str, hides: bool
) -> Compiled:
    """The statement over the rows of `kind`. `hides`: inactive rows only show where `Active` is asked about."""
    terms, values = ["kind = ?", "deleted = 0"], list[object]([kind])
    for name, operator, given in statement.conditions:
        field = _field(fields, name, "filters")
        term, parts = _condition(field, operator, given, zone)
        terms.append(term)
        values += parts
    if hides and not any(name.lower() == "active" for name, _, _ in statement.conditions):
        terms.append("active = 1")
    order = [
        f"{_field(fields, name, 'sorts').term} {'DESC' if (down != (_sign(fields, name) < 0)) else 'ASC'}"
        for name, down in statement.order
    ]
    return Compiled(
        condition=" AND ".join(terms),
        values=tuple(values),
        order=", ".join([*order, "n"]) if order else default_order,
        limit=min(statement.limit, LARGEST_PAGE),
        offset=max(statement.start - 1, 0),
    )


def _field(fields: Mapping[str, Field], name: str, use: str) -> Field:
    found = fields.get(name.lower())
    if found is None:
        raise Refused("4001", f"QueryValidationError: Property {name} not found for Entity")
    if not getattr(found, use):
        raise Refused(
            "4001", f"QueryValidationError: Property {name} is not {'query' if use == 'filters' else 'sort'}able"
        )
    return found


def _sign(fields: Mapping[str, Field], name: str) -> int:
    return fields[name.lower()].sign


def _condition(field: Field, operator: str, given: tuple[str, ...], zone: ZoneInfo) -> tuple[str, list[object]]:
    if operator == "LIKE":
        pattern = given[0].replace("_", "\x01_").replace("\x01", "\\")
        return f"{field.term} LIKE ? ESCAPE '\\'", [pattern]
    values = [_value(field, each, zone) for each in given]
    if operator == "IN":
        return f"{field.term} IN ({', '.join('?' * len(values))})", values
    if field.sign < 0:
        operator = operator.translate(str.maketrans("<>", "><"))
    if operator == ">" and field.term == "open" and values == [0]:
        return "open <> 0 AND open > ?", values  # said so that the index of what is open serves
    return f"{field.term} {operator} ?", values


def _value(field: Field, text: str, zone: ZoneInfo) -> object:
    readers: dict[Of, Callable[[str], object]] = {
        Of.AMOUNT: lambda given: scaled(Decimal(given)) * field.sign,
        Of.NUMBER: int,
        Of.ID: order_of,
        Of.INSTANT: lambda given: int(instant_of(given, zone).timestamp()),
        Of.DAY: lambda given: datetime.fromisoformat(given).date().isoformat(),
        Of.FLAG: lambda given: int(given.lower() == "true"),
    }
    try:
        return readers.get(field.of, str)(text)
    except (ValueError, InvalidOperation) as error:
        raise Refused("4001", f"QueryValidationError: {text!r} is no valid value") from error


def instant_of(text: str, zone: ZoneInfo) -> datetime:
    """An instant as clients write it; one without an offset is the company's own time. Raises `ValueError`."""
    at = datetime.fromisoformat(text.strip().replace(" ", "+"))
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
