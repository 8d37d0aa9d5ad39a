"""Every implementation of the ledger port, each over books that a test can change, and disturb."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl

import httpx

from adapters.documents import DocumentKind
from adapters.errors import LedgerUnavailable
from adapters.http import Http, Patience
from adapters.ledger import Ledger
from adapters.money import Money
from adapters.quickbooks.ledger import NoteField, QuickBooksLedger
from adapters.quickbooks.limits import MemoryQuota
from adapters.quickbooks.oauth import Endpoints, MemoryTokens, OAuthClient, Tokens
from adapters.quickbooks.sandbox.app import QuickBooksSandbox
from adapters.sandbox.books import Books
from adapters.sandbox.ledger import BooksLedger, Disturbance
from adapters.sandbox.records import Note

if TYPE_CHECKING:
    from tests.contract.replica import Replica

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Clock:
    """A time that waiting, or a test, moves."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def later(self, **length: float) -> None:
        self.time += timedelta(**length)


class Trait(StrEnum):
    """What not every ledger has: a test that `needs` it is about the others only where they have it too."""

    DELETION = "deletion"  # a document can be deleted and is told as gone
    MERGERS = "mergers"  # two customers become one
    JOURNALS = "journals"  # receivables by journal entry are documents of their own
    DELIVERY = "delivery"  # the invoice tells whether it went out, and to whom
    LINKS = "links"  # a note hangs on the documents it is about
    SPLIT_CREDIT = "split_credit"  # credit keeps its document while it is used up
    BLOCKS = "blocks"  # a dunning block can be set for a dispute
    ZONE = "zone"  # the ledger says in which time zone its company is


class Connection(Protocol):
    """A ledger under test, its books, and what can go wrong between the two."""

    clock: Clock
    books: Books
    ledger: Ledger
    page_size: int
    traits: frozenset[Trait]
    kinds: frozenset[str]  # the kinds of documents that it has

    def ref(self, kind: str, ident: str) -> str:
        """What this ledger calls a document of the books."""
        ...

    def told(self, replica: "Replica") -> dict[str, Money]:
        """What is open, as the ledger told it, to be compared with `in_the_books`."""
        ...

    def in_the_books(self) -> dict[str, Money]:
        """What is open in the books, as this ledger tells it apart."""
        ...

    def ledger_id(self, note: Note) -> str:
        """What this ledger calls an entry that stands in the books as this note."""
        ...

    def lose_next_read(self) -> None:
        """The next page read does not arrive."""
        ...

    def lose_next_answer(self) -> None:
        """The next write is done, and its answer does not arrive."""
        ...

    def lose_next_write(self) -> None:
        """The next write does not even arrive."""
        ...

    def break_documents(self, *refs: str) -> None:
        """These rows cannot be read any more."""
        ...


class Blocking(Connection, Protocol):
    """One whose ledger keeps dunning blocks; a place is the customer, or its invoice."""

    def block_by_hand(self, owner: str, invoice: str, *, lifted: bool = False) -> None:
        """Somebody sets a block there, or takes away whatever stands."""
        ...

    def stands(self, owner: str, invoice: str) -> str:
        """What the ledger keeps there; empty for no block."""
        ...

    def lose_next_block(self, *, before: bool = False) -> None:
        """The answer to the next change of a block does not arrive; with `before`, the change itself does not."""
        ...


class SameReferences:
    """A ledger that calls documents as the books do, and keeps them one by one."""

    books: Books
    traits = frozenset(Trait) - {Trait.BLOCKS}
    kinds = frozenset(kind.value for kind in DocumentKind)

    def ref(self, kind: str, ident: str) -> str:
        return f"{kind}:{ident}"

    def told(self, replica: "Replica") -> dict[str, Money]:
        return replica.open

    def in_the_books(self) -> dict[str, Money]:
        return {each.ref: Money.of(each.open, each.currency) for each in self.books.documents() if each.open}

    def ledger_id(self, note: Note) -> str:
        return note.id


@dataclass
class BooksConnection(SameReferences):
    """The books told directly."""

    clock: Clock = field(default_factory=Clock)
    page_size: int = 3

    def __post_init__(self) -> None:
        self.books = Books(now=self.clock.now, multicurrency=True)
        self._disturbance = Disturbance()
        self.ledger: Ledger = BooksLedger(self.books, page_size=self.page_size, disturbance=self._disturbance)

    def lose_next_read(self) -> None:
        self._disturbance.after_call = self._once_after("changes", sent=True)

    def lose_next_answer(self) -> None:
        self._disturbance.after_call = self._once_after("post", sent=True)

    def lose_next_write(self) -> None:
        def lose(name: str) -> None:
            if name == "post":
                self._disturbance.before_call = lambda _: None
                raise LedgerUnavailable("lost on the way", sent=False)

        self._disturbance.before_call = lose

    def break_documents(self, *refs: str) -> None:
        self._disturbance.unreadable = frozenset(refs)

    def _once_after(self, which: str, *, sent: bool) -> Callable[[str], None]:
        def lose(name: str) -> None:
            if name == which:
                self._disturbance.after_call = lambda _: None
                raise LedgerUnavailable("the answer was lost", sent=sent)

        return lose


class Told(Protocol):
    """What a face answers."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...

    @property
    def content_type(self) -> str: ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]: ...


class Face(Protocol):
    """A dialect's face over the books."""

    def answer(
        self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Told:
        """The answer to one call."""
        ...


class Line(httpx.BaseTransport, ABC):
    """The line to a ledger: `before` and `after` each call a test may disturb it."""

    def __init__(self) -> None:
        self.before: Callable[[httpx.Request], None] = lambda _: None
        self.after: Callable[[httpx.Request, httpx.Response], httpx.Response] = lambda _, response: response
        self.calls: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        self.before(request)
        return self.after(request, self.carry(request))

    @abstractmethod
    def carry(self, request: httpx.Request) -> httpx.Response:
        """The ledger's answer."""


class SandboxTransport(Line):
    """Calls the sandbox without a socket."""

    def __init__(self, sandbox: Face) -> None:
        super().__init__()
        self._sandbox = sandbox

    def carry(self, request: httpx.Request) -> httpx.Response:
        params = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._sandbox.answer(request.method, request.url.path, params, headers, request.content)
        told = [("Content-Type", answer.content_type), *answer.headers]
        return httpx.Response(answer.status, headers=told, content=answer.body)


class QuickBooksConnection(SameReferences):
    """QuickBooks' dialect spoken to its sandbox over the same books."""

    page_size = 1000

    def __init__(self, *, note_field: NoteField = "attachable", pages_at_once: int = 4) -> None:
        self.clock = Clock()
        self.books = Books(now=self.clock.now, multicurrency=True)
        self.transport = SandboxTransport(QuickBooksSandbox(self.books))
        patience = Patience(attempts=1)
        http = Http(
            sleep=self.clock.sleep, chance=lambda: 0.5, client=httpx.Client(transport=self.transport), patience=patience
        )
        url = "http://sandbox"
        oauth = OAuthClient(
            client_id="app",
            client_secret="secret",
            redirect_uri="http://localhost/callback",
            http=http,
            now=self.clock.now,
            endpoints=Endpoints(token_url=f"{url}/oauth2/v1/tokens/bearer"),
        )
        expired = Tokens(realm="1", access_token="", access_expires_at=START, refresh_token="sandbox-refresh-token")
        self.ledger: Ledger = QuickBooksLedger(
            realm="1",
            api_url=url,
            tokens=MemoryTokens(expired),
            oauth=oauth,
            http=http,
            quota=MemoryQuota(),
            now=self.clock.now,
            note_field=note_field,
            pages_at_once=pages_at_once,
        )

    def lose_next_read(self) -> None:
        self._lose_after(lambda request: b"SELECT *" in request.content or request.url.path.endswith("/cdc"))

    def lose_next_answer(self) -> None:
        self._lose_after(lambda request: request.url.path.endswith("/batch"))

    def lose_next_write(self) -> None:
        def lose(request: httpx.Request) -> None:
            if request.url.path.endswith("/batch"):
                self.transport.before = lambda _: None
                raise httpx.ConnectError("nobody there", request=request)

        self.transport.before = lose

    def break_documents(self, *refs: str) -> None:
        broken = [ref.split(":") for ref in refs]

        def poison(_: httpx.Request, response: httpx.Response) -> httpx.Response:
            found = response.json() if "json" in response.headers["content-type"] else {}
            if any(_holds(found, _ENTITY[kind], ident) for kind, ident in broken):
                error = {"Message": "Error processing", "Detail": "To email address is invalid", "code": "4002"}
                return httpx.Response(400, json={"Fault": {"Error": [error], "type": "ValidationFault"}})
            return response

        self.transport.after = poison

    def _lose_after(self, which: Callable[[httpx.Request], bool]) -> None:
        def lose(request: httpx.Request, response: httpx.Response) -> httpx.Response:
            if which(request):
                self.transport.after = lambda _, later: later
                raise httpx.ReadTimeout("no answer", request=request)
            return response

        self.transport.after = lose


_ENTITY = {"invoice": "Invoice", "payment": "Payment", "credit_memo": "CreditMemo", "journal": "JournalEntry"}


def _holds(found: object, entity: str, ident: str) -> bool:
    if isinstance(found, list):
        return any(_holds(each, entity, ident) for each in found)
    if not isinstance(found, dict):
        return False
    rows = found.get(entity, [])
    rows = rows if isinstance(rows, list) else [rows]
    return any(row.get("Id") == ident for row in rows) or any(_holds(each, entity, ident) for each in found.values())
