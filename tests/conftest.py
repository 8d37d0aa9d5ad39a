"""Fixtures that every test may use: `database` (on SQLite and on PostgreSQL) and the `clock` that tests move."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import hypothesis
import pytest

from connector.clock import SimulatedClock
from connector.store.engine import Database
from tests.contract.databases import KINDS, PostgresDatabases, SqliteDatabases, opened, postgres_databases
from tests.reference.server import Reference, serving

# A shared machine is slow now and then; that is no fault of what is tested. CI looks at the same examples every time:
# a law that fails there fails here, too; new examples are looked for wherever a person runs the tests.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")

# Chosen by `--hypothesis-profile`: a mutant is to be caught by few examples, always the same, and goes unexplained.
hypothesis.settings.register_profile(
    "mutation",
    parent=hypothesis.settings.get_profile("house"),
    max_examples=10,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)

_DATABASES = frozenset({"database", "sqlite_database"})
_LONG = ("laws", "at_any_point", "slow_mail")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where mutants are run, the first test that fails ends the run: without a database first, and long plays last."""
    if config.getoption("--hypothesis-profile") == "mutation":
        items.sort(key=_how_long)


def _how_long(item: pytest.Item) -> tuple[bool, bool]:
    return bool(_DATABASES & set(getattr(item, "fixturenames", ()))), any(name in item.nodeid for name in _LONG)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many operations the independent client did (one test each), and what tests have to say of themselves
    (`record_property("summary", …)`), also where they ran side by side.
    """
    passed = terminalreporter.stats.get("passed", [])
    count = sum("test_independent_client.py" in each.nodeid for each in passed)
    if count:
        terminalreporter.write_line(f"The independent client did {count} operations.")
    cells = 0
    for each in (*passed, *terminalreporter.stats.get("failed", [])):
        for name, said in each.user_properties:
            if name == "summary":
                terminalreporter.write_line(f"{each.nodeid.partition('::')[2].partition('[')[0]}: {said}")
            if name == "cells":
                cells += said
    if cells:
        terminalreporter.write_line(f"The SMTP matrix was played in {cells} cells.")


@pytest.fixture
def clock() -> SimulatedClock:
    """A Monday morning."""
    return SimulatedClock(datetime(2026, 11, 2, 9, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """Makes SQLite files."""
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[PostgresDatabases]:
    """Makes databases on one PostgreSQL server, started when the first test asks for it."""
    with postgres_databases() as databases:
        yield databases


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each test that touches a database runs on every kind."""
    kind: str = request.param
    return kind


@pytest.fixture
def databases(database_kind: str, request: pytest.FixtureRequest) -> SqliteDatabases | PostgresDatabases:
    """Makes databases of this kind."""
    made: SqliteDatabases | PostgresDatabases = request.getfixturevalue(f"{database_kind}_databases")
    return made


@pytest.fixture
def database(databases: SqliteDatabases | PostgresDatabases) -> Iterator[Database]:
    """A fresh, migrated database."""
    with opened(databases.new_url()) as database:
        yield database


@pytest.fixture
def sqlite_database(sqlite_databases: SqliteDatabases) -> Iterator[Database]:
    """A fresh, migrated SQLite database, for tests whose subject is not the database."""
    with opened(sqlite_databases.new_url()) as database:
        yield database


@pytest.fixture(scope="session")
def small_pages() -> Iterator[Reference]:
    """The reference S/4HANA server (SAP's own engine) with five rows a page, started when the first test asks for it.

    Its rows are those that the last test left there.
    """
    with serving(page_size=5) as server:
        yield server


@pytest.fixture(scope="session")
def large_pages() -> Iterator[Reference]:
    """Another one, which gives a thousand rows a page."""
    with serving(page_size=1000) as server:
        yield server
