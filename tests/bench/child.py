"""One bench in a process of its own: python -m tests.bench.child NAME FILE writes what it measured into FILE, as JSON.

What a bench prints meanwhile goes to its standard output and is nobody's result.
"""

import sys
from importlib import import_module
from pathlib import Path

import msgspec

from tests.bench.figures import Figure, Point


class Measured(msgspec.Struct, frozen=True):
    """What a bench measured: lines of the table, and points of the plot where it has a curve."""

    figures: list[Figure]
    points: list[Point]


def module_of(name: str) -> str:
    """Where the bench of this name is."""
    return f"tests.bench.{name.replace('-', '_')}"


def measure(name: str) -> Measured:
    """Runs the bench."""
    bench = import_module(module_of(name))
    figures = bench.figures()
    return Measured(figures=figures, points=bench.points() if hasattr(bench, "points") else [])


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(measure(sys.argv[1])))
