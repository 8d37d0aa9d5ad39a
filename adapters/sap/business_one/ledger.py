"""SAP Business One as a ledger, one company of it. Start here: each method says in which file its work is done.

../odata.py calls, session.py signs in · wire.py names what is read, documents.py and partners.py make documents and
customers of it, open_lines.py asks what is left on accounts · reads.py asks, gathering.py asks for what belongs to it,
changes.py goes through a reading, totals.py compares · activities.py writes notes, holds.py blocks.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime

from adapters.documents import CustomerRef, DocumentRef
from adapters.http import Http
from adapters.ledger import (
    Batch,
    BlockChange,
    BlockPlace,
    Capabilities,
    Company,
    Cursor,
    Entry,
    Page,
    Receipt,
    Totals,
)
from adapters.sap.business_one import wire
from adapters.sap.business_one.activities import NOTE_LENGTH, PER_BATCH, ActivityWriter
from adapters.sap.business_one.changes import Reading
from adapters.sap.business_one.cursor import State
from adapters.sap.business_one.gathering import Gatherer
from adapters.sap.business_one.holds import HoldWriter
from adapters.sap.business_one.partners import CUSTOMERS
from adapters.sap.business_one.reads import PAGE, Asked, Reader, Service
from adapters.sap.business_one.session import Session
from adapters.sap.business_one.settings import Settings
from adapters.sap.business_one.totals import read_totals
from adapters.sap.odata import ODataClient
from adapters.sap.values import Version


class BusinessOneLedger:
    """A company's books (adapters.ledger.Ledger). Safe for several threads; `close` it, so that its session ends.

    `url` is the Service Layer's (`https://b1.example.com:50000`), `dialect` v2 or v1. `http` verifies the server's
    certificate against a CA bundle (adapters.sap.signin.secure_client): Business One's own is self-signed.
    """

    def __init__(
        self,
        url: str,
        *,
        company: str,
        user: str,
        password: Callable[[], str],
        http: Http,
        now: Callable[[], datetime],
        dialect: str = "v2",
        settings: Settings | None = None,
        page_size: int = PAGE,
    ) -> None:
        self._company = company
        self._now = now
        self._settings = settings or Settings()
        root = f"{url.rstrip('/')}/b1s/{dialect}"
        self._session = Session(root, company=company, user=user, password=password, http=http, now=now)
        client = ODataClient(
            root,
            version=Version.V4,
            http=http,
            now=now,
            sign_in=self._session,
            name="Business One",
            asks_for_tokens=False,
        )
        service = Service(client=client, http=http, base=f"/b1s/{dialect}")
        self._reader = Reader(service, self._settings, page_size=page_size)
        self._gatherer = Gatherer(self._reader, service, self._settings, now)
        self._reading = Reading(self._reader, self._gatherer, self._settings, company, now)
        self._writer = ActivityWriter(service, self._reader, self._settings)
        self._holds = HoldWriter(client, sets=self._settings.dispute_blocks)

    @property
    def capabilities(self) -> Capabilities:
        """Activities on a customer and one document; promises become tasks."""
        blocks = BlockPlace.DOCUMENT if self._settings.dispute_blocks else None
        return Capabilities(
            note_length=NOTE_LENGTH, links_per_note=1, posts_per_batch=PER_BATCH, tasks=True, blocks=blocks
        )

    def company(self) -> Company:
        """The company's name, its own currency, and the zone that was set. Raises LedgerError."""
        told = self._reader.admin()
        return Company(
            ref=self._company,
            name=told.company_name or self._company,
            home_currency=self._reader.currencies().name(None),
            country=told.country or "",
            zone=self._settings.zone,
            multicurrency=True,
        )

    def dunned_by_itself(self) -> Sequence[str]:
        """One line for each dunning term that Business One's own wizard uses, with how many customers have it.

        For the connect step: whoever is dunned there is reminded twice. Raises LedgerError.
        """
        terms: dict[str, int] = {}
        for page in self._reader.pages(Asked(kind=wire.DunningTerm, filter=f"{CUSTOMERS} and BlockDunning ne 'tYES'")):
            for row in page.rows.good:
                if row.dunning_term:
                    terms[row.dunning_term] = terms.get(row.dunning_term, 0) + 1
        return [f"Dunning term {term}: {count} customers" for term, count in sorted(terms.items())]

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        """See `Ledger.changes`; in changes.py."""
        return self._reading.pages(since, whole=whole)

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[CustomerRef], since: Cursor) -> Page:
        """These documents, everything that is open at these customers, and new payments, as it is now."""
        return self._reading.fresh(documents, customers, State.decode(since))

    def totals(self, on: date) -> Totals:
        """The balances of all customers' accounts; in totals.py."""
        return read_totals(self._reader, self._gatherer, on, self._now)

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """Batches of thirty entries; in activities.py."""
        return self._writer.compose(entries)

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Writes what is not there yet."""
        return self._writer.post(batch)

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our own entries on these customers, found by their marker."""
        return self._writer.posted(customers, since)

    def pay_link(self, document: DocumentRef) -> str:  # noqa: ARG002 - the port's name
        """Business One has none."""
        return ""

    def block(self, change: BlockChange) -> Receipt:
        """Sets or takes away our block on a document; in holds.py."""
        return self._holds.block(change)

    def close(self) -> None:
        """Logs out."""
        self._session.close()
