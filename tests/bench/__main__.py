"""`python -m tests.bench [NAME…] [--write]`: measures, each bench in a process of its own, and shows one table.

--write puts the table and the plot into docs/, which only a run of all benches may do.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.child import Measured, module_of
from tests.bench.figures import Figure, Point
from tests.bench.machine import Run, this_run
from tests.bench.page import PLOT, TABLE, page

BENCHES = ("business-one", "cold", "day", "mail", "s4hana", "sync", "tryton")
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What all benches measured, and which could not."""

    figures: list[Figure]
    points: list[Point]
    failed: list[str]


def measured(name: str) -> Measured | None:
    """What one bench measured; None where it is not there or broke, which is said."""
    if find_spec(module_of(name)) is None:
        sys.stderr.write(f"{name}: there is no such bench\n")
        return None
    sys.stderr.write(f"{name} …\n")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        told = Path(folder, "measured.json")
        command = [sys.executable, "-m", "tests.bench.child", name, str(told)]
        code = subprocess.run(command, cwd=_ROOT, stdout=sys.stderr, check=False).returncode
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        if code:
            return None
        return msgspec.json.decode(told.read_bytes(), type=Measured)


def measure_all(names: Sequence[str]) -> Result:
    """Runs these benches, one after the other."""
    result = Result(figures=[], points=[], failed=[])
    for name in names:
        one = measured(name)
        if one is None:
            result.failed.append(name)
        else:
            result.figures.extend(one.figures)
            result.points.extend(one.points)
    return result


def show(result: Result, run: Run) -> None:
    """The table, on the terminal."""
    table = Table(title=f"{run.commit} · {run.machine}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("", "Measured", "Target", "Met"):
        table.add_column(column, justify="left" if not column else "right")
    section = ""
    for each in result.figures:
        if each.section != section:
            table.add_row(f"[bold]{each.section}[/bold]")
            section = each.section
        table.add_row(f"  {each.what}", each.measured, each.target, {True: "yes", False: "NO", None: ""}[each.met])
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def main() -> int:
    """Measures, shows and, where asked, writes. Returns 1 where a bench could not be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"{', '.join(BENCHES)}; all where none is named")
    parser.add_argument("--write", action="store_true", help="write the table and the plot into docs/")
    asked = parser.parse_args()
    if unknown := sorted({*asked.name} - {*BENCHES}):
        parser.error(f"there is no such bench: {', '.join(unknown)}")
    if asked.write and asked.name:
        parser.error("--write is for a run of all benches")
    result, run = measure_all(asked.name or BENCHES), this_run()
    show(result, run)
    missed = sum(each.met is False for each in result.figures)
    targets = sum(each.met is not None for each in result.figures)
    sys.stdout.write(f"{targets - missed} of {targets} targets met.\n")
    if result.failed:
        sys.stdout.write(f"Could not be measured: {', '.join(result.failed)}.\n")
        return 1
    if asked.write:
        from tests.bench.plot import draw

        (_ROOT / TABLE).write_text(page(result.figures, run), encoding="utf-8")
        draw(result.points, _ROOT / PLOT)
        sys.stdout.write(f"Written: {TABLE}, {PLOT}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
