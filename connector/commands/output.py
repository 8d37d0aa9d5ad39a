"""What a command says: to a person on a terminal, or with `--json` to a program, on stdout alone.

Texts from the ledger are shown as they are: no markup is read in them, and nothing in them can move a terminal's
cursor.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from adapters.money import Money

_WIDE = 160
"""Columns where stdout is no terminal: a pipe or a file is not cut at 80."""


class Output:
    """Where a command's words go. `as_json`: the result is one JSON document on stdout, all else goes to stderr."""

    def __init__(self, stdout: TextIO, stderr: TextIO, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.stdout = stdout
        self._shown = _console(stdout)
        self._aside = _console(stderr)

    @property
    def is_interactive(self) -> bool:
        """Whether a person sits there who can be asked."""
        return self._shown.is_terminal and not self.as_json

    def result(self, data: object, *shown: RenderableType) -> None:
        """The result: `data` for a program, `shown` for a person."""
        if self.as_json:
            self.stdout.write(json.dumps(plain(data), ensure_ascii=False, indent=2) + "\n")
            return
        for number, each in enumerate(shown):
            if number and not isinstance(each, str):
                self._shown.print()
            if isinstance(each, str):
                self._words(self._shown, each)
            else:
                self._shown.print(each)

    def say(self, *lines: str) -> None:
        """Words on the way, for a person."""
        console = self._aside if self.as_json else self._shown
        for line in lines:  # not wrapped: an address must stay one line to be opened
            console.print(printable(line), soft_wrap=True)

    def flush(self) -> None:
        """What was said is to be seen now, even through a pipe."""
        self._shown.file.flush()
        self._aside.file.flush()

    def error(self, text: str) -> None:
        """What went wrong, and what to do next."""
        self._words(self._aside, text, style="red")

    def _words(self, console: Console, text: str, style: str | None = None) -> None:
        """Wrapped by words for a terminal; a line stays a line for a pipe."""
        console.print(printable(text), style=style, soft_wrap=not console.is_terminal)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """A progress bar on stderr while the work lasts; told what is done, and what is expected (0: unknown)."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._aside, transient=True, disable=not self._aside.is_terminal) as bar:
            task = bar.add_task(printable(title), total=None)
            yield lambda done, expected: bar.update(task, completed=done, total=expected or None)


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> RenderableType:
    """A table; the columns named by `right` hold numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(printable(shown(cell)) for cell in row))
    return _titled(title, made)


def pairs(title: str, rows: Mapping[str, object]) -> RenderableType:
    """Names and values, one a line; what is empty is left out."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows.items():
        if value not in (None, "", [], {}, ()):
            made.add_row(name, printable(shown(value)))
    return _titled(title, made)


def _titled(title: str, body: Table) -> RenderableType:
    return Group(Text(printable(title), style="bold"), body) if title else body


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
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value.isoformat() if isinstance(value, date) else str(value)
