"""A Business One over empty books, and what can go wrong between it and its ledger."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.replica import Replica


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def here() -> Iterator[BusinessOneConnection]:
    connection = BusinessOneConnection()
    yield connection
    connection.books.close()


@pytest.fixture
def replica(here: BusinessOneConnection) -> Replica:
    return Replica(here.ledger)
