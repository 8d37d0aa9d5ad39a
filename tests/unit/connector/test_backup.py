from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from connector.backup import back_up, newest, quarantine, restored_from
from connector.store import credentials, history
from connector.store.engine import Database, StoreError, open_database
from connector.store.tables import company
from connector.vault import Vault
from tests.contract.databases import PostgresDatabases, opened

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
CANARY = b"RT1-canary-refresh-token"


@pytest.fixture
def working(sqlite_database: Database) -> Database:
    row = {"ledger": "quickbooks", "ledger_ref": "1", "name": "A", "home_currency": "EUR", "connected_at": NOW}
    vault = Vault("qK3v9ZtW-first-key-Xb7Lm2Rp5Ns8Yd1")
    with sqlite_database.write("connect") as connection:
        connection.execute(insert(company), [{**row, "id": "a"}, {**row, "id": "b"}])
        history.record(connection, "a", at=NOW, actor="test", kind="connected", subject="a")
        credentials.put(connection, vault, "a", "tokens", CANARY, now=NOW)
    return sqlite_database


def pauses(database: Database) -> set[str | None]:
    with database.read() as connection:
        return set(connection.execute(select(company.c.paused_because)).scalars())


def test_a_backup_is_whole_and_sends_nothing_until_it_is_released(working: Database, tmp_path: Path) -> None:
    backup = back_up(working, tmp_path, NOW)
    restored = open_database(f"sqlite:///{backup.path}")
    assert pauses(restored) == {
        "restored from the backup of 2026-11-02 09:00 UTC: compare it with the ledger by `duecourse resume --company`",
    }
    with restored.read() as connection:
        assert history.verify(connection, "a").rows == 1
        assert history.verify(connection, "a").holds
    restored.dispose()
    assert pauses(working) == {None}


def test_a_backup_is_taken_while_another_writes_and_holds_no_half_of_it(working: Database, tmp_path: Path) -> None:
    with working.write("meanwhile") as connection:
        history.record(connection, "a", at=NOW, actor="test", kind="later", subject="a")
        backup = back_up(working, tmp_path, NOW)
    restored = open_database(f"sqlite:///{backup.path}")
    with restored.read() as connection:
        assert [row["kind"] for row in history.export(connection, "a")] == ["connected"]
    restored.dispose()


def test_a_backup_is_its_owners_alone_and_holds_no_readable_secret(working: Database, tmp_path: Path) -> None:
    backup = back_up(working, tmp_path, NOW)
    assert backup.path.stat().st_mode & 0o777 == 0o600
    assert backup.size == len(backup.path.read_bytes())
    assert CANARY not in backup.path.read_bytes()


def test_the_newest_backup_is_found_and_nothing_else_is_left(working: Database, tmp_path: Path) -> None:
    assert newest(tmp_path) is None
    for days in (0, 2, 1):
        back_up(working, tmp_path, NOW + timedelta(days=days))
    assert newest(tmp_path) == tmp_path / "duecourse-20261104T090000Z.db"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_backup_that_fails_leaves_no_file(working: Database, tmp_path: Path) -> None:
    (tmp_path / "duecourse-20261102T090000Z.db").mkdir()
    with pytest.raises(StoreError, match="was not made"):
        back_up(working, tmp_path, NOW)
    assert [path.suffix for path in tmp_path.iterdir()] == [".db"]


def test_postgresql_is_sent_to_its_own_tools(postgresql_databases: PostgresDatabases, tmp_path: Path) -> None:
    with opened(postgresql_databases.new_url()) as database:
        with pytest.raises(StoreError, match="pg_dump"):
            back_up(database, tmp_path, NOW)
        with database.write("restored") as connection:
            assert quarantine(connection, NOW) == 0


def test_a_company_in_quarantine_waits_for_its_oldest_backup(working: Database, tmp_path: Path) -> None:
    with working.write("restored") as connection:
        assert quarantine(connection, NOW - timedelta(days=3)) == 2
        assert quarantine(connection, NOW) == 0
    backup = back_up(working, tmp_path, NOW)
    restored = open_database(f"sqlite:///{backup.path}")
    for database in (working, restored):
        assert {restored_from(because) for because in pauses(database)} == {NOW - timedelta(days=3)}
    restored.dispose()


def test_what_else_a_company_is_paused_for_is_no_quarantine() -> None:
    for because in (None, "", "restored", "25 of 40 open documents would vanish at once."):
        assert restored_from(because) is None
