"""Reading the files that people edit: every mistake at once, each with its line.

Even lines that are no TOML are reported and passed over, so that the rest of the file is still checked.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Table: TypeAlias = dict[str, Any]

_MOST_BROKEN_LINES = 50
_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")
_KEY = re.compile(r"""^\s*["']?([\w-]+)["']?\s*=""")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """One mistake: its line in the file (1 is the first), and what to do about it."""

    line: int
    text: str


class Lines:
    """Where each table and key of a TOML text stands. The tables of a list are counted from 0, over all lists."""

    def __init__(self, text: str) -> None:
        self._at: dict[Path, int] = {}
        here: Path = ()
        listed = 0
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                here = tuple(header[2].split("."))
                if header[1] == "[[":
                    here = (*here, listed)
                    listed += 1
                self._at.setdefault(here, number)
            elif key := _KEY.match(line):
                self._at.setdefault((*here, key[1]), number)

    def of(self, *path: str | int) -> int:
        """The line of `path`, or of the nearest table around it."""
        while path and path not in self._at:
            path = path[:-1]
        return self._at.get(path, 1)


def read_tables(text: str, listed: str) -> tuple[Table, list[FileProblem]]:
    """The file's tables, and the lines that are not TOML. Those are left out, so that the others can be checked; a
    broken header in double brackets is taken for one of the list `listed`.
    """
    lines = text.splitlines()
    problems: list[FileProblem] = []
    while len(problems) < _MOST_BROKEN_LINES:
        try:
            return tomllib.loads("\n".join(lines)), problems
        except tomllib.TOMLDecodeError as error:
            number = _line_of(error, len(lines))
            problems.append(FileProblem(number, f"this line cannot be read: {str(error).partition(' (at')[0]}."))
            lines[number - 1] = f"[[{listed}]]" if "[[" in lines[number - 1] else ""
    return {}, problems


def _line_of(error: tomllib.TOMLDecodeError, last: int) -> int:
    found = re.search(r"at line (\d+)", str(error))
    return min(int(found[1]), last) if found else last


def unknown_keys(table: Table, known: tuple[str, ...], lines: Lines, path: Path) -> Iterator[FileProblem]:
    """The keys of `table` that are not `known`, with the nearest that is."""
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known here are {', '.join(known)}."
            yield FileProblem(lines.of(*path, key), f"{key} is not known{hint}")


def amounts_problems(value: object, lines: Lines, path: Path) -> Iterator[FileProblem]:
    """What is wrong with a table of amounts by currency."""
    if not isinstance(value, dict):
        yield FileProblem(lines.of(*path), f'{path[-1]} is a table by currency, such as {{ EUR = "5.00" }}.')
        return
    for currency, amount in value.items():
        line = lines.of(*path, currency)
        if not _CURRENCY.fullmatch(currency):
            yield FileProblem(line, f"{currency} is no currency code: write three capitals, such as EUR.")
        if exact_amount(amount) is None:
            yield FileProblem(line, f'{amount!r} is no amount: write it in quotes, such as "5.00".')


def exact_amount(value: object) -> Decimal | None:
    """The amount written as text or as a whole number; None where it is neither, or is negative."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
