"""The database: SQLite in the data folder, or PostgreSQL; opened, migrated, and written in named transactions.

Every commit has a name ("claim reminder"), so that a test can stand, fail or kill the process just before and
just after each of them.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from connector.store import json_text

_BUSY_SECONDS = 30
_READ = "duecourse_read"
_RELAXED = "duecourse_relaxed"
_NETWORK_FILE_SYSTEMS = frozenset(
    [
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    ]
)


class StoreError(Exception):
    """The database cannot be used; the text is one sentence for a person, without secrets."""


class Boundaries(Protocol):
    """Stands on both sides of every commit."""

    def before(self, name: str) -> None:
        """All statements of this transaction have run; raising here rolls it back."""
        ...

    def after(self, name: str) -> None:
        """The transaction is durable."""
        ...


class NoBoundaries:
    """What runs in production: nothing."""

    def before(self, name: str) -> None:
        """Nothing."""

    def after(self, name: str) -> None:
        """Nothing."""


class Database:
    """Transactions on one database. Safe to share between threads; a thread has at most one write open."""

    def __init__(self, engine: Engine, *, boundaries: Boundaries | None = None) -> None:
        self.engine = engine
        self.boundaries: Boundaries = boundaries or NoBoundaries()
        self._reader = engine.execution_options(**_reading(engine))
        self._relaxed = engine.execution_options(**{_RELAXED: True})
        self._local = threading.local()

    @contextmanager
    def write(self, name: str, *, durable: bool = True) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, rolled back on any error.

        On SQLite it holds the only write lock from its first moment; on PostgreSQL it is READ COMMITTED, so a
        claim must be a conditional UPDATE whose rowcount is looked at. What is not `durable` may be lost in a power
        cut, never in a crash of this program. Raises RuntimeError inside another write.
        """
        if outer := getattr(self._local, "writing", None):
            raise RuntimeError(
                f"“{name}” began inside “{outer}”: one transaction at a time, or they wait for each other."
            )
        self._local.writing = name
        try:
            with (self.engine if durable else self._relaxed).begin() as connection:
                yield connection
                self.boundaries.before(name)
        finally:
            self._local.writing = None
        self.boundaries.after(name)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent picture of the database; writing in it is refused."""
        with self._reader.connect() as connection, connection.begin() as transaction:
            try:
                yield connection
            finally:
                transaction.rollback()

    def dispose(self) -> None:
        """Closes all pooled connections."""
        self.engine.dispose()


def open_engine(url: str, *, allow_network_folder: bool = False, connections: int = 8) -> Engine:
    """An engine on this database; nothing is created but an empty SQLite file (mode 0600) and its folder.

    `url` is `sqlite:////path/to/file` or `postgresql://user:password@host/name`. Raises StoreError for another kind,
    and for a SQLite file on a network file system, where its locks cannot be trusted.
    """
    where = _parse(url)
    if where.get_backend_name() == "postgresql":
        engine = create_engine(
            where.set(drivername="postgresql+psycopg"),
            pool_size=connections,
            max_overflow=connections,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=json_text.encode,
            json_deserializer=json_text.decode,
            connect_args={"options": f"-c lock_timeout={_BUSY_SECONDS}s -c timezone=UTC"},
        )
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    _prepare_file(Path(where.database or ""), allow_network_folder=allow_network_folder)
    engine = create_engine(
        where,
        pool_size=connections,
        max_overflow=connections,
        hide_parameters=True,
        json_serializer=json_text.encode,
        json_deserializer=json_text.decode,
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def open_database(url: str, *, boundaries: Boundaries | None = None, allow_network_folder: bool = False) -> Database:
    """Opens the database and brings its schema up to date. Raises StoreError."""
    from connector.store.migrations import migrate

    database = Database(open_engine(url, allow_network_folder=allow_network_folder), boundaries=boundaries)
    try:
        migrate(database)
    except DBAPIError as error:
        database.dispose()
        raise StoreError(f"The database cannot be used: {' '.join(str(error.orig).split())}") from error
    except BaseException:
        database.dispose()
        raise
    return database


def network_file_system(folder: Path, mounts: str) -> str | None:
    """The kind of network file system that holds `folder`, by the text of /proc/mounts; None where it is local."""
    resolved, best, kind = folder.resolve(), -1, ""
    for line in mounts.splitlines():
        _, mounted, file_system, *_ = (*line.split(), "", "", "")
        point = Path(mounted.replace("\\040", " "))
        if mounted.startswith("/") and resolved.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), file_system
    return kind if kind in _NETWORK_FILE_SYSTEMS else None


def _parse(url: str) -> URL:
    try:
        where = make_url(url)
    except ArgumentError:
        where = None
    except ValueError as error:
        raise StoreError("The database URL cannot be read: its port is no number.") from error
    if where is None or where.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError("The database URL must begin with sqlite:/// or postgresql://.")
    if where.get_backend_name() == "sqlite" and where.database in {None, "", ":memory:"}:
        raise StoreError("The database URL must name a file: sqlite:////data/duecourse.db.")
    return where


def _prepare_file(path: Path, *, allow_network_folder: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"The database file {path} cannot be opened: {error.strerror}.") from error
    mounts = Path("/proc/mounts")
    if allow_network_folder or not mounts.exists():
        return
    if kind := network_file_system(path.parent, mounts.read_text(encoding="utf-8", errors="replace")):
        raise StoreError(
            f"The folder {path.parent} is on a network file system ({kind}), where SQLite can lose data: use a local "
            "folder or PostgreSQL, or set DUECOURSE_ALLOW_NETWORK_FOLDER=true if you know that its locks work."
        )


def _reading(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == "postgresql":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {_READ: True}


def _configure_sqlite(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # a sent mail whose row vanished would be a second mail tomorrow
        "foreign_keys = ON",
        "cache_size = -16384",
        "temp_store = MEMORY",
    ):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_RELAXED, False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


def _begin_sqlite(connection: Connection) -> None:
    """Asks the driver directly, and only where something changes: this stands before every transaction."""
    options, kept = connection.get_execution_options(), connection.info
    reads, relaxed = options.get(_READ, False), options.get(_RELAXED, False)
    driver = connection.connection.driver_connection
    assert driver is not None
    if kept.get(_READ) is not reads:  # kept with the pooled connection: most are used one way only
        driver.execute(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
        kept[_READ] = reads
    if kept.get(_RELAXED, False) is not relaxed:
        driver.execute(f"PRAGMA synchronous = {'NORMAL' if relaxed else 'FULL'}")
        kept[_RELAXED] = relaxed
    driver.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
