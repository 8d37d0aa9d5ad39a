"""`$filter` of OData version 2, as conditions on rows: comparisons, `and or not`, brackets, functions on text.

Literals are `'it''s'`, numbers (`12.50M`), `true`, `null`, `datetime'2026-01-31T00:00:00'`, `time'PT…'`. A literal of
another kind than its property is refused, as is a property that there is not.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from adapters.sap.s4hana.sandbox.wire import FILLED, Refused, Row, Value, canonical

Meets: TypeAlias = Callable[[Row], bool]


class Condition(NamedTuple):
    """A condition. `only` says which texts a property must have one of, so that other rows need not be looked at."""

    meets: Meets
    only: tuple[str, frozenset[str]] | None = None


_TOKEN = re.compile(
    r"\s*(?:(?P<typed>(?:datetimeoffset|datetime|time|guid)'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?[MmLlDdFf]?)(?![\w.])|(?P<word>[A-Za-z_][\w/]*)|(?P<punct>[(),]))"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
    "substringof": lambda part, whole: part in whole,
}


def condition(text: str, shape: Row, hidden: frozenset[str] = frozenset()) -> Condition:
    """The condition in `text` on rows like `shape`; `hidden` properties cannot be asked about. Raises `Refused`."""
    reader = _Reader(text, shape, hidden)
    found = reader.either()
    reader.end()
    return found


class _Reader:
    def __init__(self, text: str, shape: Row, hidden: frozenset[str]) -> None:
        self._shape = shape
        self._hidden = hidden
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        where, end = 0, len(text.rstrip())
        while where < end:
            found = _TOKEN.match(text, where)
            if found is None:
                raise _wrong(f"Invalid token '{text[where : where + 10]}' at position '{where}'")
            self._tokens.append((found.lastgroup or "", found.group(found.lastgroup or "")))
            where = found.end()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _take(self, expected: str = "") -> tuple[str, str]:
        found = self._peek()
        if not found[0] or (expected and found[1] != expected):
            raise _wrong(f"Invalid filter: expected {expected or 'more'}, found '{found[1]}'")
        self._at += 1
        return found

    def end(self) -> None:
        """Nothing may follow."""
        if self._peek()[0]:
            raise _wrong(f"Invalid filter: '{self._peek()[1]}' was not expected")

    def either(self) -> Condition:
        """Conditions joined by `or`."""
        found = [self._both()]
        while self._peek() == ("word", "or"):
            self._at += 1
            found.append(self._both())
        return found[0] if len(found) == 1 else _any(found)

    def _both(self) -> Condition:
        found = [self._single()]
        while self._peek() == ("word", "and"):
            self._at += 1
            found.append(self._single())
        return found[0] if len(found) == 1 else _all(found)

    def _single(self) -> Condition:
        kind, word = self._peek()
        if (kind, word) == ("word", "not"):
            self._at += 1
            inner = self._single()
            return Condition(lambda row: not inner.meets(row))
        if word == "(" and kind == "punct":
            self._at += 1
            found = self.either()
            self._take(")")
            return found
        if word in _FUNCTIONS:
            return self._function()
        return self._comparison()

    def _function(self) -> Condition:
        function = _FUNCTIONS[self._take()[1]]
        self._take("(")
        first = self._text()
        self._take(",")
        second = self._text()
        self._take(")")
        wanted = True
        if self._peek() in {("word", "eq"), ("word", "ne")}:
            wanted = (self._take()[1] == "eq") == (self._take()[1] == "true")
        return Condition(lambda row: function(first(row), second(row)) == wanted)

    def _text(self) -> Callable[[Row], str]:
        kind, word = self._take()
        if kind == "text":
            told = word[1:-1].replace("''", "'")
            return lambda _: told
        self._known(word)
        return lambda row: str(row[word] or "")

    def _known(self, name: str) -> None:
        if name not in self._shape:
            raise _wrong(f"Property {name} not found in type")
        if name in self._hidden:
            raise Refused(400, "/IWBEP/CM_MGW_RT/021", f"Property {name} is not filterable")

    def _comparison(self) -> Condition:
        kind, name = self._take()
        if kind != "word":
            raise _wrong(f"Invalid filter: '{name}' is no property")
        self._known(name)
        _, word = self._take()
        compare = _COMPARE.get(word)
        if compare is None:
            raise _wrong(f"Invalid operator '{word}'")
        value = self._literal(name)
        return _compared(name, word, compare, value)

    def _literal(self, name: str) -> Value:
        kind, word = self._take()
        value = _read(kind, word)
        sample = self._shape[name]
        fits = value is None or type(value) is type(sample) or (sample is None and isinstance(value, date))
        if not fits:
            raise _wrong(f"Type of '{word}' is not that of property {name}")
        return canonical(name, value) if isinstance(value, str) else value


def _compared(name: str, word: str, compare: Callable[[Any, Any], bool], value: Value) -> Condition:
    if isinstance(value, str):
        only = (name, frozenset([value])) if word == "eq" else None
        return Condition(lambda row: compare(canonical(name, str(row[name])), value), only)
    if value is None or word in {"eq", "ne"}:
        return Condition(lambda row: compare(row[name], value))
    return Condition(lambda row: row[name] is not None and compare(row[name], value))


def _any(found: Sequence[Condition]) -> Condition:
    each_meets = [each.meets for each in found]
    names = {each.only[0] if each.only else "" for each in found}
    values = frozenset[str]().union(*(each.only[1] for each in found if each.only))
    only = (names.pop(), values) if len(names) == 1 and "" not in names else None
    return Condition(lambda row: any(meets(row) for meets in each_meets), only)


def _all(found: Sequence[Condition]) -> Condition:
    each_meets = [each.meets for each in found]
    told = [each.only for each in found if each.only]
    only = min(told, key=lambda each: (each[0] not in FILLED, len(each[1])), default=None)  # a number says most
    return Condition(lambda row: all(meets(row) for meets in each_meets), only)


def _read(kind: str, word: str) -> Value:
    if kind == "text":
        return word[1:-1].replace("''", "'")
    if kind == "number":
        return Decimal(word.rstrip("MmLlDdFf"))
    if kind == "word" and word in {"true", "false"}:
        return word == "true"
    if (kind, word) == ("word", "null"):
        return None
    if kind == "typed":
        return _typed(word)
    raise _wrong(f"'{word}' is no literal")


def _typed(word: str) -> Value:
    name, _, rest = word.partition("'")
    text = rest[:-1]
    try:
        if name == "datetime":
            return datetime.fromisoformat(text).date()
        if name == "time":
            found = re.fullmatch(r"PT(\d+)H(\d+)M(\d+)S", text)
            return time(int(found[1]), int(found[2]), int(found[3])) if found else _fail(word)
    except ValueError:
        _fail(word)
    return _fail(word)


def _fail(word: str) -> Value:
    raise _wrong(f"Invalid literal {word}")


def _wrong(words: str) -> Refused:
    return Refused(400, "/IWBEP/CM_MGW_RT/022", words)
