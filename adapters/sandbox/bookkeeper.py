"""The company's bookkeeper: writes into the books and remembers which customer's invoice is which.

Amounts are in the invoice's currency. What has meanwhile been paid, voided or deleted is left alone, so that an act
that was planned long ago never fails.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from adapters.sandbox.books import Books, BooksError
from adapters.sandbox.population import Actor
from adapters.sandbox.records import AR_ACCOUNT

ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice that the bookkeeper wrote."""

    id: str
    actor: str  # the key of the customer that was billed
    number: str
    currency: str
    total: Decimal
    issue_date: date
    due_date: date


def share(amount: Decimal, part: str) -> Decimal:
    """That part of `amount`, to the cent."""
    return (amount * Decimal(part)).quantize(CENT)


class Bookkeeper:
    """Knows the customers' ids in the books and every invoice ever written.

    `plain_numbers`: an invoice's number is nothing but digits, as where the system counts by itself.
    """

    def __init__(self, books: Books, *, plain_numbers: bool = False) -> None:
        self.books = books
        self._plain_numbers = plain_numbers
        self.ids: dict[str, str] = {}  # the customer's id in the books, by actor
        self._parents: dict[str, str | None] = {}
        self.bills: dict[str, Bill] = {}  # by invoice id
        self.by_actor: dict[str, list[Bill]] = {}
        self.payments: dict[str, str] = {}  # the last payment set against an invoice
        self.credits: dict[str, list[str]] = {}  # credit memos, by actor
        self.lines: dict[str, str] = {}  # the journal line on AR, by actor
        self.paid: Callable[[list[Bill]], None] | None = None  # told after every posted payment, with what it paid
        self._next_number = 1040

    def enter(self, actor: Actor) -> None:
        """Adds a customer to the books. Its parent must be there already."""
        method = "email" if actor.addresses or actor.bill_with_parent else "print"
        self.ids[actor.key] = self.books.add_customer(
            actor.name,
            emails=actor.emails,
            parent=self.ids[actor.parent] if actor.parent else None,
            bill_with_parent=actor.bill_with_parent,
            currency=actor.currency,
            language=actor.language,
            country=actor.country,
            region=actor.region,
            customer_type=actor.customer_type,
            phone=actor.phone,
            delivery_method=method,
        )
        self._parents[actor.key] = actor.parent
        self.by_actor[actor.key] = []
        self.credits[actor.key] = []

    def _number(self, day: date) -> str:
        self._next_number += 1
        return self.numbered(f"{day:%y}-{self._next_number}")

    def numbered(self, number: str) -> str:
        """A number as the system can hold it."""
        return re.sub(r"\D", "", number) if self._plain_numbers else number

    def bill(
        self,
        actor: Actor,
        amount: Decimal,
        *,
        issue_date: date,
        due_date: date,
        number: str = "",
        deposit: Decimal = ZERO,
        delivery: str = "",
        bill_email: str | None = None,
        currency: str = "",
        memo: str = "",
    ) -> Bill:
        """Writes an invoice; without a `number` it takes the next one."""
        chosen = number or self._number(issue_date)
        currency = currency or actor.currency
        ident = self.books.bill(
            self.ids[actor.key],
            amount,
            issue_date=issue_date,
            due_date=due_date,
            number=chosen,
            deposit=deposit,
            bill_email=bill_email,
            memo=memo,
            delivery=delivery or ("sent" if actor.addresses or actor.bill_with_parent else "none"),
            currency=currency,
        )
        bill = Bill(
            id=ident,
            actor=actor.key,
            number=chosen,
            currency=currency,
            total=amount,
            issue_date=issue_date,
            due_date=due_date,
        )
        self.bills[ident] = bill
        self.by_actor[actor.key].append(bill)
        return bill

    def open(self, bill: Bill) -> Decimal:
        """What is still open; zero for what is gone."""
        try:
            return self.books.open_balance(bill.id)
        except BooksError:
            return ZERO

    def open_bills(self, actors: Iterable[str]) -> list[Bill]:
        """The open invoices of these customers, oldest due date first."""
        found = [bill for key in actors for bill in self.by_actor.get(key, ()) if self.open(bill) > 0]
        return sorted(found, key=lambda bill: (bill.due_date, bill.id))

    def pay(
        self,
        bills: Iterable[Bill],
        *,
        on: date,
        part: str = "1",
        extra: Decimal = ZERO,
        memo: str = "",
    ) -> str | None:
        """Posts one payment for what is open of `bills` (or that part of it), and `extra` left unapplied.

        All bills must be in one currency and of one family; the payment is booked on their customer, or on its parent
        where there are several. Returns the payment's id, or None where nothing is open any more.
        """
        parts = {bill.id: amount for bill in bills if (amount := share(self.open(bill), part)) > 0}
        if not parts:
            return None
        first = self.bills[next(iter(parts))]
        payment = self.books.pay(
            self.ids[self._payer(parts)],
            sum(parts.values(), extra),
            on=on,
            apply=parts,
            currency=first.currency,
            memo=memo,
            reference=f"{on:%m%d}{first.id[-4:]}",
        )
        self.payments.update(dict.fromkeys(parts, payment))
        if self.paid is not None:
            self.paid([self.bills[ident] for ident in parts])
        return payment

    def _payer(self, invoices: Iterable[str]) -> str:
        """The key of the customer that pays these invoices: theirs, or the parent of several sub-customers."""
        owners = sorted({self.bills[ident].actor for ident in invoices})
        return owners[0] if len(owners) == 1 else next(filter(None, map(self._parents.get, owners)), owners[0])

    def prepay(self, actor: Actor, amount: Decimal, *, on: date, memo: str = "") -> str:
        """Posts a payment that is set against nothing."""
        return self.books.pay(self.ids[actor.key], amount, on=on, apply=None, currency=actor.currency, memo=memo)

    def credit(self, bill: Bill, amount: Decimal, *, on: date, memo: str, apply: bool) -> str:
        """Writes a credit memo for the customer of `bill`; `apply` sets it against that invoice at once."""
        actor = bill.actor
        credit = self.books.credit(self.ids[actor], amount, on=on, currency=bill.currency, memo=memo)
        self.credits[actor].append(credit)
        if apply and (part := min(amount, self.open(bill))) > 0:
            self.books.apply_credit(credit, {bill.id: part}, on)
        return credit

    def apply_credits(self, actor: str, on: date) -> bool:
        """Sets the customer's open credit memos against its open invoices, oldest first; says whether it could."""
        applied = False
        for credit in self.credits[actor]:
            for bill in self.open_bills([actor]):
                left = -self.books.open_balance(credit)
                if left > 0:
                    self.books.apply_credit(credit, {bill.id: min(left, self.open(bill))}, on)
                    applied = True
        return applied

    def book_on_ar(self, actor: Actor, amount: Decimal, *, on: date, memo: str, contra: str, number: str = "") -> str:
        """Books `amount` on the customer by a journal entry; returns the id of its line on AR."""
        lines = [(self.ids[actor.key], amount, AR_ACCOUNT), (None, -amount, contra)]
        entry = self.books.journal(lines, on=on, memo=memo, currency=actor.currency, number=number)
        self.lines[actor.key] = f"{entry}.0"
        return self.lines[actor.key]

    def pay_line(self, actor: Actor, *, on: date) -> None:
        """Posts a payment for what is open of the customer's journal line."""
        line = self.lines[actor.key]
        if (amount := self.books.open_balance(line)) > 0:
            self.books.pay(self.ids[actor.key], amount, on=on, apply={line: amount}, currency=actor.currency)

    def void(self, bill: Bill) -> bool:
        """Voids an open invoice; says whether it was open."""
        was_open = self.open(bill) > 0
        if was_open:
            self.books.void("invoice", bill.id)
        return was_open

    def delete(self, bill: Bill) -> bool:
        """Deletes an open invoice; says whether it was open."""
        was_open = self.open(bill) > 0
        if was_open:
            self.books.delete("invoice", bill.id)
        return was_open

    def move_due_date(self, bill: Bill, due_date: date) -> Bill:
        """Moves an open invoice's due date; returns the invoice as it now is."""
        self.books.change_due_date(bill.id, due_date)
        return self._changed(bill, replace(bill, due_date=due_date))

    def hand_over(self, loser: str, winner: str) -> None:
        """Merges one customer (by key) into another: its invoices are the other's from now on."""
        self.books.merge_customer(self.ids[loser], self.ids[winner])
        for bill in self.by_actor.pop(loser):
            self.by_actor[winner].append(bill)
            self._changed(bill, replace(bill, actor=winner))
        self.ids[loser] = self.ids[winner]

    def _changed(self, before: Bill, after: Bill) -> Bill:
        self.bills[after.id] = after
        owned = self.by_actor[after.actor]
        owned[owned.index(before)] = after
        return after
