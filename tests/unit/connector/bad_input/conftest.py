"""`trade`: a company on either database, whose first read is still to come."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.unit.connector.bad_input.trade import Trade


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Log lines are not what these tests are about."""
    with capture_logs():
        yield


@pytest.fixture
def trade(tmp_path: Path, databases: SqliteDatabases | PostgresDatabases) -> Iterator[Trade]:
    """On SQLite and on PostgreSQL."""
    made = Trade(tmp_path, databases.new_url())
    yield made
    made.close()


@pytest.fixture
def small_trade(tmp_path: Path, sqlite_databases: SqliteDatabases) -> Iterator[Trade]:
    """On SQLite alone, for what is not about the store."""
    made = Trade(tmp_path, sqlite_databases.new_url())
    yield made
    made.close()
