"""The tables of s4hana/data/EXPECTED.md: what a right client finds in the seed."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from adapters.money import Money

_TEXT = (Path(__file__).parent / "s4hana" / "data" / "EXPECTED.md").read_text(encoding="utf-8")


def _table(head: str) -> list[list[str]]:
    """The rows of the table below this heading."""
    section = _TEXT.partition(f"## {head}")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in section.splitlines() if line[:1] == "|"]
    block = [row for row in rows if not set(row[0]) <= {"-", ":"}]
    return block[1:]


def open_balances() -> dict[str, dict[str, Money]]:
    """What each customer owes, by currency."""
    found: dict[str, dict[str, Money]] = defaultdict(dict)
    for row in _table("Open balance per customer"):
        if len(row) == 4 and row[1].isupper():
            found[row[0]][row[1]] = Money.of(Decimal(row[3]), row[1])
    return dict(found)


def to_dun() -> dict[str, tuple[str, date, Decimal]]:
    """By item: its customer, its day, and what is left of it."""
    return {
        row[0]: (row[1], date.fromisoformat(row[2]), Decimal(row[3])) for row in _table("Items to dun on the key date")
    }


def asked_after_credit() -> dict[str, list[tuple[str, str]]]:
    """By customer of whom something is asked: currency and amount."""
    rows = _table("What is asked per customer, after free credit")
    return {row[0]: [(row[1], row[4])] for row in rows if row[4] != "nothing"}
