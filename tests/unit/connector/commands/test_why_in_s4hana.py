"""What a person is told of an S/4HANA customer: what is left out, what SAP says beside it, whom SAP duns itself."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.sandbox.faults import Rule
from adapters.sap.s4hana.sandbox import S4HanaFault, ServedS4Hana
from adapters.sap.s4hana.sandbox.app import S4HanaSandbox
from adapters.sap.s4hana.sandbox.entries import Head, Line
from tests.unit.connector.commands.sap_desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """S/4HANA; Anna owes an invoice of 100.00."""
    with open_desk("s4hana", tmp_path) as opened:
        yield opened


def face(desk: Desk) -> S4HanaSandbox:
    assert isinstance(desk.sandbox, ServedS4Hana)
    return desk.sandbox.face


def line(desk: Desk) -> Line:
    """The line on which Anna's invoice stands."""
    face(desk).sets.lines()
    [found] = face(desk).sets.clerk.lines_of(desk.invoice)
    return found


def test_why_lists_what_is_left_out_of_an_account_with_the_reason(desk: Desk) -> None:
    desk.connect()
    on = date(2026, 10, 1)
    head = Head(kind="DZ", customer=desk.anna, currency="USD", on=on)
    face(desk).sets.entries.post(head, [Decimal("-40.00")], desk.clock.now(), due=on, special="A")
    [why] = desk.tell("why", desk.anna)
    [told] = why["left_out"]
    assert (told["reason"], told["lines"]) == ("special G/L A", 1)
    assert told["amounts"] == [{"amount": "-40.00", "currency": "USD"}]
    code, out, _ = desk.run("why", desk.anna)
    assert code == 0
    assert "special G/L A" in out


def test_where_the_ledger_does_not_answer_the_verdict_is_told_all_the_same(desk: Desk) -> None:
    desk.connect()
    desk.sandbox.faults.add(Rule(fault=S4HanaFault.FORBIDDEN))
    [why] = desk.tell("why", desk.anna)
    assert (why["left_out"], why["name"]) == ([], "Anna Boats")
    assert why["not_told"]


def test_a_payment_block_is_a_warning_in_why_plan_and_draft_and_holds_nothing(desk: Desk) -> None:
    line(desk).payment_block = "A"
    desk.go_on()
    desk.tell("mode", "review", "--yes")
    [why] = desk.tell("why", desk.anna)
    assert (why["outcome"], why["items"][0]["remark"]) == ("remind", "payment block A")
    [plan] = desk.tell("plan", desk.anna)
    number = plan["invoices"][0]
    assert plan["warnings"] == [f"{number}: payment block A"]
    desk.a_day()
    [draft] = desk.tell("approve")
    assert draft["warnings"] == [f"{number}: payment block A"]
    assert "payment block A" in desk.run("approve")[1]


def test_whom_sap_duns_itself_waits_until_a_person_lets_reminders_go(desk: Desk) -> None:
    [record] = face(desk).sets.extras.dunning(desk.anna)
    record.procedure = "0001"
    checks = {each["name"]: each for each in desk.connect()["checks"]}
    assert checks["SAP's own dunning"]["said"].startswith("1 customer")
    assert "duecourse resume --dunned" in checks["SAP's own dunning"]["said"]
    desk.tell("mode", "automatic", "--yes")
    desk.clock.advance(timedelta(days=8))
    desk.a_day()
    [why] = desk.tell("why", desk.anna)
    assert (why["reason"], why["hold"]) == ("held", "pause")
    assert "procedure 0001" in why["remark"]
    assert desk.mailer.taken == []
    assert desk.tell("resume", "--dunned") == {"ended": 1}
    desk.a_day()
    assert len(desk.mailer.taken) == 1


def test_a_clearing_that_is_reset_after_a_promise_was_kept_asks_nothing_before_a_person_has_looked(desk: Desk) -> None:
    desk.go_on()
    desk.a_day()
    desk.tell("promise", "add", desk.anna, "100.00", (desk.clock.now().date() + timedelta(days=5)).isoformat())
    desk.clock.advance(timedelta(days=1))
    on = desk.clock.now().date()
    payment = desk.books.pay(desk.anna, Decimal("100.00"), on=on, apply={desk.invoice: Decimal("100.00")})
    desk.a_day()
    assert [key.partition(":")[0] for key in desk.notes()] == ["reminder", "promise_made", "promise_kept"]
    desk.clock.advance(timedelta(days=9))
    desk.books.return_payment(payment)
    desk.a_day()
    [task] = desk.tell("task", "list", "--kind", "payment_returned")
    assert "open again" in task["text"]
    for _ in range(12):
        desk.clock.advance(timedelta(days=1))
        desk.a_day()
    assert len(desk.mailer.taken) == 1
