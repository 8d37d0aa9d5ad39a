"""SAP's ledgers: the first sync from a server that answers at once, its memory, and what a fresh reading asks.

Every client runs in a fresh process against a server in another (sap_server.py), whose pages were rendered beforehand
(sap_mix.py says what is in them). `DUECOURSE_BENCH_MILLION=1` adds the books of a million items.
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

from tests.bench.figures import Figure

ITEMS = int(os.environ.get("DUECOURSE_BENCH_ITEMS", "100000"))
MILLION = 1_000_000
MEGABYTE = 1024 * 1024

Cost = dict[str, Any]


@contextmanager
def _served(ledger: str, folder: Path, items: int) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.sap_server", ledger, str(folder), str(items)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.communicate("")


def costs(ledger: str, items: int, *names: str) -> dict[str, Cost]:
    """What these clients cost one after another, on the same server and in the same folder."""
    fast = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory() as books,
        tempfile.TemporaryDirectory(dir=fast if fast.exists() else None) as scratch,
        _served(ledger, Path(books), items) as port,
    ):
        return {name: _client(name, ledger, port, items, scratch) for name in names}


def _client(name: str, ledger: str, port: int, items: int, folder: str) -> Cost:
    command = [sys.executable, "-m", "tests.bench.sap_clients", name, ledger, str(port), str(items), folder]
    told: Cost = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    sys.stderr.write(f"  {ledger} {name} {items:,}: {told}\n")
    return told


def figures_of(ledger: str, section: str) -> list[Figure]:
    """The table of one ledger; a minute, and five more with the million."""
    cost = costs(ledger, ITEMS, "ours", "bare", "tuned", "fresh")
    found = [*_first(section, cost["ours"], cost["bare"], cost["tuned"]), *_fresh(section, cost["fresh"])]
    if os.environ.get("DUECOURSE_BENCH_MILLION"):
        memory = costs(ledger, MILLION, "ours")["ours"]["rss"]
        what = f"peak memory, first sync of {MILLION:,} items"
        size = memory / MEGABYTE
        found.append(_figure(section, what, f"{size:.0f} MB", "≤ 150 MB", met=size <= 150))
        ratio = memory / cost["ours"]["rss"]
        what = f"peak memory at {MILLION:,} against {ITEMS:,}"
        found.append(_figure(section, what, f"{ratio:.2f} x", "≤ 1.1 x", met=ratio <= 1.1))
    return found


def _first(section: str, ours: Cost, bare: Cost, tuned: Cost) -> list[Figure]:
    ratio, memory = ours["cpu"] / bare["cpu"], ours["rss"] / MEGABYTE
    each = f"{ours['cpu'] / ITEMS * 1e6:.0f} µs an item, {bare['cpu'] / ITEMS * 1e6:.0f} bare"
    what = f"first sync, server at once: client CPU against bare httpx, {ours['calls']} answers thrown away ({each})"
    return [
        _figure(section, what, f"{ratio:.2f} x", "≤ 3.5 x", met=ratio <= 3.5),
        _figure(section, "the same on the clock, the server's own time in both", _ratio(ours, bare, "wall")),
        _figure(section, "a hand-tuned client that keeps the items alone, against bare httpx", _ratio(tuned, bare)),
        _figure(section, "ours against that hand-tuned client", _ratio(ours, tuned)),
        _figure(
            section,
            f"peak memory, first sync of {ITEMS:,} items",
            f"{memory:.0f} MB",
            "≤ 150 MB",
            met=memory <= 150,
        ),
    ]


def _ratio(one: Cost, other: Cost, which: str = "cpu") -> str:
    return f"{one[which] / other[which]:.2f} x"


def _fresh(section: str, cost: Cost) -> list[Figure]:
    return [
        _figure(
            section,
            f"round trips of a fresh reading: 1,000 invoices of {int(customers):,} customers",
            str(calls),
            "≤ 10",
            met=calls <= 10,
        )
        for customers, calls in cost.items()
    ]


def _figure(section: str, what: str, measured: str, target: str = "", *, met: bool | None = None) -> Figure:
    return Figure(section=section, what=what, measured=measured, target=target, met=met)
