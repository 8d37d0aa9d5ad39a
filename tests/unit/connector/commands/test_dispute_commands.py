from datetime import date

from tests.unit.connector.commands.shop import Shop


def test_a_dispute_without_an_amount_is_about_all_that_is_open(shop: Shop) -> None:
    assert shop.tell("dispute", "open", "20", "1042")["amount"] == {"amount": "100.00", "currency": "USD"}


def test_a_dispute_goes_from_open_over_review_to_resolved_and_each_is_noted(shop: Shop) -> None:
    opened = shop.tell("dispute", "open", "20", "1042", "--amount", "30.00", "--reason", "broken", "--owner", "Ann")
    shop.tell("dispute", "review", opened["id"][:8], "--owner", "Bo")
    [listed] = shop.tell("dispute", "list")
    assert (listed["state"], listed["owner"], listed["invoice"]) == ("under_review", "Bo", "1042")
    shop.tell("dispute", "resolve", opened["id"], "upheld")
    assert shop.tell("dispute", "list") == []
    assert [row["resolution"] for row in shop.tell("dispute", "list", "--all")] == ["upheld"]
    assert sum(note.startswith("Dispute") for note in shop.notes()) == 3


def test_only_the_rest_of_a_disputed_invoice_is_asked_for(shop: Shop) -> None:
    shop.tell("dispute", "open", "20", "1042", "--amount", "30.00")
    [plan] = shop.tell("plan", "20")
    assert plan["asked"] == [{"amount": "70.00", "currency": "USD"}]


def test_a_resolved_dispute_cannot_be_resolved_again(shop: Shop) -> None:
    opened = shop.tell("dispute", "open", "20", "1042")
    shop.tell("dispute", "resolve", opened["id"], "credited")
    assert shop.run("dispute", "resolve", opened["id"], "upheld").code == 1


def test_an_unknown_outcome_is_a_usage_error(shop: Shop) -> None:
    assert shop.run("dispute", "resolve", "abc", "forgiven").code == 2


def test_an_invoice_that_is_not_open_is_refused_naming_those_that_are(shop: Shop) -> None:
    said = shop.run("dispute", "open", "20", "9999")
    assert said.code == 1
    assert "1042, 1043" in said.err


def test_an_invoice_number_that_stands_twice_is_told_apart_by_its_ref(shop: Shop) -> None:
    shop.ledger.bill("150", "20", "5.00", date(2026, 10, 1), number="1042")
    shop.tell("sync")
    said = shop.run("dispute", "open", "20", "1042")
    assert "invoice:130, invoice:150" in said.err
    assert shop.tell("dispute", "open", "20", "invoice:150")["item"] == "invoice:150#1"
