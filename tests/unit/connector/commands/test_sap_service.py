"""S/4HANA and Business One from the command line: connected, read, asked for, written to, over their own faces."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.unit.connector.commands.sap_desk import CONNECT, OWED, PLACE, Desk, open_desk


@pytest.fixture(params=CONNECT)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Either of the two."""
    with open_desk(request.param, tmp_path) as opened:
        yield opened


def test_connecting_reads_the_books_in_dry_run_and_they_agree(desk: Desk) -> None:
    told = desk.connect()
    assert (told["error"], told["country"]) == ("", "US")
    [status] = desk.tell("status")
    assert (status["mode"], status["problems"]) == ("dry_run", [])
    assert desk.tell("aging")["totals"][0]["total"] == {"amount": "100.00", "currency": "USD"}
    assert desk.tell("reconcile")["state"] == "agrees"


def test_a_reminder_leaves_once_and_stands_once_in_the_ledger(desk: Desk) -> None:
    desk.go_on()
    for _ in range(3):
        desk.a_day()
        desk.clock.advance(timedelta(hours=1))
    assert [mail.to for mail in desk.mailer.taken] == ["anna@boats.example"]
    assert [key.partition(":")[0] for key in desk.notes()] == ["reminder"]
    assert desk.tell("reconcile")["state"] == "agrees"


def test_money_that_came_after_the_last_sync_stops_the_letter(desk: Desk) -> None:
    desk.go_on()
    desk.tell("sync")
    desk.books.pay(desk.anna, OWED, on=desk.clock.now().date(), apply={desk.invoice: OWED})
    desk.a_day()
    assert desk.mailer.taken == []
    assert desk.notes() == []


def test_all_commands_share_one_session_that_ends_with_the_service(desk: Desk) -> None:
    desk.connect()
    desk.tell("sync")
    desk.tell("reconcile")
    if desk.ledger == "business_one":
        assert desk.calls("/Login") == 1
        desk.service.close()
        assert desk.calls("/Logout") == 1
    assert desk.service.office().ledger is desk.service.office().ledger


def test_a_refused_password_is_one_sentence_and_nothing_is_connected(desk: Desk) -> None:
    wrong = SecretStr("another")
    settings = desk.service.settings.model_copy(
        update={
            "s4hana": desk.service.settings.s4hana.model_copy(update={"password": wrong}),
            "business_one": desk.service.settings.business_one.model_copy(update={"password": wrong}),
        }
    )
    object.__setattr__(desk.service, "settings", settings)
    code, _, err = desk.run(*CONNECT[desk.ledger], *PLACE)
    assert (code, err.count("\n")) == (4, 1)
    assert "another" not in err
    assert desk.run("status")[0] != 0
