"""A ledger that tells its books page by page, as a real one does: what changed, whole reads, and what is gone."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise

from adapters.documents import Allocation, Document, DocumentKind, DocumentRef, Gone, Item, Problem, Tombstone
from adapters.errors import LedgerUnavailable
from adapters.ledger import Page
from adapters.money import Money
from tests.fakes import FakeLedger

EVERY_KIND = frozenset(kind.value for kind in DocumentKind)


@dataclass
class PagedLedger(FakeLedger):
    """Each change has a number, which is the row's version; a cursor is the number of the last change told.

    A whole read's cursor is `whole:id:last ref listed:number when it began`.
    """

    page_size: int = 100
    breaks_after: int | None = None  # so many pages, and the connection is lost, once
    forbidden: set[str] = field(default_factory=set)  # what this user may not list
    unreadable: list[Problem] = field(default_factory=list)  # told with every page
    asked: list[DocumentRef] = field(default_factory=list)  # keys asked for
    gone: dict[str, tuple[int, Tombstone]] = field(default_factory=dict)
    _reads: int = 0

    # -- what the company does

    def receive(
        self,
        ident: str,
        customer: str,
        amount: str,
        applied: dict[DocumentRef, str] | None = None,
        *,
        on: date | None = None,
        currency: str = "USD",
        memo: str = "",
        at: datetime | None = None,
    ) -> DocumentRef:
        """A payment comes, and is set against invoices; what is left of it stays unapplied."""
        total = Money.of(amount, currency)
        given = {ref: Money.of(part, currency) for ref, part in (applied or {}).items()}
        rest = Money(total.minor - sum(part.minor for part in given.values()), currency)
        for ref, part in given.items():
            self._take(ref, part)
        made = Document(
            kind=DocumentKind.PAYMENT,
            id=ident,
            customer=customer,
            number=ident,
            issue_date=on or self.now().date(),
            total=-total,
            open=-rest,
            allocations=tuple(Allocation(target=ref, amount=part) for ref, part in given.items()),
            memo=memo,
            version=self._next(),
            created_at=at or self.now(),
        )
        self.documents[made.ref] = made
        return made.ref

    def apply_credit(self, ident: str, memo: DocumentRef, invoice: DocumentRef, amount: str) -> DocumentRef:
        """A payment of zero joins a credit memo to an invoice."""
        part = Money.of(amount, self.documents[invoice].open.currency)
        self._take(invoice, part)
        self.change(memo, open=self.documents[memo].open + part)
        made = Document(
            kind=DocumentKind.PAYMENT,
            id=ident,
            customer=self.documents[invoice].customer,
            number=ident,
            issue_date=self.now().date(),
            total=Money.zero(part.currency),
            open=Money.zero(part.currency),
            allocations=(Allocation(target=invoice, amount=part), Allocation(target=memo, amount=-part)),
            version=self._next(),
            created_at=self.now(),
        )
        self.documents[made.ref] = made
        return made.ref

    def undo(self, payment: DocumentRef) -> None:
        """A payment is deleted: what it had paid is open again."""
        for each in self.documents[payment].allocations:
            self._take(each.target, -each.amount)
        self.delete(payment)

    def void_payment(self, payment: DocumentRef) -> None:
        """A payment is voided: it stays, with nothing in it."""
        before = self.documents[payment]
        for each in before.allocations:
            self._take(each.target, -each.amount)
        nothing = Money.zero(before.total.currency)
        self.change(payment, total=nothing, open=nothing, allocations=(), voided=True)

    def change(self, ref: DocumentRef, **fields: object) -> None:
        """A document is edited."""
        self.documents[ref] = replace(self.documents[ref], version=self._next(), **fields)  # type: ignore[arg-type]  # its fields

    def touch(self, ref: DocumentRef) -> None:
        """Only the version moves, as when a note is attached."""
        self.change(ref)

    def move_due(self, ref: DocumentRef, due: date) -> None:
        """The due date is changed."""
        self.change(ref, items=tuple(replace(each, due_date=due) for each in self.documents[ref].items))

    def bill_in_parts(self, ident: str, customer: str, parts: Sequence[tuple[str, date]]) -> DocumentRef:
        """An invoice in instalments."""
        ref = self.bill(ident, customer, "1.00", parts[0][1])
        items = tuple(
            Item(part=number, due_date=due, total=Money.of(amount, "USD"), open=Money.of(amount, "USD"))
            for number, (amount, due) in enumerate(parts, start=1)
        )
        total = Money(sum(each.total.minor for each in items), "USD")
        self.change(ref, items=items, total=total, open=total)
        return ref

    def change_customer(self, ref: str, **fields: object) -> None:
        """A customer is edited."""
        self.customers[ref] = replace(self.customers[ref], version=self._next(), **fields)  # type: ignore[arg-type]  # its fields

    def delete(self, ref: DocumentRef) -> None:
        """A document is deleted: from now on the ledger only says that it is gone."""
        del self.documents[ref]
        self.gone[ref] = (int(self._next()), Tombstone(ref=ref, how=Gone.DELETED))

    def merge(self, away: str, into: str) -> None:
        """A customer is merged into another, which takes its documents over."""
        del self.customers[away]
        for ref, each in list(self.documents.items()):
            if each.customer == away:
                self.change(ref, customer=into)
        self.gone[away] = (int(self._next()), Tombstone(ref=away, how=Gone.MERGED, is_customer=True, into=into))

    def _take(self, ref: DocumentRef, part: Money) -> None:
        before = self.documents[ref]
        items, left = [], part
        for each in before.items:
            here = Money(min(left.minor, each.open.minor) if left.minor > 0 else left.minor, left.currency)
            items.append(replace(each, open=each.open - here))
            left = left - here
        self.change(ref, open=before.open - part, items=tuple(items))

    # -- the port

    def changes(self, since: str | None, *, whole: bool = False) -> Iterator[Page]:
        self._read()
        for told, page in enumerate(self._pages(since, whole=whole)):
            if self.breaks_after is not None and told >= self.breaks_after:
                self.breaks_after = None
                raise LedgerUnavailable("The connection was lost.")
            yield page

    def _pages(self, since: str | None, *, whole: bool) -> Iterator[Page]:
        read, seen, number = "", "", 0
        if since and since.startswith("whole:"):
            read, seen, number = _parts_of(since)
        elif since is None or whole:
            self._reads += 1
            read, number = f"read-{self._reads}", int(since) if since else self._version
        else:
            number = int(since)
        if read:
            yield from self._listed(read, seen, number, everything=not since or since.startswith("whole:"))
        yield from self._changed(read, number)

    def _listed(self, read: str, seen: str, began: int, *, everything: bool) -> Iterator[Page]:
        refs = sorted(
            ref
            for ref, each in self.documents.items()
            if ref > seen and ref not in self.forbidden and (everything or each.open)
        )
        for start in range(0, max(len(refs), 1), self.page_size):
            some = refs[start : start + self.page_size]
            yield self._page(
                [self.documents[ref] for ref in some if ref in self.documents],
                cursor=f"whole:{read}:{some[-1] if some else '~'}:{began}",
                read=read,
                customers=everything and not start,
            )

    def _changed(self, read: str, since: int) -> Iterator[Page]:
        now = self._version
        newer = sorted(
            (each for each in self.documents.values() if int(each.version) > since and each.ref not in self.forbidden),
            key=lambda each: int(each.version),
        )
        stops = [*range(0, len(newer), self.page_size), len(newer)] if newer else [0, 0]
        for start, stop in pairwise(stops):
            last = stop == len(newer)
            cursor = str(now) if last else f"{newer[stop - 1].version}"
            yield self._page(
                newer[start:stop],
                cursor=cursor if last or not read else f"whole:{read}:~:{newer[stop - 1].version}",
                read=read,
                since=since,
                last=last,
            )

    def _page(
        self,
        documents: list[Document],
        *,
        cursor: str,
        read: str,
        since: int | None = None,
        customers: bool = False,
        last: bool = False,
    ) -> Page:
        changed = since is not None
        told = [c for c in self.customers.values() if customers or (since is not None and int(c.version) > since)]
        whole = bool(read) and last and not self.forbidden and not self.unreadable
        return Page(
            customers=tuple(told),
            documents=tuple(documents),
            tombstones=tuple(stone for number, stone in self.gone.values() if since is not None and number > since),
            problems=tuple(self.unreadable) if changed or read else (),
            cursor=cursor,
            read_at=self.now(),
            scope=EVERY_KIND if read else frozenset(),
            whole_read=read or None,
            complete=whole,
            last=last,
        )

    def fresh(self, documents: Collection[str], customers: Collection[str], since: str) -> Page:
        self.asked += sorted(documents)
        page = super().fresh([ref for ref in documents if ref in self.documents], customers, since)
        gone = [
            self.gone.get(ref, (0, Tombstone(ref=ref, how=Gone.DELETED)))[1]
            for ref in documents
            if ref not in self.documents
        ]
        return replace(page, tombstones=tuple(gone))


def _parts_of(cursor: str) -> tuple[str, str, int]:
    """`whole:read-1:invoice:5:12` as read, last ref and number."""
    _, read, rest = cursor.split(":", 2)
    seen, _, number = rest.rpartition(":")
    return read, seen, int(number)
