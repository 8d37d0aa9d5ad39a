"""A restored backup is let go: first its own notes are looked for in the ledger that it does not know.

They tell what was said and agreed after the backup was taken. For each that must not be forgotten there is a task, and
its customer waits for thirty days or until the task is done, so that nothing is said twice (design, section 5).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from adapters.ledger import EntryKind, Receipt
from connector import pauses
from connector.directory import Directory
from connector.office import CompanyPaused, Office
from connector.outbox import settle_found
from connector.store import companies, entries, history, tasks
from connector.store.tables import document, item
from reminders.account import HoldKind

WAIT = timedelta(days=30)
LOOK_BACK = timedelta(days=2)
"""Before the backup: its clock and the ledger's need not agree, and a note may be written long after its fact."""

_SAID = {
    EntryKind.REMINDER: "a reminder was sent",
    EntryKind.PROMISE_MADE: "a promise was made",
    EntryKind.DISPUTE_OPENED: "a dispute was opened",
    EntryKind.REPLY: "the customer answered",
    EntryKind.CALL: "a call was logged",
    EntryKind.PAUSE: "a pause was set",
}
"""What makes a customer wait if we forgot it; what only ended something does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the ledger knew and we did not: entries by kind, and the customers who wait because of them."""

    customers_asked: int
    unknown: Mapping[str, int]
    customers_waiting: int


Tick = Callable[[int, int], None]


def release(office: Office, because: str, taken_at: datetime, *, tick: Tick = lambda _done, _of: None) -> Compared:
    """Compares with the ledger, makes those wait whom it tells us something about, and lifts the quarantine.

    `because` is what the company is paused for, `taken_at` when the backup was taken. Raises LedgerError, and
    `CompanyPaused` where the reason changed meanwhile: then everything is as before.
    """
    families = _families(office)
    receipts, found = _found(office, families, taken_at - LOOK_BACK, tick)
    with office.database.write("release restored") as connection:
        if office.row(connection).paused_because != because:
            raise CompanyPaused("It is no longer in quarantine for this backup: see `duecourse status`.")
        known = entries.known_keys(connection, office.company, list(found))
        unknown = {key: main for key, main in found.items() if key not in known}
        settle_found(office, connection, receipts)
        for key, main in unknown.items():
            _wait(office, connection, key, main)
        companies.change(connection, office.company, paused_because=None, sync_wanted_at=office.now())
        kinds = Counter(_kind(key) for key in unknown)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="company_resumed",
            subject=office.company,
            data={"because": because, "unknown_entries": dict(sorted(kinds.items()))},
        )
    waiting = len(set(unknown.values()))
    return Compared(customers_asked=len(families), unknown=kinds, customers_waiting=waiting)


def _families(office: Office) -> dict[str, set[str]]:
    """Who is asked about: billing customers with all for whom they pay, that owe something to our knowledge or,
    since we may not know of their newest invoices, to the ledger's; and those about whom a note waits, for it may
    have been written since.
    """
    owing = set(office.ledger.totals(office.today()).by_customer)
    with office.database.read() as connection:
        owing |= set(
            connection.scalars(
                select(document.c.customer)
                .join(item, (item.c.company == document.c.company) & (item.c.document == document.c.ref))
                .where(document.c.company == office.company, item.c.open_minor > 0)
                .distinct(),
            ),
        )
        owing |= entries.waited_about(connection, office.company)
        directory = Directory(connection, office.company)
        families: dict[str, set[str]] = defaultdict(set)
        for ref in sorted(owing):
            main = directory.billing(ref)
            families[main] |= {main, ref, directory.get(ref).ref}
    return families


def _found(
    office: Office, families: Mapping[str, set[str]], since: datetime, tick: Tick
) -> tuple[list[Receipt], dict[str, str]]:
    """Our entries in the ledger, and of those that may not be forgotten the billing customer that each is about."""
    receipts: list[Receipt] = []
    found: dict[str, str] = {}
    for done, (main, family) in enumerate(families.items(), start=1):
        for receipt in office.ledger.posted(sorted(family), since.date()):
            receipts.append(receipt)
            if _kind(receipt.key) in _SAID:
                found[receipt.key] = main
        tick(done, len(families))
    return receipts, found


def _wait(office: Office, connection: Connection, key: str, main: str) -> None:
    today, said = office.today(), _SAID[EntryKind(_kind(key))]
    source = f"restored:{key}"[:200]
    reason = f"{said} after the backup that was restored had been taken"
    pauses.set_hold(
        office, connection, HoldKind.PAUSE, account_ref=main, reason=reason, ends=today + WAIT, source=source
    )
    tasks.open_task(
        connection,
        office.company,
        key=source,
        kind="restored",
        text=f"{said.capitalize()} after this backup was taken: read the note {key} in the ledger, and take it down.",
        now=office.now(),
        today=today,
        account=main,
        facts={"entry": key, "hold_source": source},
    )


def _kind(key: str) -> str:
    return key.partition(":")[0]
