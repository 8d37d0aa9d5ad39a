"""Rows on their way to become documents, and what else must be asked for before they can.

Of a payment that is read, the documents it names are read again by key: whether posting it touched their UpdateDate is
not documented. Likewise of a new credit note the invoices that it was made from. What is left of payments and journal
lines is asked for by partner.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import cast

import msgspec

from adapters.documents import Document, DocumentKind, Problem
from adapters.money import Money, MoneyError
from adapters.sap.business_one import wire
from adapters.sap.business_one.documents import (
    CREDIT_NOTE,
    INVOICE,
    JOURNAL,
    KIND_OF,
    TYPE_OF,
    Key,
    Known,
    applied,
    has_parts,
    is_ignored,
    may_be_left,
    of_entry,
    of_invoice,
    of_payment,
    ref_of,
    targets,
)
from adapters.sap.business_one.open_lines import OpenLine, open_lines
from adapters.sap.business_one.partners import CUSTOMERS, is_consolidated
from adapters.sap.business_one.reads import PER_PART, Asked, Reader, Service, cut, key_name, quoted
from adapters.sap.business_one.settings import Currencies, Settings
from adapters.sap.odata import Rows
from adapters.sap.values import ValueUnreadable


@dataclass(slots=True)
class Gathered:
    """Rows by their key, those that could not be read, and what is known to be open on which accounts."""

    rows: dict[Key, wire.Row] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: dict[Key, Decimal] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)  # partners whose open lines are known

    def take(self, kind: type[wire.Row], rows: Rows[wire.Row]) -> None:
        """Adds rows of a kind; of one that was read before, the later reading counts."""
        for row in rows.good:
            self.rows[Key(TYPE_OF[kind], _number(row))] = row
        self.problems += [unreadable(kind, each) for each in rows.bad]

    def of(self, kind: type[wire.Row]) -> list[wire.Row]:
        """The rows of a kind."""
        return [row for key, row in self.rows.items() if key.type == TYPE_OF[kind]]


class Gatherer:
    """Reads rows and what belongs to them."""

    def __init__(self, reader: Reader, service: Service, settings: Settings, now: Callable[[], datetime]) -> None:
        self._reader = reader
        self._service = service
        self._settings = settings
        self._now = now

    def fetch(self, into: Gathered, keys: Collection[Key]) -> None:
        """Reads documents by their keys, those of journal lines as whole entries."""
        lists = self.lists(keys)
        for kind, rows in self._reader.all_of(lists).items():
            into.take(kind, rows)

    def lists(self, keys: Collection[Key]) -> list[Asked[wire.Row]]:
        """Lists of documents by their keys, some keys in each."""
        wanted: dict[int, set[int]] = {}
        for key in keys:
            wanted.setdefault(key.type, set()).add(key.entry)
        return [
            by_numbers(KIND_OF[type_], some)
            for type_, numbers in sorted(wanted.items())
            if type_ in KIND_OF
            for some in cut(sorted(numbers), PER_PART)
        ]

    def named(self, gathered: Gathered) -> set[Key]:
        """The documents that payments name, to be read again."""
        payments = cast("list[wire.Payment]", gathered.of(wire.Payment))
        return {Key(key.type, key.entry) for row in payments for key, _ in targets(row)}

    def bases(self, credits_: Collection[Key]) -> set[Key]:
        """The invoices that credit notes were made from, to be read again."""
        lists = [by_numbers(wire.Based, some) for some in cut(sorted(key.entry for key in credits_), PER_PART)]
        if not lists:
            return set()
        rows = cast("list[wire.Based]", self._reader.all_of(lists)[wire.Based].good)
        lines = (line for row in rows for line in row.document_lines or ())
        return {Key(INVOICE, line.base_entry) for line in lines if line.base_type == INVOICE and line.base_entry}

    def fetch_open(self, into: Gathered, partners: Mapping[str, str]) -> list[OpenLine]:
        """Asks what is open on these partners' accounts, which are given with their currencies."""
        unknown = {code: currency for code, currency in partners.items() if code not in into.asked}
        found = open_lines(self._service, self._settings, unknown, self._now())
        into.asked |= partners.keys()
        into.lines |= {line.key: line.amount for line in found}
        return found

    def documents(self, gathered: Gathered) -> list[Document]:
        """The rows as documents. Asks for what is left of payments and journal lines, and for paid instalments."""
        currencies = self._reader.currencies()
        payments = cast("list[wire.Payment]", gathered.of(wire.Payment))
        entries = cast("list[wire.JournalEntry]", gathered.of(wire.JournalEntry))
        customers = {
            row.card_code: row for row in self._partners({n for row in entries for n in _accounts(row)}, CUSTOMERS)
        }
        payers = {row.card_code for row in payments if row.card_code and may_be_left(row, currencies)}
        of_payers = {row.card_code: row for row in self._partners(payers - customers.keys())}
        accounts = {code: row.father_card or code for code, row in of_payers.items() if is_consolidated(row)}
        fathers = {row.card_code: row for row in self._partners(set(accounts.values()) - of_payers.keys())}
        known_partners = {code: row.currency or "" for code, row in (customers | of_payers | fathers).items()}
        asked = {accounts.get(each, each) for each in payers} | customers.keys()
        self.fetch_open(gathered, {code: known_partners.get(code, "") for code in asked})
        known = Known(
            currencies=currencies,
            settings=self._settings,
            open_amounts=gathered.lines,
            today=self._settings.local_day(self._now()),
            account_of=accounts,
            account_currencies=known_partners,
            on_instalments=self._on_instalments(gathered, currencies),
        )
        return list(self._made(gathered, known, customers))

    def _made(self, gathered: Gathered, known: Known, customers: Collection[str]) -> Iterable[Document]:
        for key, row in gathered.rows.items():
            try:
                if isinstance(row, wire.Invoice):
                    if not is_ignored(row):
                        yield of_invoice(row, key.type, known)
                elif isinstance(row, wire.Payment):
                    if row.doc_type in (None, "rCustomer"):
                        yield of_payment(row, known)
                elif isinstance(row, wire.JournalEntry):
                    for line in row.journal_entry_lines:
                        if line.short_name in customers:
                            yield of_entry(row, line, known)
            except (ValueUnreadable, MoneyError) as error:
                gathered.problems.append(problem(key, str(error)))

    def _partners(self, names: Collection[str], condition: str = "") -> list[wire.Balance]:
        row: type[wire.Row] = wire.Balance
        lists = [
            Asked(kind=row, filter=_either(part) + (f" and {condition}" if condition else ""))
            for part in cut(sorted(names), PER_PART)
        ]
        return cast("list[wire.Balance]", self._reader.all_of(lists)[wire.Balance].good) if lists else []

    def _on_instalments(self, gathered: Gathered, currencies: Currencies) -> dict[Key, dict[int, Money]]:
        """What payments paid on the instalments that they name, for invoices of which a part is paid."""
        rows = {
            key: row for key, row in gathered.rows.items() if isinstance(row, wire.Invoice) and key.type != CREDIT_NOTE
        }
        partly = {key: row for key, row in rows.items() if has_parts(row, currencies)}
        if not partly:
            return {}
        payers = {row.card_code for row in partly.values()}
        payers |= {row.father_card for row in self._partners(payers) if row.father_card}
        kind: type[wire.Row] = wire.Applications
        of_payer = "DocType eq 'rCustomer' and Cancelled eq 'tNO'"
        lists = [Asked(kind=kind, filter=f"{_either(part)} and {of_payer}") for part in cut(sorted(payers), PER_PART)]
        found: dict[Key, dict[int, Money]] = {}
        for row in cast("list[wire.Applications]", self._reader.all_of(lists)[wire.Applications].good):
            for key, each in targets(row):
                if key in partly and each.installment_id:
                    code = partly[key].doc_currency
                    paid = found.setdefault(key, {})
                    before = paid.get(each.installment_id, Money.zero(currencies.name(code)))
                    paid[each.installment_id] = before + applied(each, code, currencies)
        return found


def by_numbers(kind: type[wire.Row], numbers: Iterable[int]) -> Asked[wire.Row]:
    """Rows of a kind by their numbers."""
    name = key_name(kind)
    return Asked(kind=kind, filter=" or ".join(f"{name} eq {number}" for number in numbers))


def _either(codes: Iterable[str]) -> str:
    return "(" + " or ".join(f"CardCode eq {quoted(code)}" for code in codes) + ")"


def _accounts(row: wire.JournalEntry) -> Iterable[str]:
    """The lines' accounts that are partners'."""
    return (
        each.short_name for each in row.journal_entry_lines if each.short_name and each.short_name != each.account_code
    )


def _number(row: wire.Row) -> int:
    return row.jdt_num if isinstance(row, wire.JournalEntry) else cast("wire.Invoice", row).doc_entry


def problem(key: Key, why: str) -> Problem:
    """A document that could not be read."""
    ref = ref_of(key)
    return Problem(ref=ref, kind=ref.partition(":")[0], text=f"{ref} cannot be read: {why}.")


def unreadable(kind: type[wire.Row], raw: bytes) -> Problem:
    """A row that is not what it should be."""
    told = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get(key_name(kind), msgspec.Raw(b"0"))
    number = int(bytes(told)) if bytes(told).isdigit() else 0
    return problem(
        Key(TYPE_OF[kind], number, 0 if TYPE_OF[kind] == JOURNAL else -1), "a property is not what it should be"
    )


def not_shown(ref: str) -> Problem:
    """Business One deletes no posted document: one that it does not show is hidden from our user."""
    kind = ref.partition(":")[0]
    text = f"{ref} is not shown any more: the user may lack the authorisation for it."
    return Problem(ref=ref, kind=kind if kind in set(DocumentKind) else DocumentKind.INVOICE.value, text=text)
