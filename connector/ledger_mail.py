"""Invoices that the ledger itself mailed again: its own reminders, which count as contact for the gap."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, select

from connector.clock import zone
from connector.office import Office
from connector.store import books
from connector.store.tables import account, contact, customer, document, item
from connector.store.upsert import insert_new

_DELIVERED_WITHIN = 3
"""Days: a mail this soon after the invoice's date is the invoice itself."""
_CONTACT_COUNTS = timedelta(days=31)


def mailed_again(connection: Connection, company: str) -> Sequence[RowMapping]:
    """Open invoices that the ledger mailed days after their issue, latest first."""
    rows = connection.execute(
        select(document.c.ref, document.c.number, item.c.account, document.c.issue_date, document.c.sent_at)
        .add_columns(customer.c.name)
        .join(item, (item.c.company == document.c.company) & (item.c.document == document.c.ref) & (item.c.part == 1))
        .join(customer, (customer.c.company == document.c.company) & (customer.c.ref == document.c.customer))
        .where(
            document.c.company == company,
            document.c.kind == "invoice",
            document.c.open_minor > 0,
            document.c.sent_at.is_not(None),
        )
        .order_by(document.c.sent_at.desc(), document.c.ref),
    ).mappings()
    return [row for row in rows if (row["sent_at"].date() - row["issue_date"]).days > _DELIVERED_WITHIN]


def count_as_contact(office: Office) -> int:
    """Writes the last month's such mails down as contact, once. After the first read; later ones are noticed as they
    happen.
    """
    here, since = zone(office.zone), office.now() - _CONTACT_COUNTS
    with office.database.write("count ledger mails") as connection:
        rows = mailed_again(connection, office.company)
        known = books.rows_by_ref(connection, account, office.company, {row["account"] for row in rows})
        return sum(
            insert_new(
                connection,
                contact,
                {
                    "company": office.company,
                    "account": row["account"],
                    "at": row["sent_at"],
                    "on_day": row["sent_at"].astimezone(here).date(),
                    "what": "ledger",
                    "address": "",
                    "source": f"ledger:{row['ref']}:{row['sent_at'].isoformat()}",
                },
                key=("company", "account", "source", "address"),
            )
            for row in rows
            if row["account"] in known and row["sent_at"] > since
        )
