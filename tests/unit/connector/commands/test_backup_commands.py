"""A restored backup sends nothing before it was compared with the ledger, and then says nothing twice."""

import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.errors import LedgerUnavailable
from adapters.ledger import Batch, Receipt
from connector.store import companies
from connector.store.tables import hold
from tests.fakes import FakeLedger
from tests.unit.connector.commands.shop import COMPANY, Shop


class DatedNotes(FakeLedger):
    """Tells only the notes made since then, remembers who was asked about, and takes no note twice."""

    def __init__(self, of: FakeLedger) -> None:
        super().__init__(now=of.now)
        self.__dict__.update(of.__dict__)
        self.asked: list[tuple[set[str], date]] = []

    def post(self, batch: Batch) -> Sequence[Receipt]:
        assert not [key for _, key in batch.members if key in self.notes], "a note was written twice"
        return super().post(batch)

    def posted(self, customers: Collection[str], since: date) -> Iterator[Receipt]:
        self._read()
        self.asked.append((set(customers), since))
        for each in super().posted(customers, since):
            if self.notes[each.key].happened_at.date() >= since:
                yield each


def _restore(shop: Shop, copy: Path, folder: Path) -> Shop:
    """Another machine: the copy put in its place, beside the key; the same ledger."""
    folder.mkdir()
    shutil.copy(copy, folder / "duecourse.db")
    shutil.copy(shop.settings.data_dir / "secret.key", folder)
    made = Shop(folder, connected=False)
    made.clock.set(shop.clock.now())
    made.ledger.__dict__.update(shop.ledger.__dict__)
    made.ledger = DatedNotes(made.ledger)
    made.service = replace(made.service, fake=made.ledger)
    return made


@pytest.fixture
def lost(shop: Shop, tmp_path: Path) -> Iterator[Shop]:
    """Backed up; then three reminders were sent and noted, and a promise and a call; then the machine was lost."""
    copy = Path(shop.tell("backup", str(tmp_path / "copies"))["path"])
    shop.clock.advance(timedelta(hours=1))
    shop.tell("run")
    assert len(shop.mailer.sent) == 3
    shop.tell("promise", "add", "22", "75.50", "2026-11-09")
    shop.tell("run")
    shop.clock.advance(timedelta(days=1))
    made = _restore(shop, copy, tmp_path / "anew")
    yield made
    made.service.close()


def _asked(shop: Shop) -> list[tuple[set[str], date]]:
    assert isinstance(shop.ledger, DatedNotes)
    return shop.ledger.asked


def _because(shop: Shop) -> str | None:
    with shop.service.database.read() as connection:
        return companies.load(connection, COMPANY).paused_because


def test_a_restored_backup_does_nothing_until_it_was_compared(lost: Shop) -> None:
    assert "restored from the backup of 2026-11-02 18:00 UTC" in lost.run("run").out
    assert lost.run("sync").code == 4
    assert lost.mailer.sent == []


def test_what_was_said_after_the_backup_is_found_and_never_said_twice(lost: Shop) -> None:
    told = lost.tell("resume", "--company")
    assert told["unknown"] == {"reminder": 3, "promise_made": 1}
    lost.tell("run")
    assert lost.mailer.sent == []
    assert {why["hold"] for who in ("20", "21", "22") for why in lost.tell("why", who)} == {"pause"}
    tasks = lost.tell("task", "list", "--kind", "restored")
    assert sorted(each["customer_ref"] for each in tasks) == ["20", "21", "22", "22"]
    assert all("after this backup was taken" in each["text"] for each in tasks)
    with lost.service.database.read() as connection:
        holds = connection.execute(select(hold.c.account, hold.c.ends, hold.c.source)).all()
    assert {row.ends for row in holds} == {date(2026, 12, 3)}
    assert all(row.source.startswith("restored:") for row in holds)
    [row] = lost.history("company_resumed")
    assert row["data"]["unknown_entries"] == {"promise_made": 1, "reminder": 3}


def test_the_ledger_is_asked_since_two_days_before_the_backup(lost: Shop) -> None:
    lost.tell("resume", "--company")
    assert {since for _, since in _asked(lost)} == {date(2026, 10, 31)}
    assert sorted(map(sorted, (who for who, _ in _asked(lost)))) == [["20"], ["21"], ["22"]]


def test_once_a_person_has_looked_the_customer_goes_on(lost: Shop) -> None:
    lost.tell("resume", "--company")
    for each in lost.tell("task", "list", "--kind", "restored"):
        if each["customer_ref"] == "20":
            lost.tell("task", "done", str(each["id"]))
    assert lost.tell("why", "20")[0]["hold"] != "pause"
    assert lost.tell("why", "21")[0]["hold"] == "pause"


def test_how_many_were_found_is_told(lost: Shop) -> None:
    said = lost.run("resume", "--company")
    assert "3 reminders and 1 other note that this backup does not know" in said.out
    assert "3 customers wait for 30 days" in said.out


def test_a_ledger_that_cannot_be_read_leaves_it_in_quarantine(lost: Shop) -> None:
    before = _because(lost)
    lost.ledger.fails = LedgerUnavailable("QuickBooks does not answer.")
    said = lost.run("resume", "--company")
    assert said.code == 4
    assert "stays in quarantine" in said.out
    assert _because(lost) == before
    lost.ledger.fails = None
    assert lost.run("resume", "--company").code == 0
    assert _because(lost) is None


def test_a_ledger_that_breaks_off_half_way_leaves_no_half_behind(lost: Shop) -> None:
    def break_off() -> None:
        if isinstance(lost.ledger, DatedNotes) and lost.ledger.asked:
            raise LedgerUnavailable("It broke off.")

    lost.ledger.read_hook = break_off
    assert lost.run("resume", "--company").code == 4
    assert _because(lost)
    assert lost.tell("task", "list") == []


def test_a_customer_who_owes_only_to_the_ledgers_knowledge_is_asked_about_too(shop: Shop, tmp_path: Path) -> None:
    copy = Path(shop.tell("backup", str(tmp_path / "copies"))["path"])
    shop.ledger.customer("30", "Newcomer")
    shop.ledger.bill("160", "30", "10.00", date(2026, 11, 3), number="1070")
    shop.clock.advance(timedelta(days=10))
    shop.tell("sync")
    shop.tell("run")
    assert any(each.customer == "30" for each in shop.ledger.notes.values())
    restored = _restore(shop, copy, tmp_path / "anew")
    restored.tell("resume", "--company")
    restored.tell("run")
    assert restored.mailer.sent == []
    assert restored.tell("why", "30")[0]["hold"] == "pause"
    restored.service.close()


def test_a_customer_is_asked_about_with_all_for_whom_it_pays(shop: Shop, tmp_path: Path) -> None:
    shop.ledger.customer("23", "Anna Boats: North", parent="20", bill_with_parent=True)
    shop.ledger.bill("161", "23", "10.00", date(2026, 10, 3), number="1071")
    shop.tell("sync")
    restored = _restore(shop, Path(shop.tell("backup", str(tmp_path / "copies"))["path"]), tmp_path / "anew")
    restored.tell("resume", "--company")
    assert sorted(map(sorted, (who for who, _ in _asked(restored)))) == [["20", "23"], ["21"], ["22"]]
    restored.service.close()


def test_notes_that_the_backup_knows_hold_nobody(shop: Shop, tmp_path: Path) -> None:
    shop.tell("run")
    copy = Path(shop.tell("backup", str(tmp_path / "copies"))["path"])
    restored = _restore(shop, copy, tmp_path / "anew")
    assert restored.tell("resume", "--company")["unknown"] == {}
    assert restored.tell("task", "list", "--kind", "restored") == []
    restored.service.close()


def test_a_note_that_waited_when_the_backup_was_taken_and_was_written_since_is_not_written_again(
    shop: Shop, tmp_path: Path
) -> None:
    """Also where its customer owes nothing any more."""
    shop.tell("run")
    shop.tell("promise", "add", "22", "75.50", "2026-11-09")
    copy = Path(shop.tell("backup", str(tmp_path / "copies"))["path"])
    shop.tell("run")
    shop.ledger.pay("invoice:133")
    shop.tell("sync")
    restored = _restore(shop, copy, tmp_path / "anew")
    restored.ledger.pay("invoice:133")
    assert restored.tell("resume", "--company")["unknown"] == {}
    (written,) = [row["subject"] for row in restored.history("entry_written") if "promise" in row["subject"]]
    restored.tell("run")
    assert restored.ledger.notes[written].customer == "22"
    restored.service.close()


def test_a_database_restored_with_its_own_tools_is_put_into_quarantine_by_hand(shop: Shop) -> None:
    assert shop.tell("quarantine", "2026-11-02T10:00+01:00")["companies"] == 1
    assert "2026-11-02 09:00 UTC" in str(_because(shop))
    assert shop.run("run").code == 4
    assert shop.tell("resume", "--company")["unknown"] == {}
    assert shop.run("run").code == 0


@pytest.mark.parametrize(("text", "code"), [("yesterday", 2), ("2026-11-02T09:00", 2), ("2027-01-01T00:00Z", 1)])
def test_an_instant_that_cannot_be_is_refused(shop: Shop, text: str, code: int) -> None:
    assert shop.run("quarantine", text).code == code
    assert _because(shop) is None


def test_a_backup_tells_where_it_is(shop: Shop, tmp_path: Path) -> None:
    told = shop.tell("backup", str(tmp_path / "copies"))
    assert Path(told["path"]).stat().st_size == told["size"]
    assert datetime.fromisoformat(told["taken_at"]) == datetime(2026, 11, 2, 18, tzinfo=UTC)
