"""Cadence files: TOML in, a `Cadence` out, or every problem of the file at once.

A cadence file holds all that decides when a customer is reminded: the steps, and in `[rules]` every number of
docs/rules.md. Its text is its version, so that each reminder can say which words it was planned by.
"""

from collections.abc import Iterable
from dataclasses import fields
from hashlib import sha256
from importlib.resources import files
from typing import Any

from reminders.cadence_check import problems_of
from reminders.steps import Cadence, Rules, Step
from reminders.toml_lines import FileProblem, Lines, exact_amount, read_tables

__all__ = [
    "BUILTIN",
    "Cadence",
    "CadenceProblems",
    "FileProblem",
    "Rules",
    "Step",
    "load_builtin",
    "parse_cadence",
]

BUILTIN = ("friendly", "standard", "firm")
_VERSION_DIGITS = 12


class CadenceProblems(ValueError):
    """A cadence file that cannot be used; `problems` are all of its mistakes, in the order of their lines."""

    def __init__(self, source: str, problems: Iterable[FileProblem]) -> None:
        self.source = source
        self.problems = sorted(problems)
        super().__init__("\n".join(f"{source}:{problem.line}: {problem.text}" for problem in self.problems))


def parse_cadence(text: str, *, source: str) -> Cadence:
    """The cadence written in `text`. Raises `CadenceProblems` with all that is wrong, naming `source`."""
    tables, problems = read_tables(text, "step")
    problems += problems_of(tables, Lines(text))
    if problems:
        raise CadenceProblems(source, problems)
    return Cadence(
        name=tables["name"],
        version=sha256(text.encode()).hexdigest()[:_VERSION_DIGITS],
        steps=tuple(_step(step) for step in tables["step"]),
        rules=_rules(tables.get("rules", {})),
        list_not_due=tables.get("list_not_due", False),
    )


def load_builtin(name: str) -> Cadence:
    """One of the cadences that come with Duecourse: friendly, standard, firm. Raises `KeyError` for another name."""
    if name not in BUILTIN:
        raise KeyError(name)
    path = files("reminders") / "cadences" / f"{name}.toml"
    return parse_cadence(path.read_text(encoding="utf-8"), source=f"{name}.toml")


def _step(table: dict[str, Any]) -> Step:
    return Step(
        id=table["id"],
        day=table["day"],
        channel=table["channel"],
        tone=table["tone"],
        template=table.get("template", table["tone"]),
        roles=tuple(table.get("roles", ())),
    )


def _rules(table: dict[str, Any]) -> Rules:
    known = {field.name: table[field.name] for field in fields(Rules) if field.name in table}
    for key in ("minimum", "small_balance"):
        known[key] = {currency: exact_amount(amount) for currency, amount in known.get(key, {}).items()}
    return Rules(**known)
