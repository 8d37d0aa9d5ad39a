"""Accounts as the rules judge them: loaded whole, with their holds, their readers and their cadence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import Connection

from adapters.money import sums
from connector.holding import holds_of
from connector.office import Office
from connector.store import addresses as mailboxes
from connector.store import facts, reconciliations
from connector.store.companies import CompanyRow
from connector.store.facts import AccountRows
from reminders.account import Account
from reminders.assignment import CustomerFacts
from reminders.cadence_file import Cadence

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An account, the cadence that it is judged by (None: opted out), and what else a message needs to know."""

    account: Account
    cadence: str | None
    assigned: str | None  # kept until the account is paid up
    touches: int = 0  # rises whenever something about the account changes


def load_accounts(
    office: Office,
    connection: Connection,
    row: CompanyRow,
    refs: Sequence[str],
    *,
    today: date,
    excluding: Collection[str] = (),
    figures_at: datetime | None = None,
    broken: Callable[[str], None] | None = None,
) -> list[Loaded]:
    """These accounts as they stand on `today`. `excluding` leaves these reminders' own traces out.

    One whose facts make no account is told to `broken`, where that is given, and stops no other.
    """
    found = facts.load_rows(connection, office.company, refs, today=today, excluding=excluding)
    loading = _Loading(office, connection, found, today, excluding, figures_at or row.synced_at)
    loaded = []
    for ref in refs:
        if ref not in found:
            continue
        try:
            loaded.append(loading.account(ref))
        except Exception:
            if broken is None:
                raise
            log.exception("an account could not be loaded", account=ref, company=office.company)
            broken(ref)
    return loaded


class _Loading:
    """Accounts being made of their rows; what is asked for all of them together is asked once."""

    def __init__(
        self,
        office: Office,
        connection: Connection,
        found: Mapping[str, AccountRows],
        today: date,
        excluding: Collection[str],
        figures_at: datetime | None,
    ) -> None:
        self.office = office
        self.found = found
        self.today = today
        self.figures_at = figures_at
        self.differing = set(reconciliations.lower_than_ours(connection, office.company))
        self.everybody = {ref: facts.recipients_of(each) for ref, each in found.items()}
        addresses = {address for each in self.everybody.values() for address in each}
        self.stopped = mailboxes.stopped_addresses(connection, office.company, addresses)
        self.heard = mailboxes.address_contacts(connection, office.company, addresses, today=today, excluding=excluding)

    def account(self, ref: str) -> Loaded:
        rows, recipients = self.found[ref], self.everybody[ref]
        cadence = cadence_of(self.office, rows)
        rules = self.office.cadence(cadence).rules
        customers = {owed.customer for owed in rows.items} | {rows.row["customer"]}
        differs = bool(customers & self.differing)
        account = facts.to_account(
            rows,
            holds=holds_of(rows, rules, today=self.today, quiet_days=rules.min_gap_days, differs=differs),
            recipients=tuple(each for each in recipients if each.casefold() not in self.stopped),
            tried=len(recipients),
            by_address=self.heard,
            figures_at=self.figures_at,
            opted_out=cadence is None,
        )
        assigned = rows.row["cadence"] if rows.items else None
        return Loaded(account=account, cadence=cadence, assigned=assigned, touches=rows.row["touches"])


def cadence_of(office: Office, rows: AccountRows) -> str | None:
    """A person's choice, else the one that was assigned when the first item entered, else what the rules assign."""
    head = rows.row
    if head["opted_out"]:
        return None
    if head["own_cadence"] or head["cadence"]:
        return str(head["own_cadence"] or head["cadence"])
    return office.assignment.choose(
        CustomerFacts(
            customer=head["customer"],
            customer_type=head["customer_type"],
            country=head["country"],
            open=sums(owed.open for owed in rows.items),
            broken_promises=sum(row["state"] == "broken" for row in rows.promises),
        ),
    ).cadence


def rules_of(office: Office, loaded: Loaded) -> Cadence:
    """The cadence whose rules apply to an account."""
    return office.cadence(loaded.cadence)
