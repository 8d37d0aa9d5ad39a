"""One service a test."""

from collections.abc import Iterator

import pytest

from tests.unit.adapters.sap.service import Service


@pytest.fixture
def service() -> Iterator[Service]:
    """Answers what it is told to."""
    made = Service()
    yield made
    made.http.close()
