"""One face for each test."""

from collections.abc import Iterator

import pytest

from tests.unit.adapters.sap.s4hana.sandbox.caller import Caller


@pytest.fixture
def caller() -> Iterator[Caller]:
    made = Caller()
    yield made
    made.books.close()
