"""Every ledger, for the contract of the port."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.ledgers import BooksConnection, Connection, QuickBooksConnection
from tests.contract.replica import Replica
from tests.contract.s4hana_connection import S4HanaConnection

LEDGERS: dict[str, Callable[[], Connection]] = {
    "books": BooksConnection,
    "quickbooks": QuickBooksConnection,
    "s4hana": S4HanaConnection,
    "business_one": BusinessOneConnection,
}


@pytest.fixture(params=LEDGERS)
def here(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A ledger over empty books, and what can go wrong between the two."""
    needed = request.node.get_closest_marker("needs")
    connection = LEDGERS[request.param]()
    try:
        missing = set(needed.args) - connection.traits if needed else ()
        if missing:
            pytest.skip(f"{request.param} has no {', '.join(sorted(missing))}")
        yield connection
    finally:
        connection.books.close()


@pytest.fixture
def replica(here: Connection) -> Replica:
    """What a service keeps of that ledger."""
    return Replica(here.ledger)
