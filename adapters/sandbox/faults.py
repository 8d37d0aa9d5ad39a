"""Faults on request: an answer replaced, delayed, or cut off, for the calls that a rule names.

A fault is switched on by a request header (`X-Sandbox-Fault: slow; seconds=2`), by a file of rules, or by a method
call. What a fault looks like is the dialect's business (`Dialect.faulty`); when it strikes is decided here.
"""

import json
import re
import tomllib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

HEADER = "x-sandbox-fault"
_MINUTE = timedelta(minutes=1)


class FaultsFileError(ValueError):
    """A faults file that cannot be read; the sentence names the rule."""


class Timing(StrEnum):
    """Faults that every dialect has, because they lie in the connection."""

    SLOW = "slow"
    CUT_BEFORE = "cut_before"  # the connection ends before anything is done
    CUT_DURING = "cut_during"  # it is done, and the answer ends in the middle
    CUT_AFTER = "cut_after"  # it is done, and no answer comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which calls a fault strikes. Empty fields match everything; `path` and `body` are regular expressions.

    `count` strikes at most so often, `skip` lets the first ones pass, `rate` strikes that share of the calls (seeded),
    `minutes` ends it so long after the rule was set, `above` strikes only the calls beyond so many in a minute.
    """

    fault: str
    method: str = ""
    path: str = ""
    entity: str = ""
    body: str = ""
    count: int | None = None
    skip: int = 0
    rate: float = 1.0
    seed: int = 0
    minutes: float | None = None
    above: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Armed:
    rule: Rule
    since: datetime
    random: Random
    lately: deque[datetime] = field(default_factory=deque)
    seen: int = 0
    struck: int = 0


class Faults:
    """The rules now in force. Thread-safe: tests set them while the server runs."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._armed: list[_Armed] = []

    def add(self, rule: Rule) -> None:
        """Puts a rule in force."""
        with self._lock:
            self._armed.append(_Armed(rule, self._now(), Random(rule.seed)))  # noqa: S311 - repeatable on purpose

    def clear(self) -> None:
        """Takes all rules back."""
        with self._lock:
            self._armed.clear()

    def strike(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Rule | None:
        """The rule that strikes this call, the header's first; None where it passes."""
        asked = headers.get(HEADER)
        if asked:
            return from_header(asked)
        with self._lock:
            return next((armed.rule for armed in self._armed if self._strikes(armed, method, path, body)), None)

    def _strikes(self, armed: _Armed, method: str, path: str, body: bytes) -> bool:
        rule = armed.rule
        if rule.minutes is not None and self._now() - armed.since > timedelta(minutes=rule.minutes):
            return False
        if not _matches(rule, method, path, body):
            return False
        armed.seen += 1
        if rule.above and self._within(armed) <= rule.above:
            return False
        if armed.seen <= rule.skip or (rule.count is not None and armed.struck >= rule.count):
            return False
        if rule.rate < 1 and armed.random.random() >= rule.rate:
            return False
        armed.struck += 1
        return True

    def _within(self, armed: _Armed) -> int:
        """How many calls this rule has seen in the last minute, this one included."""
        now = self._now()
        armed.lately.append(now)
        while now - armed.lately[0] >= _MINUTE:
            armed.lately.popleft()
        return len(armed.lately)


def _matches(rule: Rule, method: str, path: str, body: bytes) -> bool:
    if rule.method and rule.method.upper() != method:
        return False
    if rule.path and not re.search(rule.path, path):
        return False
    if rule.entity and f"/{rule.entity.lower()}" not in f"{path.lower()}/" and not _queries(rule.entity, body):
        return False
    return not rule.body or re.search(rule.body.encode(), body) is not None


def _queries(entity: str, body: bytes) -> bool:
    return re.search(rb"\bfrom\s+" + re.escape(entity).encode() + rb"\b", body, re.IGNORECASE) is not None


def from_header(text: str) -> Rule:
    """`slow; seconds=2` as a rule for one call."""
    fault, *options = (part.strip() for part in text.split(";"))
    pairs = (option.partition("=") for option in options if option)
    return Rule(fault=fault, options={name.strip(): value.strip() for name, _, value in pairs})


def read_rules(path: Path) -> list[Rule]:
    """The rules of a JSON or TOML file: a list, or a table `rules` holding one. Raises `FaultsFileError`."""
    try:
        text = path.read_text(encoding="utf-8")
        given = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise FaultsFileError(f"The faults file {path} cannot be read: {error}") from error
    entries = given.get("rules", []) if isinstance(given, dict) else given
    return [_rule(at, entry) for at, entry in enumerate(entries, start=1)]


def _rule(at: int, entry: Mapping[str, Any]) -> Rule:
    names = set(Rule.__dataclass_fields__) - {"options"}
    if "fault" not in entry:
        raise FaultsFileError(f"Rule {at} of the faults file names no fault.")
    plain = {name: value for name, value in entry.items() if name in names}
    options = {name: str(value) for name, value in entry.items() if name not in names}
    try:
        return replace(Rule(**plain), options=options)
    except TypeError as error:
        raise FaultsFileError(f"Rule {at} of the faults file: {error}") from error
