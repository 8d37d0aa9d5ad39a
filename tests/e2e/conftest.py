"""Fixtures of the crash matrix."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector.note_style import NoteStyle
from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.e2e.crashing import company
from tests.e2e.crashing.mornings import Mornings
from tests.e2e.crashing.outside import LedgerServer, MailServer
from tests.e2e.crashing.stands import Stand
from tests.unit.reminders.channels.certificates import make_tls


@pytest.fixture
def mornings_on(
    databases: SqliteDatabases | PostgresDatabases, tmp_path: Path
) -> Iterator[Callable[[Stand, NoteStyle], Mornings]]:
    """Makes the company's mornings on a ledger, with notes of this style."""
    trusted = tmp_path / "server.pem"
    make_tls(tmp_path)
    with ExitStack() as stack:
        ledger = stack.enter_context(LedgerServer())
        mail = stack.enter_context(
            MailServer(refuses=company.REFUSES, defers_once=company.DEFERS_ONCE, falls_silent=company.FALLS_SILENT)
        )
        yield lambda stand, style: Mornings(tmp_path / style.value, databases, (ledger, mail), trusted, style, stand)
