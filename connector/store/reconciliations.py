"""What the last comparisons with the ledger's own totals found."""

from datetime import date

from sqlalchemy import Connection, RowMapping, select

from connector.store.tables import reconciliation


def lower_than_ours(connection: Connection, company: str) -> list[str]:
    """Customers whose balance in the ledger was lower than ours at the last comparison: a hold on their reminders."""
    row = last(connection, company)
    return [each["customer"] for each in (row["differences"] if row else []) if each["theirs"] < each["ours"]]


def last(connection: Connection, company: str) -> RowMapping | None:
    """The last comparison."""
    statement = (
        select(reconciliation)
        .where(reconciliation.c.company == company)
        .order_by(reconciliation.c.on_day.desc())
        .limit(1)
    )
    return connection.execute(statement).mappings().one_or_none()


def since(connection: Connection, company: str, day: date) -> list[RowMapping]:
    """The comparisons from `day` on, oldest first."""
    statement = (
        select(reconciliation)
        .where(reconciliation.c.company == company, reconciliation.c.on_day >= day)
        .order_by(reconciliation.c.on_day)
    )
    return list(connection.execute(statement).mappings())
