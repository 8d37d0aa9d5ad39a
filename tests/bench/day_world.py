"""Who owes what on a day in the bench, and what was said to them: from a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

NOW = datetime(2026, 11, 4, 15, 0, tzinfo=UTC)  # a Wednesday morning in New York
TODAY = date(2026, 11, 4)
INVOICES_EACH = 10

#: Days past due of a customer's invoices, the oldest first. The first three have had the first letter and wait for the
#: second, the next three wait for the first, one for its heads-up; three are not due for long.
AGES = (22, 20, 18, 11, 9, 8, -2, -12, -21, -33)
FIRST_LETTER_AGO = 10


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, and what is special about it."""

    number: int
    currency: str
    emails: tuple[str, ...]
    language: str
    was_written_to: bool
    promises: bool
    disputes: bool
    has_credit: bool
    is_paused: bool
    has_paid: bool

    @property
    def ref(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Said:
    """A reminder that went out so many days ago, about these invoices."""

    id: str
    to: Customer
    days_ago: int
    invoices: tuple[str, ...]


def customers(count: int, seed: int = 7) -> Iterator[Customer]:
    """Most are like most; some have no address, a promise, a dispute, a credit or a pause."""
    chance = random.Random(seed)
    for number in range(1, count + 1):
        roll = chance.random()
        addresses = 0 if roll < 0.01 else 2 if roll < 0.1 else 1
        yield Customer(
            number=number,
            currency=chance.choices(("USD", "EUR", "CAD"), (8, 1, 1))[0],
            emails=tuple(f"ap{number}.{each}@customer.example" for each in range(addresses)),
            language=chance.choices(("", "en", "fr"), (8, 1, 1))[0],
            was_written_to=chance.random() < 0.9,
            promises=chance.random() < 0.04,
            disputes=chance.random() < 0.03,
            has_credit=chance.random() < 0.04,
            is_paused=chance.random() < 0.01,
            has_paid=chance.random() < 0.7,
        )


def world(invoices: int, said_before: int) -> tuple[list[Customer], list[Said], list[Said]]:
    """Who there is, what was said about open invoices, and what was said about invoices paid since."""
    everybody = list(customers(invoices // INVOICES_EACH))
    said = [
        Said(f"now-{each.ref}", each, FIRST_LETTER_AGO, tuple(invoice(each, nth, len(everybody)) for nth in range(3)))
        for each in everybody
        if each.was_written_to
    ]
    past = [
        Said(f"past-{nth}", each, 40 + 320 * nth // said_before, (f"invoice:9{nth:09}",))
        for nth, each in zip(range(said_before), _again_and_again(everybody), strict=False)
    ]
    return everybody, said, past


def _again_and_again(everybody: Sequence[Customer]) -> Iterator[Customer]:
    while everybody:
        yield from everybody


def day(ago: int) -> date:
    return TODAY - timedelta(days=ago)


def instant(ago: int) -> str:
    return (NOW - timedelta(days=ago)).strftime("%Y-%m-%d %H:%M:%S.%f")


def invoice(of: Customer, nth: int, count: int) -> str:
    return f"invoice:{nth * count + of.number}"
