"""A ledger that lets the world act at the worst moment: just before figures are read again."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date

from adapters.documents import CustomerRef, DocumentRef
from adapters.ledger import (
    Batch,
    BlockChange,
    Capabilities,
    Company,
    Cursor,
    Entry,
    Ledger,
    Page,
    Receipt,
    Totals,
)


class WatchedLedger:
    """`ledger`, with `before_fresh` told which documents of whom are about to be read again."""

    def __init__(
        self, ledger: Ledger, before_fresh: Callable[[Collection[DocumentRef], Collection[CustomerRef]], object]
    ) -> None:
        self._ledger = ledger
        self._before_fresh = before_fresh

    @property
    def capabilities(self) -> Capabilities:
        """As the ledger's own."""
        return self._ledger.capabilities

    def company(self) -> Company:
        """As the ledger's own."""
        return self._ledger.company()

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        """As the ledger's own."""
        return self._ledger.changes(since, whole=whole)

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[CustomerRef], since: Cursor) -> Page:
        """As the ledger's own, after the world had its moment."""
        if customers:
            self._before_fresh(documents, customers)
        return self._ledger.fresh(documents, customers, since)

    def totals(self, on: date) -> Totals:
        """As the ledger's own."""
        return self._ledger.totals(on)

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """As the ledger's own."""
        return self._ledger.compose(entries)

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """As the ledger's own."""
        return self._ledger.post(batch)

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """As the ledger's own."""
        return self._ledger.posted(customers, since)

    def pay_link(self, document: DocumentRef) -> str:
        """As the ledger's own."""
        return self._ledger.pay_link(document)

    def block(self, change: BlockChange) -> Receipt:
        """As the ledger's own."""
        return self._ledger.block(change)
