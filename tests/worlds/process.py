"""The service as a process that can die: at any commit, hand-over or post, leaving behind what was committed.

A death is a `Killed`, raised where the process would have been when SIGKILL came; from then on nothing it tries is
carried out any more: no commit, no call, no mail. It is opened anew on the same store.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from uuid import UUID

import httpx

from adapters.documents import CustomerRef, DocumentRef
from adapters.http import Http
from adapters.ledger import Batch, BlockChange, Capabilities, Company, Cursor, Entry, Ledger, Page, Receipt, Totals
from adapters.quickbooks.ledger import QuickBooksLedger
from adapters.quickbooks.limits import Standing
from adapters.quickbooks.oauth import read_callback
from connector.bootstrap import Service, open_service, quickbooks_oauth, quickbooks_tokens
from connector.connect import confirm, propose
from connector.demo.time import WorldTime
from connector.office import Office
from connector.settings import MailSettings, QuickBooksSettings, Security, Settings
from connector.store.pace import StoredQuota
from reminders.channels import Mailer, SendResult
from tests.worlds.firm import Firm
from tests.worlds.wire import Wire

_API = "http://books.example"


class Killed(BaseException):
    """The process is gone."""


class Fate:
    """Stands at every boundary, and kills at the one it was told to."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.is_dead = False
        self.where = ""

    def kill_in(self, boundaries: int | None) -> None:
        """The process dies at this many boundaries from now; None spares it."""
        self._left = boundaries

    def check(self) -> None:
        """Raises `Killed` where the process is dead already."""
        if self.is_dead:
            raise Killed(self.where)

    def pass_by(self, name: str) -> None:
        """A boundary. Raises `Killed` where it is the last."""
        self.check()
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.is_dead, self.where = True, name
                raise Killed(name)

    def before(self, name: str) -> None:
        """Just before a commit."""
        self.pass_by(f"before commit {name}")

    def after(self, name: str) -> None:
        """Just after a commit."""
        self.pass_by(f"after commit {name}")


@dataclass(frozen=True, slots=True)
class _MortalMailer:
    mailer: Mailer
    fate: Fate

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        def gate() -> bool:
            opened = at_data()
            self.fate.pass_by("before handing over")
            return opened

        self.fate.check()
        result = self.mailer.send(sender, recipient, data, gate)
        self.fate.pass_by("after handing over")
        return result


@dataclass(frozen=True, slots=True)
class _MortalLedger:
    ledger: Ledger
    fate: Fate
    before_fresh: Callable[[Collection[CustomerRef]], object]

    @property
    def capabilities(self) -> Capabilities:
        return self.ledger.capabilities

    def company(self) -> Company:
        return self.ledger.company()

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        return self.ledger.changes(since, whole=whole)

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[CustomerRef], since: Cursor) -> Page:
        if customers:
            self.before_fresh(customers)
        return self.ledger.fresh(documents, customers, since)

    def totals(self, on: date) -> Totals:
        return self.ledger.totals(on)

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        return self.ledger.compose(entries)

    def post(self, batch: Batch) -> Sequence[Receipt]:
        self.fate.pass_by("before posting")
        receipts = self.ledger.post(batch)
        self.fate.pass_by("after posting")
        return receipts

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        return self.ledger.posted(customers, since)

    def pay_link(self, document: DocumentRef) -> str:
        return self.ledger.pay_link(document)

    def block(self, change: BlockChange) -> Receipt:
        return self.ledger.block(change)


@dataclass(slots=True, kw_only=True)
class Process:
    """The service's process: opened, killed and opened again on the same data."""

    settings: Settings
    time: WorldTime
    firm: Firm
    wire: Wire
    ids: Random  # the ids that the service gives
    chance: Random  # the jitter of its waiting
    before_fresh: Callable[[Collection[CustomerRef]], object]
    company: str = ""
    deaths: int = 0
    fate: Fate = None  # type: ignore[assignment]
    service: Service = None  # type: ignore[assignment]
    office: Office = None  # type: ignore[assignment]

    def open(self) -> None:
        """Starts the process; the first time, the company is connected as a person would."""
        self.fate = Fate()
        self.wire.alive = self.fate.check
        service = open_service(self.settings, clock=self.time, boundaries=self.fate)
        service.http.close()
        client = httpx.Client(transport=self.wire)
        self.service = replace(service, http=Http(sleep=self.time.sleep, chance=self.chance.random, client=client))
        if not self.company:
            self.company = self.connect()
        self.office = self._furnished()

    def connect(self) -> str:
        """What `duecourse connect quickbooks` does, with the consent clicked by a plain HTTP client."""
        service, state = self.service, "world"
        oauth = quickbooks_oauth(service)
        url = httpx.URL(oauth.authorize_url(state))
        asked = {**dict(url.params), "decision": "connect"}
        answer = service.http.client.post(url.copy_with(query=None), data=asked)
        code, realm = read_callback(answer.headers["location"], state)
        proposal = propose(service, oauth.exchange(code, realm), realm)
        return confirm(service, proposal, zone_name=self.firm.zone_name, country=self.firm.country)

    def _furnished(self) -> Office:
        office = self.service.office(self.company)
        with office.database.read() as connection:
            row = office.row(connection)
        service = self.service
        ledger = QuickBooksLedger(
            realm=row.ledger_ref,
            api_url=service.settings.quickbooks.api,
            tokens=quickbooks_tokens(service, row.id),
            oauth=quickbooks_oauth(service),
            http=service.http,
            quota=StoredQuota(service.database, Standing.decode),
            now=service.clock.now,
            pages_at_once=1,  # which page comes first must not depend on threads
        )
        return replace(
            office,
            ledger=_MortalLedger(ledger, self.fate, self.before_fresh),
            mailer=_MortalMailer(office.mailer, self.fate),
            new_id=self.new_id,
        )

    def new_id(self) -> str:
        """An id that this world gives at this point, every time it is played."""
        return str(UUID(int=self.ids.getrandbits(128), version=4))

    def bury(self) -> None:
        """What the system does with a dead process: its connections are gone."""
        self.deaths += 1
        self.service.close()

    def close(self) -> None:
        """Ends the process in good order."""
        if self.service is not None:
            self.service.close()


def settings_for(data: Path, inbox: Path, smtp_port: int, database_url: str | None = None) -> Settings:
    """The settings of a random world's service."""
    return Settings(
        data_dir=data,
        database_url=database_url,  # type: ignore[arg-type]
        inbox_folder=inbox,
        postal_address="14 Quay Street",
        bank_details="Example Bank · Account 4400 1188",
        mail=MailSettings(
            connections=1,  # one mail after the other: a world replays exactly
            host="127.0.0.1",
            port=smtp_port,
            security=Security.NONE,
            sender_address="receivables@world.example",
            sender_name="Accounts Receivable",
        ),
        quickbooks=QuickBooksSettings(
            client_id="world",
            client_secret="world",  # type: ignore[arg-type]
            api_url=_API,
            authorize_url=f"{_API}/connect/oauth2",
            token_url=f"{_API}/oauth2/v1/tokens/bearer",
            revoke_url=f"{_API}/v2/oauth2/tokens/revoke",
        ),
    )
