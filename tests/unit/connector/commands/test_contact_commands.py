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
