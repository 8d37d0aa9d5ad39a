"""Accounts receivable: how documents are set against each other, voided and deleted.

Every change of an open balance goes through `Posting.save`, which moves the customer's balance and writes the
history, so that the three cannot drift apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from adapters.documents import DocumentKind
from adapters.sandbox.customers import CustomerBook
from adapters.sandbox.history import History
from adapters.sandbox.records import ZERO, Allocation, BooksError, Document
from adapters.sandbox.shelf import Shelf

_replace = msgspec.structs.replace
_KINDS = ", ".join(f"'{kind.value}'" for kind in DocumentKind)
_DOCUMENT = f"id = ? AND kind IN ({_KINDS}) AND deleted = 0"


@dataclass(frozen=True, slots=True)
class Posting:
    """The bookings that change documents; the books hold the lock and check the rest."""

    shelf: Shelf
    customers: CustomerBook
    history: History

    def document(self, ident: str) -> Document:
        """The document with this id (`130`, or `invoice:130`), voided or not; `BooksError` where it is gone."""
        bare = ident.rpartition(":")[2]
        for row in self.shelf.rows.select(_DOCUMENT, (bare,), limit=1):
            return self.shelf.decode(Document, row)
        raise BooksError(f"There is no document {ident}.", code="document")

    def create(self, document: Document) -> Document:
        """Books a new document."""
        self.customers.get(document.customer)
        made = self.shelf.create(document)
        self.customers.move(None, made)
        self.history.append(made.kind.value, "create", made)
        return made

    def save(self, document: Document, event: str = "update") -> Document:
        """Books a change of a document."""
        before = self.shelf.find(Document, document.kind.value, document.id)
        made = self.shelf.update(document)
        self.customers.move(before, made)
        self.history.append(made.kind.value, event, made)
        return made

    def check(self, payment: Document, amounts: Mapping[str, Decimal]) -> list[tuple[Document, Decimal]]:
        """The targets with their amounts. Raises `BooksError` where one of them cannot be paid so."""
        parts = [(self.document(ident), amount) for ident, amount in amounts.items()]
        for target, amount in parts:
            _check_part(payment, target, amount)
        if payment.open + sum(amounts.values(), ZERO) > 0:
            raise BooksError(f"Payment {payment.id} has not that much left to apply.", code="amount")
        return parts

    def settle(self, payment: Document, amounts: Mapping[str, Decimal]) -> Document:
        """Books a new payment, set against documents at once. Raises `BooksError` before anything is changed."""
        parts = self.check(payment, amounts)
        left = payment.open + sum(amounts.values(), ZERO)
        made = self.create(_replace(payment, open=left, allocations=_allocations(parts)))
        self._take(parts, made.id)
        return made

    def allocate(self, payment: Document, amounts: Mapping[str, Decimal]) -> Document:
        """Sets parts of a payment against documents. Raises `BooksError` before anything is changed."""
        parts = self.check(payment, amounts)
        left = payment.open + sum(amounts.values(), ZERO)
        merged = _merged(payment.allocations, _allocations(parts))
        self._take(parts, payment.id)
        return self.save(_replace(payment, open=left, allocations=merged))

    def _take(self, parts: list[tuple[Document, Decimal]], payment: str) -> None:
        for target, amount in parts:
            linked = tuple(dict.fromkeys((*target.linked, payment)))
            self.save(_replace(target, open=target.open - amount, linked=linked))

    def release(self, payment: Document, target: str | None = None) -> Document:
        """Takes a payment's allocations back, all or those to one document; their targets are open again."""
        gone = [each for each in payment.allocations if target is None or each.target.rpartition(":")[2] == target]
        for each in gone:
            paid = self.document(each.target)
            others = tuple(ident for ident in paid.linked if ident != payment.id)
            self.save(_replace(paid, open=paid.open + each.amount, linked=others))
        kept = tuple(each for each in payment.allocations if each not in gone)
        back = sum((each.amount for each in gone), ZERO)
        return self.save(_replace(payment, open=payment.open - back, allocations=kept)) if gone else payment

    def detach(self, document: Document) -> Document:
        """Frees a document from all payments; one that only joined it with a credit disappears."""
        for ident in document.linked:
            payment = self.document(ident)
            if payment.total:
                self.release(payment, document.id)
            else:
                self.delete(payment)
        return self.document(document.id)

    def void(self, document: Document) -> Document:
        """The document stays, with every amount zero; what paid it is unapplied again."""
        free = self.detach(self.release(document))
        memo = f"Voided - {free.memo}" if free.memo else "Voided"
        return self.save(_replace(free, total=ZERO, open=ZERO, deposit=ZERO, voided=True, memo=memo), "void")

    def delete(self, document: Document) -> Document:
        """The document is gone; what paid it is unapplied again."""
        free = self.detach(self.release(document))
        return self.save(_replace(free, open=ZERO, deleted=True), "delete")


def _check_part(payment: Document, target: Document, amount: Decimal) -> None:
    if target.voided or target.id == payment.id:
        raise BooksError(f"Document {target.id} cannot be paid.", code="document")
    if target.currency != payment.currency:
        raise BooksError(f"{payment.currency} cannot pay a document in {target.currency}.", code="currency")
    if not amount or (amount > 0) != (target.open > 0) or abs(amount) > abs(target.open):
        raise BooksError(f"Document {target.id} has {target.open} open, not {amount}.", code="amount")


def _allocations(parts: list[tuple[Document, Decimal]]) -> tuple[Allocation, ...]:
    return tuple(Allocation(target=target.ref, amount=amount, open_before=target.open) for target, amount in parts)


def _merged(old: tuple[Allocation, ...], new: tuple[Allocation, ...]) -> tuple[Allocation, ...]:
    """One allocation for each target: a second one adds to the first."""
    merged = {each.target: each for each in old}
    for each in new:
        known = merged.get(each.target)
        merged[each.target] = each if known is None else _replace(known, amount=known.amount + each.amount)
    return tuple(merged.values())
