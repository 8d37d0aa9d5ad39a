"""Customers whom the ledger's own dunning writes to wait until a person has said that reminders may go, too."""

import pytest

from connector import dunned, pauses
from reminders.account import HoldKind
from tests.unit.connector.books.house import House


@pytest.fixture
def owing(house: House) -> House:
    """Customer 20 is in a dunning procedure of the ledger's, customer 21 is not; both owe what is past due."""
    house.ledger.customer("21", "Bertram")
    house.ledger.change_customer("20", dunned_by="0001")
    house.ledger.bill("130", "20", "100.00", house.in_days(-14))
    house.ledger.bill("131", "21", "100.00", house.in_days(-14))
    house.sync()
    return house


def test_from_the_first_read_on_they_wait_and_others_do_not(owing: House) -> None:
    owing.remind()
    assert [to for to, _ in owing.mailer.sent] == ["ap21@example.com"]
    (held,) = owing.held("20")
    assert "procedure 0001" in held["reason"]
    assert owing.notes("pause") == []  # it is no agreement with the customer


def test_a_person_lets_one_of_them_go_and_nothing_holds_it_again(owing: House) -> None:
    assert pauses.resume(owing.office, "20") == 1
    owing.ledger.change_customer("20", dunned_by="0002")
    owing.sync()
    assert owing.hold_kinds("20") == set()
    owing.remind()
    assert len(owing.mailer.sent) == 2


def test_a_person_lets_all_of_them_go(owing: House) -> None:
    owing.ledger.customer("22", "Clara", dunned_by="0001")
    owing.sync()
    assert dunned.let_go(owing.office) == 2
    assert dunned.let_go(owing.office) == 0
    assert owing.hold_kinds("20") == set()


def test_who_is_taken_out_of_the_procedure_waits_no_more(owing: House) -> None:
    owing.ledger.change_customer("20", dunned_by="")
    owing.sync()
    assert owing.hold_kinds("20") == set()


def test_who_is_put_into_a_procedure_later_waits_from_then_on(owing: House) -> None:
    owing.ledger.change_customer("21", dunned_by="0001")
    owing.sync()
    assert owing.hold_kinds("21") == {HoldKind.PAUSE}


def test_a_branch_that_its_head_office_pays_for_holds_the_head_office(owing: House) -> None:
    owing.ledger.customer("25", "Branch", parent="21", bill_with_parent=True, dunned_by="0001")
    owing.sync()
    assert owing.hold_kinds("21") == {HoldKind.PAUSE}
