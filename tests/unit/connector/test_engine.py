from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from connector.store.engine import Database, StoreError, network_file_system, open_database, open_engine

MOUNTS = """\
/dev/vda / ext4 rw,relatime 0 0
tmpfs /dev/shm tmpfs rw 0 0
nas:/export /data nfs4 rw,hard 0 0
/dev/vdb /data/local xfs rw 0 0
//nas/share /mnt/my\\040share cifs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me", None),
        ("/data", "nfs4"),
        ("/data/duecourse", "nfs4"),
        ("/data/local/duecourse", None),
        ("/database", None),
        ("/mnt/my share/duecourse", "cifs"),
    ],
)
def test_a_network_file_system_is_recognised_by_the_innermost_mount(folder: str, kind: str | None) -> None:
    assert network_file_system(Path(folder), MOUNTS) == kind


def test_sqlite_keeps_every_commit_and_every_reference(sqlite_database: Database) -> None:
    with sqlite_database.write("look") as connection:
        found = {
            pragma: connection.execute(text(f"PRAGMA {pragma}")).scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_broken_reference_is_refused(sqlite_database: Database) -> None:
    orphan = text("INSERT INTO history_personal (company, seq, salt, body) VALUES ('c', 1, '', '')")
    with pytest.raises(IntegrityError), sqlite_database.write("orphan") as connection:
        connection.execute(orphan)


def test_the_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "duecourse.db"
    open_database(f"sqlite:///{path}").dispose()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "url",
    ["", "nonsense canary", "mysql://user:canary@host/name", "sqlite://", "sqlite:///:memory:"],
)
def test_another_kind_of_database_is_refused_without_telling_the_url(url: str) -> None:
    with pytest.raises(StoreError, match="The database URL must") as refused:
        open_engine(url)
    assert "canary" not in str(refused.value)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"duecourse\.db cannot be opened: File exists\."):
        open_engine(f"sqlite:///{tmp_path}/file/duecourse.db")


def test_a_file_that_is_no_database_is_named_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "duecourse.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="The database cannot be used: file is not a database"):
        open_database(f"sqlite:///{path}")


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"The database cannot be used: .*127\.0\.0\.1") as refused:
        open_database("postgresql://user:canary@127.0.0.1:1/name")
    assert "canary" not in str(refused.value)
    assert "\n" not in str(refused.value)
