"""How a reading goes: a whole read of what is open, by key; in between, what was created and cleared, by day.

The open credits that name an invoice are read first, since what is left of an invoice cannot be told without them. Then
the lines follow page by page, each page made into documents and forgotten. What happened meanwhile is read at the end
like any other change: the days since the read began, with two days' overlap. Of a line that changed, everything that
bears on it is read afresh: the invoices it names, and the open credits that name them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import msgspec

from adapters.documents import Document, DocumentKind, DocumentRef, Problem
from adapters.ledger import Page
from adapters.money import Money, MoneyError
from adapters.sap.odata import Rows
from adapters.sap.s4hana.clearings import clearings, replaced
from adapters.sap.s4hana.cursor import State
from adapters.sap.s4hana.cutting import cut
from adapters.sap.s4hana.lines import (
    Credits,
    Habits,
    Key,
    LeftOut,
    Reckoning,
    document_of,
    invoice_ref,
    is_counter,
    is_void,
    key_of,
    left_out,
    money_of,
    named_by,
)
from adapters.sap.s4hana.partners import PartnerReader, Told
from adapters.sap.s4hana.reads import CubeReader, last_of
from adapters.sap.s4hana.wire import Line
from adapters.sap.values import ValueUnreadable, day, unpadded

_AT_ONCE = 1000
"""Invoices that are read by key before their lines are forgotten."""
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
        habits: Habits | None = None,
    ) -> None:
        self._cube = cube
        self._partners = partners
        self._now = now
        self._habits = habits or Habits()

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
            _note(known, page)
        by = Reckoning(credits=known, invoices=self._owed_of(known.by_invoice), habits=self._habits)
        seen: set[str] = set()
        for rows in self._cube.open_lines(state.after):
            taken = self.take(rows.good, replace(by, replaced=self._replaced_by(rows.good)))
            taken.problems += [_unreadable(each) for each in rows.bad]
            state.after = last_of(rows) if rows.told else state.after
            state.done += rows.told
            new = {each.customer for each in taken.documents} - seen
            seen |= new
            yield self._page(state, taken, self._partners.customers(new), self._now())

    def _replaced_by(self, lines: Sequence[Line]) -> dict[Key, Key]:
        """By residual item among these open lines, the line that it replaces, which is cleared and asked for by key."""
        named = {target for line in lines if _is_invoice(line) and (target := named_by(line)) is not None}
        return replaced([*lines, *self._cube.by_keys(named).good]) if named else {}

    def _owed_of(self, invoices: Iterable[Key]) -> dict[Key, Money]:
        """What was owed of the open ones of these, whose lines are forgotten piece by piece."""
        found: dict[Key, Money] = {}
        for some in cut(invoices, _AT_ONCE):
            lines = self._cube.by_keys(some).good
            found |= (_owed(line) for line in lines if not line.is_cleared and self._is_ours(line))
        return found

    # -- what happened since

    def _last(self, state: State) -> Page:
        began = self._now()
        taken, changed = self.since(state.from_day if not state.began else _earlier(state.from_day, state.began.date()))
        told = self._partners.customers({each.customer for each in taken.documents} | set(changed))
        state.since = state.began or began
        whole, unreadable = state.whole, state.unreadable
        state.end_whole()
        return Page(
            customers=told.customers,
            documents=tuple(taken.documents),
            problems=(*taken.problems, *told.problems),
            cursor=state.encode(),
            read_at=began,
            scope=SCOPE - frozenset(unreadable) if whole else frozenset(),
            whole_read=whole or None,
            complete=bool(whole) and not unreadable,
            last=True,
        )

    def since(self, from_day: date) -> tuple[Taken, list[str]]:
        """What was entered, edited or cleared since a day, with all that bears on it; and customers that changed.

        What was cleared is read first: the residual item of whatever is seen cleared was entered by then.
        """
        gathered = Gathered()
        for pages in (self._cube.cleared_since(from_day), self._cube.entered_since(from_day)):
            for rows in pages:
                gathered.add(rows)
        if shaken := self._shaken(gathered.lines.values(), from_day):
            gathered.add(self._cube.open_of(shaken))
        return self.with_all_that_bears_on(gathered), self._partners.changed_since(from_day)

    def _shaken(self, lines: Iterable[Line], since: date) -> set[str]:
        """Customers of whom something may be open again that shows no sign of it.

        What a reversed payment had cleared is open again, and so is an invoice that a payment does not name any more.
        """
        return {
            line.customer
            for line in lines
            if line.financial_account_type == "D"
            and (is_void(line) or (_day(line.last_change_date) or date.min) >= since)
        }

    def with_all_that_bears_on(self, gathered: "Gathered") -> Taken:
        """Documents of these lines, of the invoices they name, and of the open credits that name any of them."""
        ours = {key: line for key, line in gathered.lines.items() if self._is_ours(line)}
        named = {target for line in ours.values() if (target := named_by(line)) is not None}
        if missing := named - gathered.lines.keys():
            gathered.add(self._cube.by_keys(missing), wanted=missing)
        targets = named | {key for key, line in ours.items() if not line.is_cleared and _is_invoice(line)}
        if targets:
            gathered.add(self._cube.naming(targets), naming=targets)
        return self.reckoned(gathered)

    def reckoned(self, gathered: "Gathered") -> Taken:
        """Documents of lines among which is everything that bears on each other."""
        lines = list(gathered.lines.values())
        known = Credits()
        _note(known, Rows(good=lines, bad=gathered.bad))
        ours = [line for line in lines if self._is_ours(line)]
        invoices = dict(_owed(line) for line in ours if not line.is_cleared and _is_invoice(line))
        cleared = clearings(ours, self._habits.payment_types)
        by = Reckoning(
            credits=known,
            invoices=invoices,
            payments=cleared.applied,
            kept_back=cleared.kept_back,
            replaced=replaced(ours),
            habits=self._habits,
        )
        taken = self.take(lines, by)
        taken.problems += [_unreadable(each) for each in dict.fromkeys(gathered.bad)]
        return taken

    # -- making documents

    def take(self, lines: Iterable[Line], by: Reckoning) -> Taken:
        """Each line as a document, or set aside with its reason; of a reversal, the line that was reversed is told."""
        taken = Taken()
        for line in lines:
            try:
                why = left_out(line, self._cube.company_code)
                why = None if why is LeftOut.REVERSED and not line.is_reversal else why
                why = why or (LeftOut.COUNTER if is_counter(line, self._habits.payment_types) else None)
                if why is not None:
                    taken.left.setdefault(why, []).append(line)
                    continue
                taken.documents.append(document_of(line, by))
            except (ValueUnreadable, MoneyError) as error:
                ref = invoice_ref(key_of(line))
                text = f"{ref} cannot be read: {error}."
                taken.problems.append(Problem(ref=ref, kind=DocumentKind.INVOICE, text=text))
        return taken

    def _is_ours(self, line: Line) -> bool:
        return left_out(line, self._cube.company_code) is None

    def _page(self, state: State, taken: Taken, told: Told, read_at: datetime) -> Page:
        state.unreadable = sorted({*state.unreadable, *(each.kind for each in taken.problems)})
        return Page(
            customers=told.customers,
            documents=tuple(taken.documents),
            problems=(*taken.problems, *told.problems),
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
        gathered = Gathered()
        if customers:
            gathered.add(self._cube.open_or_cleared_of(customers, since.from_day))
        if missing := wanted.keys() - gathered.lines.keys():
            gathered.add(self._cube.by_keys(missing), wanted=missing)
            if cleared := [line for key, line in gathered.lines.items() if key in missing and line.is_cleared]:
                gathered.add(self._cube.cleared_with(cleared))
        taken = self.with_all_that_bears_on(gathered)
        told_of = {each.ref for each in taken.problems}
        lost = [(key, ref) for key, ref in wanted.items() if key not in gathered.lines]
        taken.problems += [_not_shown(ref) for key, ref in lost if invoice_ref(key) not in told_of]
        told = self._partners.customers({*customers, *(each.customer for each in taken.documents)})
        return Page(
            customers=told.customers,
            documents=tuple(taken.documents),
            problems=(*taken.problems, *told.problems),
            cursor=since.encode(),
            read_at=began,
            last=True,
        )


@dataclass(slots=True)
class Gathered:
    """Lines read for a purpose, each once, and what could not be read."""

    lines: dict[Key, Line] = field(default_factory=dict)
    bad: list[bytes] = field(default_factory=list)

    def add(
        self, rows: Rows[Line], *, wanted: AbstractSet[Key] | None = None, naming: AbstractSet[Key] | None = None
    ) -> None:
        """Takes lines in: all, those of these keys, or those that name one of these."""
        for line in rows.good:
            key = key_of(line)
            if (wanted is None or key in wanted) and (naming is None or named_by(line) in naming):
                self.lines[key] = line
        self.bad += [each for each in rows.bad if wanted is None or _told_in(each).key in wanted]


def _not_shown(ref: DocumentRef) -> Problem:
    """S/4HANA deletes no journal entry: one that is not shown was archived, or our user may not see it."""
    text = f"{ref} is not shown any more: it was archived, or the user lacks the authorisation for it."
    return Problem(ref=ref, kind=ref.partition(":")[0], text=text)


def key_from(ref: DocumentRef) -> Key | None:
    """The line that a document's ref names."""
    parts = ref.partition(":")[2].split("/")
    return Key(*parts) if len(parts) == 3 else None


def _note(known: Credits, rows: Rows[Line]) -> None:
    """Notes the credits among lines, and which invoices those name that cannot be read."""
    for line in rows.good:
        known.add(line)
    known.unsure |= {target for raw in rows.bad if (target := _told_in(raw).named) is not None}


def _is_invoice(line: Line) -> bool:
    return _amount(line).minor > 0 and not is_void(line)


def _owed(line: Line) -> tuple[Key, Money]:
    return key_of(line), _amount(line)


def _amount(line: Line) -> Money:
    try:
        return money_of(line)
    except (ValueUnreadable, MoneyError):
        return Money.zero(line.transaction_currency)


def _day(told: str | None) -> date | None:
    try:
        return day(told)
    except ValueUnreadable:
        return None


def _earlier(one: date, other: date) -> date:
    return min(one, other)


class _Named(msgspec.Struct, rename="pascal"):
    """As much of a line that cannot be read as still says which one it is, and which invoice it names."""

    fiscal_year: str = ""
    accounting_document: str = ""
    accounting_document_item: str = ""
    invoice_reference: str = ""
    invoice_reference_fiscal_year: str = ""
    invoice_item_reference: str = ""

    @property
    def key(self) -> Key:
        return Key(self.fiscal_year, unpadded(self.accounting_document), unpadded(self.accounting_document_item))

    @property
    def named(self) -> Key | None:
        document, item = unpadded(self.invoice_reference), unpadded(self.invoice_item_reference)
        return Key(self.invoice_reference_fiscal_year, document, item) if document and item else None


def _told_in(raw: bytes) -> _Named:
    try:
        return msgspec.json.decode(raw, type=_Named)
    except msgspec.DecodeError:
        return _Named()


def _unreadable(raw: bytes) -> Problem:
    ref = invoice_ref(_told_in(raw).key)
    text = f"{ref} cannot be read: a property is not what it should be."
    return Problem(ref=ref, kind=DocumentKind.INVOICE, text=text)
