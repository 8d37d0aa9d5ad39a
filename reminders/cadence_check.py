"""Everything that can be wrong with a cadence file, found in one reading, each with its line.

A finance person edits these files; being told one mistake at a time is what makes people give up on them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields

from reminders.steps import CHANNELS, PERSON_CHANNELS, TONES, Rules
from reminders.toml_lines import FileProblem, Lines, Table, amounts_problems, unknown_keys

EARLIEST_DAY, LATEST_DAY = -60, 400
_STEP_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CHOICES = {"partial": ("hold", "ask_rest"), "enter": ("first", "by_age")}
_AT_LEAST_ONE = frozenset(("min_gap_days", "weekly_cap", "monthly_cap", "task_days", "broken_promises"))
_AMOUNTS = frozenset(("minimum", "small_balance"))
_FLAGS = frozenset(["follow_bill_email"])
_TOP = ("name", "list_not_due", "rules", "step")
_STEP = ("id", "day", "channel", "tone", "template", "roles")


def problems_of(tables: Table, lines: Lines) -> Iterator[FileProblem]:
    """Everything that is wrong with what the file says."""
    yield from unknown_keys(tables, _TOP, lines, ())
    if not isinstance(tables.get("name"), str) or not tables["name"].strip():
        yield FileProblem(lines.of("name"), 'the cadence needs a name: name = "standard".')
    if not isinstance(tables.get("list_not_due", False), bool):
        yield FileProblem(lines.of("list_not_due"), "list_not_due is true or false.")
    rules = tables.get("rules", {})
    if isinstance(rules, dict):
        yield from _rules_problems(rules, lines)
    else:
        yield FileProblem(lines.of("rules"), "rules is a table: begin it with [rules].")
        rules = {}
    steps = tables.get("step", [])
    if isinstance(steps, list) and steps and all(isinstance(step, dict) for step in steps):
        yield from _steps_problems(steps, rules, lines)
    else:
        yield FileProblem(lines.of("step"), "the cadence has no steps: begin each with [[step]].")


# The [rules] table


def _rules_problems(rules: Table, lines: Lines) -> Iterator[FileProblem]:
    yield from unknown_keys(rules, tuple(field.name for field in fields(Rules)), lines, ("rules",))
    for key, value in rules.items():
        if key in _AMOUNTS:
            yield from amounts_problems(value, lines, ("rules", key))
        elif text := _rule_problem(key, value):
            yield FileProblem(lines.of("rules", key), text)


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


# The steps


def _steps_problems(steps: list[Table], rules: Table, lines: Lines) -> Iterator[FileProblem]:
    seen: dict[str, int] = {}
    before: Table | None = None
    for index, step in enumerate(steps):
        yield from unknown_keys(step, _STEP, lines, ("step", index))
        for key, check in _STEP_CHECKS.items():
            if text := check(step.get(key)):
                yield FileProblem(lines.of("step", index, key), text)
        yield from _together_problems(step, index, lines)
        name = step.get("id")
        if isinstance(name, str) and name in seen:
            text = f"the id {name} was used by step {seen[name] + 1}; an id is never used again."
            yield FileProblem(lines.of("step", index, "id"), text)
        elif isinstance(name, str):
            seen[name] = index
        if before is not None and (text := _order_problem(before, step, rules)):
            yield FileProblem(lines.of("step", index, "day"), text)
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


def _together_problems(step: Table, index: int, lines: Lines) -> Iterator[FileProblem]:
    day = step.get("day")
    if not _is_day(day):
        return
    assert isinstance(day, int)
    if day < 0 and step.get("channel") in PERSON_CHANNELS:
        text = "a step before the due date is a message; a person calls after it. Is the sign of its day meant?"
        yield FileProblem(lines.of("step", index, "channel"), text)
    if step.get("tone") in TONES and (step["tone"] == "heads_up") != (day < 0):
        text = (
            f"day = {day} is before the due date, so its tone is heads_up. Is the sign meant?"
            if day < 0
            else f"day = {day} is after the due date, so its tone cannot be heads_up. Is the sign meant?"
        )
        yield FileProblem(lines.of("step", index, "tone"), text)


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
