"""Journal lines on accounts receivable, whose open part QuickBooks does not tell.

It is the line's amount less what payments set against it. A payment that is voided or deleted no longer says what it
had paid, and an entry that is edited no longer says which lines it had: both are therefore remembered, as part of the
cursor.
"""

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

import msgspec

from adapters.documents import Document, DocumentKind, Gone, Item, Tombstone, document_ref
from adapters.money import Money
from adapters.quickbooks import wire
from adapters.quickbooks.mapping import (
    LONGEST_NAME,
    LONGEST_WORDS,
    HomeCurrency,
    Unmappable,
    currency_of,
    day,
    identified,
    instant,
    version_of,
)

_TYPE = "JournalEntry"


class Link(msgspec.Struct, kw_only=True, array_like=True, frozen=True):
    """An amount that a payment set against an entry; `line` is empty where the payment does not say which."""

    entry: str
    line: str
    customer: str
    amount: Decimal


class Journals(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What must be remembered of journal entries: their AR lines, and the payments that name them."""

    lines: dict[str, list[str]] = {}
    links: dict[str, list[Link]] = {}

    def copy(self) -> "Journals":
        """A copy that can be changed alone."""
        return Journals(lines=dict(self.lines), links=dict(self.links))

    def note_payments(self, rows: Iterable[wire.Payment]) -> set[str]:
        """Remembers what payments (or their stubs) say; returns the entries whose open part that changes."""
        touched: set[str] = set()
        for row in rows:
            before = self.links.get(row.id, [])
            after = list(_links(row))
            if before == after:
                continue
            touched |= {link.entry for link in (*before, *after)}
            if after:
                self.links[row.id] = after
            else:
                del self.links[row.id]
        return touched

    def target(self, link: wire.LinkedTxn) -> str:
        """The document that a payment's link to a journal entry names."""
        entry = link.txn_id or ""
        known = self.lines.get(entry, ())
        line = link.txn_line_id or (known[0] if len(known) == 1 else "")
        return document_ref(DocumentKind.JOURNAL, f"{entry}.{line}" if line else entry)

    def read(
        self, row: wire.JournalEntry, accounts: Collection[str], home: HomeCurrency
    ) -> tuple[list[Document], list[Tombstone]]:
        """The entry's AR lines as documents, and tombstones for lines that it had and has no more."""
        wanted = [line for line in row.line or () if is_receivable(line, accounts)]
        documents = self._documents(row, wanted, home)
        kept = [document.id.rpartition(".")[2] for document in documents]
        gone = [line for line in self.lines.get(row.id, ()) if line not in kept]
        if kept:
            self.lines[row.id] = kept
        else:
            self.lines.pop(row.id, None)
        return documents, [self._tombstone(row.id, line) for line in gone]

    def forget(self, entry: str) -> list[Tombstone]:
        """The entry is gone: tombstones for the lines it had."""
        return [self._tombstone(entry, line) for line in self.lines.pop(entry, [])]

    def _tombstone(self, entry: str, line: str) -> Tombstone:
        return Tombstone(ref=document_ref(DocumentKind.JOURNAL, f"{entry}.{line}"), how=Gone.DELETED)

    def _documents(self, row: wire.JournalEntry, lines: list[wire.JournalLine], home: HomeCurrency) -> list[Document]:
        currency = currency_of(row.currency_ref, home)
        amounts = {line.id or "": _signed(line, currency) for line in lines}
        customers = {line.id or "": _customer(line) for line in lines}
        left = {line: abs(amount.minor) for line, amount in amounts.items()}
        for link in self._links_to(row.id):
            minor = Money.of(link.amount, currency).minor
            for line in _laid_on(link, customers):
                taken = min(minor, left[line])
                left[line] -= taken
                minor -= taken
        return [_document(row, line, customers[line], amounts[line], left[line]) for line in amounts]

    def _links_to(self, entry: str) -> Iterator[Link]:
        yield from (link for links in self.links.values() for link in links if link.entry == entry)


def _links(row: wire.Payment) -> Iterator[Link]:
    customer = (row.customer_ref.value if row.customer_ref else None) or ""
    for line in row.line or ():
        for link in line.linked_txn or ():
            if link.txn_type == _TYPE:
                amount = line.amount or Decimal(0)
                yield Link(entry=link.txn_id or "", line=link.txn_line_id or "", customer=customer, amount=amount)


def _laid_on(link: Link, customers: dict[str, str]) -> list[str]:
    """The lines that a link pays: the one it names, else those of the payment's customer, else all, in order."""
    if link.line in customers:
        return [link.line]
    own = [line for line, customer in customers.items() if customer == link.customer]
    return own or list(customers)


def is_receivable(line: wire.JournalLine, accounts: Collection[str]) -> bool:
    """Whether a line stands in accounts receivable: on an AR account, for a customer."""
    detail = line.journal_entry_line_detail
    if detail is None or detail.account_ref is None or detail.entity is None:
        return False
    return detail.entity.type == "Customer" and detail.account_ref.value in accounts


def accounts_of(row: wire.JournalEntry) -> set[str]:
    """The accounts on which a line names a customer: AR accounts, and those of lines that only mention one."""
    details = [line.journal_entry_line_detail for line in row.line or ()]
    named = [d.account_ref.value for d in details if d and d.account_ref and d.entity and d.entity.type == "Customer"]
    return {value for value in named if value}


def _customer(line: wire.JournalLine) -> str:
    detail = line.journal_entry_line_detail
    ref = detail.entity.entity_ref if detail and detail.entity else None
    if ref is None or not ref.value:
        raise Unmappable("a line on accounts receivable names no customer")
    return identified(ref.value)


def _signed(line: wire.JournalLine, currency: str) -> Money:
    amount = Money.of(line.amount or Decimal(0), currency)
    credit = line.journal_entry_line_detail is not None and line.journal_entry_line_detail.posting_type == "Credit"
    return -amount if credit else amount


def _document(row: wire.JournalEntry, line: str, customer: str, total: Money, left: int) -> Document:
    issued = day(row.txn_date, "TxnDate")
    rest = Money(left if total.minor >= 0 else -left, total.currency)
    made = row.meta_data or wire.MetaData()
    return Document(
        kind=DocumentKind.JOURNAL,
        id=identified(f"{row.id}.{line}"),
        customer=customer,
        number=(row.doc_number or "")[:LONGEST_NAME],
        issue_date=issued,
        total=total,
        open=rest,
        items=(Item(due_date=issued, total=total, open=rest),) if total.minor > 0 else (),
        memo=(row.private_note or "")[:LONGEST_WORDS],
        version=f"{version_of(row)[:40]}/{left}",  # a payment changes what is open, and leaves the entry as it was
        created_at=instant(made.create_time),
        updated_at=instant(made.last_updated_time),
    )
