"""What a command says: to a person on a terminal, or with `--json` to a program, on stdout alone.

Texts from the ledger are shown as they are: no markup is read in them, and nothing in them can move a terminal's
cursor.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

import msgspec

from adapters.money import Money

if TYPE_CHECKING:
    from connector.commands.terminal import Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows of cells as they are to be read. Without `columns` it is names and values."""

    title: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]]
    right: frozenset[str] = frozenset()  # columns of numbers


Shown: TypeAlias = str | Listing


class Output:
    """Where a command's words go. `as_json`: the result is one JSON document on stdout, all else goes to stderr.

    Plain words to a pipe or a file are simply written; tables, colours and bars are the business of
    connector.commands.terminal, which is loaded when there is one to draw.
    """

    def __init__(self, stdout: TextIO, stderr: TextIO, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.stdout = stdout
        self._stderr = stderr

    @property
    def is_interactive(self) -> bool:
        """Whether a person sits there who can be asked."""
        return self.stdout.isatty() and not self.as_json

    def result(self, data: object, *shown: Shown) -> None:
        """The result: `data` for a program, `shown` for a person."""
        if self.as_json:
            self.stdout.write(json.dumps(plain(data), ensure_ascii=False, indent=2) + "\n")
            return
        for number, each in enumerate(shown):
            if isinstance(each, str):
                self._words(self.stdout, each)
            else:
                if number:
                    self.stdout.write("\n")
                _terminal(self.stdout).listing(each)

    def say(self, *lines: str) -> None:
        """Words on the way, for a person."""
        stream = self._stderr if self.as_json else self.stdout
        for line in lines:  # not wrapped: an address must stay one line to be opened
            stream.write(printable(line) + "\n")
        stream.flush()

    def flush(self) -> None:
        """What was said is to be seen now, even through a pipe."""
        self.stdout.flush()
        self._stderr.flush()

    def error(self, text: str) -> None:
        """What went wrong, and what to do next."""
        self._words(self._stderr, text, style="red")

    def _words(self, stream: TextIO, text: str, style: str = "") -> None:
        """Wrapped by words for a terminal; a line stays a line for a pipe."""
        if stream.isatty():
            _terminal(stream).words(printable(text), style=style)
        else:
            stream.write(printable(text) + "\n")

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """A progress bar on stderr while the work lasts; told what is done, and what is expected (0: unknown)."""
        if not self._stderr.isatty():
            yield _untold
            return
        with _terminal(self._stderr).progress(printable(title)) as tick:
            yield tick


def _untold(done: int, expected: int) -> None:
    """Nobody watches."""
    del done, expected


def _terminal(stream: TextIO) -> "Terminal":
    from connector.commands.terminal import Terminal

    return Terminal(stream)


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    seldom: str = "",
) -> Listing:
    """A table; the columns named by `right` hold numbers, and the one that is `seldom` filled is left out if empty."""
    cells = [[printable(shown(cell)) for cell in row] for row in rows]
    if seldom in columns and not any(row[columns.index(seldom)] for row in cells):
        at = columns.index(seldom)
        columns = [*columns[:at], *columns[at + 1 :]]
        cells = [[*row[:at], *row[at + 1 :]] for row in cells]
    return Listing(title=printable(title), columns=columns, rows=cells, right=frozenset(right))


def pairs(title: str, rows: Mapping[str, object]) -> Listing:
    """Names and values, one a line; what is empty is left out."""
    told = [[name, printable(shown(value))] for name, value in rows.items() if value not in (None, "", [], {}, ())]
    return Listing(title=printable(title), rows=told)


def shown(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(shown(each) for each in value)
    return str(value)


def printable(text: str) -> str:
    """The text without characters that command a terminal; line breaks stay."""
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)


def plain(value: Any) -> Any:  # noqa: ANN401 - anything in, what JSON knows out
    """A value as JSON has it: days and instants in ISO 8601, money as amount and currency, never a float."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": value.currency}
    if names := _field_names(value):
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value.isoformat() if isinstance(value, date) else str(value)


def _field_names(value: object) -> Sequence[str]:
    """The fields of a dataclass or a struct; none of anything else."""
    if isinstance(value, msgspec.Struct):
        return value.__struct_fields__
    return [field.name for field in fields(value)] if is_dataclass(value) and not isinstance(value, type) else ()
