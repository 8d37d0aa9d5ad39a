"""Every place of an SMTP conversation by every way of failing, our process living or killed, through the whole service.

In every cell: no reader gets two mails, each dispatch is in the state that its cell's rule says, the other readers of
the same reminder get theirs, and what is not known is a task and a note that says so.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.e2e.crashing.evenings import Evenings
from tests.e2e.crashing.outside import LedgerServer
from tests.e2e.crashing.smtp_cells import cells
from tests.unit.reminders.channels.certificates import make_tls
from tests.unit.reminders.channels.fake_smtp import Place

#: Most of a cell that hangs is waiting.
AT_ONCE = 4


@pytest.fixture
def evenings(databases: SqliteDatabases | PostgresDatabases, tmp_path: Path) -> Iterator[Evenings]:
    with LedgerServer() as server:
        yield Evenings(tmp_path, databases, server, make_tls(tmp_path), tmp_path / "server.pem")


@pytest.mark.parametrize("place", Place)
def test_whatever_the_mail_server_does_nothing_is_said_twice_or_left_unsaid(
    evenings: Evenings,
    place: Place,
    database_kind: str,
    record_property: Callable[[str, object], None],
) -> None:
    possible = [cell for cell in cells(place) if not cell.why_impossible]
    for why in sorted(
        {f"{cell.place} {cell.fault}: {cell.why_impossible}" for cell in set(cells(place)) - set(possible)}
    ):
        record_property("summary", f"{database_kind}: no cells of {why}.")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = dict(zip(map(str, possible), threads.map(evenings.play, possible), strict=True))
    record_property("cells", len(possible))
    wrong = [f"{cell}: {'; '.join(said)}" for cell, said in found.items() if said]
    assert not wrong, "\n".join(wrong)
