from sqlalchemy import delete

from connector.store.tables import company
from tests.unit.connector.commands.shop import COMPANY, Shop


def test_switching_on_shows_first_what_would_go_out(shop: Shop) -> None:
    shop.tell("mode", "dry_run", "--yes")
    said = shop.run("mode", "review", "--yes")
    assert said.code == 0
    assert "3 messages would go" in said.out
    assert "Anna Boats" in said.out
    assert [row["data"] for row in shop.history("mode_changed")][-1] == {"from": "dry_run", "to": "review"}


def test_nobody_there_to_answer_means_that_nothing_is_switched(shop: Shop) -> None:
    assert shop.run("mode", "review").code == 1
    assert shop.tell("status")[0]["mode"] == "automatic"


def test_books_that_were_never_read_cannot_be_switched_on(unread: Shop) -> None:
    unread.tell("mode", "dry_run", "--yes")
    said = unread.run("mode", "automatic", "--yes")
    assert said.code == 1
    assert "duecourse sync" in said.err


def test_every_setting_is_listed_with_its_default_and_never_a_value(shop: Shop) -> None:
    rows = {each["name"]: each for each in shop.tell("settings")}
    assert rows["DUECOURSE_SYNC_MINUTES"]["default"] == "`15`"
    assert rows["DUECOURSE_QUICKBOOKS__CLIENT_SECRET"]["default"] == "–"
    assert "secret" not in {each["default"] for each in rows.values()}


def test_of_several_companies_one_must_be_named(shop: Shop) -> None:
    shop.connect("qbo-1002", "1002")
    said = shop.run("aging")
    assert said.code == 1
    assert "qbo-1001 (Harbour Supplies), qbo-1002 (Company 1002)" in said.err
    for name in ("qbo-1001", "1001", "harbour supplies", "Harbour"):
        assert shop.tell("--company", name, "aging")["totals"]
    assert shop.run("--company", "nobody", "aging").code == 3


def test_run_and_status_are_about_all_companies_unless_one_is_named(shop: Shop) -> None:
    shop.connect("qbo-1002", "1002")
    assert len(shop.tell("status")) == 2
    assert {each["company"] for each in shop.tell("run")} == {"qbo-1001", "qbo-1002"}
    assert {each["company"] for each in shop.tell("--company", "1002", "run")} == {"qbo-1002"}


def test_without_a_company_the_command_says_how_to_connect_one(unread: Shop) -> None:
    with unread.service.database.write("none") as connection:
        connection.execute(delete(company))
    said = unread.run("plan")
    assert said.code == 3
    assert "duecourse connect quickbooks" in said.err


def test_a_disconnected_company_stops_and_says_so(shop: Shop) -> None:
    assert shop.run("disconnect").code == 1
    told = shop.tell("disconnect", "--yes")
    assert told["company"] == COMPANY
    assert shop.run("sync").code == 4
    assert len(shop.history("disconnected")) == 1
