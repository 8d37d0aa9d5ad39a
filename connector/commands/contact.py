"""`duecourse contact`: who gets the reminders, in which language, and by which clock."""

from typing import Annotated, Any

import typer
from sqlalchemy import Connection, select

from connector.commands.desk import Desk, Refused, command, group
from connector.commands.find import Found, find_customer
from connector.commands.output import Shown, pairs
from connector.commands.words import Customer
from connector.connect import zone_of_city
from connector.office import Office
from connector.store import addresses as stopped
from connector.store import books, customers, history
from connector.store.addresses import stopped_addresses
from connector.store.tables import account
from reminders.channels.addresses import parse_address
from reminders.decision import ReasonCode
from reminders.formats import LANGUAGES, choose_language
from reminders.grouping import addresses_of
from reminders.zones import zones_of

app = group("Contacts: who gets the reminders of a customer, in which language, and addresses that were stopped.")


@command(app, "set")
def set_(
    desk: Desk,
    customer: Customer,
    addresses: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ADDRESS]…", help="None, and no option: the ledger's addresses again."),
    ] = None,
    *,
    zone: Annotated[
        str | None, typer.Option(help="Its time zone, like Europe/Paris; empty: by country and region again.")
    ] = None,
    language: Annotated[str | None, typer.Option(help=f"{', '.join(LANGUAGES)}; empty: the ledger's again.")] = None,
) -> None:
    """Set where, in which language and by which clock a customer is written to, instead of what the ledger says."""
    office = desk.office()
    own = _own(addresses, zone, language)
    with office.database.write("set contacts") as connection:
        whose = find_customer(connection, office.company, customer)
        customers.set_own(connection, office.company, whose.main, **own)
        chosen = own.get("own_contacts")
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="contacts_set",
            account=whose.main,
            subject=whose.main,
            data={name.removeprefix("own_"): value for name, value in own.items() if name != "own_contacts"}
            | ({"count": len(chosen or [])} if "own_contacts" in own else {}),
            personal={"addresses": chosen or []} if "own_contacts" in own else None,
        )
        touched = customers.accounts_of(connection, office.company, whose.main)
        books.touch_accounts(connection, office.company, touched, office.today())
    with office.database.read() as connection:
        told = _told(connection, office, whose)
    desk.out.result(told, _shown(told))


def _own(addresses: list[str] | None, zone: str | None, language: str | None) -> dict[str, Any]:
    """What is set with us, by column; only what was said. Raises `BadAddress`, `UnknownZone` and `Refused`."""
    own: dict[str, Any] = {}
    if addresses or (zone is None and language is None):
        own["own_contacts"] = list(dict.fromkeys(parse_address(each) for each in addresses or [])) or None
    if zone is not None:
        own["own_zone"] = zone_of_city(zone) if zone else None
    if language is not None:
        if language and language not in LANGUAGES:
            raise Refused(f"“{language}” is no language that we have words for: there are {', '.join(LANGUAGES)}.")
        own["own_language"] = language or None
    return own


@command(app, "show")
def show(desk: Desk, customer: Customer) -> None:
    """Show where, in which language and by which clock a customer is written to."""
    office = desk.office()
    with office.database.read() as connection:
        told = _told(connection, office, find_customer(connection, office.company, customer))
    desk.out.result(told, _shown(told))


def _told(connection: Connection, office: Office, whose: Found) -> dict[str, Any]:
    row = customers.by_ref(connection, office.company, whose.main)
    own, theirs = list(row["own_contacts"] or []), list(row["emails"])
    company = office.row(connection)
    hours = zones_of(zone=row["own_zone"] or "", country=row["country"], region=row["region"], company_zone=office.zone)
    return {
        "customer": whose.main,
        "name": whose.name,
        "addresses": own,
        "ledger_addresses": theirs,
        "stopped": sorted(stopped_addresses(connection, office.company, [*own, *theirs])),
        "invoice_addresses": [each for ref in whose.accounts for each in addresses_of(ref)],
        "zone": row["own_zone"],
        "zones": hours.names,
        "language": row["own_language"],
        "ledger_language": row["language"],
        "writes_in": choose_language(row["own_language"] or row["language"], company.language),
    }


def _shown(told: dict[str, Any]) -> Shown:
    return pairs(
        f"{told['name']} ({told['customer']})",
        {
            "Reminders go to": told["addresses"] or told["ledger_addresses"] or "nobody: no address is known",
            "Set here": told["addresses"],
            "In the ledger": told["ledger_addresses"],
            "Stopped": told["stopped"],
            "Named on invoices": told["invoice_addresses"],
            "Language": f"{told['writes_in']} ({'set here' if told['language'] else 'as the ledger says'})",
            "Time zone": f"{', '.join(told['zones'])} ({'set here' if told['zone'] else 'by its address'})",
        },
    )


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


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(app, name="contact")
