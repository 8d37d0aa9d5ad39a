"""What machines flag, and what they leave alone (docs/rules.md, section 4)."""

import tomllib
from importlib.resources import files

import pytest
from msgspec.structs import replace as changed

from adapters.money import Money
from reminders.account import HoldKind, OwedItem
from reminders.flags import LANGUAGES, AppliedPayment, Flag, Sign, hold_of_flag, short_payment_flags, words_flag
from reminders.steps import Rules
from tests.unit.reminders.accounts import CALENDAR, day, owed, usd

RULES = Rules()


def rest(amount: str, number: str = "1") -> OwedItem:
    """An invoice over 100 of which `amount` is still open."""
    return changed(owed(number, day(-5)), open=usd(amount))


def payment(*numbers: str, memo: str = "", language: str = "") -> AppliedPayment:
    applied: dict[str, Money] = {f"invoice:{number}#1": usd("90") for number in numbers}
    return AppliedPayment(ref="payment:1", dated=day(0), applied=applied, memo=memo, language=language)


def signs(flags: tuple[Flag, ...]) -> list[Sign]:
    return [flag.sign for flag in flags]


@pytest.mark.parametrize(("amount", "is_flagged"), [("0.01", True), ("10.00", True), ("10.01", False), ("100", False)])
def test_a_rest_of_a_cent_to_ten_percent_is_flagged(amount: str, *, is_flagged: bool) -> None:
    flags = short_payment_flags(payment("1"), [rest(amount)], day(0), RULES)
    assert signs(flags) == ([Sign.SHORT_PAYMENT] if is_flagged else [])


def test_a_flag_says_what_it_saw() -> None:
    flag = short_payment_flags(payment("1"), [rest("5")], day(0), RULES)[0]
    assert (flag.item, flag.amount) == ("invoice:1#1", usd("5"))
    assert flag.text == "A payment left USD 5.00 open while everything else was paid in full: is it a deduction?"


def test_an_invoice_the_payment_did_not_touch_is_not_flagged() -> None:
    assert short_payment_flags(payment("2"), [rest("5")], day(0), RULES) == ()


def test_who_has_other_past_due_invoices_has_simply_not_paid_all() -> None:
    assert short_payment_flags(payment("1"), [rest("5"), owed("2", day(-3))], day(0), RULES) == ()
    for due in (day(0), day(9)):
        flags = short_payment_flags(payment("1"), [rest("5"), owed("2", due)], day(0), RULES)
        assert signs(flags) == [Sign.SHORT_PAYMENT]


def test_a_memo_that_names_a_deduction_flags_even_so() -> None:
    flags = short_payment_flags(payment("1", memo="less FREIGHT, see mail"), [rest("5"), owed("2")], day(5), RULES)
    assert signs(flags) == [Sign.DEDUCTION]
    assert 'its memo says "less freight"' in flags[0].text


def test_the_percentage_is_the_cadences() -> None:
    rules = Rules(short_payment_percent=3)
    assert short_payment_flags(payment("1"), [rest("3.01")], day(0), rules) == ()
    assert len(short_payment_flags(payment("1"), [rest("3.00")], day(0), rules)) == 1


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        ("We DISPUTE this invoice.", "en", "dispute"),
        ("#dispute wrong items", "fr", "#dispute"),
        ("Die Ware war mangelhaft.", "de-CH", "mangelhaft"),
        ("Nous n'avons jamais reçu la marchandise.", "fr", "jamais reçu"),
        ("El precio incorrecto, por favor revisar", "es", "precio incorrecto"),
        ("never\n  received it", "", "never\n  received"),
        ("The goods are damaged", "de", "damaged"),
    ],
)
def test_words_of_contest_flag_in_the_customers_language_and_in_english(text: str, language: str, word: str) -> None:
    flag = words_flag(text, language)
    assert flag is not None
    assert (flag.sign, flag.word) == (Sign.WORDS, word)
    assert word in flag.text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We will pay on Friday.", "en"),
        ("indisputable, undisputed", "en"),
        ("Wir zahlen am Freitag.", "de"),
        ("mangelhaft", "fr"),
        ("", ""),
        ("Nichts", "xx"),
    ],
)
def test_other_words_do_not(text: str, language: str) -> None:
    assert words_flag(text, language) is None


def test_a_flag_holds_its_item_for_five_working_days() -> None:
    flag = Flag(sign=Sign.SHORT_PAYMENT, item="invoice:1#1", amount=usd("5"))
    hold = hold_of_flag(flag, "f1", day(0), CALENDAR, RULES)
    assert (hold.kind, hold.begins, hold.ends) == (HoldKind.FLAG, day(0), day(7))
    assert hold.covers("invoice:1#1", day(6))
    assert not hold.covers("invoice:1#1", day(7))
    assert not hold.covers("invoice:2#1", day(1))


def test_words_that_name_no_item_hold_the_account() -> None:
    hold = hold_of_flag(Flag(sign=Sign.WORDS, word="dispute"), "f1", day(0), CALENDAR, RULES)
    assert hold.covers("invoice:7#1", day(1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_hold_no_word_twice(language: str) -> None:
    lists = tomllib.loads((files("reminders") / "words" / f"{language}.toml").read_text(encoding="utf-8"))
    assert set(lists) == {"dispute", "deduction"}
    for words in lists.values():
        assert len(words) == len(set(words))
        assert all(word == word.casefold().strip() for word in words)
