"""The first sync, the second whole read, and a sync in which nothing changed: `python -m tests.bench sync`.

Every client runs in a fresh process against a server in another (sync_server.py), whose pages were rendered
beforehand (sync_books.py says what is in them). `DUECOURSE_BENCH_MILLION=1` adds the books of a million invoices.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, Point
from tests.bench.sync_books import Mix

SECONDS_A_PAGE = 0.8
INVOICES = 100_000
MILLION = 1_000_000
SECTION = "Sync"
MEGABYTE = 1024 * 1024

Cost = dict[str, Any]


@contextmanager
def served(folder: Path, invoices: int, delay: float) -> Iterator[int]:
    """The port of a server of these books."""
    command = [sys.executable, "-m", "tests.bench.sync_server", str(folder), str(invoices), str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.communicate("")


def client(name: str, port: int, invoices: int, folder: Path) -> Cost:
    """What a client's work cost, done in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.sync_clients", name, str(port), str(invoices), str(folder)]
    environment = {**os.environ, "OAUTHLIB_INSECURE_TRANSPORT": "1"}  # the vendor's client, on this machine
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
    told: Cost = json.loads(ran.stdout)
    return told


def costs(books: Path, invoices: int, delay: float, *names: str) -> dict[str, Cost]:
    """What these clients cost one after another, on the same server and in the same folder."""
    fast = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=fast if fast.exists() else None) as scratch,
        served(books, invoices, delay) as port,
    ):
        return {name: client(name, port, invoices, Path(scratch)) for name in names}


def figures() -> list[Figure]:
    """The table of this bench; about two minutes, five more with the million."""
    with tempfile.TemporaryDirectory() as folder:
        books = Path(folder) / "books"
        quick = costs(books, INVOICES, 0, "tuned", "ours", "again", "quiet")
        found = _quick(quick) + _slow(costs(books, INVOICES, SECONDS_A_PAGE, "bare", "ours", "vendor"))
        if os.environ.get("DUECOURSE_BENCH_MILLION"):
            found += _million(costs(Path(folder) / "million", MILLION, 0, "ours"), quick)
    return found


def points() -> list[Point]:
    """The first sync from a server that answers at once, at growing size: client CPU."""
    found = []
    for size in (1_000, 10_000, INVOICES):
        with tempfile.TemporaryDirectory() as folder:
            cost = costs(Path(folder), size, 0, "ours")["ours"]
        found.append(Point(series="first sync, client CPU", size=size, seconds=cost["cpu"]))
    return found


def _quick(cost: dict[str, Cost]) -> list[Figure]:
    ours, tuned, again, quiet = cost["ours"], cost["tuned"], cost["again"], cost["quiet"]
    calls, most = ours["calls"], -(-Mix(INVOICES).rows // 1000) + 10
    each = f"{ours['cpu'] / INVOICES * 1e6:.0f} µs an invoice, {tuned['cpu'] / INVOICES * 1e6:.0f} by hand"
    memory, written = ours["rss"] / MEGABYTE, again["written"]
    return [
        _ratio(f"first sync, server at once: client CPU against a hand-tuned client ({each})", ours, tuned, "cpu", 3),
        Figure(
            section=SECTION,
            what=f"metered calls for a first sync of {Mix(INVOICES).rows:,} rows",
            measured=str(calls),
            target=f"≤ {most}",
            met=calls <= most,
        ),
        Figure(
            section=SECTION,
            what=f"peak memory, first sync of {INVOICES:,} invoices",
            measured=f"{memory:.0f} MB",
            target="≤ 150 MB",
            met=memory <= 150,
        ),
        Figure(
            section=SECTION,
            what=f"rows of the books written by reading them whole twice more ({again['cpu']:.1f} s CPU)",
            measured=str(written),
            target="0",
            met=written == 0,
        ),
        Figure(
            section=SECTION,
            what="metered calls of a sync in which nothing changed",
            measured=str(quiet["calls"]),
            target="1",
            met=quiet["calls"] == 1,
        ),
    ]


def _slow(cost: dict[str, Cost]) -> list[Figure]:
    ours, vendor = cost["ours"], cost["vendor"]
    pages = -(-INVOICES // 1000)
    scaled = vendor["wall"] * pages / vendor["pages"]
    faster = scaled / ours["wall"]
    return [
        _ratio(
            f"first sync, 800 ms a page: {ours['wall']:.1f} s against bare httpx, {cost['bare']['calls']} pages thrown "
            "away",
            ours,
            cost["bare"],
            "wall",
            1.15,
        ),
        Figure(
            section=SECTION,
            what=f"faster than python-quickbooks, {pages} pages of invoices ({scaled:.0f} s, from {vendor['pages']})",
            measured=f"{faster:.1f} x",
            target="≥ 8 x",
            met=faster >= 8,
        ),
    ]


def _million(cost: dict[str, Cost], quick: dict[str, Cost]) -> list[Figure]:
    return [_ratio(f"peak memory at {MILLION:,} against {INVOICES:,}", cost["ours"], quick["ours"], "rss", 1.1)]


def _ratio(what: str, ours: Cost, other: Cost, which: str, most: float) -> Figure:
    ratio = ours[which] / other[which]
    return Figure(section=SECTION, what=what, measured=f"{ratio:.2f} x", target=f"≤ {most} x", met=ratio <= most)
