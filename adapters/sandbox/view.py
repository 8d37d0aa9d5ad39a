"""What can be read off a company's books; `adapters.sandbox.books` adds the bookings."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import RLock

from adapters.documents import DocumentKind
from adapters.sandbox.customers import CustomerBook
from adapters.sandbox.history import History
from adapters.sandbox.posting import Posting
from adapters.sandbox.records import Customer, Document, JournalEntry, Note
from adapters.sandbox.shelf import CUSTOMER, ENTRY, NOTE, Shelf
from adapters.sandbox.store import RowStore, unscaled

_PAGE = 2000


class BooksView:
    """A company and its accounts receivable, read-only. `path` is a file for books too large for memory."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        name: str = "Sandbox Company",
        home_currency: str = "USD",
        country: str = "US",
        zone: str = "America/Los_Angeles",
        multicurrency: bool = False,
        rates: Mapping[str, Decimal] | None = None,
        path: str = ":memory:",
    ) -> None:
        self.now = now
        self.name = name
        self.home_currency = home_currency
        self.country = country
        self.zone = zone
        self.multicurrency = multicurrency
        self.rates = dict(rates or {})  # home units for one foreign unit
        self.lock = RLock()
        self.rows = RowStore(path)
        self.shelf = Shelf(self.rows, now)
        self.history = History(self.rows, self.lock, now)
        self.customer_book = CustomerBook(self.shelf, self.history, now)
        self.posting = Posting(self.shelf, self.customer_book, self.history)

    def close(self) -> None:
        """Gives the rows' memory or file back."""
        with self.lock:
            self.rows.close()

    def export_history(self, path: Path) -> int:
        """Writes every change as JSON lines (`adapters.sandbox.history`); returns how many."""
        return self.history.export(path)

    def rate(self, currency: str) -> Decimal:
        """Home units for one unit of `currency`."""
        return self.rates.get(currency, Decimal(1))

    def customer(self, ident: str) -> Customer:
        """One customer. Raises `BooksError` where it is unknown, deleted or merged away."""
        with self.lock:
            return self.customer_book.get(ident)

    def customers(self) -> list[Customer]:
        """All customers, active or not, in the order of their ids."""
        with self.lock:
            return list(self.customer_book.each())

    def document(self, ident: str) -> Document:
        """One document, by `130` or `invoice:130`. Raises `BooksError` where it is unknown or deleted."""
        with self.lock:
            return self.posting.document(ident)

    def documents(self, customer: str | None = None, kind: DocumentKind | None = None) -> Iterator[Document]:
        """Documents in the order of their kinds and ids, voided ones included, deleted ones not."""
        for each in [kind] if kind else list(DocumentKind):
            last: tuple[int, str] = (-1, "")
            while page := self._page(each, customer, last):
                yield from page
                last = (int(page[-1].id.partition(".")[0]), page[-1].id)

    def _page(self, kind: DocumentKind, customer: str | None, after: tuple[int, str]) -> list[Document]:
        where = "kind = ? AND deleted = 0 AND (n, id) > (?, ?)"
        values: tuple[object, ...] = (kind.value, *after)
        if customer is not None:
            where, values = f"{where} AND customer = ?", (*values, customer)
        with self.lock:
            rows = self.rows.select(where, values, order="n, id", limit=_PAGE)
            return [self.shelf.decode(Document, row) for row in rows]

    def open_balance(self, document: str) -> Decimal:
        """What is open of a document now, signed."""
        return self.document(document).open

    def balance(self, customer: str, currency: str) -> Decimal:
        """What a customer owes in a currency, less its credits; without its sub-customers."""
        where = "customer = ? AND deleted = 0 AND open <> 0 AND json_extract(body, '$.currency') = ?"
        with self.lock:
            return unscaled(self.rows.total("open", where, (customer, currency)))

    def entry(self, ident: str) -> JournalEntry | None:
        """A journal entry, or None where there is none (any more)."""
        with self.lock:
            found = self.shelf.find(JournalEntry, ENTRY, ident)
            return None if found is None or found.deleted else found

    def notes(self) -> list[Note]:
        """All notes, the oldest first."""
        with self.lock:
            return list(self.shelf.each(Note, NOTE))

    def notes_on(self, kind: str, ident: str) -> list[Note]:
        """The notes that are linked to a customer or a document: `notes_on("invoice", "130")`."""
        return [note for note in self.notes() if (kind, ident) in note.links]

    def names(self) -> dict[str, str]:
        """Customer ids and names."""
        with self.lock:
            return {each.id: each.name for each in self.shelf.each(Customer, CUSTOMER)}
