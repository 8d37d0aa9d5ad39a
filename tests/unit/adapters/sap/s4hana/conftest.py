"""One S/4HANA with empty books for each test."""

from collections.abc import Iterator

import pytest

from tests.unit.adapters.sap.s4hana.desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.books.close()
