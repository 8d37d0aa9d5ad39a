import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from connector.store import migrations
from connector.store.engine import Database, StoreError, open_database, open_engine
from connector.store.tables import metadata
from tests.contract.databases import PostgresDatabases, SqliteDatabases

Databases = SqliteDatabases | PostgresDatabases

CATALOGUES = {
    "sqlite": ("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index')",),
    "postgresql": (
        "SELECT tgname, pg_get_triggerdef(oid), pg_get_functiondef(tgfoid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    ),
}


@contextmanager
def opened_empty(databases: Databases) -> Iterator[Database]:
    database = Database(open_engine(databases.new_url(empty=True)))
    try:
        yield database
    finally:
        database.dispose()


def catalogue(connection: Connection) -> set[tuple[object, ...]]:
    """Everything there is: columns with type, nullability and default; indexes, constraints and triggers as spelt."""
    found: set[tuple[object, ...]] = set()
    for (_, table), columns in inspect(connection).get_multi_columns().items():
        found |= {(table, each["name"], str(each["type"]), each["nullable"], each["default"]) for each in columns}
    for query in CATALOGUES[connection.dialect.name]:
        found |= {tuple(row) for row in connection.execute(text(query))}
    return {row for row in found if "alembic_version" not in str(row)}


def test_a_migrated_database_is_the_schema_in_tables(databases: Databases, database: Database) -> None:
    """Where it differs: `python -m connector.store.migrations.revise "what changed"` (before a release: --first)."""
    with opened_empty(databases) as made, made.write("create") as connection, database.read() as migrated:
        metadata.create_all(connection)
        assert catalogue(migrated) == catalogue(connection)
        assert len(catalogue(migrated)) > 200
        assert compare_metadata(MigrationContext.configure(migrated), metadata) == []


def test_the_newest_revision_is_the_one_the_program_names(database: Database) -> None:
    scripts = ScriptDirectory.from_config(migrations.config())
    assert scripts.get_heads() == [migrations.HEAD]
    with database.read() as connection:
        assert migrations.revision(connection) == migrations.HEAD


def test_opening_again_changes_nothing(databases: Databases) -> None:
    url = databases.new_url()
    first = open_database(url)
    first.dispose()
    open_database(url).dispose()


def test_a_schema_newer_than_the_program_is_refused_in_one_sentence(databases: Databases) -> None:
    url = databases.new_url()
    database = open_database(url)
    with database.write("a later version") as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(StoreError, match=r"schema \(9999\) is newer than this version of Duecourse knows"):
        open_database(url)


def test_a_start_that_is_killed_while_migrating_leaves_the_database_as_it_was(databases: Databases) -> None:
    class Killed:
        def before(self, _name: str) -> None:
            raise KeyboardInterrupt

        def after(self, _name: str) -> None:
            pass

    with opened_empty(databases) as database:
        with pytest.raises(KeyboardInterrupt):
            migrations.migrate(Database(database.engine, boundaries=Killed()))
        with database.read() as connection:
            assert inspect(connection).get_table_names() == []
        migrations.migrate(database)
        with database.read() as connection:
            assert migrations.revision(connection) == migrations.HEAD


def test_two_that_start_at_once_wait_for_each_other(databases: Databases) -> None:
    url = databases.new_url(empty=True)
    problems: list[BaseException] = []
    start = threading.Barrier(2)

    def begin() -> None:
        start.wait()
        try:
            open_database(url).dispose()
        except BaseException as error:  # noqa: BLE001 - whatever it was, the test names it
            problems.append(error)

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_migrations_never_go_back(database: Database) -> None:
    scripts = ScriptDirectory.from_config(migrations.config())
    for script in scripts.walk_revisions():
        with pytest.raises(RuntimeError, match="forward only"):
            script.module.downgrade()
    with database.read() as connection:
        assert migrations.revision(connection) == migrations.HEAD
