"""The sandbox: a ledger's own interface, served on this machine over a company's books."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connector.bootstrap.service import NotSetUp
from connector.clock import SystemClock

if TYPE_CHECKING:
    from adapters.sandbox.books import Books
    from adapters.sandbox.company import WorldClock
    from adapters.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxWish:
    """Which company the sandbox is to serve; `port` 0 takes a free one."""

    ledger: str = "quickbooks"  # s4hana, business-one
    port: int = 0
    company: str = "believable"  # or empty
    seed: int = 1
    size: str = "small"  # medium, large
    faults: Path | None = None


@contextmanager
def serve_sandbox(wish: SandboxWish) -> Iterator[str]:
    """A ledger's interface over a company's books while the context lasts; yields its address. Raises `NotSetUp`."""
    from adapters.sandbox.faults import FaultsFileError, read_rules

    try:
        rules = read_rules(wish.faults) if wish.faults else []
    except FaultsFileError as error:
        raise NotSetUp(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="duecourse-") as folder:
        books = _sandbox_books(wish, Path(folder))
        try:
            with _serving(wish.ledger)(books, port=wish.port, faults=rules) as sandbox:
                yield sandbox.url
        finally:
            books.close()


def _serving(ledger: str) -> "Callable[..., AbstractContextManager[Sandbox]]":
    if ledger == "s4hana":
        from adapters.sap.s4hana.sandbox import serve_s4hana

        return serve_s4hana
    if ledger == "business-one":
        from adapters.sap.business_one.sandbox import serve_business_one

        return serve_business_one
    from adapters.quickbooks.sandbox import serve_quickbooks

    return serve_quickbooks


def _sandbox_books(wish: SandboxWish, folder: Path) -> "Books":
    """The wished company's books, up to this morning; from then on their clock is the machine's."""
    from adapters.quickbooks.sandbox.empty_company import fill
    from adapters.sandbox.books import Books
    from adapters.sandbox.company import believable, first_instant
    from adapters.sandbox.large import fill_large
    from adapters.sandbox.office import believable_books, local_day

    now = SystemClock().now
    if wish.company == "empty":
        books = Books(now=now, name="Sandbox Company")
        fill(books)
        return books
    today = local_day(now())
    if wish.size == "large":
        books = believable_books(now, path=str(folder / "books.db"))
        fill_large(books, today=today, seed=wish.seed)
        return books
    past = _PastThenPresent(first_instant(today))
    books = believable_books(past)
    plain = wish.ledger == "business-one"  # it numbers documents itself
    believable(books, clock=past, seed=wish.seed, size=wish.size, today=today, plain_numbers=plain)
    past.go_on(now)
    return books


class _PastThenPresent:
    """A clock that is set through the past while the books are written, and then goes on by itself."""

    def __init__(self, past: "WorldClock") -> None:
        self._now: Callable[[], datetime] = past
        self.set = past.set

    def __call__(self) -> datetime:
        return self._now()

    def go_on(self, now: Callable[[], datetime]) -> None:
        """From here on it tells the present."""
        self._now = now
