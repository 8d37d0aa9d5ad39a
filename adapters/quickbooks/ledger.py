"""QuickBooks Online as a ledger. Start here: each method says in which file its work is done.

client.py calls, within limits.py and with the tokens of oauth.py · wire.py reads the bytes, mapping.py and journals.py
make documents of them · changes.py follows a plan of cursor.py, taking rows in by intake.py · reports.py totals ·
notes.py and private_notes.py write.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias, TypeVar

import msgspec

from adapters.documents import CustomerRef, DocumentKind, DocumentRef, Gone, Tombstone
from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.http import Http
from adapters.ledger import Batch, BlockChange, Capabilities, Company, Cursor, Entry, Page, Receipt, Totals, dated_after
from adapters.money import Money, sums
from adapters.quickbooks import wire
from adapters.quickbooks.answers import decoded
from adapters.quickbooks.changes import Reading
from adapters.quickbooks.client import QuickBooksClient
from adapters.quickbooks.cursor import State
from adapters.quickbooks.intake import Found, Intake, journal_entry_of
from adapters.quickbooks.limits import MONTHLY_BUDGET, Limits, Pace, QuotaStore
from adapters.quickbooks.mapping import ENTITY_OF, country_code, instant
from adapters.quickbooks.notes import LINKS, NOTE_LENGTH, PER_BATCH, NoteWriter
from adapters.quickbooks.oauth import OAuthClient, TokenKeeper, TokenStore
from adapters.quickbooks.private_notes import PrivateNoteWriter
from adapters.quickbooks.reads import AT_A_TIME, Reader
from adapters.quickbooks.reports import REPORT, lines, parameters, read_report

NoteField: TypeAlias = Literal["attachable", "private_note"]


R = TypeVar("R", bound=wire.Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basics:
    home_currency: str
    multicurrency: bool


class QuickBooksLedger:
    """One company's books in QuickBooks Online (adapters.ledger.Ledger). Safe for several threads.

    `api_url` is Intuit's, or whatever speaks its API; `history_months` is how far back closed documents are read at
    first; `monthly_budget` is how many metered calls a month has; `note_field` is where our notes go ("private_note"
    only after somebody agreed that it may print); `pages_at_once` of 1 makes the order of calls the same every time;
    `pace` is how often the company may be called.
    """

    def __init__(
        self,
        *,
        realm: str,
        api_url: str,
        tokens: TokenStore,
        oauth: OAuthClient,
        http: Http,
        quota: QuotaStore,
        now: Callable[[], datetime],
        history_months: int = 18,
        monthly_budget: int = MONTHLY_BUDGET,
        note_field: NoteField = "attachable",
        pages_at_once: int = AT_A_TIME,
        pace: Pace | None = None,
    ) -> None:
        self._now = now
        self.limits = Limits(realm, quota, now=now, monthly_budget=monthly_budget, pace=pace)
        keeper = TokenKeeper(tokens, oauth, now)
        self.client = QuickBooksClient(
            realm=realm, api_url=api_url, http=http, keeper=keeper, limits=self.limits, now=now
        )
        self._reader = Reader(self.client, now, at_a_time=pages_at_once)
        self._reading = Reading(self._reader, self._home, now, realm=realm, history_months=history_months)
        writer = PrivateNoteWriter if note_field == "private_note" else NoteWriter
        self._writer = writer(self.client, self._reader)
        self._realm = realm
        self._basics: _Basics | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Notes of 2,000 characters on up to a hundred objects; no blocks, no tasks."""
        return Capabilities(note_length=NOTE_LENGTH, links_per_note=LINKS, posts_per_batch=PER_BATCH)

    def company(self) -> Company:
        """Name, country and currencies; the zone is proposed from the offset of the company's own times."""
        row = self._singleton("companyinfo/" + self._realm, wire.CompanyInfo)
        basics = self._company_basics()
        made = (row.meta_data.last_updated_time or row.meta_data.create_time) if row.meta_data else None
        return Company(
            ref=self._realm,
            name=row.company_name or self._realm,
            home_currency=basics.home_currency,
            country=country_code(row.country or ""),
            zone=_zone(made),
            multicurrency=basics.multicurrency,
        )

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        """See `Ledger.changes`; in changes.py."""
        return self._reading.pages(since, whole=whole)

    def fresh(
        self,
        documents: Collection[DocumentRef],
        customers: Collection[CustomerRef],  # noqa: ARG002  what changed tells every one that is not as it was
        since: Cursor,
    ) -> Page:
        """What changed since `since` in one call (customers and credits among it), then the documents by id."""
        state = State.decode(since)
        found, read_at, complete = self._reading.since(state)
        intake = Intake(self._reader, self._home, state)
        read = [at for at in (self._by_kind(intake, kind, ids) for kind, ids in _ids_of(documents).items()) if at]
        asked = intake.found
        asked.tombstones += _lines_no_more(documents, asked)
        newer = {document.ref for document in asked.documents}
        return Page(
            customers=tuple(found.customers),
            documents=(*(each for each in found.documents if each.ref not in newer), *asked.documents),
            tombstones=tuple(dict.fromkeys((*found.tombstones, *asked.tombstones))),
            problems=tuple(dict.fromkeys((*found.problems, *asked.problems))),
            cursor=state.encode() if complete else since,
            read_at=min([read_at, *read]),
            last=True,
        )

    def _by_kind(self, intake: Intake, kind: DocumentKind, ids: Collection[str]) -> datetime | None:
        entity = ENTITY_OF[kind]
        keys = sorted({journal_entry_of(each) for each in ids} if kind is DocumentKind.JOURNAL else set(ids))
        good, bad, at = self._reader.by_ids(wire.ENTITIES[entity], keys)
        told = {row.id for row in good} | {row.id for row in bad}
        found_after_all = intake.confirm(entity, [key for key in keys if key not in told])
        intake.take({entity: wire.Rows([*good, *found_after_all], bad)})
        return at

    def totals(self, on: date) -> Totals:
        """AgedReceivableDetail on a day; in reports.py. Deposits booked straight to AR have no line of their own."""
        basics = self._company_basics()
        body = self.client.read(f"reports/{REPORT}", parameters(on, multicurrency=basics.multicurrency))
        report = read_report(body)
        told = [line for line in lines(report, basics.home_currency) if line.day is None or line.day <= on]
        ids = {} if all(line.customer for line in told) else self._customer_ids()
        amounts: dict[CustomerRef, list[Money]] = {}
        for line in told:
            customer = line.customer or ids.get(line.customer_name, line.customer_name)
            amounts.setdefault(customer, []).append(line.open)
        by_customer = {customer: sums(each) for customer, each in amounts.items()}
        return Totals(
            on=on,
            read_at=instant(report.header.time) or self._now(),
            by_customer=by_customer,
            leaves_out=(dated_after(on),),
        )

    def _customer_ids(self) -> dict[str, str]:
        """Ids by name, for a report whose cells give none."""
        rows = self._reader.everything(wire.Customer, "Active IN (true, false)")
        names = {row.display_name or "": row.id for row in rows}
        return names | {row.fully_qualified_name or "": row.id for row in rows}

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """Batches of thirty notes; in notes.py."""
        return self._writer.compose(entries)

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Sends a batch as the bytes it is."""
        return self._writer.post(batch)

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our own notes on these customers, found by their marker."""
        return self._writer.posted(customers, since)

    def pay_link(self, document: DocumentRef) -> str:
        """The invoice's InvoiceLink; empty where online payment is off or the document is no invoice."""
        kind, _, ident = document.partition(":")
        if kind != DocumentKind.INVOICE:
            return ""
        from adapters.quickbooks.vendor import invoice_link  # python-quickbooks loads slowly: only where it is needed

        return invoice_link(self.client, ident)

    def block(self, change: BlockChange) -> Receipt:
        """QuickBooks has no blocks: raises `LedgerRejected`."""
        raise LedgerRejected(f"QuickBooks has no dunning block to change on customer {change.customer}.", code="block")

    def _home(self) -> str:
        return self._company_basics().home_currency

    def _company_basics(self) -> _Basics:
        if self._basics is None:
            prefs = self._singleton("preferences", wire.Preferences).currency_prefs or wire.CurrencyPrefs()
            home = prefs.home_currency.value if prefs.home_currency else None
            if not home:
                raise LedgerRejected("The company's preferences name no home currency.", code="home_currency")
            self._basics = _Basics(home_currency=home, multicurrency=bool(prefs.multi_currency_enabled))
        return self._basics

    def _singleton(self, path: str, kind: type[R]) -> R:
        raw = decoded(self.client.read(path), dict[str, msgspec.Raw]).get(kind.__name__)
        if raw is None:
            raise LedgerUnavailable(f"QuickBooks told nothing of {kind.__name__}.")
        return decoded(raw, kind)


def _ids_of(documents: Collection[DocumentRef]) -> dict[DocumentKind, set[str]]:
    ids: dict[DocumentKind, set[str]] = {}
    for document in documents:
        kind, _, ident = document.partition(":")
        ids.setdefault(DocumentKind(kind), set()).add(ident)
    return ids


def _lines_no_more(documents: Collection[DocumentRef], asked: Found) -> list[Tombstone]:
    """Journal lines asked for whose entry is there, without them."""
    told = {each.ref for each in asked.documents} | {each.ref for each in asked.tombstones}
    unread = {each.ref for each in asked.problems}
    return [
        Tombstone(ref=ref, how=Gone.DELETED)
        for ref in documents
        if ref.startswith(f"{DocumentKind.JOURNAL}:") and ref not in told and ref.partition(".")[0] not in unread
    ]


def _zone(moment: str | None) -> str:
    """`UTC-07:00`, from the offset of one of the company's own times."""
    return f"UTC{moment[-6:]}" if moment else ""
