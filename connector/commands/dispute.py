"""`duecourse dispute`: what customers contest, from open over under review to resolved."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy import RowMapping

from adapters.documents import document_of
from adapters.money import Money
from connector import disputes
from connector.commands.desk import Desk, Refused, command, group
from connector.commands.find import find_customer, find_items
from connector.commands.output import Shown, table
from connector.commands.words import Customer, parse_amount, parse_day
from connector.disputes import Contested
from connector.store import books, customers
from connector.store.tables import document
from reminders.holds import Resolution

app = group("Disputes: opened, reviewed, resolved. Machines flag; people decide.")

Id = Annotated[str, typer.Argument(metavar="DISPUTE", help="Its id's beginning.")]


class Outcome(StrEnum):
    """How a person resolves a dispute."""

    CREDITED = "credited"
    WITHDRAWN = "withdrawn"
    UPHELD = "upheld"


@command(app, "open")
def open_(
    desk: Desk,
    customer: Customer,
    invoice: Annotated[str, typer.Argument(metavar="INVOICE", help="The invoice's number.")],
    *,
    amount: Annotated[str, typer.Option(help="The contested part; all that is open where it is left out.")] = "",
    reason: Annotated[str, typer.Option(help="What the customer says.")] = "",
    owner: Annotated[str, typer.Option(help="Who looks into it.")] = "",
    day: Annotated[date | None, typer.Option(parser=parse_day, help="By when it is to be decided.")] = None,
) -> None:
    """Open a dispute: its amount is no longer asked for, the rest of the invoice is."""
    office = desk.office()
    with office.database.read() as connection:
        whose = find_customer(connection, office.company, customer)
        items = find_items(connection, office.company, whose, [invoice])
    if len(items) > 1:
        raise Refused(f"{invoice} has {len(items)} parts: name one, {', '.join(row['ref'] for row in items)}.")
    item = items[0]
    money = parse_amount(amount, item["currency"]) if amount else Money(item["open_minor"], item["currency"])
    opened = disputes.open_dispute(
        office, Contested(item=item["ref"], reason=reason, amount=money, owner=owner, day=day)
    )
    desk.out.result(
        {"id": opened, "account": item["account"], "item": item["ref"], "amount": money, "state": "open"},
        f"Dispute {opened[:8]}: {money} of {item['number']} ({whose.name}) is not asked for until it is resolved.",
    )


@command(app, "list")
def list_(
    desk: Desk, *, every: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False
) -> None:
    """List disputes, and the flags that wait for a person's judgement."""
    office = desk.office()
    with office.database.read() as connection:
        rows = disputes.load_all(connection, office.company, live_only=not every)
        names = customers.names(connection, office.company, {row["customer"] for row in rows})
        documents = books.rows_by_ref(connection, document, office.company, {document_of(row["item"]) for row in rows})
    numbers = {ref: row["number"] for ref, row in documents.items()}
    told = [_told(row, names, numbers) for row in rows]
    desk.out.result(told, _table(told) if told else "Nothing is disputed.")


def _told(row: RowMapping, names: dict[str, str], numbers: dict[str, str]) -> dict[str, object]:
    return {
        "id": row["id"],
        "customer": names.get(row["customer"], row["customer"]),
        "account": row["account"],
        "item": row["item"],
        "invoice": numbers.get(document_of(row["item"]), row["item"]),
        "amount": Money(row["amount_minor"], row["currency"]),
        "state": row["state"],
        "resolution": row["resolution"],
        "reason": row["reason"],
        "owner": row["owner"],
        "day": row["day"],
        "opened_on": row["opened_on"],
        "ends_on": row["ends_on"],
        "ended_on": row["ended_on"],
    }


def _table(told: Sequence[dict[str, object]]) -> Shown:
    columns = ("Dispute", "Customer", "Invoice", "Amount", "State", "Opened", "By", "Owner", "Reason")
    names = ("customer", "invoice", "amount", "state", "opened_on", "day", "owner", "reason")
    rows = ((str(each["id"])[:8], *(each[name] for name in names)) for each in told)
    return table("", columns, rows, right=("Amount",))


@command(app, "review")
def review(desk: Desk, dispute: Id, *, owner: Annotated[str, typer.Option(help="Who looks into it.")] = "") -> None:
    """Say that somebody looks into it."""
    disputes.review_dispute(desk.office(), dispute, owner=owner)
    desk.out.result({"id": dispute, "state": "under_review"}, f"Dispute {dispute[:8]} is under review.")


@command(app, "resolve")
def resolve(
    desk: Desk,
    dispute: Id,
    outcome: Annotated[Outcome, typer.Argument(help="Credited, taken back by the customer, or upheld by us.")],
) -> None:
    """Resolve a dispute; a flag that is resolved was none."""
    disputes.resolve_dispute(desk.office(), dispute, Resolution(outcome.value))
    desk.out.result(
        {"id": dispute, "state": "resolved", "resolution": outcome},
        f"Dispute {dispute[:8]} is resolved: {outcome.value}.",
    )


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(app, name="dispute")
