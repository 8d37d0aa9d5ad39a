"""How a reading goes: a whole read lists everything that is open, by key; in between, what changed and what is new.

A whole read goes through the customers, with what is open on their accounts, then invoices, credit notes and down
payments. What happened meanwhile is read at its end like any other change: by UpdateDate and UpdateTime, by numbers
above the highest seen, and cancelled payments of the last months, since payments tell no change.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import cast

from adapters.documents import CUSTOMER, Customer, Document, DocumentKind, DocumentRef, Problem
from adapters.ledger import Page
from adapters.sap.business_one import wire
from adapters.sap.business_one.cursor import State
from adapters.sap.business_one.documents import CREDIT_NOTE, DOWN_PAYMENT, INVOICE, KIND_OF, Key, key_of
from adapters.sap.business_one.gathering import Gathered, Gatherer, not_shown
from adapters.sap.business_one.partners import CUSTOMERS, customer_of, is_consolidated, unreadable_partner
from adapters.sap.business_one.reads import PER_PART, Asked, Reader, cut, on, quoted
from adapters.sap.business_one.settings import Settings
from adapters.sap.odata import Rows

SCOPE = frozenset(kind.value for kind in DocumentKind)
OPEN = "DocumentStatus eq 'bost_Open' and Cancelled eq 'tNO'"
CANCELLED_SINCE = timedelta(days=90)
_LISTS: tuple[type[wire.Row], ...] = (wire.Partner, wire.Invoice, wire.CreditNote, wire.DownPayment)
_NUMBERED: tuple[type[wire.Row], ...] = (*_LISTS[1:], wire.Payment, wire.JournalEntry)
FROM_INVOICES = frozenset([INVOICE, CREDIT_NOTE, DOWN_PAYMENT])


class Reading:
    """Reads one company from a cursor on, page by page."""

    def __init__(
        self, reader: Reader, gatherer: Gatherer, settings: Settings, company: str, now: Callable[[], datetime]
    ) -> None:
        self._reader = reader
        self._gatherer = gatherer
        self._settings = settings
        self._company = company
        self._now = now

    def pages(self, cursor: str | None, *, whole: bool) -> Iterator[Page]:
        """The pages from `cursor` on; see `Ledger.changes`."""
        now = self._now()
        state = State.decode(cursor) if cursor else State(since=now)
        if not cursor:
            state.highest = {wire.ENTITIES[kind]: self._reader.top(kind) for kind in _NUMBERED}
        if (whole or not cursor) and not state.whole:
            state.begin_whole(self._company, now)
            state.expected = self._reader.count(open_list(wire.Invoice))
        if state.whole:
            yield from self._whole(state)
        yield self._last(state)

    # -- a whole read

    def _whole(self, state: State) -> Iterator[Page]:
        while state.phase < len(_LISTS):
            kind = _LISTS[state.phase]
            for page in self._reader.pages(open_list(kind), state.after):
                state.after = page.last or state.after
                if page.is_end:
                    state.phase, state.after = state.phase + 1, ""
                if page.rows.told:
                    yield (
                        self._partners(state, page.rows) if kind is wire.Partner else self._list(state, kind, page.rows)
                    )

    def _partners(self, state: State, rows: Rows[wire.Row]) -> Page:
        """Customers, with the payments and journal lines that are open on their accounts."""
        partners = cast("list[wire.Partner]", rows.good)
        gathered = Gathered()
        codes = {each.card_code: each.currency or "" for each in partners}
        gathered.problems += [unreadable_partner(each) for each in rows.bad]
        lines = self._gatherer.fetch_open(gathered, codes)
        self._gatherer.fetch(gathered, {line.key for line in lines if line.key.type not in FROM_INVOICES})
        documents = self._gatherer.documents(gathered)
        others = {each.customer for each in documents} - codes.keys()  # lines of theirs stand on these accounts
        return self._page(state, gathered, documents, self._customers([*partners, *self._others(others)]))

    def _others(self, codes: Collection[str]) -> list[wire.Partner]:
        lists = [_partner_list(some) for some in cut(sorted(codes), PER_PART)]
        return cast("list[wire.Partner]", self._reader.all_of(lists)[wire.Partner].good) if lists else []

    def _list(self, state: State, kind: type[wire.Row], rows: Rows[wire.Row]) -> Page:
        gathered = Gathered()
        gathered.take(kind, rows)
        if kind is wire.Invoice:
            state.done += rows.told
        return self._page(state, gathered, self._gatherer.documents(gathered), [])

    def _page(self, state: State, gathered: Gathered, documents: list[Document], customers: list[Customer]) -> Page:
        state.unreadable = sorted({*state.unreadable, *_kinds(gathered.problems)})
        return Page(
            customers=tuple(customers),
            documents=tuple(documents),
            problems=tuple(gathered.problems),
            cursor=state.encode(),
            read_at=self._now(),
            whole_read=state.whole or None,
            done=state.done,
            expected=state.expected,
        )

    def _customers(self, rows: list[wire.Partner]) -> list[Customer]:
        currencies = self._reader.currencies()
        return [customer_of(row, currencies, self._settings) for row in rows]

    # -- what happened since

    def _last(self, state: State) -> Page:
        began = self._now()
        gathered, customers = self._since(state)
        documents = self._gatherer.documents(gathered)
        unreadable = {*state.unreadable, *_kinds(gathered.problems)}
        whole = state.whole
        state.since = min(state.began, began) if state.began else began
        state.end_whole()
        return Page(
            customers=tuple(self._customers(customers)),
            documents=tuple(documents),
            problems=tuple(gathered.problems),
            cursor=state.encode(),
            read_at=began,
            scope=SCOPE - unreadable if whole else frozenset(),
            whole_read=whole or None,
            complete=bool(whole),
            last=True,
        )

    def _since(self, state: State) -> tuple[Gathered, list[wire.Partner]]:
        """What changed and what is new since the cursor, with all that it bears on; and the partners that changed."""
        found = self._reader.all_of(self._news(state))
        gathered = Gathered()
        for kind in _NUMBERED:
            gathered.take(kind, self._recent(state, kind, found[kind]))
        for key in gathered.rows:
            state.saw(wire.ENTITIES[KIND_OF[key.type]], key.entry)
        new_credits = [key for key in gathered.rows if key.type == CREDIT_NOTE]
        self._gatherer.fetch(gathered, self._gatherer.named(gathered) | self._gatherer.bases(new_credits))
        partners = self._recent(state, wire.Partner, found[wire.Partner])
        gathered.problems += [unreadable_partner(each) for each in partners.bad]
        return gathered, cast("list[wire.Partner]", partners.good)

    def _news(self, state: State) -> list[Asked[wire.Row]]:
        changed = f"UpdateDate ge {on(state.from_day(self._settings))}"
        lists = [
            Asked(kind=kind, filter=f"{changed} or DocEntry gt {state.beyond(wire.ENTITIES[kind])}")
            for kind in _LISTS[1:]
        ]
        lists.append(Asked(kind=wire.Partner, filter=f"{CUSTOMERS} and {changed}"))
        return [*lists, *self._unstamped(state)]

    def _unstamped(self, state: State) -> list[Asked[wire.Row]]:
        """Payments and journal entries, which tell no change: new ones, and payments that were cancelled lately."""
        lately = on(self._settings.local_day(self._now() - CANCELLED_SINCE))
        number = state.beyond("IncomingPayments")
        is_new = f"DocEntry gt {number} or (Cancelled eq 'tYES' and DocDate ge {lately})"
        entry = state.beyond("JournalEntries")
        return [
            Asked(kind=wire.Payment, filter=f"DocType eq 'rCustomer' and ({is_new})"),
            Asked(kind=wire.JournalEntry, filter=f"JdtNum gt {entry} and OriginalJournal eq 'ttJournalEntry'"),
        ]

    def _recent(self, state: State, kind: type[wire.Row], rows: Rows[wire.Row]) -> Rows[wire.Row]:
        """Without those whose UpdateTime lies before what is read again: UpdateDate alone tells whole days."""
        begins, beyond = state.from_instant(self._settings), state.beyond(wire.ENTITIES[kind])

        def is_old(row: wire.Row) -> bool:
            if not isinstance(row, wire.Invoice | wire.Partner):
                return False
            at = self._settings.instant(row.update_date, row.update_time)
            is_new = isinstance(row, wire.Invoice) and row.doc_entry > beyond
            return not is_new and bool(row.update_time) and at is not None and at < begins

        return Rows(good=[row for row in rows.good if not is_old(row)], bad=rows.bad)

    # -- just before a message leaves

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[str], since: State) -> Page:
        """These documents, everything that is open at these customers, and what is new, as it is now."""
        began = self._now()
        wanted = {key: ref for ref in documents if (key := key_of(ref)) is not None}
        gathered = Gathered()
        lists = self._gatherer.lists(wanted) + self._unstamped(since)
        partners: list[wire.Partner] = []
        if customers:
            lists += [_partner_list(some) for some in cut(sorted(customers), PER_PART)]
        for kind, rows in self._reader.all_of(lists).items():
            if kind is wire.Partner:
                partners = cast("list[wire.Partner]", rows.good)
                gathered.problems += [unreadable_partner(each) for each in rows.bad]
            else:
                gathered.take(kind, rows)
        fathers = {each.father_card or "" for each in partners if is_consolidated(each)}
        partners += self._others(fathers - {each.card_code for each in partners})
        lines = self._gatherer.fetch_open(gathered, {each.card_code: each.currency or "" for each in partners})
        unread = {Key(line.key.type, line.key.entry) for line in lines} - gathered.rows.keys()
        self._gatherer.fetch(gathered, self._gatherer.named(gathered) | unread)
        made = self._gatherer.documents(gathered)
        bad = {each.ref for each in gathered.problems}
        shown = {each.ref for each in made} | bad
        missing = [not_shown(ref) for ref in wanted.values() if ref not in shown]
        return Page(
            customers=tuple(self._customers(partners)),
            documents=tuple(made),
            problems=(*gathered.problems, *missing),
            cursor=since.encode(),
            read_at=began,
            last=True,
        )


def _kinds(problems: Iterable[Problem]) -> set[str]:
    """The kinds that are not told whole; of a customer that cannot be read, payments and journal lines are not."""
    kinds = {each.kind for each in problems}
    lost = {DocumentKind.PAYMENT.value, DocumentKind.JOURNAL.value} if CUSTOMER in kinds else set()
    return (kinds | lost) & SCOPE


def open_list(kind: type[wire.Row]) -> Asked[wire.Row]:
    """Everything of a kind that a whole read lists."""
    if kind is wire.Partner:
        return Asked(kind=kind, filter=CUSTOMERS)
    if kind is wire.DownPayment:
        return Asked(kind=kind, filter=f"{OPEN} and DownPaymentType eq 'dptInvoice'")
    return Asked(kind=kind, filter=OPEN)


def _partner_list(codes: Collection[str]) -> Asked[wire.Row]:
    return Asked(kind=wire.Partner, filter=" or ".join(f"CardCode eq {quoted(code)}" for code in codes))
