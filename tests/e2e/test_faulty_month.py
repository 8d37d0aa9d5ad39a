"""A month behind QuickBooks, calm and in bad weather, on both databases; and that the comparison is no blind one."""

from datetime import datetime
from pathlib import Path

from tests.e2e.faulty import Calm, FairMonth, FaultyMonth
from tests.e2e.months import Told, differences


class TestFair(FairMonth):
    pass


class TestFaultyOnSqlite(FaultyMonth):
    pass


class TestFaultyOnPostgresql(FaultyMonth):
    kind = "postgresql"


def test_a_month_told_twice_differs_in_nothing(calm: Calm) -> None:
    fair, _ = calm("quickbooks")
    assert differences(fair.mails, Told(fair.folder).mails) == []
    first = next(iter(fair.arrived.values()))
    assert first > datetime.fromisoformat("2026-11-02T00:00:00+00:00")


def test_a_cent_in_a_mail_is_a_difference(calm: Calm, tmp_path: Path) -> None:
    """The comparison is no blind one."""
    fair, _ = calm("quickbooks")
    (tmp_path / "mails").mkdir()
    paths = sorted((fair.folder / "mails").glob("*.eml"))
    for path in paths:
        (tmp_path / "mails" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "company.json").write_bytes((fair.folder / "company.json").read_bytes())
    changed = tmp_path / "mails" / paths[0].name
    changed.write_bytes(changed.read_bytes().replace(b"1,578.29", b"1,578.30"))
    assert len(differences(fair.mails, Told(tmp_path).mails)) == 2
