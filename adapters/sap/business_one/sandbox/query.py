"""The part of OData's query language that the Service Layer's sandbox understands: $filter, $orderby, $select."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from adapters.sap.business_one.sandbox.wire import Json, Refused

Test = Callable[[Json], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w-])|(?P<word>[\w/@.]+)|(?P<mark>[(),]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "substringof": lambda part, text: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}


def malformed(why: str) -> Refused:
    """A query that cannot be read."""
    return Refused(400, -1000, f"Query string error: {why}")


class _Name(str):
    """A property, as against a text."""

    __slots__ = ()


class Filter:
    """A condition on rows. `known` are the properties that a row may have; tenants' own (`U_…`) are let through."""

    def __init__(self, text: str, known: Container[str]) -> None:
        self._known = known
        self._tokens = list(_tokens(text))
        self._at = 0
        self.test: Test = self._either() if self._tokens else lambda _: True
        if self._at < len(self._tokens):
            raise malformed(f"unexpected {self._tokens[self._at]!r}")

    def _peek(self) -> object:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> object:
        token = self._peek()
        if token is None:
            raise malformed("it ends too early")
        self._at += 1
        return token

    def _takes(self, word: str) -> bool:
        if isinstance(self._peek(), _Name) and self._peek() == word:
            self._at += 1
            return True
        return False

    def _either(self) -> Test:
        tests = [self._both()]
        while self._takes("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._takes("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._takes("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._takes("("):
            inner = self._either()
            self._must(")")
            return inner
        left = self._next()
        if isinstance(left, _Name) and left in _FUNCTIONS:
            return self._function(_FUNCTIONS[left])
        name = self._property(left)
        operator = self._next()
        if not isinstance(operator, _Name) or operator not in _COMPARE:
            raise malformed(f"{operator!r} is no operator")
        return _comparison(name, _COMPARE[operator], operator, self._value())

    def _function(self, function: Callable[[str, str], bool]) -> Test:
        self._must("(")
        first = self._next()
        self._must(",")
        second = self._next()
        self._must(")")

        def value(token: object, row: Json) -> str:
            return str(row.get(token) or "") if isinstance(token, _Name) else str(token)

        return lambda row: function(value(first, row), value(second, row))

    def _must(self, mark: str) -> None:
        if self._next() != mark:
            raise malformed(f"{mark} is missing")

    def _property(self, token: object) -> str:
        if not isinstance(token, _Name):
            raise malformed(f"{token!r} is no property")
        if token not in self._known and not token.startswith("U_"):
            raise malformed(f"Property '{token}' is invalid")
        return str(token)

    def _value(self) -> object:
        token = self._next()
        if isinstance(token, _Name):
            if token in ("null", "true", "false"):
                return {"null": None, "true": True, "false": False}[token]
            raise malformed(f"{token} is no value")
        return token


def _tokens(text: str) -> Iterable[object]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise malformed(f"cannot read {text[at : at + 20]!r}")
        at = found.end()
        if found["text"] is not None:
            yield found["text"][1:-1].replace("''", "'")
        elif found["number"] is not None:
            yield float(found["number"]) if "." in found["number"] else int(found["number"])
        else:
            yield _Name(found["word"] or found["mark"])


def only_open(text: str) -> bool:
    """Whether a filter leaves out all that is not open; a help for large books."""
    return text.lstrip("(").startswith("DocumentStatus eq 'bost_Open' and ") and " or DocumentStatus" not in text


def keys_in(text: str, key: str) -> list[str]:
    """The keys of a filter that asks for rows by their keys alone; a help for large books."""
    parts = [each.partition(f"{key} eq ") for each in text.split(" or ")]
    return [value for _, _, value in parts] if all(not h and m and v.isdigit() for h, m, v in parts) else []


def after_in(text: str) -> int:
    """Where a filter goes on by key, the key; a help for large books."""
    found = re.search(r"(?:^|\) and )(?:DocEntry|JdtNum) gt (\d+)$", text)
    return int(found[1]) if found and " or " not in text[found.start() :] else 0


def _comparison(name: str, compare: Callable[[Any, Any], bool], operator: str, value: object) -> Test:
    is_day = name.endswith("Date")

    def test(row: Json) -> bool:
        told = row.get(name)
        if told is None or value is None:
            return operator in ("eq", "ne") and compare(told, value)
        if is_day:
            return compare(str(told)[:10], str(value)[:10])
        if isinstance(told, str) != isinstance(value, str):
            raise malformed(f"the types of {name} and {value!r} differ")
        return compare(told, value)

    return test


def ordered(rows: list[Json], order: str, known: Container[str]) -> list[Json]:
    """The rows in an order (`DocEntry desc`), which may be of several properties."""
    for part in reversed([each.strip() for each in order.split(",") if each.strip()]):
        name, _, direction = part.partition(" ")
        if name not in known:
            raise malformed(f"Property '{name}' is invalid")
        rows = sorted(rows, key=lambda row: (row.get(name) is not None, row.get(name)), reverse=direction == "desc")
    return rows


def selected(row: Json, select: str, known: Container[str]) -> Json:
    """As much of a row as was asked for; what stands about it (`@odata.etag`) stays."""
    names = [each.strip() for each in select.split(",") if each.strip()]
    wrong = [name for name in names if name not in known and not name.startswith("U_")]
    if wrong:
        raise malformed(f"Property '{wrong[0]}' is invalid")
    if not names:
        return row
    return {name: value for name, value in row.items() if name in names or "odata" in name}


def whole_number(params: Mapping[str, str], name: str) -> int | None:
    """An option that is a number; None where it is not there."""
    told = params.get(name, "")
    if not told:
        return None
    if not told.isdigit():
        raise malformed(f"{name} is no number")
    return int(told)
