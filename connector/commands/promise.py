"""`duecourse promise`: what customers gave their word on."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy import RowMapping

from adapters.money import Money
from connector import promises
from connector.commands.desk import Desk, Refused, command, group
from connector.commands.find import account_with_items, currency_of, find_customer, find_items, one_account, one_of
from connector.commands.output import Shown, table
from connector.commands.words import Customer, Day, parse_amount, parse_currency
from connector.promises import Said
from connector.store import customers
from connector.store.tables import promise

app = group("Promises: taken down, listed, taken back.")

Invoices = Annotated[
    list[str] | None, typer.Option("--invoice", help="The invoice's number; may be said several times.")
]


@command(app, "add")
def add(
    desk: Desk,
    customer: Customer,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Like 1250.00.")],
    day: Day,
    *,
    invoice: Invoices = None,
    currency: Annotated[str | None, typer.Option(parser=parse_currency, help="Where several are open.")] = None,
    by: Annotated[str, typer.Option(help="Who gave the word.")] = "",
    confirmed: Annotated[bool, typer.Option("--confirmed", help="Although earlier ones were broken.")] = False,
) -> None:
    """Take a promise down: AMOUNT by DAY, for these invoices (none named: all that are past due)."""
    office = desk.office()
    with office.database.read() as connection:
        whose = find_customer(connection, office.company, customer)
        items = find_items(connection, office.company, whose, invoice or [])
        account = one_account(whose, items) if items else account_with_items(connection, office.company, whose)
        money = parse_amount(amount, currency or currency_of(connection, office.company, [account], items))
    said = Said(
        account=account, amount=money, day=day, items=tuple(row["ref"] for row in items), by=by, confirmed=confirmed
    )
    made = promises.make_promise(office, said)
    desk.out.result(
        {"id": made, "account": account, "amount": money, "day": day, "items": said.items},
        f"Promise {made[:8]}: {whose.name} pays {money} by {day}. Its invoices wait for it.",
    )


@command(app, "list")
def list_(
    desk: Desk, *, every: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False
) -> None:
    """List promises: who, how much, by when, and how they stand."""
    office = desk.office()
    with office.database.read() as connection:
        rows = promises.load_all(connection, office.company, open_only=not every)
        names = customers.names(connection, office.company, {row["customer"] for row in rows})
    told = [_told(row, names) for row in rows]
    desk.out.result(told, _table(told) if told else "No promises are open.")


def _told(row: RowMapping, names: dict[str, str]) -> dict[str, object]:
    return {
        "id": row["id"],
        "customer": names.get(row["customer"], row["customer"]),
        "account": row["account"],
        "amount": Money(row["amount_minor"], row["currency"]),
        "reached": Money(row["reached_minor"], row["currency"]),
        "day": row["day"],
        "state": "being_checked" if row["being_checked"] else row["state"],
        "said_by": row["said_by"],
        "made_on": row["made_on"],
        "ended_on": row["ended_on"],
        "items": row["items"],
    }


def _table(told: Sequence[dict[str, object]]) -> Shown:
    columns = ("Promise", "Customer", "Amount", "By", "Reached", "State", "Made")
    rows = (
        (str(each["id"])[:8], *(each[name] for name in ("customer", "amount", "day", "reached", "state", "made_on")))
        for each in told
    )
    return table("", columns, rows, right=("Amount", "Reached"))


@command(app, "withdraw")
def withdraw(
    desk: Desk, promise_id: Annotated[str, typer.Argument(metavar="PROMISE", help="Its id's beginning.")]
) -> None:
    """Take a promise back: it was a mistake, or the customer no longer stands by it."""
    office = desk.office()
    with office.database.read() as connection:
        row = one_of(connection, promise, office.company, promise_id, "promise")
    if not promises.withdraw(office, row["id"]):
        raise Refused(f"Promise {row['id'][:8]} has ended before: it is {row['state'].replace('_', ' ')}.")
    desk.out.result({"id": row["id"], "state": "withdrawn"}, f"Promise {row['id'][:8]} is withdrawn.")


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(app, name="promise")
