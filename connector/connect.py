"""Connecting a company: consent, its books' basics, and its place in the store. Starts in dry run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.ledger import Company
from connector.bootstrap import (
    QuickBooksTokens,
    Service,
    open_business_one,
    open_quickbooks,
    open_s4hana,
    quickbooks_tokens,
)
from connector.clock import UnknownZone, zone
from connector.note_style import NoteStyle
from connector.store import companies, history
from connector.store.companies import NoSuchCompany

RECONNECT = "duecourse connect"
"""What a company waits for that is lifted by connecting it again; other reasons stay."""


class CannotConnect(Exception):
    """The company cannot be connected as asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the ledger says of the company, to be confirmed by a person."""

    id: str
    company: Company
    ledger: str = "quickbooks"


def propose_s4hana(service: Service, company_code: str) -> Proposal:
    """Asks an S/4HANA system who a company code is. One that is connected already keeps its name.

    Raises `CannotConnect` for what is no company code, LedgerError and `NotSetUp`.
    """
    if not re.fullmatch(r"[A-Z0-9]{1,4}", company_code):
        raise CannotConnect(f"“{company_code}” is no company code: it has up to four letters and digits.")
    company_id = _connected(service, "s4hana", company_code) or f"s4-{company_code.lower()}"
    company = open_s4hana(service, company_id=company_id, company_code=company_code).company()
    return Proposal(id=company_id, company=company, ledger="s4hana")


def propose_business_one(service: Service, database: str) -> tuple[Proposal, Sequence[str]]:
    """Asks Business One who a company database is, and what its own dunning wizard does there, a line each.

    Raises `CannotConnect` for what is no name of one, LedgerError and `NotSetUp`.
    """
    if not re.fullmatch(r"\w{1,100}", database):
        raise CannotConnect(f"“{database}” is no company database: name it as you do when you log in.")
    company_id = _connected(service, "business_one", database) or f"b1-{database.lower()}"
    ledger = open_business_one(service, database)
    company, dunned = ledger.company(), ledger.dunned_by_itself()
    return Proposal(id=company_id, company=company, ledger="business_one"), dunned


def propose(service: Service, tokens: QuickBooksTokens, realm: str) -> Proposal:
    """Stores the tokens that a consent gave and asks the ledger who it is.

    A realm that is connected already is reconnected under its own name; two ledgers are never joined.
    """
    known = _connected(service, "quickbooks", realm)
    company_id = known or f"qbo-{realm}"
    store = quickbooks_tokens(service, company_id)
    store.save(tokens)
    company = open_quickbooks(service, company_id=company_id, realm=realm).company()
    return Proposal(id=company_id, company=company)


def _connected(service: Service, ledger: str, ref: str) -> str | None:
    with service.database.read() as connection:
        for row in companies.load_all(connection):
            if row.ledger == ledger and row.ledger_ref == ref:
                return row.id
    return None


def zone_of_city(name: str) -> str:
    """The zone, if it is named by a city, so that it knows its summer time. Raises `UnknownZone`."""
    zone(name)
    if "/" not in name and name != "UTC":
        raise UnknownZone(f"“{name}” knows no summer time: name the zone by its city, like America/New_York.")
    return name


def _check_place(zone_name: str, country: str) -> None:
    try:
        zone_of_city(zone_name)
    except UnknownZone as error:
        raise CannotConnect(str(error)) from error
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise CannotConnect(f"“{country}” is no country code: use two letters, like US.")


def confirm(
    service: Service,
    proposal: Proposal,
    *,
    zone_name: str,
    country: str,
    language: str = "en",
    note_style: NoteStyle = NoteStyle.ATTACHABLE,
) -> str:
    """Adds the company, in dry run; or lifts the pause of one that is reconnected. Returns its id.

    `zone_name` is an IANA name. `note_style` is for a new company: `private_note` only where a person agreed to what
    that means (connector.note_style); one that is reconnected keeps its own. Raises `CannotConnect`.
    """
    _check_place(zone_name, country)
    now = service.clock.now()
    with service.database.write("connect company") as connection:
        try:
            known = companies.load(connection, proposal.id)
        except NoSuchCompany:
            companies.add(
                connection,
                id=proposal.id,
                ledger=proposal.ledger,
                ledger_ref=proposal.company.ref,
                name=proposal.company.name,
                home_currency=proposal.company.home_currency,
                country=country,
                zone=zone_name,
                language=language,
                default_cadence=service.settings.default_cadence,
                note_style=note_style.value,
                connected_at=now,
            )
            kind = "connected"
        else:
            if known.paused_because and RECONNECT in known.paused_because:
                companies.change(connection, proposal.id, paused_because=None)
            kind = "reconnected"
        history.record(
            connection,
            proposal.id,
            at=now,
            actor="person",
            kind=kind,
            subject=proposal.id,
            data={"ledger": proposal.ledger, "zone": zone_name},
        )
    return proposal.id
