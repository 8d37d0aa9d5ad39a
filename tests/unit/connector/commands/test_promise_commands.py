from datetime import date, timedelta

from connector.promises import end_promise
from reminders.holds import PromiseState
from tests.unit.connector.commands.shop import Shop


def test_a_promise_without_invoices_is_for_all_that_is_past_due(shop: Shop) -> None:
    made = shop.tell("promise", "add", "20", "100.00", "2026-11-10")
    assert made["amount"] == {"amount": "100.00", "currency": "USD"}
    [listed] = shop.tell("promise", "list")
    assert (listed["customer"], listed["day"], listed["items"]) == ("Anna Boats", "2026-11-10", ["invoice:130#1"])


def test_a_promise_names_its_invoices_by_number(shop: Shop) -> None:
    made = shop.tell("promise", "add", "20", "50", "2026-11-25", "--invoice", "1043", "--by", "Ann")
    assert made["items"] == ["invoice:131#1"]


def test_a_promise_is_noted_in_the_ledger_and_keeps_reminders_away(shop: Shop) -> None:
    shop.tell("promise", "add", "Anna Boats", "100.00", "2026-11-10")
    assert any(note.startswith("Promise") and "1042" in note for note in shop.notes())
    assert "ap20@example.com" not in {address for address, _ in shop.mailer.sent}


def test_the_currency_is_that_of_what_is_open(shop: Shop) -> None:
    assert shop.tell("promise", "add", "21", "20.00", "2026-11-10")["amount"]["currency"] == "EUR"


def test_a_customer_who_owes_in_two_currencies_is_asked_which(shop: Shop) -> None:
    shop.ledger.bill("140", "20", "9.00", date(2026, 10, 1), currency="EUR")
    shop.tell("sync")
    said = shop.run("promise", "add", "20", "9.00", "2026-11-10")
    assert said.code == 1
    assert "EUR, USD" in said.err
    assert shop.tell("promise", "add", "20", "9.00", "2026-11-10", "--currency", "eur")["amount"]["currency"] == "EUR"


def test_an_amount_that_can_be_read_in_two_ways_is_refused(shop: Shop) -> None:
    for amount in ("1,250", "1.250,00", "-5", "1e3", "12.345"):
        assert shop.run("promise", "add", "20", "--", amount, "2026-11-10").code == 1


def test_a_promise_for_a_day_that_has_passed_is_refused_in_one_sentence(shop: Shop) -> None:
    said = shop.run("promise", "add", "20", "5", "2026-10-01")
    assert (said.code, said.err.count("\n")) == (1, 1)


def test_a_third_promise_after_two_broken_ones_needs_a_person(shop: Shop) -> None:
    for _ in range(2):
        made = shop.tell("promise", "add", "20", "5", "2026-11-20")
        with shop.service.database.write("break") as connection:
            end_promise(shop.office, connection, made["id"], PromiseState.BROKEN, because="test")
    shop.clock.advance(timedelta(days=1))
    assert "--confirmed" in shop.run("promise", "add", "20", "5", "2026-11-20").err
    assert shop.run("promise", "add", "20", "5", "2026-11-20", "--confirmed").code == 0


def test_a_promise_is_withdrawn_once_by_the_beginning_of_its_id(shop: Shop) -> None:
    made = shop.tell("promise", "add", "20", "100.00", "2026-11-10")
    assert shop.tell("promise", "withdraw", made["id"][:8])["state"] == "withdrawn"
    assert shop.tell("promise", "list") == []
    assert [row["state"] for row in shop.tell("promise", "list", "--all")] == ["withdrawn"]
    assert "has ended before" in shop.run("promise", "withdraw", made["id"]).err


def test_an_unknown_promise_says_where_to_look(shop: Shop) -> None:
    said = shop.run("promise", "withdraw", "ffff")
    assert said.code == 1
    assert "duecourse promise list" in said.err
