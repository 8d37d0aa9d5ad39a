"""What is left out of a customer's account is said, each with its reason."""

from adapters.ledger import Omitted
from tests.unit.adapters.sap.s4hana.desk import Desk, usd


def test_each_line_that_is_none_of_ours_has_its_reason(desk: Desk) -> None:
    desk.post("DR", "100.00")
    (down,) = desk.post("DZ", "-40.00", special="A")
    (request,) = desk.post("DR", "500.00", special="F")
    (wrong,) = desk.post("DR", "7.00")
    desk.entries.reverse(wrong.number, desk.clock.now())
    told = {each.reason: each for each in desk.ledger.left_out("1")}  # type: ignore[attr-defined]  # not of every ledger
    assert told["special G/L A"] == Omitted(
        reason="special G/L A", lines=1, amounts=(usd("-40.00"),), documents=(down.number.document,)
    )
    assert told["special G/L F"].documents == (request.number.document,)
    assert (told["reversed"].lines, told["reversed"].amounts) == (2, (usd("0.00"),))
    assert told.keys() == {"special G/L A", "special G/L F", "reversed"}


def test_a_customer_of_whom_nothing_is_left_out(desk: Desk) -> None:
    desk.post("DR", "100.00")
    assert desk.ledger.left_out("1") == []  # type: ignore[attr-defined]  # not of every ledger


def test_every_page_is_read(desk: Desk) -> None:
    desk.post("DR", *(f"{at}.00" for at in range(1, 26)), special="W")
    (told,) = desk.ledger.left_out("1")  # type: ignore[attr-defined]  # not of every ledger
    assert (told.lines, told.amounts) == (25, (usd("325.00"),))
