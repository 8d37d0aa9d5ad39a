"""A process that is killed just before a commit leaves nothing of it; just after, all of it."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.store import history
from tests.contract.databases import PostgresDatabases, SqliteDatabases, opened

ROOT = Path(__file__).parents[2]
CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from connector.store import history
from connector.store.engine import open_database

url, side = sys.argv[1:]

class Killed:
    def before(self, name):
        self.stand("before")
    def after(self, name):
        self.stand("after")
    def stand(self, here):
        if here == side:
            os.kill(os.getpid(), signal.SIGKILL)

database = open_database(url, boundaries=Killed())
with database.write("record") as connection:
    for subject in "xyz":
        history.record(connection, "c", at=datetime(2026, 11, 2, tzinfo=UTC), actor="a", kind="k", subject=subject)
"""


@pytest.mark.parametrize(("side", "rows"), [("before", 1), ("after", 4)])
def test_a_killed_process_leaves_all_of_a_transaction_or_nothing(
    databases: SqliteDatabases | PostgresDatabases, side: str, rows: int
) -> None:
    url = databases.new_url()
    with opened(url) as database, database.write("earlier") as connection:
        history.record(connection, "c", at=datetime(2026, 11, 1, tzinfo=UTC), actor="a", kind="k", subject="first")
    child = subprocess.run([sys.executable, "-c", CHILD, url, side], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    with opened(url) as database, database.read() as connection:
        result = history.verify(connection, "c")
    assert result.holds
    assert result.rows == rows
