"""Reminders are cancelled many at once, on either database: those of which nothing was said."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from connector.store import reminders
from connector.store.engine import Database
from connector.store.tables import dispatch, reminder, reminder_item
from reminders.decision import Advance

AT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
ON = date(2026, 11, 2)


@pytest.fixture
def planned(database: Database) -> Database:
    """Four reminders: three planned, of which one is claimed, and one that was said."""
    states = {"one": "ready", "two": "draft", "claimed": "claimed", "said": "said"}
    rows = [_reminder(each, state) for each, state in states.items()]
    steps = [_step(each) for each in states]
    waiting = [
        {"reminder": each, "address": "ap@c.example", "company": "c", "state": "waiting", "updated_at": AT}
        for each in states
    ]
    with database.write("plan") as connection:
        reminders.add(connection, rows, steps, waiting)
        reminders.mark_said(connection, ["said"], AT)
    return database


def test_of_many_those_are_cancelled_of_which_nothing_was_said(planned: Database) -> None:
    with planned.write("cancel") as connection:
        gone = reminders.cancel(connection, ["one", "two", "claimed", "said", "unknown"], "because", now=AT)
    assert gone == {"one", "two", "claimed"}
    with planned.read() as connection:
        states = dict(connection.execute(select(reminder.c.id, reminder.c.state)).all())
        how = dict(connection.execute(select(reminder_item.c.reminder, reminder_item.c.how)).all())
        sends = dict(connection.execute(select(dispatch.c.reminder, dispatch.c.state)).all())
    assert states == {"one": "cancelled", "two": "cancelled", "claimed": "cancelled", "said": "said"}
    assert how == {"one": "undone", "two": "undone", "claimed": "undone", "said": "planned"}
    assert sends == {"one": "cancelled", "two": "cancelled", "claimed": "cancelled", "said": "waiting"}


def test_where_there_is_none_none_is_cancelled(planned: Database) -> None:
    with planned.write("cancel") as connection:
        assert reminders.cancel(connection, [], "because", now=AT) == set()


def _step(of: str) -> dict[str, object]:
    advance = Advance(item=f"invoice:{of}#1", cycle=1, step_no=1, step_id="first", step_day=3)
    return reminders.step_row("c", "standard", advance, how="planned", on=ON, reminder_id=of)


def _reminder(of: str, state: str) -> dict[str, object]:
    same = dict.fromkeys(("cadence", "cadence_version", "step_id", "reason", "fingerprint", "language"), "x")
    words = dict.fromkeys(("subject", "text_body", "html_body"), "")
    when = {"decided_on": ON, "decided_at": AT}
    return {
        "id": of,
        "company": "c",
        "account": of,
        "customer": of,
        "state": state,
        "facts": {},
        **same,
        **words,
        **when,
    }
