"""Servers that others wrote: the reference S/4HANA (SAP's own engine) with its seed, and clients of it."""

from collections.abc import Iterator

import pytest

from tests.reference.desk import Desk
from tests.reference.server import Reference


@pytest.fixture
def reference(small_pages: Reference) -> Reference:
    """Gives five rows a page, of the seed."""
    return small_pages.seeded()


@pytest.fixture
def roomy_reference(large_pages: Reference) -> Reference:
    """Gives a thousand rows of the seed a page, as S/4HANA does."""
    return large_pages.seeded()


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
