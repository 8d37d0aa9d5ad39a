"""`connect s4hana` and `connect business-one`: what works in the system, a few questions, and the first read."""

from typing import Annotated

import typer

from connector import connect as connecting
from connector.bootstrap import probe_s4hana
from connector.commands.company import Country, Language, ReadAtOnce, Zone, ask, known_company, where_and_when
from connector.commands.daily import read_ledger
from connector.commands.desk import Desk, ExitCode, Refused
from connector.commands.output import table
from connector.commands.words import Yes
from connector.connect import Proposal


def s4hana(
    desk: Desk,
    *,
    company_code: Annotated[str, typer.Option(help="The company code, like 1710.")] = "",
    zone: Zone = "",
    country: Country = "",
    language: Language = "",
    yes: Yes = False,
    sync: ReadAtOnce = True,
) -> int:
    """Connect a company code of SAP S/4HANA: probe it, a few questions, the first read. Nothing is sent."""
    code = (company_code or ask(desk, "Company-code (four characters)", "", yes=yes)).strip().upper()
    checks = probe_s4hana(desk.service, code)
    listed = table("What works", ("", "For", "Found"), ([each.works.value, each.name, each.said] for each in checks))
    missing = [each for each in checks if each.works.value == "missing"]
    if missing:
        desk.out.result({"checks": checks}, listed)
        raise Refused(f"{len(missing)} of {len(checks)} are missing: grant them, then connect again.")
    if not desk.out.as_json:
        desk.out.result({}, listed)
    return _connected(
        desk,
        connecting.propose_s4hana(desk.service, code),
        country=country,
        zone=zone,
        language=language,
        yes=yes,
        sync=sync,
        told={"checks": checks},
    )


def business_one(
    desk: Desk,
    *,
    database: Annotated[str, typer.Option(help="The company database, as you name it when you log in.")] = "",
    zone: Zone = "",
    country: Country = "",
    language: Language = "",
    yes: Yes = False,
    sync: ReadAtOnce = True,
) -> int:
    """Connect a company of SAP Business One: log in, a few questions, the first read. Nothing is sent."""
    name = (database or ask(desk, "Database of the company", "", yes=yes)).strip()
    proposal, dunned = connecting.propose_business_one(desk.service, name)
    for each in dunned:
        desk.out.say(f"{each}: Business One's own wizard may write to them as well.")
    return _connected(
        desk,
        proposal,
        country=country,
        zone=zone,
        language=language,
        yes=yes,
        sync=sync,
        told={"dunned_by_itself": dunned},
    )


def _connected(
    desk: Desk,
    proposal: Proposal,
    *,
    country: str,
    zone: str,
    language: str,
    yes: bool,
    sync: bool,
    told: dict[str, object],
) -> int:
    """The questions, the company in its store, and the first read."""
    company = proposal.company
    desk.out.say(f"This is {company.name} ({company.ref}, {company.home_currency}).")
    known = known_company(desk, proposal.id)
    place, where, words = where_and_when(desk, proposal, known, country=country, zone=zone, language=language, yes=yes)
    connected = connecting.confirm(desk.service, proposal, zone_name=where, country=place, language=words)
    desk.wanted_company = connected
    ran = read_ledger(desk, desk.office()) if sync else None
    error = (ran.error or ran.skipped) if ran else ""
    anew = f"Connected as {connected}, in dry run: nothing is sent. Next: duecourse plan."
    desk.out.result(
        {"company": connected, "name": company.name, "zone": where, "country": place, "error": error, **told},
        f"Connected again as {connected}." if known else anew,
        *([f"The first read did not end: {error} Run: duecourse sync"] if error else []),
    )
    return ExitCode.LEDGER if error else ExitCode.DONE
