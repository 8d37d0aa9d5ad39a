"""The notes in the ledger: a first line that can be read by itself, in four languages."""

import re
from datetime import date

import pytest

from adapters.ledger import EntryKind
from adapters.money import Money
from reminders.notes import KINDS, NoteFacts, neutral_line, note_text

LANGUAGES = ("en", "de", "fr", "es")
OUTCOMES = {"dispute_resolved": "upheld", "document_gone": "voided", "settled": "lost"}
ON = date(2026, 11, 14)


def facts(kind: str = "reminder", **more: object) -> NoteFacts:
    given: dict[str, object] = {
        "on": ON,
        "documents": ("1042", "1043", "1044"),
        "amounts": (Money(12_500_000, "EUR"),),
        "paid": Money(10_000_000, "EUR"),
        "day": date(2026, 11, 30),
        "until": date(2026, 12, 31),
        "step": 2,
        "subject": "3 open invoices, EUR 125,000.00: Acme",
        "recipients": ("ap@blue.example", "cfo@blue.example"),
        "lines": ("1042: 12 days past due, EUR 100,000.00",),
        "reason": "wrong price",
        "owner": "Carol",
        "by": "Jane Doe",
        "quote": "We will pay on 30 November.",
        "outcome": OUTCOMES.get(kind, ""),
    }
    return NoteFacts(**(given | more))  # type: ignore[arg-type]  # names are checked by the class itself


def first_line(kind: str, language: str = "en-GB", **more: object) -> str:
    return note_text(kind, facts(kind, **more), language).splitlines()[0]


def test_there_is_a_note_for_every_kind_of_entry() -> None:
    assert set(KINDS) == {kind.value for kind in EntryKind}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_line_fits_80_characters_and_is_not_cut(kind: str, language: str) -> None:
    line = first_line(kind, language)
    assert 20 <= len(line) <= 80
    assert "…" not in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_it_in_its_own_words(language: str) -> None:
    others = [other for other in LANGUAGES if other != language]
    for kind in KINDS:
        assert first_line(kind, language) not in [first_line(kind, other) for other in others]


@pytest.mark.parametrize("kind", KINDS)
def test_a_note_never_outgrows_its_room(kind: str) -> None:
    huge = facts(
        kind,
        documents=tuple(f"INV-2026-{n:09}" for n in range(500)),
        lines=("x" * 500,) * 500,
        quote="w" * 10_000,
        subject="s" * 5_000,
        recipients=("r" * 60 + "@blue.example",) * 50,
        reason="r" * 5_000,
        by="b" * 500,
    )
    for language in LANGUAGES:
        text = note_text(kind, huge, language)
        assert len(text) <= 1_800
        assert len(text.splitlines()[0]) <= 80


def test_a_reminders_note_tells_what_was_asked_of_whom() -> None:
    assert note_text("reminder", facts(), "en-GB").splitlines() == [
        "Reminder 2 sent 14 Nov 2026: EUR 125,000.00, 1042, 1043, 1044",
        "Date: 14 Nov 2026",
        "Subject: 3 open invoices, EUR 125,000.00: Acme",
        "To: ap@blue.example, cfo@blue.example",
        "Documents: 1042, 1043, 1044",
        "Received: EUR 100,000.00",
        "Reason: wrong price",
        "Looked after by: Carol",
        "From: Jane Doe",
        "- 1042: 12 days past due, EUR 100,000.00",
        "Words: We will pay on 30 November.",
    ]


def test_an_uncertain_reminder_says_that_nobody_knows() -> None:
    lines = note_text("reminder", facts(uncertain=True), "en").splitlines()
    assert lines[0].startswith("Reminder handed over, acceptance unknown: EUR 125,000.00")
    assert lines[1] == "The mail server's last answer did not come. The mail may have arrived; it counts as sent."


def test_the_outcome_stands_in_the_first_line() -> None:
    assert first_line("dispute_resolved", outcome="credited").startswith("Dispute settled by a credit 14 Nov 2026")
    assert first_line("document_gone", documents=("1042",), outcome="voided") == "1042 voided, reminders stopped"
    assert "it arrived" in first_line("settled", outcome="arrived")


def test_a_fact_that_is_missing_leaves_out_its_line() -> None:
    bare = NoteFacts(on=ON, amounts=(Money(100, "EUR"), Money(200, "USD")))
    assert note_text("reminder", bare, "en-GB") == "Reminder sent 14 Nov 2026: EUR 1.00 and USD 2.00\nDate: 14 Nov 2026"


def test_unknown_kinds_and_outcomes_are_errors() -> None:
    with pytest.raises(KeyError):
        note_text("gossip", facts(), "en")
    with pytest.raises(KeyError):
        note_text("settled", facts(outcome="eaten by the dog"), "en")


def test_foreign_words_cannot_add_lines_or_be_read_as_templates() -> None:
    text = note_text("reply", facts("reply", by="{{ 7*7 }}\nfoo", quote="a\nb\r\nc{% if %}"), "en")
    assert "{{ 7*7 }} foo" in text
    assert "Words: a b c{% if %}" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_neutral_line_tells_neither_amounts_nor_promises_nor_disputes(kind: str, language: str) -> None:
    line = neutral_line(kind, facts(kind, documents=("INV-1",) * 30), language)
    assert len(line) <= 120
    assert "\n" not in line
    assert "EUR" not in line
    words = r"promis|promes|zusage|disput|litig|einwand|reminder|rappel|erinner|recordat|mahn|Jane|wrong"
    assert not re.search(words, line, re.IGNORECASE)
