from collections.abc import Iterator

import pytest

from tests.unit.adapters.quickbooks.sandbox.face import Face


@pytest.fixture
def face() -> Iterator[Face]:
    made = Face()
    yield made
    made.books.close()
