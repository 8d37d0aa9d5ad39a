"""A customer merged into another in the ledger: what was agreed with it is not chased at the survivor."""

from datetime import date

from tests.unit.connector.bad_input.trade import Trade


def _merged(trade: Trade) -> tuple[str, str]:
    anna = trade.customer()
    survivor = trade.customer("Anna Boats Ltd", "ltd@boats.example")
    return anna, survivor


def test_what_was_promised_is_not_chased_at_the_survivor_and_a_task_tells_of_it(trade: Trade) -> None:
    anna, survivor = _merged(trade)
    trade.bill(anna, number="1001")
    trade.begin()
    trade.tell("promise", "add", anna, "100.00", "2026-11-06")
    trade.books.merge_customer(anna, survivor)
    for _ in range(4):
        trade.day()
        trade.next_day()
    assert trade.mails == []
    assert trade.open_totals() == {"USD": "100.00"}
    [task] = trade.tell("task", "list")
    assert task["account"] == survivor
    assert "a promise of USD 100.00 by 2026-11-06 ended with it" in task["text"]
    trade.next_day(4)
    trade.day()
    [mail] = trade.mails
    assert "1001" in mail.text


def test_what_is_disputed_waits_at_the_survivor_until_a_person_resumes(trade: Trade) -> None:
    anna, survivor = _merged(trade)
    trade.bill(anna, number="1001")
    trade.bill(anna, "70.00", number="1002")
    trade.begin()
    trade.tell("dispute", "open", anna, "1001", "--reason", "damaged")
    trade.books.merge_customer(anna, survivor)
    trade.day()
    assert ["1001" in each.text for each in trade.mails] == [False]
    [text] = [each["text"] for each in trade.tell("task", "list") if each["kind"] == "merged"]
    assert "a dispute (damaged) ended with it" in text


def test_a_pause_goes_on_at_the_survivor_and_what_was_planned_for_the_old_one_is_never_sent(trade: Trade) -> None:
    anna, survivor = _merged(trade)
    trade.bill(anna, number="1001")
    trade.bill(survivor, "70.00", date(2026, 10, 14), number="1002")
    trade.begin()
    trade.tell("pause", anna, "--reason", "they asked", "--until", "2026-11-20")
    trade.books.merge_customer(anna, survivor)
    for _ in range(10):
        trade.day()
        trade.next_day()
    assert {each.to for each in trade.mails} == {"ltd@boats.example"}
    assert not any("1001" in each.text for each in trade.mails)
    assert trade.tell("reconcile")["state"] == "agrees"
