"""A day on a book of a million open invoices: what is due is what it costs. Each day in a process of its own."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.day_store import build, make_due
from tests.bench.day_world import INVOICES_EACH
from tests.bench.figures import Figure, Point

SECTION = "A day"
MILLION = 1_000_000
SIZES = (10_000, 100_000, MILLION)
ALWAYS_DUE = 100  # customers, however large the book
_YEAR = 300_000  # reminders said before, for invoices paid since


def figures() -> list[Figure]:
    """The day's targets. CPU time is shown beside the clock's: a busy machine changes only the latter."""
    customers = MILLION // INVOICES_EACH
    with _folder() as folder:
        base = folder / "million.db"
        build(base, MILLION, said_before=_YEAR)
        few = _day(base, "remind", customers // 100)
        none = _day(base, "job", 0)
        everything = _day(base, "remind", customers)
        return [
            _figure(f"1 % of {customers:,} customers due: {few['planned']:,} reminders planned", few, 0.7),
            _figure("nothing due: the whole job", none, 0.1),
            Figure(
                section=SECTION,
                what="nothing due: the query",
                measured=f"{none['query'] * 1000:.1f} ms",
                target="< 5 ms",
                met=none["query"] < 0.005,
            ),
            _figure(f"everything due: {everything['planned']:,} reminders planned", everything, 40),
            Figure(
                section=SECTION,
                what="everything due: peak memory",
                measured=f"{everything['peak_mb']:.0f} MB",
                target="< 250 MB",
                met=everything["peak_mb"] < 250,
            ),
        ]


def points() -> list[Point]:
    """Cost against the size of the book: with nothing, the same hundred customers, one in a hundred, all due."""
    found = []
    with _folder() as folder:
        for size in SIZES:
            base = folder / f"{size}.db"
            build(base, size)
            customers = size // INVOICES_EACH
            for series, what, due in (
                ("nothing due", "job", 0),
                (f"{ALWAYS_DUE} customers due", "remind", ALWAYS_DUE),
                ("1 % due", "remind", customers // 100),
                ("everything due", "remind", customers),
            ):
                found.append(Point(series=series, size=size, seconds=_day(base, what, due)["cpu"]))
            base.unlink()
    return found


def _day(base: Path, what: str, due: int) -> dict[str, Any]:
    """One day on a copy of the store, with so many customers due."""
    path = base.with_name("day.db")
    shutil.copyfile(base, path)
    if due:
        make_due(path, due)
    command = [sys.executable, "-m", "tests.bench.day_run", what, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    for each in path.parent.glob("day.db*"):
        each.unlink()
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _figure(what: str, told: dict[str, Any], most: float) -> Figure:
    return Figure(
        section=SECTION,
        what=what,
        measured=f"{told['wall']:.2f} s ({told['cpu']:.2f} s CPU)",
        target=f"< {most} s",
        met=told["wall"] < most,
    )


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="duecourse-day-") as folder:
        yield Path(folder)
