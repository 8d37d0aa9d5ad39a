"""Backups: a whole copy of a SQLite store, checked before it counts, and quarantined inside.

A restored copy does not know what was said after it was taken. So every company in it is paused from the start,
however it is put back: it sends nothing until it was compared with the ledger's notes and released by a person.
PostgreSQL is backed up with its own tools; `quarantine` is then called after restoring. connector.restored lets go.
"""

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, or_, update

from connector.store.engine import Database, StoreError
from connector.store.tables import company

_RESTORED = "restored from the backup of "
_BECAUSE = re.compile(rf"{_RESTORED}(\d{{4}}-\d\d-\d\d \d\d:\d\d) UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy that was read back and found whole."""

    path: Path
    size: int  # bytes
    taken_at: datetime


def back_up(database: Database, folder: Path, now: datetime) -> Backup:
    """Writes a copy into `folder` (mode 0600) while the service runs on. Raises StoreError; then no file is left.

    The vault's key is not in it: keep DUECOURSE_SECRET_KEY, or the key file, in another place.
    """
    if database.engine.dialect.name != "sqlite":
        raise StoreError(
            "A PostgreSQL database is backed up with pg_dump; after restoring, run `duecourse quarantine INSTANT`."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"duecourse-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"
    draft = path.with_suffix(".partial")
    draft.unlink(missing_ok=True)
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(database.engine.url.database or "", isolation_level=None)) as source:
            source.execute("VACUUM INTO ?", (str(draft),))
        _quarantine_and_check(draft, now)
        draft.rename(path)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"The backup {path} was not made: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return Backup(path=path, size=path.stat().st_size, taken_at=now)


def quarantine(connection: Connection, taken_at: datetime) -> int:
    """Pauses every company until it was compared and released; tells how many. One that waits already keeps waiting for
    the comparison with its older backup.
    """
    because = company.c.paused_because
    free = or_(because.is_(None), because.not_like(f"{_RESTORED}%"))
    return connection.execute(update(company).where(free).values(paused_because=_waits_for(taken_at))).rowcount


def restored_from(because: str | None) -> datetime | None:
    """When the backup was taken that a company is in quarantine for; None where it is not."""
    found = _BECAUSE.match(because or "")
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None


def _waits_for(taken_at: datetime) -> str:
    when = f"{taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{_RESTORED}{when}: compare it with the ledger by `duecourse resume --company`"


def newest(folder: Path) -> Path | None:
    """The latest backup of a folder; its age belongs on a status page."""
    return max(folder.glob("duecourse-*Z.db"), default=None)


def _quarantine_and_check(copy: Path, now: datetime) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
        connection.execute(
            "UPDATE company SET paused_because = ? WHERE paused_because IS NULL OR paused_because NOT LIKE ?",
            (_waits_for(now), f"{_RESTORED}%"),
        )
        found = connection.execute("PRAGMA integrity_check").fetchone()
        if found != ("ok",):
            raise sqlite3.DatabaseError(f"the copy is damaged ({found})")
    with copy.open("rb") as file:
        os.fsync(file.fileno())
