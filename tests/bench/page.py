"""The table as a page of docs/."""

from collections.abc import Iterable
from itertools import groupby

from tests.bench.figures import Figure
from tests.bench.machine import COMMAND, Run

TABLE = "docs/performance-table.md"
PLOT = "docs/performance.svg"


def page(figures: Iterable[Figure], run: Run) -> str:
    """The page in Markdown."""
    head = (
        "# What was measured\n\n"
        f"Made by `{COMMAND}` on {run.day}, commit {run.commit}, on {run.machine}. Figures of one run; ratios are of\n"
        "things measured in it side by side. What limits each of them is told in [performance.md](performance.md).\n"
    )
    parts = [_section(name, rows) for name, rows in groupby(figures, key=lambda each: each.section)]
    return "\n".join([head, *parts, "![Cost against size](performance.svg)\n"])


def _section(name: str, rows: Iterable[Figure]) -> str:
    lines = [_row(each.what, each.measured, each.target, _MET[each.met]) for each in rows]
    return "\n".join([f"## {name}\n", "| What | Measured | Target | Met |", "|---|---:|---:|---|", *lines, ""])


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_MET = {True: "yes", False: "**no**", None: ""}
