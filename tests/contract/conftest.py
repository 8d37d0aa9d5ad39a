"""Every ledger, for the contract of the port."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.ledgers import BooksConnection, Connection, QuickBooksConnection
from tests.contract.replica import Replica
from tests.contract.s4hana_connection import S4HanaConnection
from tests.contract.s4hana_on_reference import S4HanaOnReference

LEDGERS: dict[str, Callable[[], Connection]] = {
    "books": BooksConnection,
    "quickbooks": QuickBooksConnection,
    "s4hana": S4HanaConnection,
    "business_one": BusinessOneConnection,
}
ENGINES: dict[str, tuple[str, int]] = {"sap_engine_5": ("small_pages", 1000), "sap_engine_1000": ("large_pages", 4)}
"""SAP's own engine, which gives five rows a page or a thousand: the fixture, and how many rows we ask for at once."""


@pytest.fixture(params=[*LEDGERS, *ENGINES])
def here(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A ledger over empty books, and what can go wrong between the two."""
    needed = request.node.get_closest_marker("needs")
    connection = _opened(request)
    try:
        missing = set(needed.args) - connection.traits if needed else ()
        if missing:
            pytest.skip(f"{request.param} has no {', '.join(sorted(missing))}")
        yield connection
    finally:
        connection.books.close()


def _opened(request: pytest.FixtureRequest) -> Connection:
    if request.param in LEDGERS:
        return LEDGERS[request.param]()
    fixture, page_size = ENGINES[request.param]
    return S4HanaOnReference(request.getfixturevalue(fixture), page_size=page_size)


@pytest.fixture
def replica(here: Connection) -> Replica:
    """What a service keeps of that ledger."""
    return Replica(here.ledger)
