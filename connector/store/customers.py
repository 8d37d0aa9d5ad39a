"""What is set with us about customers, beside what the ledger tells; and small look-ups."""

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, select, update

from connector.store import books
from connector.store.tables import account, customer


def names(connection: Connection, company: str, refs: Collection[str]) -> dict[str, str]:
    """The names of these customers, by ref."""
    return {ref: row["name"] for ref, row in books.rows_by_ref(connection, customer, company, refs).items()}


def by_ref(connection: Connection, company: str, ref: str) -> RowMapping:
    """One customer, as stored."""
    where = (customer.c.company == company) & (customer.c.ref == ref)
    return connection.execute(select(customer).where(where)).mappings().one()


def set_own(connection: Connection, company: str, ref: str, **values: object) -> None:
    """Sets what is ours: own_contacts, own_language, own_zone, own_cadence, opted_out. A sync never overwrites it."""
    where = (customer.c.company == company) & (customer.c.ref == ref)
    connection.execute(update(customer).where(where).values(**values))


def accounts_of(connection: Connection, company: str, ref: str) -> dict[str, tuple[str, str]]:
    """The accounts of a billing customer, as `books.touch_accounts` takes them; its own one always among them."""
    rows = connection.execute(
        select(account.c.ref, account.c.address).where(account.c.company == company, account.c.customer == ref),
    )
    return {ref: (ref, "")} | {row.ref: (ref, row.address) for row in rows}


def cadence_of(connection: Connection, company: str, ref: str) -> str | None:
    """The cadence that a person chose for a billing customer, else the one its own account was assigned."""
    own = by_ref(connection, company, ref)["own_cadence"]
    where = (account.c.company == company) & (account.c.ref == ref)
    return own or connection.scalar(select(account.c.cadence).where(where))
