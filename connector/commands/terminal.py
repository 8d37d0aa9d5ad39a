"""Tables, colours and progress bars, drawn by rich. No markup is read in what is shown."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from connector.commands.output import Listing

_WIDE = 160
"""Columns where the stream is no terminal: a pipe or a file is not cut at 80."""


class Terminal:
    """Draws on a stream."""

    def __init__(self, stream: TextIO) -> None:
        width = None if stream.isatty() else _WIDE
        self._console = Console(file=stream, width=width, markup=False, highlight=False, emoji=False)

    def words(self, text: str, *, style: str = "") -> None:
        """Words, wrapped at the edge."""
        self._console.print(text, style=style)

    def listing(self, listing: Listing) -> None:
        """A table, or names and values."""
        if listing.columns:
            made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
            for name in listing.columns:
                made.add_column(name, justify="right" if name in listing.right else "left", overflow="fold")
        else:
            made = Table(box=None, pad_edge=False, show_header=False)
            made.add_column(no_wrap=True)
            made.add_column(overflow="fold")
        for row in listing.rows:
            made.add_row(*row)
        self._console.print(Group(Text(listing.title, style="bold"), made) if listing.title else made)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """A bar while the work lasts; told what is done, and what is expected (0: unknown)."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, expected: bar.update(task, completed=done, total=expected or None)
