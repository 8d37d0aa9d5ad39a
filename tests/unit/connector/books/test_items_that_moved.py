"""What holds an item goes with it to another account, and ends for it there: that account is looked at again."""

from collections.abc import Callable

import pytest

from connector.disputes import Contested, end_flags, open_dispute, resolve_dispute
from connector.pauses import end_by_source, pause, set_hold
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


@pytest.fixture
def site(connected: House) -> House:
    """The site 21 is billed by itself, beside its parent 20, and owes an invoice that is past due."""
    connected.ledger.customer("21", "Anna Oars", parent="20")
    connected.ledger.bill("130", "21", "100.00", connected.in_days(-20))
    connected.sync()
    return connected


def _billed_with_its_parent(house: House) -> str:
    house.ledger.change_customer("21", bill_with_parent=True)
    house.sync()
    assert house.account_of(INVOICE) == "20"
    return "20"


@pytest.mark.parametrize("items", [(ITEM,), ()])
def test_a_pause_goes_with_the_invoice_to_whoever_is_billed_for_it(site: House, items: tuple[str, ...]) -> None:
    pause(site.office, "21", reason="the carrier", until=site.in_days(20), items=items)
    to = _billed_with_its_parent(site)
    assert HoldKind.PAUSE in site.hold_kinds(to, INVOICE)
    site.wait(days=21)
    assert HoldKind.PAUSE not in site.hold_kinds(to, INVOICE)


def test_what_a_person_is_to_look_at_first_waits_for_him_wherever_it_is_billed(site: House) -> None:
    end = _hold(site)
    to = _billed_with_its_parent(site)
    assert HoldKind.REOPENED in site.hold_kinds(to, INVOICE)
    end()
    assert HoldKind.REOPENED not in site.hold_kinds(to, INVOICE)
    assert to in site.awake()


def test_a_pause_of_two_invoices_goes_with_the_one_that_moves_and_stays_with_the_other(site: House) -> None:
    site.ledger.customer("22", "Anna Sails")
    other = site.ledger.bill("131", "21", "60.00", site.in_days(-20))
    site.sync()
    pause(site.office, "21", reason="the carrier", until=site.in_days(20), items=(ITEM, f"{other}#1"))
    site.ledger.change(INVOICE, customer="22")
    site.sync()
    assert HoldKind.PAUSE in site.hold_kinds("22", INVOICE)
    assert HoldKind.PAUSE in site.hold_kinds("21", other)


def test_a_payment_that_moves_takes_no_pause_along(site: House) -> None:
    site.ledger.bill("131", "20", "60.00", site.in_days(-20))
    payment = site.ledger.receive("900", "21", "10.00")
    site.sync()
    pause(site.office, "21", reason="they asked", until=None)
    site.ledger.change(payment, customer="20")
    site.sync()
    assert HoldKind.PAUSE not in site.hold_kinds("20", "invoice:131")
