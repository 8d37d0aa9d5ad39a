"""The assignment file: which customers get which cadence, as a company writes it down.

default = "standard"
opted_out = ["58"]                     # customers who get no reminders

[[rule]]                               # the first rule that fits decides
cadence = "firm"                       # or "none": its customers get no reminders
broken_promises_at_least = 2

[[rule]]
cadence = "friendly"
countries = ["DE", "AT"]
balance_at_least = { EUR = "10000" }
average_days_late_at_most = 10
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from reminders.assignment import Assignment, AssignmentRule
from reminders.toml_lines import FileProblem, Lines, Table, amounts_problems, exact_amount, read_tables, unknown_keys

NO_CADENCE = "none"
_NAMES = ("customers", "customer_types", "segments", "countries")
_NUMBERS = ("broken_promises_at_least", "average_days_late_at_least", "average_days_late_at_most")
_BALANCE = "balance_at_least"


class AssignmentProblems(ValueError):
    """An assignment file that cannot be used; `problems` are all of its mistakes, in the order of their lines."""

    def __init__(self, source: str, problems: Iterable[FileProblem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(f"{source}:{problem.line}: {problem.text}" for problem in self.problems))


def parse_assignment(text: str, *, source: str, cadences: Collection[str]) -> Assignment:
    """The assignment written in `text`, among `cadences`. Raises `AssignmentProblems` with all that is wrong."""
    tables, problems = read_tables(text, "rule")
    problems += _problems_of(tables, Lines(text), cadences)
    if problems:
        raise AssignmentProblems(source, problems)
    return Assignment(
        default=tables["default"],
        rules=tuple(_rule(rule) for rule in tables.get("rule", [])),
        opted_out=frozenset(tables.get("opted_out", [])),
    )


def _rule(table: Table) -> AssignmentRule:
    facts: dict[str, Any] = {key: tuple(table[key]) for key in _NAMES if key in table}
    facts |= {key: table[key] for key in _NUMBERS if key in table}
    balance = {
        currency: exact
        for currency, amount in table.get(_BALANCE, {}).items()
        if (exact := exact_amount(amount)) is not None
    }
    cadence = None if table["cadence"] == NO_CADENCE else table["cadence"]
    return AssignmentRule(cadence=cadence, balance_at_least=balance, **facts)


def _problems_of(tables: Table, lines: Lines, cadences: Collection[str]) -> Iterator[FileProblem]:
    yield from unknown_keys(tables, ("default", "opted_out", "rule"), lines, ())
    if tables.get("default") not in cadences:
        yield FileProblem(lines.of("default"), f"default is one of {', '.join(cadences)}.")
    if not _is_words(tables.get("opted_out", [])):
        yield FileProblem(lines.of("opted_out"), 'opted_out is a list of customer ids: opted_out = ["58"].')
    rules = tables.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        yield FileProblem(lines.of("rule"), "rules are tables: begin each with [[rule]].")
        return
    for index, rule in enumerate(rules):
        yield from _rule_problems(rule, index, lines, cadences)


def _rule_problems(rule: Table, index: int, lines: Lines, cadences: Collection[str]) -> Iterator[FileProblem]:
    path = ("rule", index)
    yield from unknown_keys(rule, ("cadence", *_NAMES, *_NUMBERS, _BALANCE), lines, path)
    if rule.get("cadence") not in (*cadences, NO_CADENCE):
        yield FileProblem(lines.of(*path, "cadence"), f"cadence is one of {', '.join((*cadences, NO_CADENCE))}.")
    for key in _NAMES:
        if not _is_words(rule.get(key, [])):
            yield FileProblem(lines.of(*path, key), f'{key} is a list of words: {key} = ["..."].')
    for key in _NUMBERS:
        if isinstance(rule.get(key, 0), bool) or not isinstance(rule.get(key, 0), int):
            yield FileProblem(lines.of(*path, key), f"{key} is a whole number, not {rule[key]!r}.")
    yield from amounts_problems(rule.get(_BALANCE, {}), lines, (*path, _BALANCE))


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) and word for word in value)
