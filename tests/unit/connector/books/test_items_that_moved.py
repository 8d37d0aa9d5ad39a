"""What was agreed about an item ends for it in whatever account it is by then: that one is looked at again."""

from collections.abc import Callable

import pytest

from connector.disputes import Contested, end_flags, open_dispute, resolve_dispute
from connector.pauses import end_by_source, set_hold
from connector.promises import withdraw
from reminders.account import HoldKind
from reminders.holds import Resolution
from tests.unit.connector.books.house import House

INVOICE = "invoice:130"
ITEM = f"{INVOICE}#1"
BROKER = "20|claims@broker.example"


@pytest.fixture
def owing(connected: House) -> House:
    """Customer 20 owes an invoice that is past due."""
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-20))
    connected.sync()
    return connected


def _dispute(house: House) -> Callable[[], object]:
    ident = open_dispute(house.office, Contested(item=ITEM, reason="damaged"))
    return lambda: resolve_dispute(house.office, ident, Resolution.UPHELD)


def _flag(house: House) -> Callable[[], object]:
    house.ledger.change_customer("20", note="#dispute 130 pallets short")
    house.sync()

    def end() -> None:
        house.wait(days=14)
        end_flags(house.office)

    return end


def _promise(house: House) -> Callable[[], object]:
    ident = house.promised(house.account_of(INVOICE), "100.00", days=5)
    return lambda: withdraw(house.office, ident)


def _hold(house: House) -> Callable[[], object]:
    with house.database.write("hold") as connection:
        set_hold(
            house.office,
            connection,
            HoldKind.REOPENED,
            account_ref=house.account_of(INVOICE),
            reason="a person looks at it first",
            ends=None,
            items=[ITEM],
            source="seen",
        )

    def end() -> None:
        with house.database.write("end") as connection:
            end_by_source(house.office, connection, "seen")

    return end


@pytest.mark.parametrize("agreed", [_dispute, _flag, _promise, _hold])
@pytest.mark.parametrize("to", [BROKER, "20"])
def test_what_ends_for_an_item_wakes_the_account_that_it_moved_to(
    owing: House, agreed: Callable[[House], Callable[[], object]], to: str
) -> None:
    here, there = ((), ("claims@broker.example",)) if to == BROKER else (("claims@broker.example",), ())
    owing.ledger.change(INVOICE, bill_emails=here)
    owing.sync()
    end = agreed(owing)
    owing.ledger.change(INVOICE, bill_emails=there)
    owing.sync()
    assert owing.account_of(INVOICE) == to
    owing.asleep()
    end()
    assert to in owing.awake()
