"""Cadence files: read, checked in one go, and read aloud."""

import tomllib
from dataclasses import fields
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.cadence_file import (
    BUILTIN,
    CadenceProblems,
    FileProblem,
    Rules,
    load_builtin,
    parse_cadence,
)
from reminders.cadence_reading import read_aloud, simulate
from reminders.working_days import WorkingDays

GOOD = """\
name = "ours"
list_not_due = true

[rules]
min_gap_days = 4
partial = "ask_rest"

[rules.minimum]
USD = "2.50"
JPY = 500

[[step]]
id = "first"
day = 2
channel = "email"
tone = "friendly"
roles = ["billing"]

[[step]]
id = "call"
day = 9
channel = "call"
tone = "firm"
"""

TEN_MISTAKES = """\
list_not_due = "yes"

[rules]
min_gap_dais = 5
partial = "half"
weekly_cap = 0

[rules.minimum]
usd = 5.00

[[step]]
id = "Heads Up"
day = 3
channel = "email"
tone = "heads_up"

[[step]]
id = "first"
day = 0
channel = "fax"
tone = "angry"

[[step]]
id = "first"
day = 5
channel = "email"
tone = "plain"
roles = "billing"

[[step]]
day = 2
channel = "email"
tone = "firm"
"""


def problems(text: str) -> list[FileProblem]:
    with pytest.raises(CadenceProblems) as caught:
        parse_cadence(text, source="ours.toml")
    return caught.value.problems


def changed(old: str, new: str) -> list[tuple[int, str]]:
    assert old in GOOD
    return [(each.line, each.text) for each in problems(GOOD.replace(old, new))]


def test_a_good_file_is_read_whole() -> None:
    cadence = parse_cadence(GOOD, source="ours.toml")
    assert (cadence.name, cadence.list_not_due) == ("ours", True)
    assert [(step.id, step.day, step.channel, step.tone) for step in cadence.steps] == [
        ("first", 2, "email", "friendly"),
        ("call", 9, "call", "firm"),
    ]
    assert cadence.steps[0].roles == ("billing",)
    assert cadence.rules.min_gap_days == 4
    assert cadence.rules.minimum == {"USD": Decimal("2.50"), "JPY": Decimal(500)}
    assert cadence.rules.posting_lag_days == Rules().posting_lag_days


def test_the_version_is_the_text() -> None:
    one = parse_cadence(GOOD, source="a")
    assert one.version == parse_cadence(GOOD, source="b").version
    assert one.version != parse_cadence(GOOD.replace("day = 9", "day = 10"), source="a").version


def test_every_mistake_of_a_file_is_told_at_once_with_its_line() -> None:
    found = [(each.line, each.text) for each in problems(TEN_MISTAKES)]
    lines = [line for line, _ in found]
    assert lines == sorted(lines)
    expected = [
        (1, "the cadence needs a name"),
        (1, "list_not_due is true or false"),
        (4, "did you mean min_gap_days?"),
        (5, "partial is one of hold, ask_rest"),
        (6, "weekly_cap is a whole number from 1 up"),
        (9, "write three capitals"),
        (9, "write it in quotes"),
        (12, "a step needs an id of small letters"),
        (15, "its tone cannot be heads_up. Is the sign meant?"),
        (19, "day = 0 is the due date itself"),
        (20, "channel is one of call, email, not 'fax'"),
        (21, "tone is one of heads_up"),
        (24, "the id first was used by step 2"),
        (28, "roles is a list of words"),
        (30, "a step needs an id"),
        (31, "steps stand in the order of their days"),
    ]
    for line, text in expected:
        assert any(at == line and text in said for at, said in found), (line, text, found)


def test_the_error_names_the_file_and_each_line() -> None:
    with pytest.raises(CadenceProblems, match=r"^ours\.toml:1: ") as caught:
        parse_cadence(TEN_MISTAKES, source="ours.toml")
    assert str(caught.value).count("\n") == len(caught.value.problems) - 1


def test_lines_that_are_no_toml_do_not_hide_the_other_mistakes() -> None:
    broken = GOOD.replace('id = "first"', 'id = "first').replace("day = 9", "day = = 9").replace('"firm"', '"cross"')
    said = [(each.line, each.text) for each in problems(broken)]
    assert any(line == 13 and "cannot be read" in text for line, text in said)
    assert any(line == 21 and "cannot be read" in text for line, text in said)
    assert any(line == 23 and "tone is one of" in text for line, text in said)


def test_a_broken_step_header_still_begins_a_step() -> None:
    said = [(each.line, each.text) for each in problems(GOOD.replace('[[step]]\nid = "call"', '[[step]\nid = "call"'))]
    assert [line for line, _ in said] == [19]


def test_an_empty_file_says_what_is_missing() -> None:
    assert [each.text for each in problems("")] == [
        "the cadence has no steps: begin each with [[step]].",
        'the cadence needs a name: name = "standard".',
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("day = 2\n", 'day = "2"\n', 14, "a step needs a day"),
        ("day = 2\n", "day = 2.5\n", 14, "a step needs a day"),
        ("day = 2\n", "day = true\n", 14, "a step needs a day"),
        ("day = 2\n", "day = -2\n", 16, "its tone is heads_up. Is the sign meant?"),
        ("day = 2\n", "day = 1000\n", 14, "out of reach"),
        ("day = 9\n", "day = 2\n", 21, "in the order of their days"),
        ("day = 9\n", "day = 4\n", 21, "sooner than min_gap_days = 4"),
        ("day = 9\n", "day = -9\n", 22, "a person calls after it"),
        ('id = "call"', 'id = "call"\nnote = "x"', 21, "note is not known"),
        ("[rules]\n", 'rules = "none"\n[other]\n', 4, "rules is a table"),
        ("[rules.minimum]\n", "minimum = 5\n[rules.small_balance]\n", 8, "minimum is a table by currency"),
        ('USD = "2.50"', 'USD = "a lot"', 9, "is no amount"),
        ('USD = "2.50"', 'USD = "-1"', 9, "is no amount"),
        ("min_gap_days = 4", "min_gap_days = true", 5, "whole number"),
        ("min_gap_days = 4", "short_payment_percent = 101", 5, "at most 100"),
        ("min_gap_days = 4", 'follow_bill_email = "no"', 5, "true or false"),
        ('tone = "firm"', 'tone = "firm"\ntemplate = "letter"', 24, "template is one of"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, text: str) -> None:
    assert any(at == line and text in said for at, said in changed(old, new)), changed(old, new)


# The built-in ones


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_cadence_writes_down_every_number_of_the_rules(name: str) -> None:
    text = (files("reminders") / "cadences" / f"{name}.toml").read_text(encoding="utf-8")
    told = set(tomllib.loads(text)["rules"])
    assert told == {field.name for field in fields(Rules)} - {"cash_posted_within"}
    cadence = load_builtin(name)
    assert cadence.name == name
    assert cadence.heads_ups == 1


def test_only_the_built_in_names_are_known() -> None:
    with pytest.raises(KeyError):
        load_builtin("../../etc/passwd")


def test_the_defaults_are_the_standard_cadences_numbers() -> None:
    standard = load_builtin("standard").rules
    for field in fields(Rules):
        if field.name not in {"minimum", "small_balance"}:
            assert getattr(standard, field.name) == getattr(Rules(), field.name), field.name


# Reading aloud


def test_a_cadence_is_read_aloud_with_its_days() -> None:
    said = read_aloud(load_builtin("standard"), date(2026, 5, 1), WorkingDays())
    assert said[:5] == [
        "An invoice due Fri 1 May 2026 that nobody pays gets:",
        "Tue 28 Apr 2026, 3 days before the due date: a heads-up (heads-up).",
        "Wed 6 May 2026, 5 days after the due date: a friendly reminder (first).",
        "Tue 12 May 2026, 11 days after the due date: a plain reminder (second).",
        "Fri 22 May 2026, 21 days after the due date: a firm reminder (third).",
    ]
    assert "nothing more is sent" in said[-2]


def test_an_invoice_that_appears_late_enters_at_the_first_step() -> None:
    planned = simulate(load_builtin("standard"), date(2026, 5, 1), WorkingDays(), seen=date(2026, 6, 1))
    assert [(each.on, each.step.id) for each in planned if each.step][:2] == [
        (date(2026, 6, 8), "first"),
        (date(2026, 6, 15), "second"),
    ]


def test_a_heads_up_that_cannot_go_in_time_is_read_as_lapsing() -> None:
    off = WorkingDays(days_off=[date(2026, 4, 28), date(2026, 4, 29), date(2026, 4, 30)])
    said = read_aloud(load_builtin("standard"), date(2026, 5, 1), off)
    assert said[1] == "Fri 1 May 2026, on the due date: a heads-up (heads-up) lapses unsent."


def test_every_step_of_a_built_in_cadence_is_reached() -> None:
    for name in BUILTIN:
        cadence = load_builtin(name)
        planned = simulate(cadence, date(2026, 9, 9), WorkingDays("US"))
        assert [each.step.id for each in planned if each.step] == [step.id for step in cadence.steps]
        assert planned[-1].step is None


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 24), st.sampled_from(("", "[[step]]", "[rules", "day = ", "x", 'id = "', "= 5", "]]"))
        ),
        min_size=1,
        max_size=5,
    )
)
def test_no_file_is_too_broken_to_be_told_what_is_wrong(edits: list[tuple[int, str]]) -> None:
    lines = GOOD.splitlines()
    for number, text in edits:
        lines[number % len(lines)] = text
    found = found_in("\n".join(lines))
    assert found is None or (found and all(1 <= each.line <= len(lines) and each.text for each in found))


def found_in(text: str) -> list[FileProblem] | None:
    try:
        parse_cadence(text, source="ours.toml")
    except CadenceProblems as broken:
        return broken.problems
    return None
