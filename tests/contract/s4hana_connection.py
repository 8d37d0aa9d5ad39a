"""S/4HANA's dialect spoken to its face over the books, for the contract of the port and for tests of its own."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import httpx

from adapters.documents import DocumentKind
from adapters.http import Http, Patience
from adapters.ledger import Ledger
from adapters.marker import find_marker
from adapters.money import Money, sums
from adapters.sandbox.books import Books
from adapters.sandbox.records import Note
from adapters.sap.odata import ODataClient
from adapters.sap.s4hana.ledger import S4HanaLedger, Services
from adapters.sap.s4hana.lines import Key, invoice_ref
from adapters.sap.s4hana.sandbox import S4HanaSandbox, S4HanaSettings, entries
from adapters.sap.s4hana.sandbox.app import ROOT
from adapters.sap.s4hana.sandbox.sets import CUBE, PARTNERS
from adapters.sap.s4hana.texts import TextPlace
from adapters.sap.s4hana.wire import ATTACHMENTS
from adapters.sap.values import Version
from tests.contract.ledgers import Clock, Line, SandboxTransport, Trait
from tests.contract.replica import Replica

COMPANY_CODE, TEXT_ID, BLOCK_CODE = "1710", "0001", "Z"
_OPEN = "InvoiceReference ne"


class S4HanaConnection:
    """S/4HANA calls invoices by their journal entry; credit is no one document there, and compared by customer."""

    page_size = 4
    traits = frozenset([Trait.BLOCKS])
    kinds = frozenset({"invoice", "credit_memo", "payment"})

    def __init__(self, settings: S4HanaSettings | None = None, *, page_size: int = 4) -> None:
        self.clock = Clock()
        self.books = Books(now=self.clock.now, multicurrency=True)
        self.face = S4HanaSandbox(self.books, settings=settings)
        self.transport = self.line()
        self.page_size = page_size
        self.ledger: Ledger = self.another()

    def line(self) -> Line:
        """What calls go through."""
        return SandboxTransport(self.face)

    def service(self, name: str, http: Http) -> ODataClient:
        """A client of one of the services."""
        return ODataClient(f"http://sandbox{ROOT}{name}", version=Version.V2, http=http, now=self.clock.now)

    def another(
        self,
        *,
        archive_id: str = "",
        longest: int = 20_000,
        locked: Callable[[str], AbstractContextManager[object]] = nullcontext,
        block_code: str = BLOCK_CODE,
        write_level: bool = False,
        attaches: bool = False,
    ) -> S4HanaLedger:
        """One more client of the same system, as a second worker has one."""
        http = Http(
            sleep=self.clock.sleep,
            chance=lambda: 0.5,
            client=httpx.Client(transport=self.transport),
            patience=Patience(attempts=1),
        )

        return S4HanaLedger(
            Services(
                items=self.service(CUBE, http),
                partners=self.service(PARTNERS, http),
                attachments=self.service(ATTACHMENTS, http) if attaches else None,
            ),
            company_code=COMPANY_CODE,
            texts=TextPlace(company_code=COMPANY_CODE, text_id=TEXT_ID, archive_id=archive_id, longest=longest),
            locked=locked,
            now=self.clock.now,
            page_size=self.page_size,
            block_code=block_code,
            write_level=write_level,
        )

    def lines(self, ident: str) -> list[entries.Line]:
        """The lines on which a document of the books stands."""
        self.face.sets.lines()
        return self.face.sets.clerk.lines_of(ident)

    def ref(self, kind: str, ident: str) -> str:
        line = self.lines(ident)[0]
        told = "invoice" if line.amount > 0 else "payment" if kind == "payment" else "credit_memo"
        return f"{told}:{key_of(line)}"

    def told(self, replica: Replica) -> dict[str, Money]:
        found = {ref: document.open for ref, document in replica.documents.items() if document.open.minor > 0}
        credit: dict[str, list[Money]] = defaultdict(list)
        for document in replica.documents.values():
            if document.open.minor < 0:
                credit[document.customer].append(document.open)
        return found | _by_customer(credit)

    def in_the_books(self) -> dict[str, Money]:
        documents = [each for each in self.books.documents() if each.open]
        found = {
            self.ref(each.kind, each.id): Money.of(each.open, each.currency) for each in documents if each.open > 0
        }
        credit: dict[str, list[Money]] = defaultdict(list)
        for each in documents:
            if each.open < 0:
                credit[self.face.sets.clerk.payer(each.customer)].append(Money.of(each.open, each.currency))
        return found | _by_customer(credit)

    def ledger_id(self, note: Note) -> str:
        ((_, customer),) = note.links
        return f"{customer}/{find_marker(note.text)}"

    def lose_next_read(self) -> None:
        self.lose_after(lambda request: CUBE in request.url.path and "$orderby" in str(request.url))

    def lose_next_answer(self) -> None:
        self.lose_after(lambda request: request.method in {"POST", "PATCH"} and "Text" in request.url.path)

    def lose_next_write(self) -> None:
        def lose(request: httpx.Request) -> None:
            if request.method in {"POST", "PATCH"} and "Text" in request.url.path:
                self.transport.before = lambda _: None
                raise httpx.ConnectError("nobody there", request=request)

        self.transport.before = lose

    def block_by_hand(self, owner: str, invoice: str, *, lifted: bool = False) -> None:
        del invoice
        self.face.sets.extras.dunning(owner)[0].block = "" if lifted else "A"

    def stands(self, owner: str, invoice: str) -> str:
        del invoice
        return self.face.sets.extras.dunning(owner)[0].block

    def lose_next_block(self, *, before: bool = False) -> None:
        if not before:
            self.lose_after(_changes_dunning)
            return

        def lose(request: httpx.Request) -> None:
            if _changes_dunning(request):
                self.transport.before = lambda _: None
                raise httpx.ConnectError("nobody there", request=request)

        self.transport.before = lose

    def break_documents(self, *refs: str) -> None:
        lines = {invoice_ref(key_of(line)): line for line in self.face.sets.lines()}
        self.face.sets.broken = {(lines[ref].number, lines[ref].item) for ref in refs}

    def lose_after(self, which: Callable[[httpx.Request], bool]) -> None:
        """The next answer to such a request does not arrive."""

        def lose(request: httpx.Request, response: httpx.Response) -> httpx.Response:
            if which(request):
                self.transport.after = lambda _, later: later
                raise httpx.ReadTimeout("no answer", request=request)
            return response

        self.transport.after = lose


def _changes_dunning(request: httpx.Request) -> bool:
    return request.method == "PATCH" and "A_CustomerDunning" in request.url.path


def key_of(line: entries.Line) -> Key:
    """The line's key, as the adapter calls it."""
    return Key(line.number.year, line.number.document, str(line.item))


def _by_customer(credit: dict[str, list[Money]]) -> dict[str, Money]:
    return {
        f"{DocumentKind.CREDIT_MEMO.value}s of {customer} in {currency}": amount
        for customer, amounts in credit.items()
        for currency, amount in sums(amounts).items()
    }
