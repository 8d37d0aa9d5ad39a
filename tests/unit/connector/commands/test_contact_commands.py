from datetime import date

from connector.store import addresses
from tests.unit.connector.commands.shop import COMPANY, Shop


def test_reminders_go_to_the_addresses_that_were_set(shop: Shop) -> None:
    shop.tell("contact", "set", "20", "boss@boats.example", "ap@boats.example")
    assert shop.tell("plan", "20")[0]["recipients"] == ["boss@boats.example", "ap@boats.example"]
    shop.tell("contact", "set", "20")
    assert shop.tell("plan", "20")[0]["recipients"] == ["ap20@example.com"]


def test_a_customer_without_an_address_is_written_to_once_one_is_set(shop: Shop) -> None:
    shop.ledger.customer("20", "Anna Boats", emails=())
    shop.tell("sync")
    assert shop.tell("why", "20")[0]["reason"] == "no_address"
    shop.tell("contact", "set", "20", "ap@boats.example")
    assert shop.tell("why", "20")[0]["reason"] == "step_due"


def test_what_is_no_plain_address_is_refused(shop: Shop) -> None:
    for text in (
        "nobody",
        "a@b",
        "Anna <ap@boats.example>",
        "a@x.example,b@x.example",
        "a@x.example\nBcc: b@x.example",
    ):
        assert shop.run("contact", "set", "20", text).code == 1


def test_a_stopped_address_is_released_by_a_person(shop: Shop) -> None:
    with shop.service.database.write("stop") as connection:
        addresses.stop(connection, COMPANY, "ap20@example.com", because="bounced", now=shop.clock.now())
    shop.tell("run")
    assert shop.tell("why", "20")[0]["reason"] == "no_address"
    shop.tell("contact", "release", "AP20@example.com")
    assert shop.tell("why", "20")[0]["reason"] == "step_due"
    assert "20" in {each["account"] for each in shop.tell("plan")}
    assert shop.run("contact", "release", "ap20@example.com").code == 1


def test_language_and_zone_are_set_without_touching_the_addresses(shop: Shop) -> None:
    shop.tell("contact", "set", "20", "boss@boats.example")
    said = shop.tell("contact", "set", "20", "--zone", "Europe/Paris", "--language", "fr")
    assert (said["addresses"], said["zones"], said["writes_in"]) == (["boss@boats.example"], ["Europe/Paris"], "fr")
    assert shop.tell("contact", "show", "Anna Boats") == said
    assert [row["data"] for row in shop.history("contacts_set")] == [
        {"count": 1},
        {"zone": "Europe/Paris", "language": "fr"},
    ]


def test_a_message_is_written_in_the_language_that_was_set(shop: Shop) -> None:
    shop.tell("contact", "set", "20", "--language", "de")
    shop.tell("run")
    bodies = dict(shop.mailer.sent)
    assert b"Content-Language: de" in bodies["ap20@example.com"]
    assert b"Content-Language: en" in bodies["ap21@example.com"]


def test_a_message_waits_for_the_morning_where_the_customer_is(shop: Shop) -> None:
    shop.tell("contact", "set", "20", "--zone", "Asia/Tokyo")
    shop.tell("run")
    assert "ap20@example.com" not in dict(shop.mailer.sent)
    assert "ap21@example.com" in dict(shop.mailer.sent)


def test_an_empty_zone_or_language_is_the_ledgers_again(shop: Shop) -> None:
    shop.tell("contact", "set", "20", "--zone", "Europe/Paris", "--language", "fr")
    said = shop.tell("contact", "set", "20", "--zone", "", "--language", "")
    assert (said["zone"], said["language"], said["writes_in"]) == (None, None, "en")


def test_a_zone_without_summer_time_and_a_language_without_words_are_refused(shop: Shop) -> None:
    for words in (("--zone", "UTC+01:00"), ("--zone", "Mars/Olympus"), ("--language", "tlh"), ("--language", "DE")):
        assert shop.run("contact", "set", "20", *words).code == 1
    assert shop.history("contacts_set") == []


def test_what_is_known_of_a_contact_is_shown(shop: Shop) -> None:
    shop.ledger.bill("140", "20", "30.00", date(2026, 10, 1), number="1050", bill_emails=("site@boats.example",))
    shop.tell("sync")
    with shop.service.database.write("stop") as connection:
        addresses.stop(connection, COMPANY, "ap20@example.com", because="bounced", now=shop.clock.now())
    said = shop.tell("contact", "show", "20")
    assert said["ledger_addresses"] == ["ap20@example.com"]
    assert said["stopped"] == ["ap20@example.com"]
    assert said["invoice_addresses"] == ["site@boats.example"]
    assert "site@boats.example" in shop.run("contact", "show", "20").out
