"""S/4HANA and Business One from the command line: connected, read, asked for, written to, over their own faces."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from adapters.sap.s4hana.sandbox import ServedS4Hana
from connector.store.tables import document
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


def _set(desk: Desk, **fields: dict[str, object]) -> None:
    """Other settings of the two ledgers, before anything is connected."""
    changed = {name: getattr(desk.service.settings, name).model_copy(update=told) for name, told in fields.items()}
    object.__setattr__(desk.service, "settings", desk.service.settings.model_copy(update=changed))


def _block(desk: Desk) -> object:
    """The dunning block that the ledger itself keeps."""
    if isinstance(desk.sandbox, ServedS4Hana):
        return desk.sandbox.face.sets.extras.dunning(desk.anna)[0].block
    return desk.books.document(desk.invoice).extra.get("business_one", {}).get("BlockDunning", "")


def test_a_dispute_blocks_the_ledgers_own_dunning_until_it_is_resolved(desk: Desk) -> None:
    _set(desk, s4hana={"write_blocks": True, "block_code": "Z"}, business_one={"dispute_blocks": True})
    desk.go_on()
    desk.tell("sync")
    with desk.service.database.read() as connection:
        number = str(connection.scalar(select(document.c.number).where(document.c.open_minor > 0)))
    opened = desk.tell("dispute", "open", "Anna Boats", number)
    desk.a_day()
    assert _block(desk) == {"s4hana": "Z", "business_one": "tYES"}[desk.ledger]
    assert desk.mailer.taken == []
    desk.tell("dispute", "resolve", opened["id"], "upheld")
    desk.a_day()
    assert _block(desk) in {"", "tNO"}
    desk.a_day()
    assert len(desk.mailer.taken) == 1


def test_a_field_of_ones_own_that_cannot_be_mapped_is_one_sentence(desk: Desk) -> None:
    if desk.ledger != "business_one":
        pytest.skip("fields of one's own are Business One's")
    _set(desk, business_one={"partner_fields": {"U_DunMail": "colour"}})
    code, _, err = desk.run(*CONNECT[desk.ledger], *PLACE)
    assert (code != 0, err.count("\n")) == (True, 1)
    assert "colour" in err
