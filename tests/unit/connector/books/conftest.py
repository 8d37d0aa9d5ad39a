"""`house`: a small company that was just connected, on both databases."""

import pytest

from connector.store.engine import Database
from tests.unit.connector.books.house import House


@pytest.fixture
def house(database: Database) -> House:
    """Nothing is read yet; customer 20 is Anna's Boats."""
    made = House(database)
    made.ledger.customer("20", "Anna Boats")
    return made


@pytest.fixture
def connected(house: House) -> House:
    """The empty books are read: what comes from now on is news."""
    house.sync()
    return house


@pytest.fixture
def database_house(database: Database) -> House:
    """A company whose rules do not follow bill addresses."""
    made = House(database, follow_bill_email=False)
    made.ledger.customer("20", "Anna Boats")
    return made
