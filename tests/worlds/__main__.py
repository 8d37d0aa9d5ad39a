"""`python -m tests.worlds --seed 7` plays a random year and judges it day by day; `--years 20` plays the next ones too.

Exits with 1 if a promise was broken. What a year leaves lies in its folder under `--out`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from connector.clock import SystemClock
from connector.logs import configure_logs
from tests.contract.databases import postgres_databases
from tests.worlds.played import Played
from tests.worlds.size import Size
from tests.worlds.table import line, totals_table
from tests.worlds.year import play

_SHOWN = 20
_USUAL = Size()


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first world")
    parser.add_argument("--years", type=int, default=1, help="how many worlds")
    parser.add_argument("--days", type=int, default=_USUAL.days)
    parser.add_argument("--customers", type=int, default=_USUAL.customers)
    parser.add_argument("--invoices", type=int, default=_USUAL.invoices, help="in a year")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--processes", type=int, default=1, help="how many worlds are played side by side")
    parser.add_argument("--out", type=Path, help="where the evidence is kept (else it is thrown away)")
    return parser.parse_args(given)


def _one(seed: int, *, out: Path, size: Size, database: str) -> Played:
    """Plays one world in a database of its own."""
    configure_logs("ERROR", SystemClock())
    folder = out / str(seed)
    if database == "sqlite":
        return play(seed, folder, size=size)
    with postgres_databases() as databases:
        return play(seed, folder, size=size, database_url=databases.new_url())


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
        yield Path(folder)


def _played(arguments: argparse.Namespace, out: Path) -> Iterator[Played]:
    size = Size(days=arguments.days, customers=arguments.customers, invoices=arguments.invoices)
    one = partial(_one, out=out, size=size, database=arguments.database)
    seeds = range(arguments.seed, arguments.seed + arguments.years)
    if arguments.processes == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(arguments.processes) as pool:
        yield from pool.map(one, seeds)


def main(given: list[str]) -> int:
    """Plays the worlds asked for and tells what came of them."""
    arguments, years = _arguments(given), []
    with _folder(arguments.out) as out:
        for year in _played(arguments, out):
            years.append(year)
            sys.stdout.write(f"{line(year)}\n")
            sys.stdout.writelines(f"  - {sentence}\n" for sentence in year.broken[:_SHOWN])
            if year.broken:
                sys.stdout.write(f"  again: {year.command}\n")
            sys.stdout.flush()
    sys.stdout.write(f"\n{totals_table(years)}")
    return 1 if any(year.broken for year in years) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
