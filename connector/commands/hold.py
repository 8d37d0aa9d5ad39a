"""Why we wait, as people wish it: pauses, do-not-contact, opting out; and going on again."""

from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import Connection

from adapters.errors import LedgerError
from adapters.ledger import EntryKind
from connector import pauses, restored
from connector.backup import restored_from
from connector.commands.desk import Desk, Refused, command
from connector.commands.find import Found, find_customer, find_items
from connector.commands.words import Customer, parse_day, plural
from connector.connect import RECONNECT
from connector.dunned import let_go
from connector.notes import enqueue_note
from connector.office import Office
from connector.restored import Compared
from connector.store import books, companies, customers, history
from reminders.account import HoldKind
from reminders.notes import NoteFacts

MaybeCustomer = Annotated[
    str, typer.Argument(metavar="[CUSTOMER]", help="Its id, its name, or a part of it. Nobody: the whole company.")
]
Off = Annotated[bool, typer.Option("--off", help="Take it back.")]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the root."""
    command(app, "pause")(pause)
    command(app, "resume")(resume)
    command(app, "do-not-contact")(do_not_contact)
    command(app, "opt-out")(opt_out)


def pause(
    desk: Desk,
    customer: MaybeCustomer = "",
    *,
    reason: Annotated[str, typer.Option(help="Why; it is noted in the ledger.")],
    until: Annotated[
        date | None, typer.Option(parser=parse_day, help="The first day on which reminders may go again.")
    ] = None,
    invoice: Annotated[list[str] | None, typer.Option("--invoice", help="Only these invoices, by number.")] = None,
) -> None:
    """Pause reminders: of a customer, of some of its invoices, or of the whole company."""
    office = desk.office()
    if until is not None and until <= office.today():
        raise Refused(f"{until} is not after today: a pause needs a day to come, or none.")
    if not customer and invoice:
        raise Refused("Whose invoices? Name the customer, too.")
    name, main, items = "The company", None, []
    if customer:
        with office.database.read() as connection:
            whose = find_customer(connection, office.company, customer)
            found = find_items(connection, office.company, whose, invoice or [])
        name, main, items = whose.name, whose.main, [row["ref"] for row in found]
    hold = pauses.pause(office, main, reason=reason, until=until, items=items)
    ends = f"until {until}" if until else "until `duecourse resume`"
    desk.out.result({"hold": hold, "until": until}, f"{name} is paused {ends}.")


def resume(
    desk: Desk,
    customer: MaybeCustomer = "",
    *,
    company: Annotated[
        bool, typer.Option("--company", help="The whole company; also after a suspicious read or a restored backup.")
    ] = False,
    dunned: Annotated[
        bool, typer.Option("--dunned", help="All customers that wait because the ledger's own dunning writes to them.")
    ] = False,
) -> None:
    """Go on: ends the pauses of a customer, or of the whole company."""
    office = desk.office()
    if bool(customer) + company + dunned != 1:
        raise Refused("Name a customer, or say --company for the whole company, or --dunned.")
    if dunned:
        ended = let_go(office)
        said = plural(ended, "customer goes on", "customers go on")
        desk.out.result({"ended": ended}, f"{said}: the ledger's own dunning may write to them as well.")
        return
    if company:
        _resume_company(desk, office)
        return
    whose = _whose(office, customer)
    ended = sum(pauses.resume(office, account) for account in whose.accounts)
    if not ended:
        raise Refused(f"{whose.name} is not paused: `duecourse why` says what holds.")
    desk.out.result({"ended": ended}, f"{whose.name} goes on ({plural(ended, 'pause')} ended).")


def _resume_company(desk: Desk, office: Office) -> None:
    with office.database.read() as connection:
        because = office.row(connection).paused_because or ""
    taken_at = restored_from(because)
    compared = _compared(desk, office, because, taken_at) if taken_at else None
    if compared is None:
        _lift(office, because)
    ended = pauses.resume(office, None)
    told = f"The company goes on ({plural(ended, 'pause')} ended)." + (f" Lifted: {because}" if because else "")
    unknown = dict(compared.unknown) if compared else {}
    desk.out.result({"ended": ended, "lifted": because, "unknown": unknown}, told, *_sentences(compared))


def _compared(desk: Desk, office: Office, because: str, taken_at: datetime) -> Compared:
    """A restored backup goes on only after it was compared with the ledger."""
    try:
        with desk.out.progress("Comparing with the ledger's notes") as tick:
            return restored.release(office, because, taken_at, tick=tick)
    except LedgerError:
        desk.out.say("The ledger's notes could not be read: the company stays in quarantine.")
        raise


def _sentences(compared: Compared | None) -> list[str]:
    if compared is None:
        return []
    reminders = compared.unknown.get(EntryKind.REMINDER.value, 0)
    others = sum(compared.unknown.values()) - reminders
    found = f"{plural(reminders, 'reminder')} and {plural(others, 'other note')} that this backup does not know"
    asked = f"The notes of {plural(compared.customers_asked, 'customer')} were compared: {found}."
    waiting = f"{plural(compared.customers_waiting, 'customer waits', 'customers wait')} for {restored.WAIT.days} days"
    return [asked, f"{waiting}: see `duecourse task list --kind restored`."] if compared.unknown else [asked]


def _lift(office: Office, because: str) -> None:
    """Lifts what stopped the company's jobs, and asks for a sync. A reconnection is lifted by connecting alone."""
    if not because:
        return
    if RECONNECT in because:
        raise Refused(because)
    with office.database.write("resume company") as connection:
        if office.row(connection).paused_because != because:
            raise Refused("It is paused for another reason by now: see `duecourse status`.")
        companies.change(connection, office.company, paused_because=None, sync_wanted_at=office.now())
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="company_resumed",
            subject=office.company,
            data={"because": because},
        )


def _whose(office: Office, customer: str) -> Found:
    with office.database.read() as connection:
        return find_customer(connection, office.company, customer)


def do_not_contact(desk: Desk, customer: Customer, *, off: Off = False) -> None:
    """Never write to this customer, whatever is due (--off: again)."""
    office = desk.office()
    whose = _whose(office, customer)
    with office.database.write("do not contact") as connection:
        live = [
            row
            for account in whose.accounts
            for row in pauses.live(connection, office.company, account)
            if row["kind"] == HoldKind.DO_NOT_CONTACT.value
        ]
        if bool(live) is not off:
            raise Refused(f"{whose.name} is {'marked so already' if live else 'not marked so'}: nothing to change.")
        for row in live:
            pauses.end_hold(office, connection, row)
        held = None if off else _never(office, connection, whose.main)
        facts = NoteFacts(on=office.today(), reason="" if off else "do not contact")
        kind = EntryKind.RESUME if off else EntryKind.PAUSE
        fact = held or live[0]["id"]
        enqueue_note(office, connection, kind, fact=fact, customer=whose.main, facts=facts)
    desk.out.result({"hold": held, "off": off}, f"{whose.name} is {'written to again' if off else 'not written to'}.")


def _never(office: Office, connection: Connection, account: str) -> str:
    made = pauses.set_hold(
        office, connection, HoldKind.DO_NOT_CONTACT, account_ref=account, reason="do not contact", ends=None
    )
    assert made is not None
    return made


def opt_out(desk: Desk, customer: Customer, *, off: Off = False) -> None:
    """Leave a customer out of reminders: it has no cadence (--off: it has one again)."""
    office = desk.office()
    with office.database.write("opt out") as connection:
        whose = find_customer(connection, office.company, customer)
        customers.set_own(connection, office.company, whose.main, opted_out=not off)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="opted_in" if off else "opted_out",
            account=whose.main,
            subject=whose.main,
            data={},
        )
        accounts = customers.accounts_of(connection, office.company, whose.main)
        books.touch_accounts(connection, office.company, accounts, office.today())
    desk.out.result({"customer": whose.main, "opted_out": not off}, f"{whose.name} is {'in' if off else 'out'}.")
