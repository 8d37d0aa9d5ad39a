"""Decisions are saved many at once. Where one of them cannot be, it stops no other, and nothing is planned twice."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from connector.store import history
from connector.store.tables import reminder_item
from tests.unit.connector.speaking.firm import FIRM, Firm

SOON = date(2026, 11, 6)


@pytest.fixture
def three(firm: Firm) -> Firm:
    """Customers 20, 21 and 22 owe."""
    for ref in ("20", "21", "22"):
        firm.owes(ref)
    firm.sync()
    return firm


def _another_process_takes(firm: Firm, item: str, step_id: str, step_day: int, how: str) -> None:
    """A second service was faster, in the moment between our reading and our writing."""
    step = {"company": FIRM, "item": item, "cycle": 1, "step_no": 1, "step_id": step_id, "step_day": step_day}
    taken = {"cadence": "standard", "reminder": None, "taken_on": firm.office.today(), "how": how}
    with firm.database.write("another process") as connection:
        connection.execute(insert(reminder_item).values(**step, **taken))


def test_a_step_that_another_process_is_about_to_take_is_left_to_it_and_stops_no_other(three: Firm) -> None:
    _another_process_takes(three, "invoice:i21#1", "first", 3, "planned")
    assert three.remind().planned == 2
    assert [row["account"] for row in three.reminders()] == ["20", "22"]
    assert three.tasks() == []


def test_and_its_verdict_is_written_down_all_the_same(three: Firm) -> None:
    _another_process_takes(three, "invoice:i21#1", "first", 3, "planned")
    assert three.remind().looked_at == 3
    assert [row["account"] for row in three.events("verdict")] == ["20", "21", "22"]
    assert [row["account"] for row in three.events("reminder_planned")] == ["20", "22"]
    with three.database.read() as connection:
        assert history.verify(connection, FIRM).holds


def test_a_lapse_that_another_process_wrote_down_is_not_written_twice(three: Firm) -> None:
    three.owes("23", due=SOON)
    three.owes("24", due=SOON)
    three.sync()
    three.clock.advance(timedelta(days=10))
    _another_process_takes(three, "invoice:i23#1", "heads-up", -3, "lapsed")
    three.remind()
    assert ("invoice:i23#1", "heads-up", "lapsed") in three.steps()
    assert [row["subject"] for row in three.events("step_lapsed")] == ["invoice:i24#1"]
    assert three.tasks() == []


def test_one_message_is_one_reminder_with_its_steps_and_its_recipients(firm: Firm) -> None:
    firm.customer("20", "anna@example.com", "bob@example.com")
    firm.owes("20", "100.00")
    firm.owes("20", "50.00", number="i20b")
    firm.sync()
    firm.remind()
    row = firm.only_reminder()
    assert [(each["item"], each["reminder"]) for each in firm.rows(reminder_item)] == [
        ("invoice:i20#1", row["id"]),
        ("invoice:i20b#1", row["id"]),
    ]
    assert firm.dispatches() == {"anna@example.com": "waiting", "bob@example.com": "waiting"}
