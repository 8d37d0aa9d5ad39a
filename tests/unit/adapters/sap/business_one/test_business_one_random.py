"""Whatever people do in Business One, what we know of it is what stands in its books."""

from decimal import Decimal
from random import Random

import pytest

from adapters.money import Money
from adapters.sandbox.records import Document
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.lively import bill, customer
from tests.contract.replica import Replica

AR = "Accounts Receivable (A/R)"
RATES = {"EUR": Decimal("1.0837"), "JPY": Decimal("0.0067")}


class Bookkeeper:
    """Does one thing after the other, by chance."""

    def __init__(self, here: BusinessOneConnection, seed: int) -> None:
        self.here, self.books, self.random = here, here.books, Random(seed)
        here.books.rates.update(RATES)
        father = customer(here, "Father")
        self.owners = [
            father,
            customer(here, "Child", parent=father, bill_with_parent=True),
            customer(here, "Grandchild's shop", parent=father),
            customer(here, "Euro", currency="EUR"),
            customer(here, "Yen", currency="JPY"),
        ]

    def act(self) -> None:
        self.random.choice([self.bill, self.bill, self.pay, self.pay, self.credit, self.journal, self.cancel])()
        self.here.clock.later(minutes=self.random.randint(0, 600))

    def reconcile(self) -> None:
        """Sets old payments against invoices, or frees them: without any change that Business One would tell."""
        for payment in [each for each in self.documents("payment") if each.total]:
            if payment.allocations and self.random.random() < 0.3:
                self.books.unapply_payment(payment.id, payment.allocations[0].target)
            elif payment.open and (target := self.target(payment.customer, payment.currency)) is not None:
                self.books.apply_payment(payment.id, {target.id: min(target.open, -payment.open)})

    def documents(self, kind: str) -> list[Document]:
        return [each for each in self.books.documents() if each.kind.value == kind and not each.voided]

    def target(self, owner: str, currency: str) -> Document | None:
        found = [
            each
            for each in [*self.documents("invoice"), *self.documents("journal")]
            if each.customer == owner and each.currency == currency and each.open > 0
        ]
        return self.random.choice(found) if found else None

    def amount(self, currency: str) -> Decimal:
        cents = self.random.randint(1, 99_999)
        return Decimal(cents) if currency == "JPY" else Decimal(cents) / 100

    def money_of(self) -> tuple[str, str]:
        owner = self.random.choice(self.owners)
        return owner, self.books.customer(owner).currency

    def bill(self) -> None:
        owner, currency = self.money_of()
        bill(self.here, owner, self.amount(currency))

    def pay(self) -> None:
        owner, currency = self.money_of()
        on, amount = self.here.clock.now().date(), self.amount(currency)
        found = self.target(owner, currency)
        parts = {} if found is None else {found.id: min(found.open, amount)}
        self.books.pay(owner, amount, on=on, apply=parts)

    def credit(self) -> None:
        owner, currency = self.money_of()
        on = self.here.clock.now().date()
        memo = self.books.credit(owner, self.amount(currency), on=on)
        found = self.target(owner, currency)
        if found is not None:
            rest = -self.books.open_balance(memo)
            self.books.apply_credit(memo, {found.id: min(found.open, rest)}, on)

    def journal(self) -> None:
        owner, currency = self.money_of()
        sign = self.random.choice([1, -1])
        on = self.here.clock.now().date()
        self.books.journal([(owner, sign * self.amount(currency), AR)], on=on, currency=currency)

    def cancel(self) -> None:
        payments = [each for each in self.documents("payment") if each.total]
        invoices = [each for each in self.documents("invoice") if each.open == each.total and not each.linked]
        if payments and self.random.random() < 0.5:
            self.books.void("payment", self.random.choice(payments).id)
        elif invoices:
            self.books.void("invoice", self.random.choice(invoices).id)


@pytest.mark.parametrize("seed", range(3))
def test_every_change_that_is_told_is_known_after_the_next_reading(seed: int) -> None:
    here = BusinessOneConnection(page_size=20)
    people, replica = Bookkeeper(here, seed), Replica(here.ledger)
    for _ in range(50):
        people.act()
        if people.random.random() < 0.2:
            replica.sync(whole=people.random.random() < 0.2)
            assert replica.open == here.in_the_books()
    replica.sync()
    assert replica.open == here.in_the_books()
    assert here.ledger.totals(here.clock.now().date()).by_customer.keys() >= set(people.owners)
    here.books.close()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_told_is_known_after_a_whole_reading_and_the_totals_agree(seed: int) -> None:
    here = BusinessOneConnection(page_size=20)
    people, replica = Bookkeeper(here, seed), Replica(here.ledger)
    for _ in range(3):
        for _ in range(20):
            people.act()
        people.reconcile()
        replica.sync(whole=True)
        assert replica.open == here.in_the_books()
        assert replica.problems == []
        theirs = here.ledger.totals(here.clock.now().date()).by_customer
        assert without_zeros(theirs) == without_zeros(replica.open_by_customer())
    here.books.close()


def without_zeros(totals: dict[str, dict[str, Money]]) -> dict[str, dict[str, Money]]:
    kept = {who: {code: each for code, each in by.items() if each} for who, by in totals.items()}
    return {who: by for who, by in kept.items() if by}
