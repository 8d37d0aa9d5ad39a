"""A company's books: bill, pay, credit, void — correct accounts receivable that every ledger's face shows.

Thread-safe; every change is stamped with `now` and kept in `history`. Amounts are `Decimal` in the document's
currency. Ids of documents are unique over all kinds (`"130"`), a journal line's is `entry.line`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from adapters.documents import DocumentKind
from adapters.sandbox.records import (
    ZERO,
    BooksError,
    Customer,
    Document,
    EntryLine,
    Extra,
    JournalEntry,
    Note,
)
from adapters.sandbox.shelf import CUSTOMER, NOTE, row_of
from adapters.sandbox.view import BooksView

__all__ = ["Books", "BooksError"]
_replace = msgspec.structs.replace
_TRANSACTION = "transaction"
_FIRST_NUMBER = 1000
_UNBALANCED = "Uncategorized"


class Books(BooksView):
    """A company and its accounts receivable: what `BooksView` shows, and the bookings that change it."""

    # --- customers ---------------------------------------------------------------------------------------------

    def add_customer(self, name: str, *, emails: str = "", currency: str | None = None, **fields: Any) -> str:  # noqa: ANN401 - the fields of Customer
        """Adds a customer with any fields of `records.Customer`; returns its id. `emails` is raw text as typed."""
        with self.lock:
            ident = self.shelf.new_id(CUSTOMER)
            chosen = currency or self.home_currency
            return self.customer_book.add(Customer(id=ident, name=name, emails=emails, currency=chosen, **fields)).id

    def edit_customer(self, ident: str, **changes: Any) -> None:  # noqa: ANN401 - the fields of Customer
        """Changes any fields of a customer."""
        with self.lock:
            self.customer_book.edit(ident, changes)

    def set_customer_note(self, ident: str, text: str) -> None:
        """Replaces the ledger's own note on a customer."""
        self.edit_customer(ident, note=text)

    def deactivate_customer(self, ident: str) -> None:
        """Makes a customer inactive: it keeps its documents, and lists hide it."""
        self.edit_customer(ident, active=False)

    def merge_customer(self, loser: str, winner: str) -> None:
        """Moves the loser's documents and sub-customers to the winner; the loser disappears."""
        with self.lock:
            self.customer_book.get(winner)
            if loser == winner:
                raise BooksError("A customer cannot be merged with itself.", code="customer")
            for document in list(self.documents(loser)):
                self.posting.save(_replace(document, customer=winner))
            for child in self.customer_book.children(loser):
                self.customer_book.edit(child.id, {"parent": winner if child.id != winner else None})
            gone = {"deleted": True, "active": False, "merged_into": winner, "parent": None}
            self.customer_book.edit(loser, gone, "merge")

    # --- documents ---------------------------------------------------------------------------------------------

    def bill(
        self,
        customer: str,
        amount: Decimal,
        *,
        issue_date: date,
        due_date: date,
        number: str | None = None,
        deposit: Decimal = ZERO,
        bill_email: str | None = None,
        memo: str = "",
        delivery: str = "sent",
        currency: str | None = None,
        extra: Extra | None = None,
    ) -> str:
        """Bills a customer; a deposit counts as paid at once. `bill_email` of None takes the customer's."""
        with self.lock:
            owner = self.customer_book.get(customer)
            if amount < 0 or not ZERO <= deposit <= amount:
                raise BooksError("A bill has a total of zero or more, and no deposit above it.", code="amount")
            document = Document(
                kind=DocumentKind.INVOICE,
                id=self.shelf.new_id(_TRANSACTION),
                number=self.new_number() if number is None else number,
                customer=customer,
                currency=currency or owner.currency,
                total=amount,
                open=amount - deposit,
                deposit=deposit,
                issue_date=issue_date,
                due_date=due_date,
                bill_email=owner.emails if bill_email is None else bill_email,
                memo=memo,
                delivery=delivery,
                sent_at=self.now() if delivery == "sent" else None,
                extra=extra or {},
            )
            return self.posting.create(document).id

    def pay(
        self,
        customer: str,
        amount: Decimal,
        *,
        on: date,
        apply: Mapping[str, Decimal] | None = None,
        currency: str | None = None,
        memo: str = "",
        reference: str = "",
        extra: Extra | None = None,
    ) -> str:
        """Books a payment and sets it against documents; what is not applied stays unapplied."""
        with self.lock:
            payment = self._credit_side(
                DocumentKind.PAYMENT, customer, amount, on=on, currency=currency, memo=memo, extra=extra
            )
            return self.posting.settle(_replace(payment, reference=reference), apply or {}).id

    def credit(
        self,
        customer: str,
        amount: Decimal,
        *,
        on: date,
        currency: str | None = None,
        memo: str = "",
        number: str | None = None,
        bill_email: str = "",
        extra: Extra | None = None,
    ) -> str:
        """Writes a credit memo, not applied to anything yet."""
        with self.lock:
            memo_ = self._credit_side(
                DocumentKind.CREDIT_MEMO, customer, amount, on=on, currency=currency, memo=memo, extra=extra
            )
            chosen = self.new_number() if number is None else number
            return self.posting.create(_replace(memo_, number=chosen, bill_email=bill_email)).id

    def apply_credit(self, credit: str, amounts: Mapping[str, Decimal], on: date) -> str:
        """Sets a credit memo against invoices, through a payment of zero that joins them; returns its id."""
        with self.lock:
            memo = self.posting.document(credit)
            parts = {**amounts, memo.id: -sum(amounts.values(), ZERO)}
            payment = self._credit_side(DocumentKind.PAYMENT, memo.customer, ZERO, on=on, currency=memo.currency)
            joining = _replace(payment, memo="Created by QB Online to link credits to charges.")
            return self.posting.settle(joining, parts).id

    def apply_payment(self, payment: str, amounts: Mapping[str, Decimal]) -> None:
        """Sets unapplied parts of a payment against documents."""
        with self.lock:
            self.posting.allocate(self.posting.document(payment), amounts)

    def unapply_payment(self, payment: str, document: str) -> None:
        """Takes a payment's allocation to a document back."""
        with self.lock:
            self.posting.release(self.posting.document(payment), document.rpartition(":")[2])

    def rewrite_payment(self, payment: str, amount: Decimal, apply: Mapping[str, Decimal]) -> None:
        """Replaces a payment's amount and all its allocations. Raises `BooksError` and leaves it as it was."""
        with self.lock:
            before = self.posting.document(payment)
            free = self.posting.release(before)
            try:
                changed = _replace(free, total=-amount, open=-amount)
                self.posting.check(changed, apply)
            except BooksError:
                self.posting.allocate(free, {each.target: each.amount for each in before.allocations})
                raise
            saved = self.posting.save(changed)
            if apply:
                self.posting.allocate(saved, apply)

    def return_payment(self, payment: str) -> None:
        """The payment bounced: it is voided and what it paid is open again."""
        self.void("payment", payment)

    def journal(
        self,
        lines: Sequence[tuple[str | None, Decimal, str]],
        *,
        on: date,
        memo: str = "",
        currency: str | None = None,
        number: str = "",
        extra: Extra | None = None,
    ) -> str:
        """Books a journal entry of (customer or None, signed amount, account): debits are positive.

        A line with a customer stands in accounts receivable as the document `entry.line`. What does not balance is
        booked to an account for uncategorised amounts.
        """
        with self.lock:
            rest = -sum((amount for _, amount, _ in lines), ZERO)
            whole = [*lines, *([(None, rest, _UNBALANCED)] if rest else [])]
            made = tuple(
                EntryLine(id=str(at), amount=amount, account=account, customer=customer, description=memo)
                for at, (customer, amount, account) in enumerate(whole)
            )
            ident = self.shelf.new_id(_TRANSACTION)
            entry = JournalEntry(
                id=ident,
                number=number,
                on=on,
                currency=currency or self.home_currency,
                memo=memo,
                lines=made,
                extra=extra or {},
            )
            documents = [self._journal_line(entry, line) for line in made if line.customer is not None]
            self.shelf.create(entry)
            for document in documents:
                self.posting.create(document)
            return ident

    def _journal_line(self, entry: JournalEntry, line: EntryLine) -> Document:
        owner = self.customer_book.get(line.customer or "")
        return Document(
            kind=DocumentKind.JOURNAL,
            id=f"{entry.id}.{line.id}",
            number=entry.number,
            customer=owner.id,
            currency=entry.currency,
            total=line.amount,
            open=line.amount,
            issue_date=entry.on,
            due_date=entry.on,
            memo=entry.memo,
            account=line.account,
        )

    def _credit_side(
        self,
        kind: DocumentKind,
        customer: str,
        amount: Decimal,
        *,
        on: date,
        currency: str | None = None,
        memo: str = "",
        extra: Extra | None = None,
    ) -> Document:
        owner = self.customer_book.get(customer)
        if amount < 0:
            raise BooksError("Payments and credits are written as positive amounts.", code="amount")
        return Document(
            kind=kind,
            id=self.shelf.new_id(_TRANSACTION),
            number="",
            customer=customer,
            currency=currency or owner.currency,
            total=-amount,
            open=-amount,
            issue_date=on,
            due_date=on,
            memo=memo,
            extra=extra or {},
        )

    def new_number(self) -> str:
        """The next number of an invoice or credit memo; anything may be written instead of it."""
        with self.lock:
            return str(_FIRST_NUMBER + int(self.shelf.new_id("number")))

    def void(self, kind: str, ident: str) -> None:
        """Voids a document (`invoice`, `payment`, `credit_memo`): it stays with every amount zero."""
        with self.lock:
            self.posting.void(self._of_kind(kind, ident))

    def delete(self, kind: str, ident: str) -> None:
        """Deletes a document, or a whole journal entry (`journal`, by the entry's id)."""
        with self.lock:
            if kind != DocumentKind.JOURNAL.value:
                self.posting.delete(self._of_kind(kind, ident))
                return
            entry = self.entry(ident.partition(".")[0])
            if entry is None:
                raise BooksError(f"There is no journal entry {ident}.", code="document")
            for line in entry.lines:
                if line.customer is not None:
                    self.posting.delete(self.posting.document(f"{entry.id}.{line.id}"))
            self.shelf.update(_replace(entry, deleted=True))

    def _of_kind(self, kind: str, ident: str) -> Document:
        found = self.posting.document(ident)
        if found.kind.value != kind:
            raise BooksError(f"Document {ident} is no {kind}.", code="document")
        return found

    def change_document(self, ident: str, **changes: Any) -> Document:  # noqa: ANN401 - the fields of Document
        """Changes fields of a document that move no money; amounts move by the bookings above."""
        with self.lock:
            return self.posting.save(_replace(self.posting.document(ident), **changes))

    def change_total(self, ident: str, total: Decimal, deposit: Decimal | None = None) -> None:
        """Changes an invoice's total, or a credit memo's (signed); what was paid of it stays paid."""
        with self.lock:
            document = self.posting.document(ident)
            kept = document.deposit if deposit is None else deposit
            still = document.open + total - document.total - kept + document.deposit
            if (still < 0) if document.total > 0 else (still > 0):
                raise BooksError(f"More than {total} of document {ident} is paid.", code="amount")
            self.posting.save(_replace(document, total=total, open=still, deposit=kept))

    def change_entry(self, ident: str, **changes: Any) -> None:  # noqa: ANN401 - the fields of JournalEntry
        """Changes fields of a journal entry that move no money."""
        with self.lock:
            entry = self.entry(ident)
            if entry is None:
                raise BooksError(f"There is no journal entry {ident}.", code="document")
            self.shelf.update(_replace(entry, **changes))

    def change_due_date(self, invoice: str, due_date: date) -> None:
        """Moves an invoice's due date."""
        self.change_document(invoice, due_date=due_date)

    def change_bill_email(self, invoice: str, emails: str) -> None:
        """Replaces the address to which an invoice is sent."""
        self.change_document(invoice, bill_email=emails)

    def mail_invoice(self, invoice: str) -> None:
        """The ledger mails the invoice itself, now."""
        self.change_document(invoice, delivery="sent", sent_at=self.now())

    # --- many at once ------------------------------------------------------------------------------------------

    def new_customer_id(self) -> str:
        """The next customer id, for `load_customers`."""
        return self.shelf.new_id(CUSTOMER)

    def new_document_id(self) -> str:
        """The next id of a transaction, for `load_documents`."""
        return self.shelf.new_id(_TRANSACTION)

    def load_customers(self, customers: Iterable[Customer]) -> None:
        """Writes many new customers as they are, without history."""
        with self.lock:
            self.customer_book.load(customers)

    def load_documents(self, documents: Iterable[Document]) -> None:
        """Writes many new documents as they are, allocations included, without history, and works out all balances."""
        with self.lock:
            self.rows.put_many(map(row_of, documents))
            self.customer_book.rebalance_all()

    # --- notes -------------------------------------------------------------------------------------------------

    def write_note(self, text: str, links: Sequence[tuple[str, str]] = (), extra: Extra | None = None) -> str:
        """Writes a note on customers and documents, by (kind, id); returns its id."""
        with self.lock:
            note = Note(id=self.shelf.new_id(NOTE), text=text, links=tuple(links), extra=extra or {})
            made = self.shelf.create(note)
            self.history.append(NOTE, "create", made)
            return made.id

    def change_note(self, ident: str, **changes: Any) -> Note:  # noqa: ANN401 - the fields of Note
        """Changes or deletes (`deleted=True`) a note. Raises `BooksError` where there is none."""
        with self.lock:
            found = self.shelf.find(Note, NOTE, ident)
            if found is None or found.deleted:
                raise BooksError(f"There is no note {ident}.", code="note")
            made = self.shelf.update(_replace(found, **changes))
            self.history.append(NOTE, "delete" if made.deleted else "update", made)
            return made
