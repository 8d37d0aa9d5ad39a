"""A ledger and a mailer that hold everything in plain lists, for tests whose subject is neither."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from adapters.documents import Customer, Document, DocumentKind, Gone, Item, Tombstone
from adapters.errors import LedgerError, LedgerRejected
from adapters.ledger import Batch, BlockChange, Capabilities, Company, Entry, Outcome, Page, Receipt, Totals
from adapters.money import Money
from reminders.channels import SendOutcome, SendResult


@dataclass
class FakeLedger:
    """Implements adapters.ledger.Ledger. `fails` is raised by every read and write while it is set."""

    now: Callable[[], datetime]
    customers: dict[str, Customer] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    notes: dict[str, Entry] = field(default_factory=dict)
    fails: LedgerError | None = None
    reads: int = 0
    misreport: dict[str, Money] = field(default_factory=dict)
    aside: dict[str, dict[str, Money]] = field(default_factory=dict)  # what its totals leave out
    read_hook: Callable[[], object] = bool
    _composed: dict[str, Entry] = field(default_factory=dict)
    _version: int = 0

    # -- what the company does

    def customer(self, ref: str, name: str, **more: object) -> None:
        """Adds or changes a customer."""
        values: dict[str, object] = {"emails": (f"ap{ref}@example.com",), "country": "US", "version": self._next()}
        self.customers[ref] = Customer(ref=ref, name=name, **(values | more))  # type: ignore[arg-type]  # its fields

    def bill(  # a bill has this many facts
        self,
        ident: str,
        customer: str,
        amount: str,
        due: date,
        *,
        number: str = "",
        currency: str = "USD",
        **more: object,
    ) -> str:
        """Writes an invoice, thirty days before its due date."""
        money = Money.of(amount, currency)
        issued = date.fromordinal(due.toordinal() - 30)
        made = Document(
            kind=DocumentKind.INVOICE,
            id=ident,
            customer=customer,
            number=number or ident,
            issue_date=issued,
            total=money,
            open=money,
            items=(Item(due_date=due, total=money, open=money),),
            version=self._next(),
            created_at=datetime(issued.year, issued.month, issued.day, 12, tzinfo=UTC),
        )
        self.documents[made.ref] = replace(made, **more)  # type: ignore[arg-type]  # its fields
        return made.ref

    def credit(self, ident: str, customer: str, amount: str, on: date, currency: str = "USD") -> None:
        """Writes an open credit memo."""
        money = -Money.of(amount, currency)
        made = Document(
            kind=DocumentKind.CREDIT_MEMO,
            id=ident,
            customer=customer,
            number=ident,
            issue_date=on,
            total=money,
            open=money,
            version=self._next(),
            created_at=self.now(),
        )
        self.documents[made.ref] = made

    def pay(self, ref: str) -> None:
        """An invoice is paid in full."""
        before = self.documents[ref]
        nothing = Money.zero(before.open.currency)
        items = tuple(replace(each, open=nothing) for each in before.items)
        self.documents[ref] = replace(before, open=nothing, items=items, version=self._next())

    def void(self, ref: str) -> None:
        """An invoice is voided."""
        before = self.documents[ref]
        nothing = Money.zero(before.open.currency)
        items = tuple(replace(each, total=nothing, open=nothing) for each in before.items)
        self.documents[ref] = replace(
            before, total=nothing, open=nothing, items=items, voided=True, version=self._next()
        )

    def _next(self) -> str:
        self._version += 1
        return str(self._version)

    # -- the port

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(note_length=2000, links_per_note=100, posts_per_batch=30)

    def company(self) -> Company:
        self._read()
        return Company(ref="1001", name="Harbour Supplies", home_currency="USD", country="US", zone="UTC-05:00")

    def changes(self, since: str | None, *, whole: bool = False) -> Iterator[Page]:
        self._read()
        everything = since is None or whole
        documents = tuple(self.documents.values())
        yield Page(
            customers=tuple(self.customers.values()),
            documents=documents,
            cursor=self.now().isoformat(),
            read_at=self.now(),
            scope=frozenset(kind.value for kind in DocumentKind) if everything else frozenset(),
            whole_read=f"read-{self.reads}" if everything else None,
            complete=everything,
            last=True,
            done=len(documents),
            expected=len(documents),
        )

    def fresh(self, documents: Collection[str], customers: Collection[str], since: str) -> Page:
        self._read()
        gone = [Tombstone(ref=ref, how=Gone.DELETED) for ref in documents if ref not in self.documents]
        return Page(
            customers=tuple(self.customers[ref] for ref in customers if ref in self.customers),
            documents=tuple(self.documents[ref] for ref in documents if ref in self.documents),
            tombstones=tuple(gone),
            cursor=since,
            read_at=self.now(),
            last=True,
        )

    def totals(self, on: date) -> Totals:
        self._read()
        totals: dict[str, dict[str, Money]] = {}
        for each in self.documents.values():
            if each.open and each.issue_date <= on:
                mine = totals.setdefault(each.customer, {})
                mine[each.open.currency] = mine.get(each.open.currency, Money.zero(each.open.currency)) + each.open
        for who, money in self.misreport.items():
            totals.setdefault(who, {})[money.currency] = money
        return Totals(on=on, read_at=self.now(), by_customer=totals, aside=self.aside)

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        if not entries:
            return []
        self._composed.update({each.key: each for each in entries})
        members = tuple((str(number), each.key) for number, each in enumerate(entries))
        return [Batch(request_id=f"batch:{entries[0].key}"[:64], body=b"notes", members=members)]

    def post(self, batch: Batch) -> Sequence[Receipt]:
        self._read()
        for _, key in batch.members:
            self.notes[key] = self._composed[key]
        return [Receipt(key=key, outcome=Outcome.WRITTEN, ledger_id=f"note-{key}"[:200]) for _, key in batch.members]

    def posted(self, customers: Collection[str], since: date) -> Iterator[Receipt]:
        del since
        for key, each in self.notes.items():
            if each.customer in customers:
                yield Receipt(key=key, outcome=Outcome.ALREADY_THERE, ledger_id=f"note-{key}"[:200])

    def pay_link(self, document: str) -> str:
        del document
        return ""

    def block(self, change: BlockChange) -> Receipt:
        raise LedgerRejected(f"This ledger has no blocks: {change.customer}.")

    def _read(self) -> None:
        self.reads += 1
        self.read_hook()
        if self.fails is not None:
            raise self.fails


@dataclass
class FakeMailer:
    """Implements reminders.channels.Mailer: accepts every mail, or answers as `answers` says, by address."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, SendOutcome] = field(default_factory=dict)

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        del sender
        if not at_data():
            return SendResult(outcome=SendOutcome.CANCELLED)
        outcome = self.answers.get(recipient, SendOutcome.ACCEPTED)
        if outcome in {SendOutcome.ACCEPTED, SendOutcome.UNCERTAIN}:
            self.sent.append((recipient, data))
        return SendResult(outcome=outcome, code=250 if outcome is SendOutcome.ACCEPTED else None, reply=outcome.value)
