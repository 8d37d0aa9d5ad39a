from datetime import date, timedelta

from sqlalchemy import select

from connector.store import tasks
from connector.store.tables import item, reminder_item
from tests.unit.connector.commands.shop import Shop


def _on_call_step(shop: Shop) -> int:
    """Plays until the ladder of 1044 reaches its call, and returns that task."""
    for _ in range(60):
        shop.run("run")
        found = [each for each in shop.tell("task", "list", "--kind", "step") if each["customer_ref"] == "21"]
        if found:
            return int(found[0]["id"])
        shop.clock.advance(timedelta(days=1))
    raise AssertionError("The cadence has no person's step within 60 days.")


def test_a_step_that_was_done_is_taken_noted_and_counts_as_contact(shop: Shop) -> None:
    number = _on_call_step(shop)
    done = shop.tell("task", "done", str(number), "--result", "Spoke to Bertram: pays on Friday")
    assert done["kind"] == "step"
    [row] = shop.history("step_done")
    assert row["data"]["item"] == "invoice:132#1"
    with shop.service.database.read() as connection:
        taken = connection.scalars(select(reminder_item.c.how).where(reminder_item.c.step_id == row["data"]["step_id"]))
        assert list(taken) == ["done"]
        assert connection.scalar(select(item.c.person_step).where(item.c.ref == "invoice:132#1")) is None
    assert any(note.startswith("Call") and "Friday" in note for note in shop.notes())
    assert shop.tell("why", "21")[0]["reason"] in {"min_gap", "distance"}


def test_a_task_is_done_once(shop: Shop) -> None:
    number = str(_on_call_step(shop))
    shop.tell("task", "done", number)
    said = shop.run("task", "done", number)
    assert said.code == 1
    assert "done already" in said.err


def test_an_unknown_task_says_where_to_look(shop: Shop) -> None:
    assert "duecourse task list" in shop.run("task", "done", "99").err


def test_a_returned_payment_that_a_person_has_seen_begins_anew(shop: Shop) -> None:
    before = shop.ledger.documents["invoice:130"]
    shop.ledger.pay("invoice:130")
    shop.tell("sync")
    shop.clock.advance(timedelta(days=10))
    shop.ledger.documents["invoice:130"] = before
    shop.tell("sync")
    [task] = shop.tell("task", "list", "--kind", "payment_returned")
    assert shop.tell("why", "20")[0]["items"][0]["reason"] == "held"
    shop.tell("task", "done", str(task["id"]))
    assert shop.tell("why", "20")[0]["items"][0]["reason"] == "step_due"


def test_a_replaced_invoice_carries_position_promise_and_dispute_over(shop: Shop) -> None:
    shop.tell("run")
    shop.tell("promise", "add", "20", "100.00", "2026-11-20", "--invoice", "1042", "--by", "Ann")
    shop.tell("dispute", "open", "20", "1042", "--amount", "10.00", "--reason", "scratched")
    shop.ledger.void("invoice:130")
    shop.tell("sync")
    shop.ledger.bill("160", "20", "100.00", date(2026, 10, 19), number="1060")
    shop.tell("sync")
    [task] = shop.tell("task", "list", "--kind", "replaced")
    assert "position" in task["text"]
    shop.tell("task", "done", str(task["id"]), "--carry")
    assert shop.tell("task", "list", "--kind", "replaced") == []
    assert shop.run("task", "done", str(task["id"]), "--carry").code == 1
    with shop.service.database.read() as connection:
        rows = connection.execute(select(reminder_item).where(reminder_item.c.item == "invoice:160#1")).mappings().all()
    assert [(row["step_id"], row["how"]) for row in rows] == [("first", "sent")]
    assert [each["invoice"] for each in shop.tell("dispute", "list")] == ["1060"]
    assert [each["items"] for each in shop.tell("promise", "list")] == [["invoice:160#1"]]


def test_a_promise_over_several_invoices_holds_the_one_that_takes_over(shop: Shop) -> None:
    other = shop.ledger.bill("161", "20", "50.00", date(2026, 10, 20), number="1061")
    shop.tell("run")
    shop.tell("promise", "add", "20", "150.00", "2026-11-20", "--invoice", "1042", "--invoice", "1061")
    shop.ledger.void("invoice:130")
    shop.tell("sync")
    shop.ledger.bill("160", "20", "100.00", date(2026, 10, 19), number="1060")
    shop.tell("sync")
    [task] = shop.tell("task", "list", "--kind", "replaced")
    shop.tell("task", "done", str(task["id"]), "--carry")
    [promise] = shop.tell("promise", "list")
    assert promise["items"] == ["invoice:160#1", f"{other}#1"]
    reasons = {each["number"]: each["reason"] for each in shop.tell("why", "20")[0]["items"]}
    assert (reasons["1060"], reasons["1061"]) == ("held", "held")


def test_carrying_withdraws_what_was_planned_for_the_new_invoice_meanwhile(shop: Shop) -> None:
    """It was planned as a first letter, and would say once more what was said about the old one."""
    shop.tell("run")
    shop.ledger.void("invoice:130")
    shop.tell("sync")
    shop.ledger.bill("160", "20", "100.00", date(2026, 10, 19), number="1060")
    shop.tell("sync")
    [task] = shop.tell("task", "list", "--kind", "replaced")
    shop.tell("mode", "review", "--yes")
    for _ in range(30):
        shop.clock.advance(timedelta(days=1))
        shop.run("run")
        if "planned" in _hows(shop, "invoice:160#1"):
            break
    shop.tell("task", "done", str(task["id"]), "--carry")
    assert sorted(_hows(shop, "invoice:160#1")) == ["sent", "undone"]
    assert [row["data"]["reason"] for row in shop.history("reminder_cancelled")][-1].startswith(
        "the invoice takes over"
    )


def _hows(shop: Shop, ref: str) -> list[str]:
    with shop.service.database.read() as connection:
        return list(connection.scalars(select(reminder_item.c.how).where(reminder_item.c.item == ref)))


def test_carrying_is_for_replaced_invoices_alone(shop: Shop) -> None:
    number = str(_on_call_step(shop))
    assert shop.run("task", "done", number, "--carry").code == 1
    with shop.service.database.read() as connection:
        row = tasks.by_id(connection, shop.office.company, int(number))
    assert row is not None
    assert row["state"] == "open"


def test_a_logged_call_counts_for_the_gap_and_is_noted(shop: Shop) -> None:
    shop.tell("call", "20", "--note", "Asked for a copy")
    assert shop.tell("why", "20")[0]["reason"] == "min_gap"
    assert any(note.startswith("Call") and "copy" in note for note in shop.notes())
