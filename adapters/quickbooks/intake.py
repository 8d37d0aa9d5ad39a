"""From rows to what a page holds: documents, customers, tombstones, and problems said in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar, cast

from adapters.documents import Customer, Document, Gone, Problem, Tombstone, document_ref
from adapters.quickbooks import wire
from adapters.quickbooks.cursor import State
from adapters.quickbooks.journals import accounts_of
from adapters.quickbooks.mapping import (
    KINDS,
    MAPPING_ERRORS,
    HomeCurrency,
    credit_memo,
    customer,
    invoice,
    payment,
    problem_of,
)
from adapters.quickbooks.reads import Reader

R = TypeVar("R", bound=wire.Row)


@dataclass(slots=True, kw_only=True)
class Found:
    """What some rows came to."""

    customers: list[Customer] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.customers or self.documents or self.tombstones or self.problems)


class Receivables:
    """Which accounts are receivable: to be asked for where a line names a customer on an account not met before.

    Whoever reads a page of journal entries has a `look`, so that the answer is there when the page's turn comes.
    """

    def __init__(self, reader: Reader, state: State) -> None:
        self._reader = reader
        self._met = frozenset((*state.accounts, *state.other_accounts))
        self._told: list[str] | None = None

    def look(self, rows: Sequence[wire.Row]) -> None:
        """Asks if one of these rows makes that necessary."""
        if self._told is None and _accounts_met(cast("Sequence[wire.JournalEntry]", rows)) - self._met:
            self._told = self._ask()

    def take(self) -> list[str]:
        """The ids of all receivable accounts; what a look found answers once."""
        told, self._told = self._told, None
        return self._ask() if told is None else told

    def _ask(self) -> list[str]:
        where = "AccountType = 'Accounts Receivable' AND Active IN (true, false)"
        return sorted(row.id for row in self._reader.everything(wire.Account, where))


def _accounts_met(rows: Sequence[wire.JournalEntry]) -> set[str]:
    return {account for row in rows for account in accounts_of(row)}


class Intake:
    """Takes rows in, remembering in `state` what later rows need (journal lines, accounts, unreadable kinds).

    `closed_since` leaves closed documents dated before it out; `entries_follow` says that the journal entries which
    payments name will be read anyway.
    """

    def __init__(
        self,
        reader: Reader,
        home: HomeCurrency,
        state: State,
        *,
        closed_since: date | None = None,
        entries_follow: bool = False,
        receivables: Receivables | None = None,
    ) -> None:
        self._reader = reader
        self._home = home
        self._state = state
        self._closed_since = closed_since
        self._entries_follow = entries_follow
        self._receivables = receivables or Receivables(reader, state)
        self.found = Found()

    def take(self, rows: Mapping[str, wire.Rows[wire.Row]]) -> Found:
        """Takes the rows of some entities in."""
        alive = {entity: self._alive(entity, given) for entity, given in rows.items()}
        self._customers(cast("Sequence[wire.Customer]", alive.get("Customer", ())))
        self._documents(cast("Sequence[wire.Invoice]", alive.get("Invoice", ())), invoice)
        self._documents(cast("Sequence[wire.CreditMemo]", alive.get("CreditMemo", ())), credit_memo)
        payments = cast("Sequence[wire.Payment]", alive.get("Payment", ()))
        touched = self._state.journals.note_payments(payments)
        self._documents(payments, self._payment)
        self._entries(cast("Sequence[wire.JournalEntry]", alive.get("JournalEntry", ())), touched)
        return self.found

    def problem(self, entity: str, ledger_id: str, text: str, number: str | None = None) -> None:
        """Names a row that could not be read, and remembers that its kind was not told whole."""
        self.found.problems.append(problem_of(entity, ledger_id, text, number))
        kind = KINDS.get(entity)
        if kind and kind.value not in self._state.unreadable:
            self._state.unreadable.append(kind.value)

    def gone(self, entity: str, ledger_id: str) -> None:
        """QuickBooks itself said that this is gone."""
        if entity == "Customer":  # QuickBooks deletes none: one that is gone was merged, it does not say into which
            self.found.tombstones.append(Tombstone(ref=ledger_id, how=Gone.MERGED, is_customer=True))
        elif entity == "JournalEntry":
            self.found.tombstones += self._state.journals.forget(ledger_id)
        else:
            self.found.tombstones.append(Tombstone(ref=document_ref(KINDS[entity], ledger_id), how=Gone.DELETED))

    def _alive(self, entity: str, rows: wire.Rows[wire.Row]) -> list[wire.Row]:
        """The rows that are there. A deleted stub is believed only after QuickBooks, asked for the row, says 610."""
        for row in rows.bad:
            self.problem(entity, row.id, row.text)
        stubs = [row.id for row in rows.good if row.is_stub]
        alive = [row for row in rows.good if not row.is_stub]
        return alive + self.confirm(entity, stubs)

    def confirm(self, entity: str, ids: Sequence[str]) -> list[wire.Row]:
        """Asks for rows one by one: those that are there after all, tombstones for those that are gone."""
        kind = wire.ENTITIES[entity]
        alive: list[wire.Row] = []
        for ident, row in zip(ids, self._reader.at_once(lambda each: self._reader.one(kind, each), ids), strict=True):
            if isinstance(row, wire.Unreadable):
                self.problem(entity, row.id, row.text)
                continue
            if row is not None:
                alive.append(row)
                continue
            if entity == "Payment":
                self._entries((), self._state.journals.note_payments([wire.Payment(id=ident)]))
            self.gone(entity, ident)
        return alive

    def _customers(self, rows: Sequence[wire.Customer]) -> None:
        for row in rows:
            try:
                self.found.customers.append(customer(row, self._home))
            except MAPPING_ERRORS as error:
                self.problem("Customer", row.id, str(error), row.display_name)

    def _documents(self, rows: Sequence[R], mapping: Callable[[R, HomeCurrency], Document]) -> None:
        for row in rows:
            try:
                made = mapping(row, self._home)
            except MAPPING_ERRORS as error:
                self.problem(type(row).__name__, row.id, str(error), getattr(row, "doc_number", None))
                continue
            if self._wanted(made):
                self.found.documents.append(made)

    def _wanted(self, made: Document) -> bool:
        return bool(made.open) or self._closed_since is None or made.issue_date >= self._closed_since

    def _payment(self, row: wire.Payment, home: HomeCurrency) -> Document:
        return payment(row, home, self._state.journals.target)

    def _entries(self, rows: Sequence[wire.JournalEntry], touched: set[str]) -> None:
        """Journal entries, those among them whose open part a payment has just changed."""
        missing = touched - {row.id for row in rows}
        if missing and not self._entries_follow:
            more, bad, _ = self._reader.by_ids(wire.JournalEntry, missing)
            rows = [*rows, *more]
            for each in bad:
                self.problem("JournalEntry", each.id, each.text)
        self._learn_accounts(rows)
        for row in rows:
            try:
                documents, tombstones = self._state.journals.read(row, self._state.accounts, self._home)
            except MAPPING_ERRORS as error:
                self.problem("JournalEntry", row.id, str(error), row.doc_number)
                continue
            self.found.documents += [made for made in documents if self._wanted(made)]
            self.found.tombstones += tombstones

    def _learn_accounts(self, rows: Sequence[wire.JournalEntry]) -> None:
        """Asks which accounts are receivable when a line names a customer on one not met before."""
        met = _accounts_met(rows)
        if not met - {*self._state.accounts, *self._state.other_accounts}:
            return
        self._state.accounts = self._receivables.take()
        self._state.other_accounts = sorted({*self._state.other_accounts, *met} - set(self._state.accounts))


def journal_entry_of(document_id: str) -> str:
    """The entry of a journal line's document id: `55` of `55.0`."""
    return document_id.partition(".")[0]
