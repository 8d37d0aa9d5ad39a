"""Money that arrives at any point between the decision and the message stops or lowers the message.

The points are what a run passes by: both sides of every commit, of every call of the ledger and of the mailer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from typing import cast

import pytest

from adapters.ledger import Ledger
from connector.jobs import sync_company
from connector.office import Office
from tests.unit.connector.speaking.fakes import Mail
from tests.unit.connector.speaking.firm import Firm
from tests.unit.connector.speaking.points import ChangingBooks, Passed, PassedMailer, Points

TODAY = date(2026, 11, 2)
FIRST, SECOND = 10_000, 6_000  # what the two invoices of each customer come to


@dataclass
class Shop:
    """The firm, and one customer after another that owes two invoices when the reminders are decided."""

    firm: Firm
    numbers: Iterator[int] = field(default_factory=lambda: count(1001))

    def __post_init__(self) -> None:
        self.books = ChangingBooks(now=self.firm.clock.now)
        self.firm.books = self.books
        self.plain = replace(self.firm.office, ledger=cast("Ledger", self.books))

    def debtor(self) -> str:
        ref = str(next(self.numbers))
        self.firm.owes(ref, "100.00", number=f"{ref}a")
        self.firm.owes(ref, "60.00", number=f"{ref}b")
        sync_company(self.plain)
        return ref

    def run(self, points: Points) -> None:
        """Decides and delivers, passing the points."""
        office: Office = replace(
            self.plain,
            ledger=cast("Ledger", Passed(self.books, "ledger", points)),
            mailer=PassedMailer(self.firm.mailer, points),
        )
        self.firm.database.boundaries = points
        try:
            self.firm.office = office
            self.firm.remind()
            self.firm.deliver()
        finally:
            self.firm.database.boundaries = Points()

    def mail_to(self, ref: str) -> Mail | None:
        """The one mail that the customer got."""
        mails = [each for each in self.firm.mailer.taken if each.to == f"c{ref}@example.com"]
        assert len(mails) <= 1
        return mails[0] if mails else None


def pay_all(books: ChangingBooks, ref: str) -> None:
    books.pay(f"invoice:{ref}a")
    books.pay(f"invoice:{ref}b")


def pay_too_much(books: ChangingBooks, ref: str) -> None:
    books.pay(f"invoice:{ref}b")
    books.pay_too_much(f"invoice:{ref}a", "25.00")


Booking = Callable[[ChangingBooks, str], object]

BOOKINGS: dict[str, tuple[Booking, int]] = {
    "everything is paid": (pay_all, 0),
    "one invoice is paid": (lambda books, ref: books.pay(f"invoice:{ref}a"), SECOND),
    "a part is paid": (lambda books, ref: books.part_pay(f"invoice:{ref}a", "40.00"), FIRST + SECOND - 4_000),
    "too much is paid": (pay_too_much, 0),
    "one is paid with a surplus": (lambda books, ref: books.pay_too_much(f"invoice:{ref}b", "25.00"), FIRST - 2_500),
    "a credit memo is written": (lambda books, ref: books.credit(f"{ref}c", ref, "30.00", TODAY), 13_000),
    "a credit covers all": (lambda books, ref: books.credit(f"{ref}c", ref, "160.00", TODAY), 0),
    "an invoice is voided": (lambda books, ref: books.void(f"invoice:{ref}a"), SECOND),
    "an invoice is deleted": (lambda books, ref: books.documents.pop(f"invoice:{ref}b"), FIRST),
}


@pytest.fixture
def shop(firm: Firm) -> Shop:
    return Shop(firm)


def points_of_a_run(shop: Shop) -> list[str]:
    """What a run that nothing disturbs passes by, up to the moment in which the message may no longer be held back."""
    points, ref = Points(), shop.debtor()
    shop.run(points)
    mail = shop.mail_to(ref)
    assert mail is not None
    assert "160.00" in mail.text
    return points.names[: points.names.index("before at_data") + 1]


def asked_in(shop: Shop, mail: Mail) -> int:
    """What the mail asks for, as its words and its row say alike."""
    (row,) = shop.firm.reminders(id=mail.reminder)
    (amount,) = row["facts"]["amounts"]
    assert f"{amount['asked'] / 100:,.2f}" in mail.text
    return int(amount["asked"])


def test_money_booked_before_the_figures_are_read_stops_or_lowers_the_message(
    shop: Shop, record_property: Callable[[str, object], None]
) -> None:
    names = points_of_a_run(shop)
    read_at = names.index("before ledger.fresh") + 1
    assert names[0].startswith("before commit")
    assert "after commit save decisions" in names[:read_at]
    tried = 0
    for wanted in range(1, read_at + 1):
        for what, (book, left) in BOOKINGS.items():
            ref = shop.debtor()
            points = Points(lambda book=book, ref=ref: book(shop.books, ref), wanted)  # type: ignore[misc]
            shop.run(points)
            where = f"{what}, {names[wanted - 1]}"
            assert points.names[: wanted - 1] == names[: wanted - 1], where
            assert shop.books.owed(ref) == left, where
            mail = shop.mail_to(ref)
            assert (asked_in(shop, mail) if mail else 0) == left, where
            tried += 1
    record_property("summary", f"Money booked before the re-read: {read_at} points, {tried} cases ({_kind(shop)})")


@pytest.mark.parametrize("meanwhile", ["another process synced", "a minute passed"])
def test_money_booked_after_the_figures_were_read_is_heeded_once_it_is_known_or_the_figures_are_old(
    shop: Shop, meanwhile: str, record_property: Callable[[str, object], None]
) -> None:
    names = points_of_a_run(shop)
    read_at = names.index("before ledger.fresh") + 1
    outside = [number for number in range(read_at + 1, len(names) + 1) if _is_outside(names[number - 1])]
    assert len(outside) >= 4
    elsewhere = shop.firm.another_process()
    tried = 0
    for wanted in outside:
        for what, (book, left) in BOOKINGS.items():
            if what == "an invoice is deleted" and meanwhile == "another process synced":
                continue  # a deletion is told by the next whole read, or asked for afresh
            ref = shop.debtor()

            def act(book: Booking = book, ref: str = ref) -> None:
                book(shop.books, ref)
                if meanwhile == "a minute passed":
                    shop.firm.clock.advance(timedelta(seconds=61))
                else:
                    sync_company(replace(elsewhere, ledger=cast("Ledger", shop.books)))

            shop.run(Points(act, wanted))
            where = f"{what}, {names[wanted - 1]}"
            mail = shop.mail_to(ref)
            assert (asked_in(shop, mail) if mail else 0) in {left, 0}, where
            tried += 1
    record_property("summary", f"… and {meanwhile}: {len(outside)} points, {tried} cases ({_kind(shop)})")


def _is_outside(name: str) -> bool:
    """Whether another process can write at this point: not within a transaction of ours."""
    return not name.startswith("before commit")


def test_money_booked_after_the_figures_were_read_lets_the_message_leave_on_figures_of_this_minute_only(
    shop: Shop,
) -> None:
    """Nobody can do better than to ask a moment before: what is booked then, and not yet known, may be asked for."""
    names = points_of_a_run(shop)
    for wanted in range(names.index("before ledger.fresh") + 2, len(names) + 1):
        ref = shop.debtor()
        shop.run(Points(lambda ref=ref: pay_all(shop.books, ref), wanted))  # type: ignore[misc]
        mail = shop.mail_to(ref)
        if mail:
            (row,) = shop.firm.reminders(id=mail.reminder)
            assert shop.firm.clock.now() - row["figures_at"] <= timedelta(seconds=60)
            assert asked_in(shop, mail) == FIRST + SECOND


def _kind(shop: Shop) -> str:
    return str(shop.firm.database.engine.dialect.name)
