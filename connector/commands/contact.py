"""`duecourse contact`: who gets the reminders."""

from typing import Annotated

import typer
from sqlalchemy import select

from connector.commands.desk import Desk, Refused, command, group
from connector.commands.find import find_customer
from connector.commands.words import Customer
from connector.store import addresses as stopped
from connector.store import books, customers, history
from connector.store.tables import account
from reminders.channels.addresses import parse_address
from reminders.decision import ReasonCode

app = group("Contacts: who gets the reminders of a customer, and addresses that were stopped.")


@command(app, "set")
def set_(
    desk: Desk,
    customer: Customer,
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]…", help="None: the ledger's addresses again.")
    ] = None,
) -> None:
    """Set the addresses that a customer's reminders go to, instead of those in the ledger."""
    office = desk.office()
    chosen = list(dict.fromkeys(parse_address(each) for each in addresses or []))
    with office.database.write("set contacts") as connection:
        whose = find_customer(connection, office.company, customer)
        customers.set_own(connection, office.company, whose.main, own_contacts=chosen or None)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="contacts_set",
            account=whose.main,
            subject=whose.main,
            data={"count": len(chosen)},
            personal={"addresses": chosen},
        )
        touched = customers.accounts_of(connection, office.company, whose.main)
        books.touch_accounts(connection, office.company, touched, office.today())
    told = f"go to {', '.join(chosen)}" if chosen else "go where the ledger says"
    desk.out.result({"customer": whose.main, "addresses": chosen}, f"{whose.name}: reminders {told}.")


@command(app, "release")
def release(desk: Desk, address: Annotated[str, typer.Argument(metavar="ADDRESS")]) -> None:
    """Say that a stopped address (bounced, refused) works again."""
    office = desk.office()
    with office.database.write("release address") as connection:
        if not stopped.release(connection, office.company, address):
            raise Refused(f"{address} is not stopped: nothing to release.")
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="address_released",
            subject="address",
            data={},
            personal={"address": address},
        )
        rows = connection.execute(
            select(account.c.ref, account.c.customer, account.c.address).where(
                account.c.company == office.company, account.c.reason == ReasonCode.NO_ADDRESS.value
            ),
        )
        touched = {row.ref: (row.customer, row.address) for row in rows}
        books.touch_accounts(connection, office.company, touched, office.today())
    desk.out.result({"address": address}, f"{address} is written to again.")
