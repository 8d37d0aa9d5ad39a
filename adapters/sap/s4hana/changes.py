"""How a reading goes: a whole read of what is open, by key; in between, what was created and cleared, by day.

The open credits that name an invoice are read first, since what is left of an invoice cannot be told without them. Then
the lines follow page by page, each page made into documents and forgotten. What happened meanwhile is read at the end
like any other change: the days since the read began, with two days' overlap. Of a line that changed, everything that
bears on it is read afresh: the invoices it names, and the open credits that name them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec

from adapters.documents import Customer, Document, DocumentKind, DocumentRef, Problem
from adapters.ledger import Page
from adapters.money import Money, MoneyError
from adapters.sap.odata import Rows
from adapters.sap.s4hana.cursor import State
from adapters.sap.s4hana.lines import (
    PAYMENT_TYPES,
    Credits,
    Key,
    LeftOut,
    Reckoning,
    clearings,
    document_of,
    invoice_ref,
    is_void,
    key_of,
    left_out,
    money_of,
    named_by,
)
from adapters.sap.s4hana.partners import PartnerReader
from adapters.sap.s4hana.reads import CubeReader
from adapters.sap.s4hana.wire import Line
from adapters.sap.values import ValueUnreadable, unpadded

SCOPE = frozenset(kind.value for kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_MEMO, DocumentKind.PAYMENT))


@dataclass(slots=True)
class Taken:
    """What lines were made into. `left` are lines that are none of ours, by reason."""

    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left: dict[LeftOut, list[Line]] = field(default_factory=dict)


class Reading:
    """Reads one company code from a cursor on, page by page."""

    def __init__(
        self,
        cube: CubeReader,
        partners: PartnerReader,
        now: Callable[[], datetime],
        *,
        payment_types: frozenset[str] = PAYMENT_TYPES,
    ) -> None:
        self._cube = cube
        self._partners = partners
        self._now = now
        self._payment_types = payment_types

    def pages(self, cursor: str | None, *, whole: bool) -> Iterator[Page]:
        """The pages from `cursor` on; see `Ledger.changes`."""
        now = self._now()
        state = State.decode(cursor) if cursor else State(since=now)
        if (whole or cursor is None) and not state.whole:
            state.begin_whole(self._cube.company_code, now)
            state.expected = self._cube.count_open()
        if state.whole:
            yield from self._whole(state)
        yield self._last(state)

    # -- a whole read

    def _whole(self, state: State) -> Iterator[Page]:
        known = Credits()
        for page in self._cube.open_credits():
            for line in page.good:
                _add(known, line)
        named = self._open_invoices(known.by_invoice)
        by = Reckoning(credits=known, invoices=named, payment_types=self._payment_types)
        seen: set[str] = set()
        for rows in self._cube.open_lines(state.after):
            taken = self.take(rows.good, by)
            taken.problems += [_unreadable(each) for each in rows.bad]
            state.after = last_key(rows) or state.after
            state.done += rows.told
            new = {each.customer for each in taken.documents} - seen
            seen |= new
            yield self._page(state, taken, self._partners.customers(new), self._now())

    def _open_invoices(self, keys: Collection[Key]) -> dict[Key, Money]:
        """The open amounts of the invoices that credits name."""
        lines = self._cube.by_keys(keys) if keys else []
        return dict(_owed(line) for line in lines if not line.is_cleared and _is_ours(line, self._cube.company_code))

    # -- what happened since

    def _last(self, state: State) -> Page:
        began = self._now()
        taken, changed = self.since(state.from_day if not state.began else _earlier(state.from_day, state.began.date()))
        customers = self._partners.customers({each.customer for each in taken.documents} | set(changed))
        state.since = state.began or began
        whole, unreadable = state.whole, state.unreadable
        state.end_whole()
        return Page(
            customers=tuple(customers),
            documents=tuple(taken.documents),
            problems=tuple(taken.problems),
            cursor=state.encode(),
            read_at=began,
            scope=SCOPE - frozenset(unreadable) if whole else frozenset(),
            whole_read=whole or None,
            complete=bool(whole) and not unreadable,
            last=True,
        )

    def since(self, day: date) -> tuple[Taken, list[str]]:
        """What was created or cleared since a day, with all that bears on it; and the customers that changed."""
        lines: dict[Key, Line] = {}
        problems: list[Problem] = []
        for pages in (self._cube.created_since(day), self._cube.cleared_since(day)):
            for rows in pages:
                lines |= {key_of(line): line for line in rows.good}
                problems += [_unreadable(each) for each in rows.bad]
        taken = self.with_all_that_bears_on(lines)
        taken.problems += problems
        return taken, self._partners.changed_since(day)

    def with_all_that_bears_on(self, lines: dict[Key, Line]) -> Taken:
        """Documents of these lines, of the invoices they name, and of the open credits that name any of them."""
        ours = {key: line for key, line in lines.items() if _is_ours(line, self._cube.company_code)}
        named = {target for line in ours.values() if (target := named_by(line)) is not None}
        lines = lines | {key_of(line): line for line in self._cube.by_keys(named - lines.keys())}
        targets = named | {key for key, line in ours.items() if not line.is_cleared and _is_invoice(line)}
        naming = self._cube.naming(targets) if targets else []
        lines |= {key_of(line): line for line in naming if named_by(line) in targets}
        return self.reckoned(lines)

    def reckoned(self, lines: dict[Key, Line]) -> Taken:
        """Documents of lines among which is everything that bears on each other."""
        known = Credits()
        for line in lines.values():
            _add(known, line)
        ours = [line for line in lines.values() if _is_ours(line, self._cube.company_code)]
        invoices = dict(_owed(line) for line in ours if not line.is_cleared and _is_invoice(line))
        by = Reckoning(credits=known, invoices=invoices, payments=clearings(ours), payment_types=self._payment_types)
        return self.take(lines.values(), by)

    # -- making documents

    def take(self, lines: Iterable[Line], by: Reckoning) -> Taken:
        """Each line as a document, or set aside with its reason."""
        taken = Taken()
        for line in lines:
            why = left_out(line, self._cube.company_code)
            if why is not None and why is not LeftOut.REVERSED:
                taken.left.setdefault(why, []).append(line)
                continue
            try:
                taken.documents.append(document_of(line, by))
            except (ValueUnreadable, MoneyError) as error:
                ref = invoice_ref(key_of(line))
                taken.problems.append(
                    Problem(ref=ref, kind=DocumentKind.INVOICE, text=f"{ref} cannot be read: {error}.")
                )
        return taken

    def _page(self, state: State, taken: Taken, customers: list[Customer], read_at: datetime) -> Page:
        state.unreadable = sorted({*state.unreadable, *(each.kind for each in taken.problems)})
        return Page(
            customers=tuple(customers),
            documents=tuple(taken.documents),
            problems=tuple(taken.problems),
            cursor=state.encode(),
            read_at=read_at,
            whole_read=state.whole,
            done=state.done,
            expected=state.expected,
        )

    # -- just before a message leaves

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[str], since: State) -> Page:
        """These documents and everything that is open at these customers, as it is now."""
        began = self._now()
        wanted = {key: ref for ref in documents if (key := key_from(ref)) is not None}
        lines = {key_of(line): line for line in self._cube.open_of(customers)} if customers else {}
        if customers:
            lines |= {key_of(line): line for line in self._cube.cleared_of(customers, since.from_day)}
        missing = wanted.keys() - lines.keys()
        lines |= {key_of(line): line for line in self._cube.by_keys(missing)} if missing else {}
        taken = self.with_all_that_bears_on(lines)
        taken.problems += [_not_shown(ref) for key, ref in wanted.items() if key not in lines]
        told = self._partners.customers({*customers, *(each.customer for each in taken.documents)})
        return Page(
            customers=tuple(told),
            documents=tuple(taken.documents),
            problems=tuple(taken.problems),
            cursor=since.encode(),
            read_at=began,
            last=True,
        )


def _not_shown(ref: DocumentRef) -> Problem:
    """S/4HANA deletes no journal entry: one that is not shown was archived, or our user may not see it."""
    text = f"{ref} is not shown any more: it was archived, or the user lacks the authorisation for it."
    return Problem(ref=ref, kind=ref.partition(":")[0], text=text)


def key_from(ref: DocumentRef) -> Key | None:
    """The line that a document's ref names."""
    parts = ref.partition(":")[2].split("/")
    return Key(*parts) if len(parts) == 3 else None


def last_key(rows: Rows[Line]) -> tuple[str, str, str] | None:
    """Where a page ended, in the server's spelling."""
    keys = [(each.fiscal_year, each.accounting_document, each.accounting_document_item) for each in rows.good]
    return max(keys, default=None)


def _add(known: Credits, line: Line) -> None:
    try:
        known.add(line)
    except (ValueUnreadable, MoneyError):
        return  # it is told as unreadable where it is made a document


def _is_ours(line: Line, company_code: str) -> bool:
    return left_out(line, company_code) is None


def _is_invoice(line: Line) -> bool:
    return _amount(line).minor > 0 and not is_void(line)


def _owed(line: Line) -> tuple[Key, Money]:
    return key_of(line), _amount(line)


def _amount(line: Line) -> Money:
    try:
        return money_of(line)
    except (ValueUnreadable, MoneyError):
        return Money.zero(line.transaction_currency)


def _earlier(one: date, other: date) -> date:
    return min(one, other)


class _Named(msgspec.Struct, rename="pascal"):
    fiscal_year: str = ""
    accounting_document: str = ""
    accounting_document_item: str = ""


def _unreadable(raw: bytes) -> Problem:
    try:
        told = msgspec.json.decode(raw, type=_Named)
        key = Key(told.fiscal_year, unpadded(told.accounting_document), unpadded(told.accounting_document_item))
    except msgspec.DecodeError:
        key = Key("", "", "")
    ref = invoice_ref(key)
    return Problem(
        ref=ref, kind=DocumentKind.INVOICE, text=f"{ref} cannot be read: a property is not what it should be."
    )
