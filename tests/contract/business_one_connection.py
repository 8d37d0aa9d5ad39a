"""Business One's dialect spoken to its sandbox over books that a test can change, and disturb."""

from collections.abc import Callable

import httpx

from adapters.documents import DocumentKind
from adapters.http import Http, Patience
from adapters.ledger import Ledger
from adapters.money import Money
from adapters.sandbox.books import Books
from adapters.sandbox.records import Note
from adapters.sap.business_one.ledger import BusinessOneLedger
from adapters.sap.business_one.sandbox.app import BusinessOneSandbox
from adapters.sap.business_one.sandbox.settings import SandboxSettings
from adapters.sap.business_one.settings import Settings
from tests.contract.ledgers import Clock, Line, SandboxTransport, Trait
from tests.contract.replica import Replica

ENTITY = {
    "invoice": "Invoices",
    "payment": "IncomingPayments",
    "credit_memo": "CreditNotes",
    "journal": "JournalEntries",
}


class BusinessOneConnection:
    """The Service Layer and its ledger. Documents keep the numbers of the books."""

    page_size = 3
    traits = frozenset([Trait.JOURNALS, Trait.SPLIT_CREDIT, Trait.BLOCKS])
    kinds = frozenset(kind.value for kind in DocumentKind)

    def __init__(
        self,
        *,
        dialect: str = "v2",
        face: SandboxSettings | None = None,
        settings: Settings | None = None,
        page_size: int = 3,
    ) -> None:
        self.clock = Clock()
        self.books = Books(now=self.clock.now, multicurrency=True)
        self.face = BusinessOneSandbox(self.books, settings=face)
        self.transport = self.line()
        self.http = Http(
            sleep=self.clock.sleep,
            chance=lambda: 0.5,
            client=httpx.Client(transport=self.transport),
            patience=Patience(attempts=1),
        )
        self.business_one = BusinessOneLedger(
            "https://sandbox:50000",
            company=self.face.settings.company,
            user=self.face.settings.user,
            password=lambda: self.face.settings.password,
            http=self.http,
            now=self.clock.now,
            dialect=dialect,
            settings=settings or Settings(zone=self.books.zone, dispute_blocks=True),
            page_size=page_size,
        )
        self.ledger: Ledger = self.business_one

    def line(self) -> Line:
        """What calls go through."""
        return SandboxTransport(self.face)

    def ref(self, kind: str, ident: str) -> str:
        return f"{kind}:{ident}"

    def told(self, replica: Replica) -> dict[str, Money]:
        return replica.open

    def in_the_books(self) -> dict[str, Money]:
        return {each.ref: Money.of(each.open, each.currency) for each in self.books.documents() if each.open}

    def ledger_id(self, note: Note) -> str:
        return note.id

    def lose_next_read(self) -> None:
        self._lose_after(lambda request: request.url.path.endswith("/Invoices"))

    def lose_next_answer(self) -> None:
        self._lose_after(writes)

    def lose_next_write(self) -> None:
        def lose(request: httpx.Request) -> None:
            if writes(request):
                self.transport.before = lambda _: None
                raise httpx.ConnectError("nobody there", request=request)

        self.transport.before = lose

    def block_by_hand(self, owner: str, invoice: str, *, lifted: bool = False) -> None:
        del owner
        row = self.face.context.books.document(invoice)
        own = {**row.extra.get("business_one", {}), "BlockDunning": "tNO" if lifted else "tYES"}
        self.books.change_document(invoice, extra={**row.extra, "business_one": own})

    def stands(self, owner: str, invoice: str) -> str:
        del owner
        told = str(self.face._lists["Invoices"].one(invoice, "v2")["BlockDunning"])
        return "" if told == "tNO" else told

    def lose_next_block(self, *, before: bool = False) -> None:
        if not before:
            self._lose_after(_changes_invoice)
            return

        def lose(request: httpx.Request) -> None:
            if _changes_invoice(request):
                self.transport.before = lambda _: None
                raise httpx.ConnectError("nobody there", request=request)

        self.transport.before = lose

    def break_documents(self, *refs: str) -> None:
        for kind, _, ident in (ref.partition(":") for ref in refs):
            self.face.context.broken.add((ENTITY[kind], int(ident.partition(".")[0])))

    def _lose_after(self, which: Callable[[httpx.Request], bool]) -> None:
        def lose(request: httpx.Request, response: httpx.Response) -> httpx.Response:
            if which(request):
                self.transport.after = lambda _, later: later
                raise httpx.ReadTimeout("no answer", request=request)
            return response

        self.transport.after = lose


def writes(request: httpx.Request) -> bool:
    """Whether the call writes activities."""
    return request.url.path.endswith("/$batch") and b"POST " in request.content


def _changes_invoice(request: httpx.Request) -> bool:
    return request.method == "PATCH" and "/Invoices(" in request.url.path
