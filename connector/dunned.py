"""Customers whom the ledger's own dunning writes to: their reminders wait until a person has said that they may go.

Two systems that dun the same customer contradict each other. A customer that is in a dunning procedure of the ledger's
when we first see it, or is put into one later, is held once; `duecourse resume` lifts that, for one customer or for
all of them (`--dunned`), and nothing holds it again. Taken out of the procedure, it is held no more.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, select

from connector.directory import Directory
from connector.office import Office
from connector.pauses import NewHold, end_by_sources, end_holds, set_holds
from connector.store import books
from connector.store.tables import customer, hold
from reminders.account import HoldKind

_SOURCE = "dunned:"


def wait_for_all(office: Office, connection: Connection) -> None:
    """After the first read: the customers that are in a procedure."""
    where = (customer.c.company == office.company) & customer.c.dunned_by.is_not(None)
    wait_for(office, connection, connection.scalars(select(customer.c.ref).where(where).order_by(customer.c.ref)).all())


def wait_for(office: Office, connection: Connection, refs: Iterable[str]) -> None:
    """These customers were put into a procedure, or taken out of it, or moved to another."""
    rows = books.rows_by_ref(connection, customer, office.company, refs)
    directory = Directory(connection, office.company)
    directory.load(rows)
    end_by_sources(office, connection, [f"{_SOURCE}{ref}" for ref, row in rows.items() if not row["dunned_by"]])
    set_holds(office, connection, [_wait(directory.billing(ref), row) for ref, row in rows.items() if row["dunned_by"]])


def _wait(billing: str, row: RowMapping) -> NewHold:
    return NewHold(
        kind=HoldKind.PAUSE,
        account=billing,
        reason=f"the ledger's own dunning writes to it (procedure {row['dunned_by']}): "
        "take it out there, or say here that both may",
        source=f"{_SOURCE}{row['ref']}",
    )


def waiting(connection: Connection, company: str) -> list[RowMapping]:
    """The holds of customers that wait for this alone."""
    where = (hold.c.company == company) & hold.c.source.startswith(_SOURCE) & hold.c.ended_at.is_(None)
    return list(connection.execute(select(hold).where(where).order_by(hold.c.created_at, hold.c.id)).mappings())


def let_go(office: Office) -> int:
    """A person says that reminders may go to all of them. Returns how many waited."""
    with office.database.write("resume dunned") as connection:
        rows = waiting(connection, office.company)
        end_holds(office, connection, rows)
    return len(rows)
