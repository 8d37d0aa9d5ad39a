"""Which cadence a customer gets."""

from dataclasses import replace
from decimal import Decimal

import pytest

from reminders.assignment import Assignment, AssignmentRule, CustomerFacts
from reminders.assignment_file import AssignmentProblems, parse_assignment
from tests.unit.reminders.accounts import eur, usd

FACTS = CustomerFacts(
    customer="20",
    customer_type="Wholesale",
    segment="key",
    country="DE",
    open={"USD": usd("900"), "EUR": eur("200")},
    broken_promises=1,
    average_days_late=12,
)


def test_without_rules_everybody_gets_the_default() -> None:
    assert Assignment().choose(FACTS).cadence == "standard"
    assert Assignment(default="friendly").choose(FACTS).because == "the default"


def test_a_person_can_opt_a_customer_out_whatever_the_rules_say() -> None:
    rules = Assignment(rules=(AssignmentRule(cadence="firm"),), opted_out=frozenset(["20"]))
    assert rules.choose(FACTS).cadence is None
    assert rules.choose(replace(FACTS, customer="21")).cadence == "firm"


def test_the_first_rule_that_fits_decides_and_is_named() -> None:
    rules = (AssignmentRule(cadence="firm", countries=["FR"]), AssignmentRule(cadence="friendly", countries=["de"]))
    chosen = Assignment(rules=rules).choose(FACTS)
    assert (chosen.cadence, chosen.because) == ("friendly", "assignment rule 2")


def test_a_rule_without_a_cadence_leaves_its_customers_out() -> None:
    rules = (AssignmentRule(cadence=None, customer_types=["wholesale"]),)
    assert Assignment(rules=rules).choose(FACTS).cadence is None


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (AssignmentRule(cadence="x"), True),
        (AssignmentRule(cadence="x", segments=["KEY"]), True),
        (AssignmentRule(cadence="x", segments=["small"]), False),
        (AssignmentRule(cadence="x", customers=["20"]), True),
        (AssignmentRule(cadence="x", customers=["2"]), False),
        (AssignmentRule(cadence="x", balance_at_least={"USD": Decimal(900)}), True),
        (AssignmentRule(cadence="x", balance_at_least={"USD": Decimal("900.01")}), False),
        (AssignmentRule(cadence="x", balance_at_least={"USD": Decimal(5000), "EUR": Decimal(200)}), True),
        (AssignmentRule(cadence="x", balance_at_least={"GBP": Decimal(1)}), False),
        (AssignmentRule(cadence="x", broken_promises_at_least=1), True),
        (AssignmentRule(cadence="x", broken_promises_at_least=2), False),
        (AssignmentRule(cadence="x", average_days_late_at_least=12), True),
        (AssignmentRule(cadence="x", average_days_late_at_least=13), False),
        (AssignmentRule(cadence="x", average_days_late_at_most=12), True),
        (AssignmentRule(cadence="x", average_days_late_at_most=11), False),
        (AssignmentRule(cadence="x", segments=["key"], countries=["FR"]), False),
    ],
)
def test_a_rule_fits_where_all_it_names_fits(rule: AssignmentRule, *, fits: bool) -> None:
    assert rule.fits(FACTS) is fits


def test_a_customer_without_history_fits_no_rule_about_history() -> None:
    new = replace(FACTS, average_days_late=None)
    assert not AssignmentRule(cadence="x", average_days_late_at_most=5).fits(new)


# The file


FILE = """\
default = "standard"
opted_out = ["58"]

[[rule]]
cadence = "none"
customer_types = ["Staff"]

[[rule]]
cadence = "friendly"
countries = ["DE"]
balance_at_least = { EUR = "200", USD = 5000 }
average_days_late_at_most = 12
"""

KNOWN = ("friendly", "standard")


def test_the_assignment_is_read_from_its_file() -> None:
    read = parse_assignment(FILE, source="assignment.toml", cadences=KNOWN)
    assert read.choose(FACTS).cadence == "friendly"
    assert read.choose(replace(FACTS, country="FR")).cadence == "standard"
    assert read.choose(replace(FACTS, customer_type="staff")).cadence is None
    assert read.choose(replace(FACTS, customer="58")).because == "opted out by a person"


def test_every_mistake_of_the_file_is_told_at_once_with_its_line() -> None:
    broken = """\
default = "gentle"
opted_out = "58"
[[rule]]
cadence = "strict"
contries = ["DE"]
segments = "key"
balance_at_least = { eur = 1.5 }
[[rule]]
cadence = "friendly
broken_promises_at_least = "two"
"""
    with pytest.raises(AssignmentProblems) as caught:
        parse_assignment(broken, source="assignment.toml", cadences=KNOWN)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 4, 5, 6, 7, 7, 9, 9, 10]
    assert "assignment.toml:5: contries is not known; did you mean countries?" in str(caught.value)


def test_rules_are_tables() -> None:
    with pytest.raises(AssignmentProblems, match="begin each with"):
        parse_assignment('default = "standard"\nrule = 5', source="a", cadences=KNOWN)
