"""Servers that others wrote: the reference S/4HANA (SAP's own engine), started once a session and page size."""

from collections.abc import Iterator

import pytest

from tests.reference.desk import Desk
from tests.reference.server import Reference, serving


@pytest.fixture(scope="session")
def reference() -> Iterator[Reference]:
    """Gives five rows a page."""
    with serving(page_size=5) as server:
        yield server


@pytest.fixture(scope="session")
def roomy_reference() -> Iterator[Reference]:
    """Gives a thousand rows a page, as S/4HANA does."""
    with serving(page_size=1000) as server:
        yield server


@pytest.fixture
def changed_reference(reference: Reference) -> Iterator[Reference]:
    """One that a test changes or lets fail; it is put back afterwards."""
    yield reference
    reference.reset()


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Makes clients."""
    made = Desk()
    with made.opened:
        yield made
