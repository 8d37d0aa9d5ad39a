"""`duecourse task` and `duecourse call`: what a person should look at, and what was done about it."""

from typing import Annotated

import typer
from sqlalchemy import RowMapping

from connector import replaced, taskwork
from connector.commands.desk import Desk, command, group
from connector.commands.find import account_with_items, find_customer
from connector.commands.output import table
from connector.commands.words import Customer
from connector.store import customers, tasks

app = group("Tasks: what a person should look at.")


@command(app, "list")
def list_(desk: Desk, *, kind: Annotated[str, typer.Option(help="Only this kind: step, reply, flag …")] = "") -> None:
    """List the open tasks, oldest first."""
    office = desk.office()
    with office.database.read() as connection:
        rows = tasks.load_open(connection, office.company, kind=kind or None)
        refs = {row["account"].partition("|")[0] for row in rows if row["account"]}
        names = customers.names(connection, office.company, refs)
    told = [_told(row, names) for row in rows]
    columns = ("Task", "Kind", "Customer", "Since", "What")
    shown = table("", columns, ([each[name] for name in ("id", "kind", "customer", "since", "text")] for each in told))
    desk.out.result(told, shown if told else "No tasks are open.")


def _told(row: RowMapping, names: dict[str, str]) -> dict[str, object]:
    ref = (row["account"] or "").partition("|")[0]
    return {
        "id": row["id"],
        "kind": row["kind"],
        "customer": names.get(ref, ref),
        "customer_ref": ref,
        "account": row["account"],
        "items": row["items"],
        "text": row["text"],
        "facts": row["facts"],
        "since": row["created_on"],
    }


@command(app, "done")
def done(
    desk: Desk,
    number: Annotated[int, typer.Argument(metavar="TASK", help="Its number.")],
    *,
    result: Annotated[str, typer.Option(help="What came of it.")] = "",
    carry: Annotated[
        bool, typer.Option("--carry", help="A replaced invoice: its position, promise and dispute go on with the new.")
    ] = False,
) -> None:
    """Say that a task is done; what it held goes on."""
    office = desk.office()
    ended = (replaced.carry_over if carry else taskwork.do_task)(office, number, result=result)
    desk.out.result(ended, f"Task {ended.number} ({ended.kind}) is done. {ended.followed}".strip())


def call(desk: Desk, customer: Customer, *, note: Annotated[str, typer.Option(help="What was said.")]) -> None:
    """Log a call with a customer: it counts as contact, and is noted in the ledger."""
    office = desk.office()
    with office.database.read() as connection:
        whose = find_customer(connection, office.company, customer)
        account = account_with_items(connection, office.company, whose)
    key = taskwork.log_call(office, account, note=note)
    desk.out.result({"account": account, "entry": key}, f"The call with {whose.name} is noted.")


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(app, name="task")
    command(root, "call")(call)
