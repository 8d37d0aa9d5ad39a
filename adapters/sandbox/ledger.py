"""The sandbox's books as a ledger, without any dialect between: the plainest thing that keeps the port's promises.

A cursor is a place in the books' history, and, while a whole read is under way, a place in the list of documents.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import msgspec

from adapters.documents import (
    Allocation,
    Customer,
    CustomerRef,
    Delivery,
    Document,
    DocumentKind,
    DocumentRef,
    Gone,
    Item,
    Problem,
    Tombstone,
    document_ref,
)
from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.ledger import (
    Batch,
    BlockChange,
    Capabilities,
    Company,
    Cursor,
    Entry,
    Outcome,
    Page,
    Receipt,
    Totals,
)
from adapters.marker import find_marker, mark
from adapters.money import Money, sums
from adapters.sandbox import records
from adapters.sandbox.books import Books
from adapters.sandbox.shelf import CUSTOMER, NOTE, order_of

NOTE_LENGTH, PER_BATCH = 2000, 30
_KINDS = tuple(DocumentKind)
_DELIVERY = {"sent": Delivery.SENT, "waiting": Delivery.WAITING}


class _State(msgspec.Struct, kw_only=True, omit_defaults=True):
    seq: int  # everything in the history up to here has been told
    whole: str = ""
    kind: int = 0  # the kind of documents being listed, as a place among all kinds; past the last: all are listed
    after: str = ""  # the last document listed
    unreadable: list[str] = []

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()


class _Note(msgspec.Struct, kw_only=True):
    part: str
    key: str
    text: str
    links: list[tuple[str, str]]


@dataclass(slots=True, kw_only=True)
class Disturbance:
    """What goes wrong with the books' ledger, for tests: set a field, and it does."""

    before_call: Callable[[str], None] = lambda _: None
    after_call: Callable[[str], None] = lambda _: None
    unreadable: frozenset[DocumentRef] = frozenset()


class BooksLedger:
    """A company's books, told through the port (adapters.ledger.Ledger)."""

    def __init__(self, books: Books, *, page_size: int = 500, disturbance: Disturbance | None = None) -> None:
        self._books = books
        self._page_size = page_size
        self._disturbance = disturbance or Disturbance()

    @property
    def capabilities(self) -> Capabilities:
        """As much as QuickBooks holds."""
        return Capabilities(note_length=NOTE_LENGTH, links_per_note=100, posts_per_batch=PER_BATCH)

    def company(self) -> Company:
        """The company whose books these are."""
        books = self._books
        return Company(
            ref="books",
            name=books.name,
            home_currency=books.home_currency,
            country=books.country,
            zone=books.zone,
            multicurrency=books.multicurrency,
        )

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        """See `Ledger.changes`."""
        now = self._books.now()
        state = msgspec.json.decode(since, type=_State) if since else _State(seq=self._seq(), whole="first")
        if whole and not state.whole:
            state.whole, state.kind, state.after = f"{now:%Y%m%dT%H%M%S}-{state.seq}", 0, ""
        if since is None:
            customers = tuple(_customer(each, self._books) for each in self._books.customers())
            yield Page(customers=customers, cursor=state.encode(), read_at=now, whole_read=state.whole)
        while state.whole and state.kind < len(_KINDS):
            yield self._called("changes", lambda: self._listed(state))
        yield self._called("changes", lambda: self._caught_up(state))

    def _called(self, name: str, call: Callable[[], Page]) -> Page:
        self._disturbance.before_call(name)
        page = call()
        self._disturbance.after_call(name)
        return page

    def _seq(self) -> int:
        last = 0
        for change in self._books.history:
            last = change.seq
        return last

    def _listed(self, state: _State) -> Page:
        kind = _KINDS[state.kind]
        after = (order_of(state.after), state.after) if state.after else (-1, "")
        rest = [each for each in self._books.documents(kind=kind) if (order_of(each.id), each.id) > after]
        page = rest[: self._page_size]
        state.after = page[-1].id if page else ""
        if len(rest) <= self._page_size:
            state.kind, state.after = state.kind + 1, ""
        return self._page(state, page)

    def _caught_up(self, state: _State) -> Page:
        changed: dict[tuple[str, str], None] = {}
        with self._books.lock:
            for change in self._books.history:
                if change.seq > state.seq and change.entity != NOTE:
                    changed[change.entity, change.id] = None
                    state.seq = change.seq
            found = self._now_of(list(changed))
        told = self._page(state, found.documents)
        scope = frozenset(kind.value for kind in _KINDS) - frozenset(state.unreadable)
        whole = state.whole
        state.whole, state.unreadable = "", []
        return replace(
            told,
            customers=found.customers,
            tombstones=found.tombstones,
            cursor=state.encode(),
            scope=scope if whole else frozenset(),
            complete=bool(whole),
            last=True,
        )

    def _now_of(self, keys: Sequence[tuple[str, str]]) -> "_Found":
        customers, documents, tombstones = [], [], []
        for entity, ident in keys:
            if entity == CUSTOMER:
                customer = self._books.shelf.find(records.Customer, CUSTOMER, ident)
                if customer is not None and customer.deleted:
                    into = customer.merged_into
                    tombstones.append(Tombstone(ref=ident, how=Gone.MERGED, is_customer=True, into=into))
                elif customer is not None:
                    customers.append(_customer(customer, self._books))
                continue
            document = self._books.shelf.find(records.Document, entity, ident)
            if document is None or document.deleted:
                tombstones.append(Tombstone(ref=document_ref(DocumentKind(entity), ident), how=Gone.DELETED))
            else:
                documents.append(document)
        return _Found(tuple(customers), tuple(documents), tuple(tombstones))

    def _page(self, state: _State, documents: Sequence[records.Document]) -> Page:
        bad = [each for each in documents if each.ref in self._disturbance.unreadable]
        state.unreadable = sorted({*state.unreadable, *(each.kind.value for each in bad)})
        return Page(
            documents=tuple(_document(each) for each in documents if each.ref not in self._disturbance.unreadable),
            problems=tuple(Problem(ref=each.ref, kind=each.kind.value, text=f"{each.ref} broke.") for each in bad),
            cursor=state.encode(),
            read_at=self._books.now(),
            whole_read=state.whole or None,
        )

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[CustomerRef], since: Cursor) -> Page:
        """See `Ledger.fresh`."""
        state = msgspec.json.decode(since, type=_State)

        def read() -> Page:
            asked = [(kind, ident) for kind, _, ident in (ref.partition(":") for ref in documents)]
            news = self._caught_up(state)
            found = self._now_of([*asked, *((CUSTOMER, each) for each in customers)])
            told = self._page(state, found.documents)
            newer = {each.ref for each in told.documents}
            return replace(
                news,
                customers=(*news.customers, *found.customers),
                documents=(*(each for each in news.documents if each.ref not in newer), *told.documents),
                tombstones=tuple(dict.fromkeys((*news.tombstones, *found.tombstones))),
                problems=tuple(dict.fromkeys((*news.problems, *told.problems))),
                scope=frozenset(),
                whole_read=None,
                complete=False,
            )

        return self._called("fresh", read)

    def totals(self, on: date) -> Totals:
        """What is open of documents dated up to `on`."""
        amounts: dict[CustomerRef, list[Money]] = {}
        for document in self._books.documents():
            if document.issue_date <= on and document.open:
                amounts.setdefault(document.customer, []).append(Money.of(document.open, document.currency))
        by_customer = {customer: sums(each) for customer, each in amounts.items()}
        return Totals(on=on, read_at=self._books.now(), by_customer=by_customer)

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """Batches of thirty notes."""
        return [_batch(entries[at : at + PER_BATCH]) for at in range(0, len(entries), PER_BATCH)]

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Writes the notes that are not there yet."""
        receipts = []
        self._disturbance.before_call("post")
        with self._books.lock:
            there = {find_marker(note.text): note.id for note in self._books.notes()}
            for note in msgspec.json.decode(batch.body, type=list[_Note]):
                if note.key in there:
                    outcome, ident = Outcome.ALREADY_THERE, there[note.key]
                else:
                    outcome, ident = Outcome.WRITTEN, self._books.write_note(note.text, self._alive(note.links))
                receipts.append(Receipt(key=note.key, outcome=outcome, ledger_id=ident))
        try:
            self._disturbance.after_call("post")
        except LedgerUnavailable as error:
            return [Receipt(key=key, outcome=Outcome.UNKNOWN, reason=str(error)) for _, key in batch.members]
        return receipts

    def _alive(self, links: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        documents = [link for link in links if link[0] != CUSTOMER]
        found = [self._books.shelf.find(records.Document, kind, ident) for kind, ident in documents]
        return (
            [link for link in links if link[0] == CUSTOMER] if any(d is None or d.deleted for d in found) else [*links]
        )

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our notes on these customers."""
        for customer in customers:
            for note in self._books.notes_on(CUSTOMER, customer):
                key = find_marker(note.text)
                if key is not None and note.created_at.astimezone(UTC).date() >= since:
                    yield Receipt(key=key, outcome=Outcome.ALREADY_THERE, ledger_id=note.id)

    def pay_link(self, document: DocumentRef) -> str:  # noqa: ARG002  the port's name
        """These books have none."""
        return ""

    def block(self, change: BlockChange) -> Receipt:
        """These books have none: raises `LedgerRejected`."""
        raise LedgerRejected(f"These books have no block to change on customer {change.customer}.", code="block")


@dataclass(frozen=True, slots=True)
class _Found:
    customers: tuple[Customer, ...]
    documents: tuple[records.Document, ...]
    tombstones: tuple[Tombstone, ...]


def _batch(entries: Sequence[Entry]) -> Batch:
    notes = [
        _Note(
            part=str(at),
            key=entry.key,
            text=mark(entry.text, entry.key, NOTE_LENGTH),
            links=[(CUSTOMER, entry.customer), *(_link(document) for document in entry.documents)],
        )
        for at, entry in enumerate(entries, 1)
    ]
    body = msgspec.json.encode(notes)
    members = tuple((note.part, note.key) for note in notes)
    return Batch(request_id=hashlib.sha256(body).hexdigest()[:32], body=body, members=members)


def _link(document: DocumentRef) -> tuple[str, str]:
    kind, _, ident = document.partition(":")
    return kind, ident


def _customer(customer: records.Customer, books: Books) -> Customer:
    own = books.balance(customer.id, customer.currency)
    return Customer(
        ref=customer.id,
        name=customer.name,
        parent=customer.parent,
        bill_with_parent=customer.bill_with_parent,
        active=customer.active,
        emails=tuple(part.strip() for part in customer.emails.replace(";", ",").split(",") if "@" in part),
        phone=customer.phone,
        language=customer.language,
        country=customer.country,
        region=customer.region,
        currency=customer.currency,
        customer_type=customer.customer_type,
        delivery_method=customer.delivery_method,
        note=customer.note,
        balance=Money.of(own, customer.currency),
        version=str(customer.version),
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )


def _document(document: records.Document) -> Document:
    total, rest = Money.of(document.total, document.currency), Money.of(document.open, document.currency)
    asked = document.kind is DocumentKind.INVOICE or (document.kind is DocumentKind.JOURNAL and total.minor > 0)
    return Document(
        kind=document.kind,
        id=document.id,
        customer=document.customer,
        number=document.number or document.reference,
        issue_date=document.issue_date,
        total=total,
        open=rest,
        items=(Item(due_date=document.due_date, total=total, open=rest),) if asked else (),
        allocations=tuple(
            Allocation(target=each.target, amount=Money.of(each.amount, document.currency))
            for each in document.allocations
        ),
        voided=document.voided,
        bill_emails=tuple(part.strip() for part in document.bill_email.replace(";", ",").split(",") if "@" in part),
        delivery=_DELIVERY.get(document.delivery, Delivery.UNKNOWN),
        sent_at=document.sent_at,
        memo=document.memo,
        version=str(document.version),
        created_at=_utc(document.created_at),
        updated_at=_utc(document.updated_at),
    )


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
