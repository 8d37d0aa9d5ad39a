"""A person's task about an invoice ends when the invoice is settled: nobody is called about money that has arrived."""

from datetime import timedelta

import pytest

from connector.store import tasks
from connector.store.tables import item
from connector.store.tasks import step_key
from tests.unit.connector.speaking.firm import Firm


@pytest.fixture
def to_be_called(firm: Firm) -> Firm:
    """A customer whose ladder has come to the call."""
    firm.owes("20")
    firm.sync()
    for _ in range(60):
        firm.work()
        if firm.tasks("step"):
            return firm
        firm.next_day()
    pytest.fail("the ladder never came to a call")


def test_a_call_is_withdrawn_when_the_invoice_is_paid(to_be_called: Firm) -> None:
    to_be_called.books.pay("invoice:i20")
    to_be_called.sync()
    assert to_be_called.tasks("step") == []
    assert [row["person_step"] for row in to_be_called.rows(item)] == [None]


def test_a_call_is_withdrawn_when_the_invoice_is_voided(to_be_called: Firm) -> None:
    to_be_called.books.void("invoice:i20")
    to_be_called.sync()
    assert to_be_called.tasks("step") == []


def test_a_part_payment_withdraws_no_call(to_be_called: Firm) -> None:
    to_be_called.books.part_pay("invoice:i20", "40.00")
    to_be_called.sync()
    assert len(to_be_called.tasks("step")) == 1


def test_a_withdrawn_call_can_be_asked_for_again(to_be_called: Firm) -> None:
    (task,) = to_be_called.tasks("step")
    key = step_key("invoice:i20#1", 1, "call")
    assert task["key"] == key
    office = to_be_called.office
    to_be_called.books.pay("invoice:i20")
    to_be_called.sync()
    to_be_called.clock.advance(timedelta(seconds=1))
    with office.database.write("ask again") as connection:
        opened = tasks.open_task(
            connection,
            office.company,
            key=key,
            kind="step",
            text="Call",
            now=office.now(),
            today=office.today(),
            again_after=timedelta(0),
        )
    assert opened
