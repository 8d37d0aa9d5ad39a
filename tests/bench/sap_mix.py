"""What SAP's books hold in the benches: open items alone, and which customer owes which of them.

One customer for ten items, in an order of their own, as they come in life. Of a hundred items one is a credit memo that
names an invoice, and one a payment on account.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

PER_CUSTOMER = 10
BEGIN = date(2026, 3, 2)
DAYS = 240
HOME = "USD"
_STRIDE, _SHIFT = 7919, 13  # so that neighbours differ, and no customer has items of one sort alone


class Sort(Enum):
    """What an item is."""

    INVOICE = "invoice"
    CREDIT = "credit"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class SapMix:
    """The books of `items` open items, a multiple of a hundred."""

    items: int

    @property
    def customers(self) -> int:
        """How many customers owe something."""
        return self.items // PER_CUSTOMER

    def sort(self, item: int) -> Sort:
        """What the item of this place is."""
        return {99: Sort.CREDIT, 49: Sort.PAYMENT}.get(item % 100, Sort.INVOICE)

    def owner(self, item: int) -> int:
        """The place of the customer whose item it is; a credit memo's is its invoice's."""
        place = self.named(item) if self.sort(item) is Sort.CREDIT else item
        return (place + _SHIFT * (place // self.customers)) * _STRIDE % self.customers

    def named(self, credit: int) -> int:
        """The invoice that a credit memo names."""
        return credit - 40

    def of_customer(self, customer: int) -> Iterator[int]:
        """The items of a customer, in order."""
        first = customer * pow(_STRIDE, -1, self.customers)
        rounds = range(PER_CUSTOMER)
        places = [each * self.customers + (first - _SHIFT * each) % self.customers for each in rounds]
        own = [item for item in places if self.sort(item) is not Sort.CREDIT]
        credits_ = [item + 40 for item in own if item % 100 == 59]
        yield from sorted([*own, *credits_])

    def issued(self, item: int) -> date:
        """When it was entered: evenly over the time before today."""
        return BEGIN + timedelta(days=DAYS * item // self.items)

    def due(self, item: int) -> date:
        """Thirty days later."""
        return self.issued(item) + timedelta(days=30)

    def cents(self, item: int) -> int:
        """What is owed, without sign."""
        return 700 + item % 90 if self.sort(item) is not Sort.INVOICE else 10_000 * (item % 9 + 1) + item % 8_900


def milliseconds(on: date) -> int:
    """A day as OData's version 2 has it."""
    return int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()) * 1000
