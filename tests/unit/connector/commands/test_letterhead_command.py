from pathlib import Path

import pytest

from connector.scheduler import Scheduler
from tests.unit.connector.commands.shop import COMPANY, Shop

_BANK = "IBAN DE02 1203\nBIC BYLADEM1001"


def test_without_options_it_shows_what_messages_say_and_where_that_comes_from(tmp_path: Path) -> None:
    shop = Shop(tmp_path, bank_details=_BANK)
    said = shop.tell("letterhead")
    assert said["letterhead"]["sender"] == "ar@shop.example"
    assert said["letterhead"]["sender_name"] == "Harbour Supplies"
    assert said["letterhead"]["bank_details"] == _BANK
    assert said["own"] == {}
    assert shop.history("letterhead_set") == []
    shop.service.close()


def test_what_is_set_goes_before_the_settings_and_the_rest_stays(shop: Shop) -> None:
    shop.tell("letterhead", "--bank-details", _BANK, "--sender-name", "Harbour Accounts")
    said = shop.tell("letterhead", "--reply-to", "accounts@shop.example")
    assert said["own"] == {
        "sender_name": "Harbour Accounts",
        "reply_to": "accounts@shop.example",
        "bank_details": _BANK,
    }
    assert shop.office.letterhead.bank_details == _BANK
    assert shop.office.letterhead.sender == "ar@shop.example"


def test_an_empty_text_goes_back_to_the_settings_and_clear_forgets_all(shop: Shop) -> None:
    shop.tell("letterhead", "--sender", "pay@shop.example", "--bank-details", _BANK)
    assert shop.tell("letterhead", "--sender", "")["letterhead"]["sender"] == "ar@shop.example"
    assert shop.tell("letterhead", "--clear", "--sender-name", "Ann")["own"] == {"sender_name": "Ann"}
    assert shop.tell("letterhead", "--clear")["own"] == {}


def test_the_history_names_the_fields_and_keeps_the_words_apart(shop: Shop) -> None:
    shop.tell("letterhead", "--bank-details", _BANK)
    shop.tell("letterhead", "--bank-details", _BANK)
    [row] = shop.history("letterhead_set")
    assert row["data"] == {"fields": ["bank_details"]}
    assert row["personal_digest"]
    assert "BYLADEM" not in str(row)


@pytest.mark.parametrize(
    "words",
    [
        ("--sender", "Anna <ar@shop.example>"),
        ("--reply-to", "nobody"),
        ("--stop-address", "a@x.example,b@x.example"),
        ("--sender-name", "Two\nlines"),
        ("--bank-details", "IBAN\x1b[2J"),
    ],
)
def test_what_no_letterhead_can_carry_is_refused_and_nothing_is_set(shop: Shop, words: tuple[str, str]) -> None:
    assert shop.run("letterhead", "--postal-address", "1 Quay", *words).code == 1
    assert shop.tell("letterhead")["own"] == {}


def test_of_several_companies_none_is_paid_on_the_settings_account(tmp_path: Path) -> None:
    shop = Shop(tmp_path, bank_details=_BANK)
    shop.connect("qbo-1002", "1002")
    said = shop.run("--company", "1002", "letterhead")
    assert "IBAN" not in said.out
    assert "nobody's" in said.out
    shop.tell("--company", "1002", "letterhead", "--bank-details", "IBAN FR76")
    assert shop.service.office("qbo-1002").letterhead.bank_details == "IBAN FR76"
    assert shop.office.letterhead.bank_details == ""
    shop.service.close()


def test_what_was_written_with_the_old_letterhead_is_written_anew(shop: Shop) -> None:
    shop.tell("mode", "review", "--yes")
    shop.tell("run")
    before = {each["id"] for each in shop.tell("approve")}
    assert len(before) == 3
    assert shop.tell("letterhead", "--bank-details", _BANK)["written_anew"] == 3
    assert shop.tell("approve") == []
    shop.tell("run")
    assert len(shop.tell("approve")) == 3
    shop.tell("mode", "automatic", "--yes")
    shop.tell("approve", "--all")
    shop.tell("run")
    bodies = [data.decode() for _, data in shop.mailer.sent]
    assert len(bodies) == 3
    assert all("BYLADEM1001" in body for body in bodies)


def test_the_running_service_takes_a_new_letterhead_up(shop: Shop) -> None:
    scheduler = Scheduler(shop.service)
    scheduler.begin(COMPANY)
    shop.tell("letterhead", "--sender", "pay@shop.example")
    shop.ledger.bill("150", "20", "10.00", shop.clock.now().date(), number="1060")
    offices = {job: scheduler._office(COMPANY, job).letterhead.sender for job in scheduler._jobs}
    assert set(offices.values()) == {"pay@shop.example"}
    scheduler.stop()
