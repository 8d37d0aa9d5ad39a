"""When each job last ran, and how it went."""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from connector.store.tables import job
from connector.store.upsert import upsert


def load(connection: Connection, company: str) -> dict[str, RowMapping]:
    """The company's jobs, by name."""
    rows = connection.execute(select(job).where(job.c.company == company).order_by(job.c.name)).mappings()
    return {row["name"]: row for row in rows}


def started(connection: Connection, company: str, name: str, now: datetime) -> None:
    """A run began."""
    upsert(connection, job, [{"company": company, "name": name, "last_started_at": now}])


def succeeded(connection: Connection, company: str, name: str, now: datetime) -> None:
    """A run ended well."""
    where = (job.c.company == company) & (job.c.name == name)
    connection.execute(
        update(job).where(where).values(last_success_at=now, failures=0, last_error="", not_before=None),
    )


def failed(connection: Connection, company: str, name: str, *, why: str, not_before: datetime | None) -> None:
    """A run ended badly; the next one is not before `not_before`."""
    where = (job.c.company == company) & (job.c.name == name)
    connection.execute(
        update(job).where(where).values(failures=job.c.failures + 1, last_error=why, not_before=not_before),
    )
