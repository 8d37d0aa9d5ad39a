import json
from pathlib import Path

from sqlalchemy import text

from connector.store import history
from tests.unit.connector.commands.shop import COMPANY, Shop


def test_the_export_is_what_the_history_holds_row_by_row(shop: Shop, tmp_path: Path) -> None:
    shop.tell("run")
    told = shop.tell("audit", "export", "--out", str(tmp_path / "audit.jsonl"))
    rows = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    with shop.service.database.read() as connection:
        assert rows == list(history.export(connection, COMPANY))
    assert told["rows"] == len(rows)
    assert [json.loads(line) for line in shop.run("audit", "export").out.splitlines()] == rows


def test_a_whole_history_verifies_and_still_contains_a_head_noted_before(shop: Shop) -> None:
    noted = shop.tell("audit", "verify")["head"]
    shop.tell("run")
    assert shop.tell("audit", "verify", "--head", noted)["faults"] == []


def test_a_changed_history_is_named_and_exits_with_five(shop: Shop) -> None:
    shop.tell("run")
    with shop.service.database.write("tamper") as connection:
        connection.execute(text("UPDATE history_personal SET body = '{}'"))
    said = shop.run("audit", "verify")
    assert said.code == 5
    assert "was changed" in said.out


def test_a_head_that_is_not_in_the_chain_exits_with_five_and_nonsense_is_refused(shop: Shop) -> None:
    assert shop.run("audit", "verify", "--head", f"1:{'0' * 64}").code == 5
    assert shop.run("audit", "verify", "--head", "nonsense").code == 1
