"""`duecourse cadence`: read, checked, tried out, and given to customers."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from connector.bootstrap import assignment_of
from connector.commands.desk import Desk, ExitCode, Refused, command, group
from connector.commands.find import find_customer
from connector.commands.output import table
from connector.commands.words import Customer, parse_day
from connector.rulebooks import load_cadences
from connector.store import books, companies, customers, history
from reminders.cadence_file import Cadence, CadenceProblems, parse_cadence
from reminders.cadence_reading import read_aloud, simulate
from reminders.working_days import WorkingDays

app = group("Cadences: when customers are reminded, and with which words.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="See `duecourse cadence list`.")]
Due = Annotated[date | None, typer.Option(parser=parse_day, help="The due date of the invoice that is followed.")]
Country = Annotated[str, typer.Option(help="Whose holidays count; two letters.")]


@command(app, "list")
def list_(desk: Desk) -> None:
    """List the cadences there are."""
    known = load_cadences(desk.settings.cadence_folder).values()
    defaults = _defaults(desk)
    told = [
        {
            "name": each.name,
            "version": each.version,
            "default_of": defaults.get(each.name, []),
            "steps": [
                {"id": step.id, "day": step.day, "channel": step.channel, "tone": step.tone} for step in each.steps
            ],
        }
        for each in known
    ]
    rows = ((each.name, each.version, defaults.get(each.name, []), len(each.steps)) for each in known)
    desk.out.result(told, table("", ("Cadence", "Version", "Default of", "Steps"), rows))


@command(app, "check")
def check(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A cadence as TOML.")],
    *,
    due: Due = None,
    country: Country = "",
) -> int:
    """Check a cadence file: all its problems at once, or what it means, read aloud."""
    try:
        cadence = parse_cadence(file.read_text(encoding="utf-8"), source=str(file))
    except CadenceProblems as problems:
        told = [{"line": each.line, "text": each.text} for each in problems.problems]
        rows = ((each.line, each.text) for each in problems.problems)
        desk.out.result({"file": file, "problems": told}, table(str(file), ("Line", "Problem"), rows))
        return ExitCode.DIFFERS
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is no text in UTF-8.") from error
    aloud = _aloud(desk, cadence, due, country)
    desk.out.result({"file": file, "problems": [], "name": cadence.name, "reads": aloud}, *aloud)
    return ExitCode.DONE


@command(app, "show")
def show(desk: Desk, name: Name, *, due: Due = None, country: Country = "") -> None:
    """Read a cadence aloud."""
    cadence = _named(desk, name)
    aloud = _aloud(desk, cadence, due, country)
    desk.out.result({"name": cadence.name, "version": cadence.version, "reads": aloud}, *aloud)


@command(app, "simulate")
def simulate_(
    desk: Desk,
    name: Name,
    *,
    due: Annotated[date, typer.Option(parser=parse_day, help="The invoice's due date.")],
    seen: Annotated[
        date | None, typer.Option(parser=parse_day, help="The day it appeared in the ledger (default: 90 days before).")
    ] = None,
    country: Country = "",
) -> None:
    """Play a cadence over one invoice that nobody pays: what happens on which day."""
    days = simulate(_named(desk, name), due, WorkingDays(country.upper()), seen=seen)
    told = [
        {
            "on": each.on,
            "days_past_due": (each.on - due).days,
            "step": each.step.id if each.step else None,
            "tone": each.step.tone if each.step else None,
            "what": "the ladder ends" if each.step is None else "lapses" if each.lapses else each.step.channel,
        }
        for each in days
    ]
    rows = (list(each.values()) for each in told)
    desk.out.result(told, table("", ("Day", "Past due", "Step", "Tone", "What"), rows, right=("Past due",)))


@command(app, "set")
def set_(desk: Desk, customer: Customer, name: Name) -> None:
    """Give a customer a cadence; what it was sent before is never said again."""
    office = desk.office()
    if name not in office.cadences:
        raise Refused(f"There is no cadence “{name}”: there are {', '.join(sorted(office.cadences))}.")
    with office.database.write("set cadence") as connection:
        whose = find_customer(connection, office.company, customer)
        before = customers.cadence_of(connection, office.company, whose.main) or office.assignment.default
        customers.set_own(connection, office.company, whose.main, own_cadence=name)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="cadence_changed",
            account=whose.main,
            subject=whose.main,
            data={"from": before, "to": name, "day": office.today()},
        )
        accounts = customers.accounts_of(connection, office.company, whose.main)
        books.touch_accounts(connection, office.company, accounts, office.today())
    desk.out.result({"customer": whose.main, "from": before, "to": name}, f"{whose.name}: {before} → {name}.")


@command(app, "default")
def default_(desk: Desk, name: Name) -> None:
    """Set the company's default cadence: for customers whom no rule and no person gave another."""
    office = desk.office()
    if name not in office.cadences:
        raise Refused(f"There is no cadence “{name}”: there are {', '.join(sorted(office.cadences))}.")
    if desk.settings.assignment_file is not None:
        raise Refused(f"The default stands in {desk.settings.assignment_file}: change it there.")
    with office.database.write("set default cadence") as connection:
        row = office.row(connection)
        if row.default_cadence == name:
            raise Refused(f"{row.name} has {name} as its default already.")
        companies.change(connection, office.company, default_cadence=name)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="cadence_changed",
            subject=office.company,
            data={"from": row.default_cadence, "to": name, "day": office.today()},
        )
        books.touch_all_accounts(connection, office.company, office.today())
    desk.out.result(
        {"company": office.company, "from": row.default_cadence, "to": name},
        f"{row.name}: {row.default_cadence} → {name}. Whoever is being reminded keeps theirs until all is paid.",
    )


def _defaults(desk: Desk) -> dict[str, list[str]]:
    """The cadences that are the default of a company; of none, the one that a company would begin with."""
    rows = desk.companies()
    defaults: dict[str, list[str]] = {} if rows else {desk.settings.default_cadence: ["a new company"]}
    for row in rows:
        defaults.setdefault(assignment_of(desk.service, row).default, []).append(row.name)
    return defaults


def _named(desk: Desk, name: str) -> Cadence:
    known = load_cadences(desk.settings.cadence_folder)
    if name not in known:
        raise Refused(f"There is no cadence “{name}”: there are {', '.join(sorted(known))}.")
    return known[name]


def _aloud(desk: Desk, cadence: Cadence, due: date | None, country: str) -> list[str]:
    """Read for an invoice due in a month where no day was given."""
    day = due or desk.today()
    return read_aloud(cadence, day, WorkingDays(country.upper()))


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(app, name="cadence")
