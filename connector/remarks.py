"""What the ledger says beside an invoice or a customer and a person should see: warnings, which hold nothing."""

from collections.abc import Iterable

from sqlalchemy import Connection

from connector.store import books
from connector.store.tables import customer, document


def of_documents(connection: Connection, company: str, documents: Iterable[str]) -> dict[str, str]:
    """The remarks on these documents, by ref; those without one are left out."""
    rows = books.rows_by_ref(connection, document, company, documents)
    return {ref: row["remark"] for ref, row in rows.items() if row["remark"]}


def of_customer(connection: Connection, company: str, ref: str) -> str:
    """The remark on a customer, and whether the ledger's own dunning writes to it."""
    row = books.rows_by_ref(connection, customer, company, [ref]).get(ref)
    if row is None:
        return ""
    dunned = f"in the ledger's own dunning (procedure {row['dunned_by']})" if row["dunned_by"] else ""
    return ", ".join(each for each in (row["remark"], dunned) if each)


def warnings(connection: Connection, company: str, who: str, documents: Iterable[str]) -> list[str]:
    """All of these as sentences for a list: of the customer, then of each document with its number."""
    rows = books.rows_by_ref(connection, document, company, documents)
    said = [f"{row['number']}: {row['remark']}" for _, row in sorted(rows.items()) if row["remark"]]
    mine = of_customer(connection, company, who)
    return ([mine] if mine else []) + said
