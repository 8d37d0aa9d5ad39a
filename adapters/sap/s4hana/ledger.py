"""SAP S/4HANA as a ledger, one company code of it. Start here: each method says in which file its work is done.

../odata.py calls · wire.py names what is read, lines.py makes documents of journal entry lines, partners.py customers ·
reads.py asks, changes.py goes through a reading, totals.py adds up, omitted.py says what is left out · texts.py writes
notes, dunning.py blocks and levels, attachments.py files, cases.py rows of a service of one's own.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from adapters.documents import CustomerRef, DocumentRef
from adapters.errors import LedgerRejected
from adapters.ledger import (
    Batch,
    BlockChange,
    BlockPlace,
    Capabilities,
    Company,
    Cursor,
    Entry,
    Omitted,
    Page,
    Receipt,
    Totals,
)
from adapters.sap.odata import ODataClient, Query
from adapters.sap.s4hana.attachments import AttachmentWriter
from adapters.sap.s4hana.cases import CaseWriter
from adapters.sap.s4hana.changes import Reading
from adapters.sap.s4hana.cursor import State
from adapters.sap.s4hana.cutting import text
from adapters.sap.s4hana.dunning import BlockWriter, LevelWriter, Records
from adapters.sap.s4hana.lines import Habits
from adapters.sap.s4hana.omitted import read_omitted
from adapters.sap.s4hana.partners import PartnerReader
from adapters.sap.s4hana.reads import ITEMS, CubeReader
from adapters.sap.s4hana.texts import NOTE_LENGTH, PER_BATCH, Note, TextPlace, TextWriter
from adapters.sap.s4hana.totals import read_totals


class _CompanyCode(msgspec.Struct, rename="pascal"):
    company_code_name: str = ""
    company_code_currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The two services that are read: journal entry items, and business partners. `attachments` only where entries
    are to be attached to their journal entries too, `cases` where a service of one's own takes promises and disputes.
    """

    items: ODataClient
    partners: ODataClient
    attachments: ODataClient | None = None
    cases: ODataClient | None = None


class S4HanaLedger:
    """One company code's books (adapters.ledger.Ledger). Safe for several threads.

    `texts` is where our notes go, `locked` keeps two writers of one customer's text, and of its
    dunning records, apart. `habits` is what differs from system to system. `block_code` is the dunning block that a
    dispute sets; empty: none is set. `write_level`: a reminder that left raises the customer's dunning level.
    """

    def __init__(
        self,
        services: Services,
        *,
        company_code: str,
        texts: TextPlace,
        locked: Callable[[CustomerRef], AbstractContextManager[object]],
        now: Callable[[], datetime],
        page_size: int = 1000,
        habits: Habits | None = None,
        block_code: str = "",
        write_level: bool = False,
    ) -> None:
        self._services = services
        self._company_code = company_code
        self._now = now
        self._page_size = page_size
        self._cube = CubeReader(services.items, company_code, page_size=page_size)
        self._partners = PartnerReader(services.partners, company_code)
        self._reading = Reading(self._cube, self._partners, now, habits=habits)
        records = Records(services.partners, company_code)
        beside: list[Callable[[Note], str]] = [LevelWriter(records)] if write_level else []
        if services.attachments is not None:
            beside.append(AttachmentWriter(services.attachments, company_code))
        if services.cases is not None:
            beside.append(CaseWriter(services.cases, company_code))
        self._writer = TextWriter(services.partners, texts, locked, now, beside)
        self._dunning = BlockWriter(records, block_code, locked)
        self._blocks = BlockPlace.CUSTOMER if block_code else None

    @property
    def capabilities(self) -> Capabilities:
        """Entries of 2,000 characters in one text per customer, which has no links to documents."""
        return Capabilities(note_length=NOTE_LENGTH, links_per_note=0, posts_per_batch=PER_BATCH, blocks=self._blocks)

    def company(self) -> Company:
        """The company code's name and currency, as its journal entries tell them. Raises LedgerRejected for none."""
        query = Query(
            filter=f"CompanyCode eq {text(self._company_code)}",
            select=("CompanyCodeName", "CompanyCodeCurrency"),
            top=1,
        )
        found = self._services.items.rows(ITEMS, _CompanyCode, query).good
        if not found or not found[0].company_code_currency:
            raise LedgerRejected(f"Company code {self._company_code} has no journal entries that we may read.")
        return Company(
            ref=self._company_code,
            name=found[0].company_code_name or self._company_code,
            home_currency=found[0].company_code_currency,
            multicurrency=True,
        )

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        """See `Ledger.changes`; in changes.py."""
        return self._reading.pages(since, whole=whole)

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[CustomerRef], since: Cursor) -> Page:
        """These documents, and everything that is open at these customers, as it is now."""
        return self._reading.fresh(documents, customers, State.decode(since))

    def totals(self, on: date) -> Totals:
        """All open lines of all customers added up, and what we leave out of them; in totals.py."""
        return read_totals(self._cube, on, self._now())

    def left_out(self, customer: CustomerRef) -> Sequence[Omitted]:
        """What of a customer is left out, and why; in omitted.py."""
        return read_omitted(self._services.items, self._company_code, customer, size=self._page_size)

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """Batches of thirty entries; in texts.py."""
        return self._writer.compose(entries)

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Writes what is not there yet."""
        return self._writer.post(batch)

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our own entries on these customers, found by their marker."""
        return self._writer.posted(customers, since)

    def pay_link(self, document: DocumentRef) -> str:  # noqa: ARG002 - the port's name
        """S/4HANA has none."""
        return ""

    def block(self, change: BlockChange) -> Receipt:
        """Sets or takes away our block in the customer's dunning records; in dunning.py."""
        return self._dunning.block(change)
