"""The pace of calls, shared by all processes on one database: the adapters' quota store.

What a standing says, and how it is spelt, is the adapter's; here it is kept, and changed by one at a time. A power
cut may forget the last second of it, which costs nothing.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, bindparam, select, update

from connector.store.engine import Database
from connector.store.tables import pace
from connector.store.upsert import insert_new

T = TypeVar("T")


class Standing(Protocol):
    """How far a company is within its ledger's limits."""

    def encode(self) -> str:
        """As text."""
        ...


S = TypeVar("S", bound=Standing)


class StoredQuota(Generic[S]):
    """Keeps each company's standing in the database; changed under a lock, so that no two calls take the same slot."""

    def __init__(self, database: Database, decode: Callable[[str], S]) -> None:
        self._database = database
        self._decode = decode  # an empty text is a company that never called

    def update(self, company: str, change: Callable[[S], tuple[S, T]]) -> T:
        """Replaces the standing by what `change` makes of it. What it raises is raised, and the standing stays."""
        with self._database.write("pace", durable=False) as connection:
            before = self._decode(_locked(connection, company))
            after, result = change(before)
            if after is not before:
                connection.execute(_SAVE, {"of": company, "to": after.encode()})
        return result


def load(connection: Connection, company: str) -> str:
    """The company's standing as text; empty where it never called. Takes no lock: for showing it."""
    return connection.execute(_SHOW, {"of": company}).scalar() or ""


def _locked(connection: Connection, company: str) -> str:
    text = connection.execute(_LOAD, {"of": company}).scalar()
    if text is None:
        insert_new(connection, pace, {"company": company, "standing": ""})
        text = connection.execute(_LOAD, {"of": company}).scalar()
    return text or ""


_LOAD = select(pace.c.standing).where(pace.c.company == bindparam("of")).with_for_update()
_SAVE = update(pace).where(pace.c.company == bindparam("of")).values(standing=bindparam("to"))
_SHOW = select(pace.c.standing).where(pace.c.company == bindparam("of"))
