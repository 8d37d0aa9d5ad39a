"""Everything that can be wrong with a cadence file, found in one reading, each with its line.

A finance person edits these files; being told one mistake at a time is what makes people give up on them. Even lines
that are no TOML are reported and passed over, so that the rest of the file is still checked.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, TypeAlias

from reminders.steps import CHANNELS, PERSON_CHANNELS, TONES, Rules

Path: TypeAlias = tuple[str | int, ...]
Table: TypeAlias = dict[str, Any]

EARLIEST_DAY, LATEST_DAY = -60, 400
_MOST_BROKEN_LINES = 50
_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")
_KEY = re.compile(r"""^\s*["']?([\w-]+)["']?\s*=""")
_STEP_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CHOICES = {"partial": ("hold", "ask_rest"), "enter": ("first", "by_age")}
_AT_LEAST_ONE = frozenset(("min_gap_days", "weekly_cap", "monthly_cap", "task_days", "broken_promises"))
_AMOUNTS = frozenset(("minimum", "small_balance"))
_FLAGS = frozenset(["follow_bill_email"])
_TOP = ("name", "list_not_due", "rules", "step")
_STEP = ("id", "day", "channel", "tone", "template", "roles")


@dataclass(frozen=True, slots=True, order=True)
class CadenceProblem:
    """One mistake: its line in the file (1 is the first), and what to do about it."""

    line: int
    text: str


class Lines:
    """Where each table and key of a TOML text stands."""

    def __init__(self, text: str) -> None:
        self._at: dict[Path, int] = {}
        here: Path = ()
        steps = 0
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                here = tuple(header[2].split("."))
                if header[1] == "[[":
                    here = (*here, steps)
                    steps += 1
                self._at.setdefault(here, number)
            elif key := _KEY.match(line):
                self._at.setdefault((*here, key[1]), number)

    def of(self, *path: str | int) -> int:
        """The line of `path`, or of the nearest table around it."""
        while path and path not in self._at:
            path = path[:-1]
        return self._at.get(path, 1)


def read_tables(text: str) -> tuple[Table, list[CadenceProblem]]:
    """The file's tables, and the lines that are not TOML. Those are left out, so that the others can be checked."""
    lines = text.splitlines()
    problems: list[CadenceProblem] = []
    while len(problems) < _MOST_BROKEN_LINES:
        try:
            return tomllib.loads("\n".join(lines)), problems
        except tomllib.TOMLDecodeError as error:
            number = _line_of(error, len(lines))
            problems.append(CadenceProblem(number, f"this line cannot be read: {str(error).partition(' (at')[0]}."))
            lines[number - 1] = "[[step]]" if "[[" in lines[number - 1] else ""
    return {}, problems


def _line_of(error: tomllib.TOMLDecodeError, last: int) -> int:
    found = re.search(r"at line (\d+)", str(error))
    return min(int(found[1]), last) if found else last


def problems_of(tables: Table, lines: Lines) -> Iterator[CadenceProblem]:
    """Everything that is wrong with what the file says."""
    yield from _unknown_keys(tables, _TOP, lines, ())
    if not isinstance(tables.get("name"), str) or not tables["name"].strip():
        yield CadenceProblem(lines.of("name"), 'the cadence needs a name: name = "standard".')
    if not isinstance(tables.get("list_not_due", False), bool):
        yield CadenceProblem(lines.of("list_not_due"), "list_not_due is true or false.")
    rules = tables.get("rules", {})
    if isinstance(rules, dict):
        yield from _rules_problems(rules, lines)
    else:
        yield CadenceProblem(lines.of("rules"), "rules is a table: begin it with [rules].")
        rules = {}
    steps = tables.get("step", [])
    if isinstance(steps, list) and steps and all(isinstance(step, dict) for step in steps):
        yield from _steps_problems(steps, rules, lines)
    else:
        yield CadenceProblem(lines.of("step"), "the cadence has no steps: begin each with [[step]].")


def _unknown_keys(table: Table, known: tuple[str, ...], lines: Lines, path: Path) -> Iterator[CadenceProblem]:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known here are {', '.join(known)}."
            yield CadenceProblem(lines.of(*path, key), f"{key} is not known{hint}")


# The [rules] table


def _rules_problems(rules: Table, lines: Lines) -> Iterator[CadenceProblem]:
    yield from _unknown_keys(rules, tuple(field.name for field in fields(Rules)), lines, ("rules",))
    for key, value in rules.items():
        if key in _AMOUNTS:
            yield from _amounts_problems(key, value, lines)
        elif text := _rule_problem(key, value):
            yield CadenceProblem(lines.of("rules", key), text)


def _rule_problem(key: str, value: object) -> str:
    if key in _CHOICES:
        return "" if value in _CHOICES[key] else f"{key} is one of {', '.join(_CHOICES[key])}, not {value!r}."
    if key in _FLAGS:
        return "" if isinstance(value, bool) else f"{key} is true or false, not {value!r}."
    least = 1 if key in _AT_LEAST_ONE else 0
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        return f"{key} is a whole number from {least} up, not {value!r}."
    if key == "short_payment_percent" and value > 100:
        return f"{key} is at most 100, not {value}."
    return ""


def _amounts_problems(key: str, value: object, lines: Lines) -> Iterator[CadenceProblem]:
    if not isinstance(value, dict):
        yield CadenceProblem(lines.of("rules", key), f"{key} is a table by currency: begin it with [rules.{key}].")
        return
    for currency, amount in value.items():
        line = lines.of("rules", key, currency)
        if not _CURRENCY.fullmatch(currency):
            yield CadenceProblem(line, f"{currency} is no currency code: write three capitals, such as EUR.")
        if exact_amount(amount) is None:
            yield CadenceProblem(line, f'{amount!r} is no amount: write it in quotes, such as "5.00".')


def exact_amount(value: object) -> Decimal | None:
    """The amount written as text or as a whole number; None where it is neither, or is negative."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


# The steps


def _steps_problems(steps: list[Table], rules: Table, lines: Lines) -> Iterator[CadenceProblem]:
    seen: dict[str, int] = {}
    before: Table | None = None
    for index, step in enumerate(steps):
        yield from _unknown_keys(step, _STEP, lines, ("step", index))
        for key, check in _STEP_CHECKS.items():
            if text := check(step.get(key)):
                yield CadenceProblem(lines.of("step", index, key), text)
        yield from _together_problems(step, index, lines)
        name = step.get("id")
        if isinstance(name, str) and name in seen:
            text = f"the id {name} was used by step {seen[name] + 1}; an id is never used again."
            yield CadenceProblem(lines.of("step", index, "id"), text)
        elif isinstance(name, str):
            seen[name] = index
        if before is not None and (text := _order_problem(before, step, rules)):
            yield CadenceProblem(lines.of("step", index, "day"), text)
        before = step


def _id_problem(value: object) -> str:
    if isinstance(value, str) and _STEP_ID.fullmatch(value):
        return ""
    return 'a step needs an id of small letters, digits and hyphens: id = "first".'


def _day_problem(value: object) -> str:
    if not _is_day(value):
        return f"a step needs a day, counted from the due date (day = 3 is three days after it), not {value!r}."
    assert isinstance(value, int)
    if value == 0:
        return "day = 0 is the due date itself, when the money may be on its way: write -1 or less, or 1 or more."
    if not EARLIEST_DAY <= value <= LATEST_DAY:
        return f"day = {value} is out of reach: days go from {EARLIEST_DAY} to {LATEST_DAY}."
    return ""


def _is_day(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _channel_problem(value: object) -> str:
    return "" if value in CHANNELS else f"channel is one of {', '.join(sorted(CHANNELS))}, not {value!r}."


def _tone_problem(value: object) -> str:
    return "" if value in TONES else f"tone is one of {', '.join(TONES)}, not {value!r}."


def _template_problem(value: object) -> str:
    return "" if value is None or value in TONES else f"template is one of {', '.join(TONES)}, not {value!r}."


def _roles_problem(value: object) -> str:
    if value is None or (isinstance(value, list) and value and all(isinstance(role, str) and role for role in value)):
        return ""
    return 'roles is a list of words: roles = ["billing"].'


_STEP_CHECKS: Mapping[str, Callable[[object], str]] = {
    "id": _id_problem,
    "day": _day_problem,
    "channel": _channel_problem,
    "tone": _tone_problem,
    "template": _template_problem,
    "roles": _roles_problem,
}


def _together_problems(step: Table, index: int, lines: Lines) -> Iterator[CadenceProblem]:
    day = step.get("day")
    if not _is_day(day):
        return
    assert isinstance(day, int)
    if day < 0 and step.get("channel") in PERSON_CHANNELS:
        text = "a step before the due date is a message; a person calls after it. Is the sign of its day meant?"
        yield CadenceProblem(lines.of("step", index, "channel"), text)
    if step.get("tone") in TONES and (step["tone"] == "heads_up") != (day < 0):
        text = (
            f"day = {day} is before the due date, so its tone is heads_up. Is the sign meant?"
            if day < 0
            else f"day = {day} is after the due date, so its tone cannot be heads_up. Is the sign meant?"
        )
        yield CadenceProblem(lines.of("step", index, "tone"), text)


def _order_problem(before: Table, step: Table, rules: Table) -> str:
    day, last = step.get("day"), before.get("day")
    if not (_is_day(day) and _is_day(last)):
        return ""
    assert isinstance(day, int)
    assert isinstance(last, int)
    if day <= last:
        return f"day = {day} comes after a step of day {last}: steps stand in the order of their days, one a day."
    gap = rules.get("min_gap_days", Rules().min_gap_days)
    if last > 0 and isinstance(gap, int) and day - last < gap:
        return f"day = {day} follows day {last} sooner than min_gap_days = {gap} lets a message go."
    return ""
