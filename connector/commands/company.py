"""The company itself: `connect`, `disconnect`, `mode`, `settings`."""

import webbrowser
from threading import Thread
from typing import Annotated

import typer

from adapters.errors import LedgerError
from connector import connect as connecting
from connector.bootstrap import Consent, begin_consent, revoke_consent
from connector.commands.daily import read_ledger
from connector.commands.desk import Desk, ExitCode, Refused, command, group
from connector.commands.look import plan_shown, planned
from connector.commands.notes import MayPrint, is_agreed
from connector.commands.output import table
from connector.commands.words import Yes
from connector.connect import Proposal
from connector.consent import Catcher, is_here
from connector.ledger_mail import mailed_again
from connector.note_style import NoteStyle
from connector.office import Office
from connector.release import set_mode
from connector.settings import Settings
from connector.settings_sources import settings_table
from connector.store import companies, credentials, history
from connector.store.companies import CompanyRow, Mode
from connector.zone_choice import likely_zones

connect = group("Connect a ledger.")

Zone = Annotated[str, typer.Option(help="The company's time zone by its city, like America/New_York.")]
Country = Annotated[str, typer.Option(help="The company's country, two letters: its holidays count.")]
Language = Annotated[str, typer.Option(help="The language of the notes in the ledger: en, de, fr, es.")]
ReadAtOnce = Annotated[bool, typer.Option("--sync/--no-sync", help="Read the books at once.")]

_WAIT_SECONDS = 600.0
_OWN_REMINDERS = (
    "Switch QuickBooks' own automatic reminders off (Settings → Account and settings → Sales → Reminders): "
    "else your customers hear from both."
)


@command(connect, "quickbooks")
def quickbooks(
    desk: Desk,
    *,
    zone: Zone = "",
    country: Country = "",
    language: Language = "",
    yes: Yes = False,
    may_print: MayPrint = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the consent page, or print it.")] = True,
    sync: ReadAtOnce = True,
) -> int:
    """Connect a QuickBooks Online company: consent in the browser, a few questions, the first read. Nothing is sent."""
    consent = begin_consent(desk.service)
    tokens, realm = consent.finish(_answer(desk, consent, browser=browser))
    proposal = connecting.propose(desk.service, tokens, realm)
    company = proposal.company
    desk.out.say(f"This is {company.name} (realm {realm}, {company.home_currency}).")
    known = known_company(desk, proposal.id)
    place, where, words = where_and_when(desk, proposal, known, country=country, zone=zone, language=language, yes=yes)
    desk.out.say(_OWN_REMINDERS)
    if not yes and desk.out.is_interactive:
        desk.confirm("Are they off?")
    style = NoteStyle(known.note_style) if known else _note_style(desk, yes=yes, may_print=may_print)
    connected = connecting.confirm(
        desk.service, proposal, zone_name=where, country=place, language=words, note_style=style
    )
    desk.wanted_company = connected
    ran = read_ledger(desk, desk.office()) if sync else None
    mailed = _mailed(desk, desk.office()) if ran else []
    told = {"company": connected, "name": company.name, "zone": where, "country": place, "notes": style}
    error = ran.error or ran.skipped if ran else ""
    anew = f"Connected as {connected}, in dry run: nothing is sent. Next: duecourse plan."
    desk.out.result(
        told | {"sent_by_ledger": mailed, "error": error},
        f"Connected again as {connected}." if known else anew,
        *([f"The first read did not end: {error} Run: duecourse sync"] if error else []),
    )
    return ExitCode.LEDGER if error else ExitCode.DONE


def _answer(desk: Desk, consent: Consent, *, browser: bool) -> str:
    """The address that the consent page sends the browser back to."""
    if not is_here(consent.redirect_url):
        desk.out.say("Open this page and give your consent:", consent.url)
        return str(typer.prompt("Then paste the address that you were sent back to", err=True))
    try:
        catcher = Catcher(consent.redirect_url)
    except OSError as error:
        raise Refused(
            f"{consent.redirect_url} cannot be listened on ({error.strerror}): end what uses that port, or set "
            "DUECOURSE_QUICKBOOKS__REDIRECT_URL to another one that your app knows."
        ) from error
    try:
        desk.out.say("Open this page and give your consent:", consent.url)
        desk.out.flush()
        if browser:
            # a browser in the terminal ends only after we have answered it
            Thread(target=webbrowser.open, args=[consent.url], daemon=True).start()
        return catcher.wait(_WAIT_SECONDS)
    finally:
        catcher.close()


def where_and_when(
    desk: Desk,
    proposal: Proposal,
    known: CompanyRow | None,
    *,
    country: str,
    zone: str,
    language: str,
    yes: bool,
) -> tuple[str, str, str]:
    """Country, zone and language: those of a company that is known, else as said, proposed or asked."""
    if known is not None:
        return known.country, known.zone, known.language
    place = (country or ask(desk, "Country (two letters)", proposal.company.country, yes=yes)).upper()
    where = zone or _ask_zone(desk, proposal, place, yes=yes)
    return place, where, language or ask(desk, "Language of the notes", "en", yes=yes)


def known_company(desk: Desk, company_id: str) -> CompanyRow | None:
    """The company, where it was connected before: it keeps its place and language."""
    with desk.database.read() as connection:
        return next((row for row in companies.load_all(connection) if row.id == company_id), None)


def ask(desk: Desk, question: str, proposed: str, *, yes: bool) -> str:
    """The answer; what is proposed, where nobody is to be asked. Raises `Refused` where that is nothing."""
    if proposed and (yes or not desk.out.is_interactive):
        return proposed
    if not desk.out.is_interactive:
        option = question.split(maxsplit=1)[0].lower()
        raise Refused(f"{question}? The ledger does not say, and nobody is here to answer: use --{option}.")
    return str(typer.prompt(question, default=proposed or None))


def _ask_zone(desk: Desk, proposal: Proposal, country: str, *, yes: bool) -> str:
    likely = likely_zones(proposal.company.zone, country, desk.service.clock.now())
    if likely and (yes or not desk.out.is_interactive):
        return likely[0]
    if not desk.out.is_interactive:
        raise Refused("In which time zone is the company? Say --zone with its city, like --zone America/New_York.")
    said = f"The ledger's times are {proposal.company.zone}." if proposal.company.zone else ""
    desk.out.say(said, *(f"  {number}. {name}" for number, name in enumerate(likely, start=1)))
    answer = str(typer.prompt("Time zone (a number, or a name)", default="1" if likely else None))
    chosen = int(answer) if answer.isdigit() else 0
    return likely[chosen - 1] if 0 < chosen <= len(likely) else answer


def _note_style(desk: Desk, *, yes: bool, may_print: bool) -> NoteStyle:
    """Attached, unless the settings wish else and a person agrees to what that means; `--yes` agrees to nothing."""
    if NoteStyle(desk.settings.quickbooks.notes) is NoteStyle.ATTACHABLE:
        return NoteStyle.ATTACHABLE
    if may_print or (not yes and is_agreed(desk, may_print=False)):
        return NoteStyle.PRIVATE_NOTE
    desk.out.say(
        "Notes are attached to customer and invoices: nobody agreed that they may print. "
        "Later: duecourse notes private-note."
    )
    return NoteStyle.ATTACHABLE


def _mailed(desk: Desk, office: Office) -> list[dict[str, object]]:
    with office.database.read() as connection:
        rows = mailed_again(connection, office.company)
    told = [{name: row[name] for name in ("number", "name", "issue_date", "sent_at")} for row in rows]
    if told and not desk.out.as_json:
        title = "Sent from QuickBooks after their issue; each counts as contact"
        shown = table(title, ("Invoice", "Customer", "Issued", "Sent"), (list(each.values()) for each in told))
        desk.out.result(told, shown)
    return told


def disconnect(desk: Desk, *, yes: Yes = False) -> None:
    """Give the consent back and forget the tokens; what was read and said stays here."""
    row = desk.company()
    if not yes:
        desk.confirm(f"Disconnect {row.name}?")
    told = _given_back(desk, row)
    now = desk.service.clock.now()
    with desk.database.write("disconnect") as connection:
        credentials.forget(connection, row.id)
        companies.change(connection, row.id, paused_because=f"It is disconnected. Run: {row.connect_command}")
        history.record(connection, row.id, at=now, actor="person", kind="disconnected", subject=row.id, data={})
    desk.out.result({"company": row.id, "said": told}, f"{row.name} is disconnected. {told}")


def _given_back(desk: Desk, row: CompanyRow) -> str:
    if row.ledger != "quickbooks":
        return "What its user may read and write is taken away in the ledger itself."
    try:
        revoke_consent(desk.service, row.id)
    except LedgerError as error:
        return f"Intuit did not take the consent back ({error}): remove the app in QuickBooks, under Apps."
    return "The consent is given back."


def mode(
    desk: Desk,
    new: Annotated[
        Mode, typer.Argument(metavar="review|automatic|dry_run", help="What happens to a decided reminder.")
    ],
    *,
    yes: Yes = False,
) -> None:
    """Switch the company's mode. Switching on shows first what would go out, per customer, with reasons."""
    office = desk.office()
    with office.database.read() as connection:
        row = office.row(connection)
    if row.mode is new:
        raise Refused(f"{row.name} is in {new.value} already.")
    told = planned(desk, office) if new is not Mode.DRY_RUN else []
    if new is not Mode.DRY_RUN and not desk.out.as_json:
        desk.out.result(told, *plan_shown(told))
    if not row.first_read_done and new is not Mode.DRY_RUN:
        raise Refused("The books have not been read yet: run `duecourse sync`, look at `duecourse plan`, then switch.")
    if not yes:
        desk.confirm(f"Switch {row.name} from {row.mode.value} to {new.value}?")
    set_mode(office, new, by="person")
    desk.out.result({"from": row.mode, "to": new, "plan": told}, f"{row.name}: {row.mode.value} → {new.value}.")


def settings(desk: Desk) -> None:
    """List every setting: its environment variable, its default, its meaning."""
    rows = settings_table(Settings)
    shown = table("", ("Setting", "Default", "Meaning"), ((each.name, each.default, each.meaning) for each in rows))
    desk.out.result(rows, shown, "Each also as …_FILE, naming a file that holds the value.")


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    from connector.commands.connect_sap import business_one, s4hana  # they ask with our questions

    command(connect, "s4hana")(s4hana)
    command(connect, "business-one")(business_one)
    root.add_typer(connect, name="connect")
    for name, function in (("disconnect", disconnect), ("mode", mode), ("settings", settings)):
        command(root, name)(function)
