"""Doing tasks: what follows from a person's hand, in one transaction with the task's end.

A step done counts as taken and as contact, and is noted in the ledger; a returned payment that was looked at lets its
item begin anew; a reply that was read no longer holds. Other tasks only end.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, select, update

from adapters.documents import document_of
from adapters.ledger import EntryKind
from connector.notes import enqueue_note
from connector.office import Office
from connector.pauses import end_by_source
from connector.store import books, history, reminders, tasks
from connector.store.tables import account, contact, document, item
from connector.store.upsert import insert_new
from reminders.decision import Advance
from reminders.notes import NoteFacts


class TaskRefused(ValueError):
    """There is no such task to be done; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A task that is done, and what followed, in one sentence."""

    number: int
    kind: str
    followed: str


def load_open_task(connection: Connection, company: str, number: int) -> RowMapping:
    """The open task of this number. Raises `TaskRefused`."""
    row = tasks.by_id(connection, company, number)
    if row is None:
        raise TaskRefused(f"There is no task {number}: see `duecourse task list`.")
    if row["state"] != "open":
        raise TaskRefused(f"Task {number} is {row['state']} already: {row['result'] or 'nothing was said of it'}.")
    return row


def do_task(office: Office, number: int, *, result: str = "") -> Done:
    """A person has done the task. Raises `TaskRefused`."""
    with office.database.write("do task") as connection:
        row = load_open_task(connection, office.company, number)
        followed = _FOLLOWS.get(row["kind"], _end_hold)(office, connection, row, result)
        end_task(office, connection, row, result)
    return Done(number=number, kind=row["kind"], followed=followed)


def end_task(office: Office, connection: Connection, row: RowMapping, result: str) -> None:
    """Ends a task and writes that down."""
    tasks.finish(connection, office.company, row["id"], result=result, now=office.now())
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="person",
        kind="task_done",
        account=row["account"],
        subject=row["key"],
        data={"kind": row["kind"], "items": row["items"]},
        personal={"result": result},
    )


def _end_hold(office: Office, connection: Connection, row: RowMapping, result: str) -> str:
    """The hold that the task stood for, where there is one, ends with it."""
    del result
    source = row["facts"].get("hold_source")
    if source and end_by_source(office, connection, source):
        return "What it held goes on."
    return ""


def _take_step(office: Office, connection: Connection, row: RowMapping, result: str) -> str:
    """A person's step counts as taken, today."""
    ref, facts, today = row["items"][0], row["facts"], office.today()
    step = Advance(
        item=ref,
        cycle=facts["cycle"],
        step_no=facts["step_no"],
        step_id=facts["step_id"],
        step_day=facts["step_day"],
    )
    cadence = office.cadence(_cadence_of(connection, office.company, row["account"])).name
    taken = reminders.record_taken(connection, office.company, cadence, [step], how="done", on=today)
    where = (item.c.company == office.company) & (item.c.ref == ref) & (item.c.person_step == step.step_id)
    connection.execute(
        update(item).where(where, item.c.cycle == step.cycle).values(person_step=None, person_step_since=None)
    )
    if not taken:
        return "The step had passed before: it counts as it was."
    data = {"item": ref, "cycle": step.cycle, "step_no": step.step_no, "step_id": step.step_id}
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="person",
        kind="step_done",
        account=row["account"],
        subject=ref,
        data=data | {"step_day": step.step_day, "day": today, "cadence": cadence},
    )
    note_call(office, connection, row["account"], fact=f"task:{row['id']}", note=result, documents=[document_of(ref)])
    return "The step counts as taken, and as contact."


def _cadence_of(connection: Connection, company: str, account_ref: str) -> str | None:
    where = (account.c.company == company) & (account.c.ref == account_ref)
    return connection.scalar(select(account.c.cadence).where(where))


_FOLLOWS: dict[str, Callable[[Office, Connection, RowMapping, str], str]] = {"step": _take_step}


# -- calls


def log_call(office: Office, account_ref: str, *, note: str) -> str:
    """A collector spoke to the customer of its own accord: contact for the gap, and a note. Returns the note's key."""
    stamp = f"{office.now():%Y%m%dT%H%M%S.%f}"
    with office.database.write("log call") as connection:
        return note_call(office, connection, account_ref, fact=f"{account_ref}:{stamp}", note=note)


def note_call(
    office: Office,
    connection: Connection,
    account_ref: str,
    *,
    fact: str,
    note: str,
    documents: list[str] | None = None,
) -> str:
    """Writes a call down: contact for the gap and the caps, history, a note in the ledger."""
    now, today = office.now(), office.today()
    customer, _, address = account_ref.partition("|")
    spoken = {
        "company": office.company,
        "account": account_ref,
        "at": now,
        "on_day": today,
        "what": "call",
        "address": "",
        "source": f"call:{fact}",
    }
    insert_new(connection, contact, spoken, key=("company", "account", "source", "address"))
    rows = books.rows_by_ref(connection, document, office.company, documents or [])
    numbers = tuple(row["number"] for row in rows.values())
    key = enqueue_note(
        office,
        connection,
        EntryKind.CALL,
        fact=fact,
        customer=customer,
        documents=documents or [],
        facts=NoteFacts(on=today, documents=numbers, reason=note),
    )
    history.record(
        connection,
        office.company,
        at=now,
        actor="person",
        kind="call_logged",
        account=account_ref,
        subject=key,
        data={"day": today},
        personal={"note": note},
    )
    books.touch_accounts(connection, office.company, {account_ref: (customer, address)}, today)
    return key
