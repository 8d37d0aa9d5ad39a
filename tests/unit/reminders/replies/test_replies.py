"""The likely meaning of an answer: a hint, in four languages, and never a card number kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.replies import REMOVED, Meaning, Meant, likely_meaning, scrub

MEANT = [
    ("en", Meant.PROMISE, "Hi Jane, we will pay EUR 1,250.00 on Friday, 27 November."),
    ("en", Meant.PROMISE, "It's in our payment run next week."),
    ("en", Meant.PROMISE, "I haven't forgotten you. I'll pay tomorrow."),
    ("en", Meant.DISPUTE, "Two boxes were damaged, please send a credit note."),
    ("en", Meant.DISPUTE, "We never ordered this."),
    ("en", Meant.PAID, "This was paid on 12 November."),
    ("en", Meant.PAID, "We have transferred the amount yesterday"),
    ("en", Meant.STOP, "Please remove me from your list."),
    ("en", Meant.WRONG_PERSON, "Bob has left the company, ask Carol."),
    ("en", Meant.OTHER, "Could you send me a copy of the invoice?"),
    ("en", Meant.OTHER, "We have not paid yet."),
    ("de", Meant.PROMISE, "Wir überweisen den Betrag am Freitag."),
    ("de", Meant.DISPUTE, "Die Ware war beschädigt, wir bitten um Gutschrift."),
    ("de", Meant.PAID, "Die Rechnung wurde bereits bezahlt."),
    ("de", Meant.STOP, "Bitte keine weiteren E-Mails."),
    ("de", Meant.WRONG_PERSON, "Ich bin dafür nicht zuständig."),
    ("de", Meant.OTHER, "Können Sie mir eine Kopie schicken?"),
    ("fr", Meant.PROMISE, "Nous paierons le 3 décembre 2026."),
    ("fr", Meant.DISPUTE, "Nous contestons cette facture."),
    ("fr", Meant.PAID, "La facture a été réglée hier."),
    ("fr", Meant.STOP, "Merci de me désinscrire."),
    ("fr", Meant.WRONG_PERSON, "Mme Martin ne travaille plus ici."),
    ("fr", Meant.OTHER, "Nous n’avons pas encore réglé."),
    ("es", Meant.PROMISE, "No hemos pagado todavía, pagaremos el 3 de diciembre."),
    ("es", Meant.DISPUTE, "No estamos de acuerdo con el importe."),
    ("es", Meant.PAID, "La factura ya está pagada."),
    ("es", Meant.STOP, "Quiero darme de baja."),
    ("es", Meant.WRONG_PERSON, "Creo que es la persona equivocada."),
    ("es", Meant.OTHER, "¿Me envía una copia?"),
]


@pytest.mark.parametrize(("language", "kind", "text"), MEANT)
def test_an_answer_is_understood_in_its_language(language: str, kind: Meant, text: str) -> None:
    assert likely_meaning(text, language).kind is kind


def test_english_is_understood_from_everybody() -> None:
    assert likely_meaning("We will pay on Friday", "fr").kind is Meant.PROMISE
    assert likely_meaning("We will pay on Friday", "pt").kind is Meant.PROMISE


def test_the_hint_quotes_its_sentence_and_the_amounts_and_days_as_written() -> None:
    text = "Hello.\nWe will pay EUR 1,250.00 on Friday, 27 November. The rest (300 $) by 2026-12-15.\nBob"
    assert likely_meaning(text, "en") == Meaning(
        kind=Meant.PROMISE,
        sentence="We will pay EUR 1,250.00 on Friday, 27 November.",
        amounts=("EUR 1,250.00", "300 $"),
        dates=("Friday", "27 November", "2026-12-15"),
    )


@pytest.mark.parametrize(
    ("language", "text", "amounts", "dates"),
    [
        (
            "de",
            "Wir zahlen 1.250,00 EUR am 12.12. oder bis 3. Januar 2027",
            ("1.250,00 EUR",),
            ("12.12.", "3. Januar 2027"),
        ),
        ("fr", "1 250,00 € le 1er décembre", ("1 250,00 €",), ("1er décembre",)),
        (
            "es",
            "1.250 EUR el 3 de diciembre de 2026, la próxima semana",
            ("1.250 EUR",),
            ("3 de diciembre de 2026", "próxima semana"),
        ),
        ("en", "£99.50 by the end of the month", ("£99.50",), ("end of the month",)),
        ("en", "Invoice 1042 is fine", (), ()),
    ],
)
def test_amounts_and_days_are_found_as_written(
    language: str, text: str, amounts: tuple[str, ...], dates: tuple[str, ...]
) -> None:
    meaning = likely_meaning(text, language)
    assert (meaning.amounts, meaning.dates) == (amounts, dates)


def test_what_a_person_must_see_soonest_wins() -> None:
    assert likely_meaning("We will pay the rest, but dispute 1043.").kind is Meant.DISPUTE
    assert likely_meaning("We paid. Stop writing to us.").kind is Meant.STOP


def test_words_inside_other_words_mean_nothing() -> None:
    assert likely_meaning("Our indisputed friend repaid us, prepaid that is.").kind is Meant.OTHER


CARDS = [
    "4111111111111111",
    "5500000000000004",
    "378282246310005",
    "6011000990139424",
    "4222222222222",
    "6304000000000000000",
]


def written(number: str) -> list[str]:
    fours = [number[at : at + 4] for at in range(0, len(number), 4)]
    return [number, " ".join(fours), "-".join(fours), "\u00a0".join(fours)]


@pytest.mark.parametrize("text", [form for card in CARDS for form in written(card)])
def test_a_card_number_is_never_kept(text: str) -> None:
    assert scrub(f"My card: {text}, thanks") == f"My card: {REMOVED}, thanks"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("4111 1111 1111 1111 12/28 123", f"{REMOVED} 12/28 123"),
        ("4111 1111 1111 1111 12 28 123", f"{REMOVED} 12 28 123"),
        ("ref 12 4111 1111 1111 1111", f"ref 12 {REMOVED}"),
        ("4111111111111111 and 5500 0000 0000 0004", f"{REMOVED} and {REMOVED}"),
        ("4111111111111111 5500000000000004", f"{REMOVED} {REMOVED}"),
    ],
)
def test_a_card_number_is_found_among_other_digits(text: str, kept: str) -> None:
    assert scrub(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 00",
        "4111111111111112",
        "call +49 30 1234567",
        "EUR 1,250.00 on 2026-11-20",
        "1042, 1043",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert scrub(text) == text


@given(st.text(st.sampled_from("0123456789 -a"), max_size=80))
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = scrub(text)
    assert scrub(once) == once
