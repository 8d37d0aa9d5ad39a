"""What a service keeps of a ledger, in the smallest form that follows the port's rules: the contract's other side."""

from collections import Counter
from collections.abc import Callable, Iterable

from adapters.documents import Customer, Document, Problem, Tombstone
from adapters.ledger import Ledger, Page
from adapters.money import Money, sums


class Crash(Exception):
    """The process died here."""


class Replica:
    """Pages applied one by one, each with its cursor; a whole read closes only what the ledger says is gone."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.cursor: str | None = None
        self.customers: dict[str, Customer] = {}
        self.documents: dict[str, Document] = {}
        self.gone: dict[str, Tombstone] = {}
        self.problems: list[Problem] = []
        self.stamps: dict[str, str] = {}
        self.changed: list[str] = []
        self.asked_for: list[str] = []

    def sync(self, *, whole: bool = False, after_page: Callable[[int], None] = lambda _: None) -> list[Page]:
        """Reads to the end, resuming where the last page was applied."""
        pages = []
        for number, page in enumerate(self.ledger.changes(self.cursor, whole=whole), 1):
            self.apply(page)
            self.cursor = page.cursor
            pages.append(page)
            if page.complete:
                self._ask_for_the_unstamped(page)
            after_page(number)
        return pages

    def apply(self, page: Page) -> None:
        """Takes a page in; what is the same version as before is no change."""
        self.customers |= {customer.ref: customer for customer in page.customers}
        for document in page.documents:
            known = self.documents.get(document.ref)
            if known is None or (known.version, known.open) != (document.version, document.open):
                self.changed.append(document.ref)
            self.documents[document.ref] = document
            if page.whole_read:
                self.stamps[document.ref] = page.whole_read
        for tombstone in page.tombstones:
            self.gone[tombstone.ref] = tombstone
            (self.customers if tombstone.is_customer else self.documents).pop(tombstone.ref, None)
        self.problems += page.problems

    def _ask_for_the_unstamped(self, page: Page) -> None:
        missing = [
            ref
            for ref, document in self.documents.items()
            if document.open and document.kind.value in page.scope and self.stamps.get(ref) != page.whole_read
        ]
        self.asked_for += missing
        if missing:
            self.apply(self.ledger.fresh(missing, (), page.cursor))

    @property
    def open(self) -> dict[str, Money]:
        """What is open, by document."""
        return {ref: document.open for ref, document in self.documents.items() if document.open}

    def open_by_customer(self, leave_out: Iterable[str] = ()) -> dict[str, dict[str, Money]]:
        """Open totals as `Totals` has them."""
        left_out = set(leave_out)
        amounts: dict[str, list[Money]] = {}
        for ref, amount in self.open.items():
            if ref not in left_out:
                amounts.setdefault(self.documents[ref].customer, []).append(amount)
        return {customer: sums(each) for customer, each in amounts.items()}

    def changes_told(self) -> Counter[str]:
        """How often each document was told as changed."""
        return Counter(self.changed)
