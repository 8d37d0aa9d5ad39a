"""The TLS of the fake mail server, made once a run."""

import pytest

from tests.unit.reminders.channels.certificates import Tls, make_tls


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return make_tls(tmp_path_factory.mktemp("tls"))
