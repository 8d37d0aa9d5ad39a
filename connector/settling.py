"""Settling a dispatch whose acceptance is unknown: by evidence or by a person, never by a timer."""

import hashlib

from sqlalchemy import Connection, RowMapping

from adapters.ledger import EntryKind
from connector.drafts import documents_of
from connector.notes import enqueue_note
from connector.office import Office
from connector.store import books, dispatches, history, reminders, tasks
from reminders.notes import NoteFacts


class NothingToSettle(ValueError):
    """There is no such uncertain dispatch."""


def settle(office: Office, reminder_id: str, address: str | None, *, arrived: bool, by: str) -> int:
    """A person's word on what became of uncertain dispatches. Returns how many. Raises `NothingToSettle`."""
    with office.database.write("settle dispatch") as connection:
        rows = [
            row
            for row in dispatches.uncertain(connection, office.company)
            if row["reminder"].startswith(reminder_id) and (address is None or row["address"] == address)
        ]
        if not rows:
            raise NothingToSettle(f"Nothing of reminder {reminder_id} is uncertain: see `duecourse status`.")
        for row in rows:
            settle_dispatch(office, connection, row["reminder"], row["address"], arrived=arrived, by=by)
    return len(rows)


def settle_dispatch(
    office: Office, connection: Connection, reminder_id: str, address: str, *, arrived: bool, by: str
) -> bool:
    """Settles one uncertain dispatch. Where none of a reminder's arrived, its items may be asked once more.

    Only once: a message that already replaces one keeps its step, and a person has the task.
    """
    now = office.now()
    state = "sent" if arrived else "refused"
    if not dispatches.set_state(
        connection, reminder_id, address, state, now=now, reply=f"settled by {by}", expect=["uncertain"]
    ):
        return False
    row = reminders.by_id(connection, reminder_id)
    assert row is not None
    tasks.drop(connection, office.company, f"uncertain:{reminder_id}:{address}", now=now, result=f"settled by {by}")
    states = {each["state"] for each in dispatches.load(connection, reminder_id)}
    if "sent" in states:
        reminders.mark_items(connection, [reminder_id], how="sent", on=row["decided_on"])
    elif not states & {"uncertain", "waiting", "sending"}:
        _ask_again(office, connection, row)
    _write_down(office, connection, row, address, arrived=arrived, by=by)
    return True


def _ask_again(office: Office, connection: Connection, row: RowMapping) -> None:
    """Nothing of it arrived: its items may be asked at the same step once more, and only once."""
    if row["replaces"] is None:
        reminders.free_items(connection, row["id"])
        reminders.change(connection, row["id"], state="not_arrived")
        touched = books.accounts_of_items(
            connection, office.company, [each["item"] for each in row["facts"]["advance"]]
        )
        touched |= {row["account"]: (row["customer"], row["account"].partition("|")[2])}
        books.touch_accounts(connection, office.company, touched, office.today())
        return
    tasks.open_task(
        connection,
        office.company,
        key=f"lost_twice:{row['id']}",
        kind="lost_twice",
        text=f"“{row['subject']}” did not arrive, and the one before it neither: reach the customer another way.",
        now=office.now(),
        today=office.today(),
        account=row["account"],
        facts={"reminder": row["id"]},
    )


def _write_down(
    office: Office, connection: Connection, row: RowMapping, address: str, *, arrived: bool, by: str
) -> None:
    reminder_id = row["id"]
    enqueue_note(
        office,
        connection,
        EntryKind.SETTLED,
        fact=f"{reminder_id}:{hashlib.sha256(address.casefold().encode()).hexdigest()[:8]}",
        customer=row["customer"],
        documents=documents_of(row["facts"]),
        facts=NoteFacts(
            on=office.today(),
            subject=row["subject"],
            recipients=(address,),
            by=by,
            outcome="arrived" if arrived else "lost",
        ),
        about=f"{EntryKind.REMINDER.value}:{reminder_id}",
    )
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="settling",
        kind="dispatch_settled",
        account=row["account"],
        subject=reminder_id,
        data={"arrived": arrived, "by": by},
        personal={"address": address},
    )
