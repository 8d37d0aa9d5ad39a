"""`python -m adapters.quickbooks.sandbox --port 0 --company empty|believable`: prints its address, and serves."""

import argparse
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.quickbooks.sandbox import SandboxSettings, serve_quickbooks
from adapters.quickbooks.sandbox.empty_company import fill
from adapters.sandbox.books import Books
from adapters.sandbox.faults import read_rules
from adapters.sandbox.large import fill_large

_RATES = {"EUR": Decimal("1.08"), "GBP": Decimal("1.27"), "CAD": Decimal("0.73"), "CHF": Decimal("1.12")}


class RunningClock:
    """Stands where it is set while a company's past is written, then runs with the machine's own clock."""

    def __init__(self) -> None:
        self._stands: datetime | None = None

    def __call__(self) -> datetime:
        """The present instant, aware UTC."""
        return self._stands or datetime.fromtimestamp(time.time(), UTC)

    def set(self, instant: datetime) -> None:
        """Stands still at this instant."""
        self._stands = instant

    def run(self) -> None:
        """Runs from now on."""
        self._stands = None


def _fill(books: Books, clock: RunningClock, asked: argparse.Namespace) -> None:
    today = clock().date()
    if asked.company == "empty":
        fill(books)
    elif asked.size == "large":
        fill_large(books, today=today, seed=asked.seed)
    else:
        from adapters.sandbox.company import believable, first_instant

        clock.set(first_instant(today + timedelta(days=1))())
        believable(books, clock=clock, seed=asked.seed, size=asked.size, today=today)
        clock.run()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m adapters.quickbooks.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--company", choices=["empty", "believable"], default="empty")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", choices=["small", "medium", "large"], default="small")
    parser.add_argument("--faults", type=Path, help="a JSON or TOML file of rules")
    parser.add_argument("--open-door", action="store_true", help="take any bearer token")
    return parser.parse_args()


def main() -> None:
    """Serves a company until Ctrl-C."""
    asked, clock = _asked(), RunningClock()
    rules = read_rules(asked.faults) if asked.faults else []
    with TemporaryDirectory(prefix="quickbooks-sandbox-") as folder:
        path = str(Path(folder, "books.sqlite")) if asked.size == "large" else ":memory:"
        books = Books(now=clock, multicurrency=asked.company == "believable", rates=_RATES, path=path)
        _fill(books, clock, asked)
        settings = SandboxSettings(open_door=asked.open_door)
        with serve_quickbooks(books, port=asked.port, faults=rules, settings=settings) as sandbox:
            sys.stdout.write(f"{sandbox.url}\n")
            sys.stdout.flush()
            with suppress(KeyboardInterrupt):
                sandbox.wait()
        books.close()


if __name__ == "__main__":
    main()
