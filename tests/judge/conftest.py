from pathlib import Path

import pytest

from tests.judge.small_world import write


@pytest.fixture(scope="session")
def good_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "good"
    write(folder)
    return folder
