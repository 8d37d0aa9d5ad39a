"""The cadences, and when an item may and must hear its next step.

Where the rules leave two readings, a step may go by the earlier one and must go by the later one.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.judge.company import Company

FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its day relative to the due date and whether a person makes it."""

    id: str
    day: int
    channel: str

    @property
    def is_heads_up(self) -> bool:
        """Whether it comes before the due date."""
        return self.day < 0

    @property
    def is_persons(self) -> bool:
        """Whether it is not a message of ours."""
        return self.channel in {"call", "person"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """The steps in the order of their days, and the numbers of the rules."""

    name: str
    steps: tuple[Step, ...]
    min_gap_days: int
    weekly_cap: int
    monthly_cap: int
    posting_lag_days: int
    new_invoice_days: int
    tolerance_days: int
    task_days: int
    escalate_days: int
    promise_grace_days: int
    by_age: bool
    asks_rest: bool
    list_not_due: bool
    minimum: dict[str, Decimal]
    small_balance: dict[str, Decimal]

    def position(self, step_id: str, step_day: int) -> int:
        """The last step that is behind an item which took `step_id`, in this or another cadence; -1 for none."""
        by_day = sum(step.day <= step_day for step in self.steps) - 1
        by_id = next((n for n, step in enumerate(self.steps) if step.id == step_id), -1)
        return max(by_day, by_id)

    @property
    def first_past_due(self) -> int:
        """The index of the first step after the due date."""
        return sum(step.is_heads_up for step in self.steps)


def _money(told: dict[str, Any]) -> dict[str, Decimal]:
    return {currency: Decimal(str(amount)) for currency, amount in told.items()}


def _cadence(name: str, told: dict[str, Any]) -> Cadence:
    rules = {**told, **told.get("rules", {})}
    steps = [Step(each["id"], int(each["day"]), each.get("channel", "email")) for each in told["step"]]
    return Cadence(
        name=told.get("name", name),
        steps=tuple(sorted(steps, key=lambda step: step.day)),
        min_gap_days=int(rules.get("min_gap_days", 5)),
        weekly_cap=int(rules.get("weekly_cap", 2)),
        monthly_cap=int(rules.get("monthly_cap", 5)),
        posting_lag_days=int(rules.get("posting_lag_days", 2)),
        new_invoice_days=int(rules.get("new_invoice_days", 7)),
        tolerance_days=int(rules.get("tolerance_days", 2)),
        task_days=int(rules.get("task_days", 5)),
        escalate_days=int(rules.get("escalate_days", 7)),
        promise_grace_days=int(rules.get("promise_grace_days", 3)),
        by_age=rules.get("enter", "first") == "by_age",
        asks_rest=rules.get("partial", "hold") == "ask_rest",
        list_not_due=bool(rules.get("list_not_due", False)),
        minimum=_money(rules.get("minimum", {})),
        small_balance=_money(rules.get("small_balance", {})),
    )


def load_cadences(folder: Path) -> dict[str, Cadence]:
    """Every cadence file, under its own name and under the file's."""
    found: dict[str, Cadence] = {}
    for path in sorted(folder.glob("*.toml")):
        cadence = _cadence(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
        found[path.stem] = found[cadence.name] = cadence
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an item's next step depends on. `said_on` and `said_day` are of the last step that was said."""

    due_date: date
    first_seen: date
    index: int  # of the next step
    said_on: date | None = None
    said_day: int = 0


def earliest(cadence: Cadence, standing: Standing, company: Company) -> date:
    """Before this day no reading of the rules lets the next step go."""
    step = cadence.steps[standing.index]
    if step.is_heads_up:
        return standing.due_date + timedelta(step.day)
    day = company.on_or_after(standing.due_date) + timedelta(step.day)
    if standing.index == cadence.first_past_due:
        day = max(day, company.add(standing.due_date, cadence.posting_lag_days))
    day = max(day, standing.first_seen + timedelta(cadence.new_invoice_days))
    if standing.said_on is not None:
        distance = step.day - standing.said_day - cadence.tolerance_days
        day = max(day, standing.said_on + timedelta(max(0, distance)))
    return day


def latest(cadence: Cadence, standing: Standing, company: Company, held_days: int = 0) -> date:
    """From this day on every reading of the rules has the next step due."""
    step = cadence.steps[standing.index]
    day = company.on_or_after(standing.due_date) + timedelta(step.day)
    if not step.is_heads_up:
        if standing.index == cadence.first_past_due:
            day = company.add(day, cadence.posting_lag_days)
        day = max(day, standing.first_seen + timedelta(cadence.new_invoice_days))
    if standing.said_on is not None:
        day = max(day, standing.said_on + timedelta(max(0, step.day - standing.said_day) + held_days))
    return day
