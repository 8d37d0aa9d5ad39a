"""Whatever happens in the books, what S/4HANA's lines tell is what is owed: in small steps, and read whole."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.documents import DocumentKind
from adapters.money import Money, sums
from adapters.sandbox.books import Books
from adapters.sandbox.records import BooksError, Document
from adapters.sap.s4hana.sandbox import Partial, S4HanaSettings
from tests.contract.ledgers import START
from tests.contract.replica import Replica
from tests.contract.s4hana_connection import S4HanaConnection

ISSUED, DUE, TODAY = date(2026, 9, 1), date(2026, 10, 1), START.date()
AMOUNTS = st.integers(1, 3000).map(lambda cents: Decimal(cents).scaleb(-2))


class Step(NamedTuple):
    """One booking that is tried, and the dice it is thrown with."""

    what: int
    one: int
    other: int
    amount: Decimal


STEPS = st.lists(st.builds(Step, st.integers(0, 11), st.integers(0, 40), st.integers(0, 40), AMOUNTS), max_size=14)


class Tried:
    """A customer's documents, and a booking on them."""

    def __init__(self, books: Books, step: Step) -> None:
        self.books, self.amount, self._dice = books, step.amount, (step.one, step.other)
        owners = books.customers()
        self.owner = owners[step.one % len(owners)].id
        self.own = [each for each in books.documents(self.owner) if not each.voided]

    def pick(self, wanted: Callable[[Document], bool], dice: int = 1) -> Document:
        """One of the documents. Raises BooksError where there is none."""
        found = [each for each in self.own if wanted(each)]
        if not found:
            raise BooksError("There is none.")
        return found[self._dice[dice] % len(found)]

    def bill(self) -> None:
        self.books.bill(self.owner, self.amount, issue_date=ISSUED, due_date=DUE)

    def pay_one(self) -> None:
        owed = self.pick(lambda each: each.open > 0)
        self.books.pay(self.owner, self.amount, on=TODAY, apply={owed.id: min(self.amount, owed.open)})

    def pay_several(self) -> None:
        owed = {each.id: each.open for each in self.own if each.open > 0}
        self.books.pay(self.owner, sum(owed.values(), self.amount), on=TODAY, apply=owed)

    def pay_on_account(self) -> None:
        self.books.pay(self.owner, self.amount, on=TODAY)

    def credit(self) -> None:
        self.books.credit(self.owner, self.amount, on=TODAY)

    def apply(self) -> None:
        owed, credit = self.pick(lambda each: each.open > 0), self.pick(lambda each: each.open < 0, 0)
        share = {owed.id: min(self.amount, owed.open, -credit.open)}
        if credit.kind is DocumentKind.PAYMENT:
            self.books.apply_payment(credit.id, share)
        else:
            self.books.apply_credit(credit.id, share, TODAY)

    def take_back(self) -> None:
        payment = self.pick(lambda each: bool(each.total and each.allocations))
        self.books.unapply_payment(payment.id, payment.allocations[self._dice[0] % len(payment.allocations)].target)

    def void(self) -> None:
        document = self.pick(lambda _: True)
        self.books.void(document.kind.value, document.id)

    def change(self) -> None:
        self.books.change_total(self.pick(lambda each: each.kind is DocumentKind.INVOICE).id, self.amount)

    def rewrite(self) -> None:
        payment = self.pick(lambda each: each.kind is DocumentKind.PAYMENT and bool(each.total))
        self.books.rewrite_payment(payment.id, self.amount, {})

    def journal(self) -> None:
        signed = self.amount if self._dice[1] % 2 else -self.amount
        self.books.journal([(self.owner, signed, "Accounts Receivable (A/R)")], on=TODAY)


_BOOKINGS = [
    Tried.bill,
    Tried.bill,
    Tried.pay_one,
    Tried.pay_several,
    Tried.pay_on_account,
    Tried.credit,
    Tried.apply,
    Tried.take_back,
    Tried.void,
    Tried.change,
    Tried.rewrite,
    Tried.journal,
]


@pytest.mark.parametrize("partial", list(Partial))
@settings(max_examples=10)
@given(steps=STEPS, pause=st.integers(0, 30))
def test_what_is_told_is_what_is_owed(partial: Partial, steps: list[Step], pause: int) -> None:
    here = S4HanaConnection(S4HanaSettings(partial=partial, page_size=7), page_size=5)
    try:
        here.books.add_customer("One")
        here.books.add_customer("Two", parent="1", bill_with_parent=True)
        replica = Replica(here.ledger)
        for step in steps:
            with suppress(BooksError):
                _BOOKINGS[step.what](Tried(here.books, step))
            if step.other % 3 == 0:
                replica.sync()
                check(here, replica, partial)
            here.clock.later(minutes=1 + pause * 60)
        replica.sync()
        check(here, replica, partial)
        replica.sync(whole=True)
        check(here, replica, partial)
    finally:
        here.books.close()


def check(here: S4HanaConnection, replica: Replica, partial: Partial) -> None:
    books = here.books
    expected: dict[str, list[Money]] = defaultdict(list)
    for booked in books.documents():
        expected["1"].append(Money.of(booked.open, booked.currency))  # customer 2 is billed with customer 1
    told = {currency: amount for currency, amount in replica.open_by_customer().get("1", {}).items() if amount}
    assert told == {currency: amount for currency, amount in sums(expected["1"]).items() if amount}
    if partial is not Partial.ON_ACCOUNT:
        assert here.told(replica) == here.in_the_books()
    totals = here.ledger.totals(TODAY).by_customer.get("1", {})
    assert {currency: amount for currency, amount in totals.items() if amount} == told
    if partial is Partial.REFERENCE:
        paid = what_credits_say_they_paid(replica)
        for each in replica.documents.values():
            assert each.open.minor <= 0 or each.total.minor - each.open.minor == paid[each.ref]


def what_credits_say_they_paid(replica: Replica) -> dict[str, int]:
    """Minor units, by invoice."""
    found: dict[str, int] = defaultdict(int)
    for document in replica.documents.values():
        for allocation in document.allocations:
            found[allocation.target] += allocation.amount.minor
    return found
