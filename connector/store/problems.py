"""Rows of the ledger that could not be read."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from adapters.documents import Problem
from connector.store import books
from connector.store.tables import problem
from connector.store.upsert import upsert


def save(connection: Connection, company: str, problems: Sequence[Problem], now: datetime) -> None:
    """Rows that could not be read, kept until they can be."""
    known = books.rows_by_ref(connection, problem, company, (each.ref for each in problems))
    rows = [
        {
            "company": company,
            "ref": each.ref,
            "kind": each.kind,
            "text": each.text,
            "first_at": known[each.ref]["first_at"] if each.ref in known else now,
            "last_at": now,
        }
        for each in problems
    ]
    upsert(connection, problem, rows, key=("company", "ref"))


def has_any(connection: Connection, company: str) -> bool:
    """Whether any row could not be read."""
    return connection.scalar(select(problem.c.ref).where(problem.c.company == company).limit(1)) is not None


def clear(connection: Connection, company: str, refs: Iterable[str]) -> None:
    """These rows could be read again."""
    for some in books.chunks(refs):
        connection.execute(delete(problem).where(problem.c.company == company, problem.c.ref.in_(some)))
