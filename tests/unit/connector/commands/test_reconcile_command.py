"""A total that a person read elsewhere, beside ours: to the cent, with what accounts for it or is worth a look."""

from datetime import date

import pytest

from adapters.money import Money
from connector.elsewhere import Choice, accounting
from tests.unit.connector.commands.shop import Shop

USD = ("--currency", "USD")
OURS = "225.50"  # 100.00 and 50.00 of Anna Boats, 75.50 of Anna Berta Books


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """With a free credit, an invoice dated later, and a down payment that the ledger keeps apart."""
    shop.ledger.bill("150", "22", "500.00", date(2027, 1, 5), number="1050")
    shop.ledger.credit("700", "20", "30.00", date(2026, 10, 30))
    shop.ledger.bill("151", "22", "30.00", date(2026, 11, 9), number="1051")
    shop.ledger.aside = {"special G/L A": {"USD": Money.of("-12.00", "USD"), "EUR": Money.of("7.00", "EUR")}}
    shop.tell("sync")
    return shop


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (OURS, []),
        ("213.50", ["with special G/L A"]),
        ("725.50", ["with documents dated after 2026-11-02"]),
        ("255.50", ["without payments and credit memos that are set against no invoice"]),
        ("713.50", ["with documents dated after 2026-11-02", "with special G/L A"]),
    ],
)
def test_what_accounts_for_a_total_to_the_cent_is_said(shop: Shop, read: str, words: list[str]) -> None:
    told = shop.tell("reconcile", "--against", read, *USD)["against"]
    assert told["agrees"]
    assert [each["words"] for each in told["accounted"]] == words


def test_a_cent_that_nothing_accounts_for_exits_with_five_and_says_what_others_count(shop: Shop) -> None:
    said = shop.run("reconcile", "--against", "225.51", *USD)
    assert said.code == 5
    assert "You read USD 225.51: USD 0.01 more than our USD 225.50." in said.out
    for each in ("2026-11-02: agrees", "with special G/L A", "USD 213.50", "with documents dated after", "USD 725.50"):
        assert each in said.out


def test_an_invoice_or_a_customer_open_with_exactly_the_difference_is_named(shop: Shop) -> None:
    told = shop.run("reconcile", "--against", "105.50", "--json", *USD).data["against"]
    assert told["difference"] == {"amount": "-120.00", "currency": "USD"}
    assert [each["what"] for each in told["suspects"]] == ["Anna Boats (20)"]
    told = shop.run("reconcile", "--against", "150.00", "--json", *USD).data["against"]
    assert [each["what"] for each in told["suspects"]] == ["invoice 1045 of Anna Berta Books (22)"]


def test_a_total_that_agrees_does_not_hide_that_the_ledger_differs(shop: Shop) -> None:
    shop.ledger.misreport["20"] = Money.of("119.99", "USD")
    said = shop.run("reconcile", "--against", OURS, "--json", *USD)
    assert (said.code, said.data["state"], said.data["against"]["agrees"]) == (5, "differs", True)


def test_other_currencies_are_not_added(shop: Shop) -> None:
    assert shop.tell("reconcile", "--against", "207.00", "--currency", "eur")["against"]["accounted"]
    assert shop.run("reconcile", "--against", "425.50", *USD).code == 5
    assert shop.tell("reconcile", "--against", "0.00", "--currency", "GBP")["against"]["agrees"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--against", "225.50"), "Open items are in EUR, USD: say with --currency in which one your total is."),
        (("--against", "225,50", *USD), "“225,50” is no total: write it as 1250.00"),
        (("--against", "100-", *USD), "“100-” is no total"),
        (USD, "--currency is of a total that you read elsewhere: say which with --against."),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(shop: Shop, words: tuple[str, ...], said: str) -> None:
    before = shop.ledger.reads
    ran = shop.run("reconcile", *words)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert said in ran.err
    assert shop.ledger.reads == before


def test_a_sum_below_zero_is_a_total_as_well(shop: Shop) -> None:
    for number, owner in (("701", "20"), ("702", "22")):
        shop.ledger.credit(number, owner, "200.00", date(2026, 10, 30))
    shop.tell("sync")
    assert shop.tell("reconcile", "--against", "-174.50", *USD)["against"]["accounted"] == []


def test_the_fewest_choices_account_for_a_difference() -> None:
    choices = [Choice(words=word, amount=Money(minor, "EUR")) for word, minor in (("a", 3), ("b", 5), ("c", 8))]
    found = accounting(Money(8, "EUR"), choices)
    assert found is not None
    assert [each.words for each in found] == ["c"]
    assert accounting(Money(4, "EUR"), choices) is None
    assert accounting(Money(0, "EUR"), []) == ()
