"""`shop`: a small company whose books have been read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.connector.commands.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A company in automatic mode, whose books have been read, and nothing sent yet."""
    made = Shop(tmp_path)
    made.tell("sync")
    yield made
    made.service.close()


@pytest.fixture
def unread(tmp_path: Path) -> Iterator[Shop]:
    """The same company, connected, and nothing read yet."""
    made = Shop(tmp_path)
    yield made
    made.service.close()
