"""The firm on either database; and one on SQLite alone, for what is not about databases."""

import pytest

from connector.store.engine import Database
from tests.unit.connector.speaking.firm import Firm


@pytest.fixture
def firm(database: Database) -> Firm:
    """An automatic firm without customers yet."""
    return Firm(database)


@pytest.fixture
def small_firm(sqlite_database: Database) -> Firm:
    """The same, on SQLite only."""
    return Firm(sqlite_database)
