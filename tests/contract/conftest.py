"""Every ledger, for the contract of the port."""

from collections.abc import Iterator

import pytest

from tests.contract.ledgers import LEDGERS, Connection, connected
from tests.contract.replica import Replica


@pytest.fixture(params=LEDGERS)
def here(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A ledger over empty books, and what can go wrong between the two."""
    needed = request.node.get_closest_marker("needs")
    with connected(request.param) as connection:
        missing = set(needed.args) - connection.traits if needed else ()
        if missing:
            pytest.skip(f"{request.param} has no {', '.join(sorted(missing))}")
        yield connection


@pytest.fixture
def replica(here: Connection) -> Replica:
    """What a service keeps of that ledger."""
    return Replica(here.ledger)
