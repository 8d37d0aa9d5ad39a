"""A cadence in memory: its steps in order, and every number that the rules of reminding take from its file."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

PERSON_CHANNELS = frozenset(["call"])
"""Channels that need a person's hand: their steps make a task instead of a message."""

CHANNELS = frozenset(["email", *PERSON_CHANNELS])
TONES = ("heads_up", "friendly", "plain", "firm", "final")
"""From mild to grave. A heads-up has its own; the others are for steps after the due date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One planned contact. `day` is relative to the due date: negative before it, never 0. `id` is never reused."""

    id: str
    day: int
    channel: str = "email"
    tone: str = "plain"
    template: str = ""  # the words; those of the tone where none is named
    roles: tuple[str, ...] = ()

    @property
    def is_heads_up(self) -> bool:
        """Whether it speaks of an item that is not yet due."""
        return self.day < 0

    @property
    def is_persons(self) -> bool:
        """Whether a person makes it."""
        return self.channel in PERSON_CHANNELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers of docs/rules.md. Days are calendar days unless the name or the comment says working days."""

    min_gap_days: int = 5  # at most one message per account in so many days
    weekly_cap: int = 2  # contacts in any 7 days, per account and per address
    monthly_cap: int = 5  # contacts in any 31 days, per account and per address
    posting_lag_days: int = 2  # working days, added before the first step after the due date
    new_invoice_days: int = 7  # no step after the due date sooner after the item appeared in the ledger
    tolerance_days: int = 2  # a step may follow the one before it by so many days less than the cadence says
    task_days: int = 5  # a person's step counts as not made after so many days
    escalate_days: int = 7  # after the last step, before a person is told that the ladder has ended
    reopen_days: int = 7  # a reopened item keeps its cycle when it comes back within so many days
    replaced_days: int = 7  # a new invoice this soon after a void, of equal amount, may be its replacement
    promise_grace_days: int = 3  # working days after the promised day
    broken_promises: int = 2  # so many broken ones ...
    broken_within_days: int = 90  # ... in so many days, and a new promise needs a person
    flag_days: int = 5  # working days for which a machine's flag holds
    reply_waiting_days: int = 3  # working days for which an unread reply holds
    short_payment_percent: int = 10  # a rest of at most so much of an invoice may be a deduction
    cash_posted_within: int | None = None  # working days of silence; None: from the company's own rhythm
    partial: str = "hold"  # or "ask_rest": ask for what a promise does not cover
    enter: str = "first"  # or "by_age": where an item that is first seen late enters
    follow_bill_email: bool = True
    minimum: Mapping[str, Decimal] = field(default_factory=dict)  # by currency: less is not asked for
    small_balance: Mapping[str, Decimal] = field(default_factory=dict)  # by currency: a promise may fall short by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """Ordered steps and their rules. `version` is a hash of the text it was read from. Days rise strictly."""

    name: str
    version: str
    steps: tuple[Step, ...]
    rules: Rules = field(default_factory=Rules)
    list_not_due: bool = False
    days: tuple[int, ...] = field(init=False, repr=False, compare=False)
    heads_ups: int = field(init=False, repr=False, compare=False)  # how many steps lie before the due date
    index_of: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        days = tuple(step.day for step in self.steps)
        object.__setattr__(self, "days", days)
        object.__setattr__(self, "heads_ups", bisect_right(days, -1))
        object.__setattr__(self, "index_of", {step.id: index for index, step in enumerate(self.steps)})

    def __hash__(self) -> int:
        return hash(self.version)

    def position_of(self, step_id: str, step_day: int) -> int:
        """The index of the last step that has passed once `step_id`, of `step_day` in whatever cadence took it, was
        taken; -1 where none has. It is the last step whose day is not after `step_day`, or the step of that id where
        an edit moved it to a later day: a step is never said again because its day was changed.
        """
        return max(bisect_right(self.days, step_day) - 1, self.index_of.get(step_id, -1))
