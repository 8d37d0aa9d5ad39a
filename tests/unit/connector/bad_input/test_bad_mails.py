"""What lies in the inbox folder and is no mail that can be read: others are taken in, and a person hears of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.unit.connector.bad_input.trade import Trade

REPLY = (
    b"From: anna@boats.example\r\nTo: ar@trade.example\r\nSubject: Re: 1001\r\nMessage-ID: <%s@b.example>\r\n\r\n%s\r\n"
)
MEGABYTE = 1_000_000


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture
def trade(tmp_path: Path, inbox: Path, databases: SqliteDatabases | PostgresDatabases) -> Iterator[Trade]:
    """Anna owes 1001; her answers are looked for in `inbox`."""
    made = Trade(tmp_path, databases.new_url(), inbox_folder=inbox)
    made.bill(made.customer(), number="1001")
    made.begin()
    yield made
    made.close()


def _texts(trade: Trade) -> list[str]:
    return [each["text"] for each in trade.tell("task", "list")]


def _inbox_error(trade: Trade) -> str:
    [error] = [each["error"] for each in trade.run("run", "--json").data if each["job"] == "inbox"]
    return str(error)


def test_an_answer_of_twenty_five_megabytes_holds_its_account_and_asks_a_person(trade: Trade, inbox: Path) -> None:
    (inbox / "huge.eml").write_bytes(REPLY % (b"huge", b"We dispute this.\r\n" + b"x" * 70 + b"\r\n" * 12 * MEGABYTE))
    trade.day()
    [text] = _texts(trade)
    assert text.startswith("anna@boats.example wrote")
    assert trade.mails == []
    assert [each.name for each in (inbox / "done").iterdir()] == ["huge.eml"]


def test_a_folder_named_like_a_mail_stops_no_other(trade: Trade, inbox: Path) -> None:
    (inbox / "a.eml").mkdir()
    (inbox / "b.eml").write_bytes(REPLY % (b"b", b"We pay on Friday."))
    (inbox / "c.eml").symlink_to(inbox / "b.eml")
    trade.day()
    assert len(_texts(trade)) == 1
    assert sorted(each.name for each in inbox.iterdir()) == ["a.eml", "c.eml", "done"]


def test_where_mails_cannot_be_put_aside_all_are_taken_in_once_and_the_job_says_why(trade: Trade, inbox: Path) -> None:
    (inbox / "done").write_text("in the way")
    for name in (b"a", b"b"):
        (inbox / f"{name.decode()}.eml").write_bytes(REPLY % (name, b"We pay on Friday " + name))
    for _ in range(2):
        assert f"cannot be put aside: {inbox / 'done'}" in _inbox_error(trade)
        trade.next_day()
        assert len(_texts(trade)) == 2
    (inbox / "done").unlink()
    assert _inbox_error(trade) == ""
    assert len(_texts(trade)) == 2


def test_an_inbox_that_is_not_there_is_said_and_nothing_else_stops(trade: Trade, inbox: Path) -> None:
    inbox.rmdir()
    ran = {each["job"]: each["error"] for each in trade.run("run", "--json").data}
    assert ran.pop("inbox") == f"The inbox folder {inbox} is not there: answers that come in are not read."
    assert set(ran.values()) == {""}
    assert len(trade.mails) == 1
