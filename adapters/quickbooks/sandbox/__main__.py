"""`python -m adapters.quickbooks.sandbox --port 0 --company empty`: prints its address, and serves."""

import argparse
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from adapters.quickbooks.sandbox import serve_quickbooks
from adapters.quickbooks.sandbox.empty_company import fill
from adapters.sandbox.books import Books
from adapters.sandbox.faults import read_rules


def _clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def main() -> None:
    """Serves a company until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m adapters.quickbooks.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--company", choices=["empty"], default="empty")
    parser.add_argument("--faults", type=Path)
    asked = parser.parse_args()
    books = Books(now=_clock, name="Sandbox Company")
    fill(books)
    rules = read_rules(asked.faults) if asked.faults else []
    with serve_quickbooks(books, port=asked.port, faults=rules) as sandbox, suppress(KeyboardInterrupt):
        sys.stdout.write(f"{sandbox.url}\n")
        sys.stdout.flush()
        sandbox.wait()


if __name__ == "__main__":
    main()
