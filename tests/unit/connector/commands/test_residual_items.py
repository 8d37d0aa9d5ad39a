"""A part payment that S/4HANA posts with a residual item: what was promised, contested and said goes on with it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.sap.s4hana.sandbox import Partial
from tests.unit.connector.commands.sap_desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """S/4HANA, where what a payment leaves of an invoice is posted anew. Anna was reminded of her invoice of 100.00."""
    with open_desk("s4hana", tmp_path, partial=Partial.RESIDUAL) as opened:
        opened.go_on()
        opened.a_day()
        assert len(opened.mailer.taken) == 1
        opened.clock.advance(timedelta(minutes=10))
        yield opened


def pay(desk: Desk, amount: str) -> None:
    desk.books.pay(desk.anna, Decimal(amount), on=desk.clock.now().date(), apply={desk.invoice: Decimal(amount)})


def days(desk: Desk, number: int) -> None:
    """Days go by, and everything is done on each."""
    for _ in range(number):
        desk.clock.advance(timedelta(days=1))
        desk.a_day()


def item(desk: Desk) -> Any:  # noqa: ANN401 - whatever the command tells
    """The one item that Anna owes."""
    [account] = desk.tell("why", desk.anna)
    [found] = account["items"]
    return found


def test_no_message_asks_for_the_promised_rest_before_the_promised_day(desk: Desk) -> None:
    first = item(desk)["item"]
    day = desk.clock.now().date() + timedelta(days=9)
    desk.tell("promise", "add", desk.anna, "100.00", day.isoformat())
    days(desk, 1)
    pay(desk, "70.00")
    days(desk, 1)
    rest = item(desk)
    assert rest["item"] != first
    assert (rest["open"]["amount"], rest["reason"]) == ("30.00", "held")
    [promise] = desk.tell("promise", "list")
    assert promise["items"] == sorted([first, rest["item"]])
    days(desk, 6)
    assert len(desk.mailer.taken) == 1
    pay(desk, "30.00")
    days(desk, 1)
    assert [key.partition(":")[0] for key in desk.notes()] == ["reminder", "promise_made", "promise_kept"]
    days(desk, 10)
    assert len(desk.mailer.taken) == 1


def test_a_promise_that_the_rest_breaks_is_broken_and_the_next_message_is_the_next_step(desk: Desk) -> None:
    day = desk.clock.now().date() + timedelta(days=9)
    desk.tell("promise", "add", desk.anna, "100.00", day.isoformat())
    days(desk, 1)
    pay(desk, "70.00")
    days(desk, 8)
    other = desk.books.add_customer("Bertram", emails="b@bertram.example", country="US")
    for _ in range(12):  # somebody else pays each day: cash is posted
        desk.books.pay(other, Decimal("1.00"), on=desk.clock.now().date())
        days(desk, 1)
    assert [each["state"] for each in desk.tell("promise", "list", "--all")] == ["partly_kept"]
    assert len(desk.mailer.taken) == 2
    assert item(desk)["last_step"].startswith("second on")


def test_the_ladder_goes_on_at_its_step(desk: Desk) -> None:
    assert item(desk)["last_step"].startswith("first on")
    pay(desk, "70.00")
    days(desk, 1)
    rest = item(desk)
    assert rest["last_step"].startswith("first on")
    days(desk, 8)
    assert item(desk)["last_step"].startswith("second on")
    assert len(desk.mailer.taken) == 2


def test_the_rest_of_a_rest_goes_on_and_the_books_agree(desk: Desk) -> None:
    desk.tell("dispute", "open", desk.anna, desk.tell("why", desk.anna)[0]["items"][0]["number"], "--amount", "10.00")
    pay(desk, "70.00")
    pay(desk, "20.00")
    days(desk, 1)
    rest = item(desk)
    assert (rest["open"]["amount"], rest["last_step"][:8]) == ("10.00", "first on")
    [dispute] = desk.tell("dispute", "list")
    assert dispute["state"] == "open"
    assert desk.tell("reconcile")["state"] == "agrees"
    days(desk, 20)  # all of it is contested
    assert len(desk.mailer.taken) == 1
