"""What was decided for an account on a day, and why: a value, never an effect."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import msgspec

from adapters.documents import ItemRef
from adapters.money import Money
from reminders.account import HoldKind, OwedItem


class Outcome(StrEnum):
    """What is to be done."""

    REMIND = "remind"
    WAIT = "wait"
    TASK = "task"  # a person's step (a call) is due
    ESCALATE = "escalate"  # the end of the ladder: one task, then silence
    NOTHING = "nothing"  # nothing is owed, or the ladder has ended and was escalated


class ReasonCode(StrEnum):
    """Why, as a code with one sentence each (`SENTENCES`)."""

    STEP_DUE = "step_due"
    HEADS_UP_DUE = "heads_up_due"
    NOTHING_OWED = "nothing_owed"
    NOT_YET = "not_yet"  # the next step's day has not come
    DISTANCE = "distance"  # too soon after the item's last step
    NEW_INVOICE = "new_invoice"  # it appeared in the ledger less than new_invoice_days ago
    POSTING_LAG = "posting_lag"
    MIN_GAP = "min_gap"
    WEEKLY_CAP = "weekly_cap"
    MONTHLY_CAP = "monthly_cap"
    ADDRESS_BUSY = "address_busy"  # another account's message went to this address today
    HELD = "held"  # `hold` names which
    COVERED_BY_CREDIT = "covered_by_credit"
    BELOW_MINIMUM = "below_minimum"
    NO_ADDRESS = "no_address"
    PERSON_STEP = "person_step"
    PERSON_STEP_OPEN = "person_step_open"  # its task is open and younger than task_days
    LADDER_ENDED = "ladder_ended"
    ESCALATED = "escalated"  # ended before, and a person has the task
    NO_CADENCE = "no_cadence"  # opted out
    OTHER_MESSAGE = "other_message"  # a message about a higher step goes first
    HEADS_UP_LAPSED = "heads_up_lapsed"  # a past-due step of the account follows within the minimum gap


SENTENCES: dict[ReasonCode, str] = {
    ReasonCode.STEP_DUE: "A step of the cadence is due.",
    ReasonCode.HEADS_UP_DUE: "A heads-up before the due date is due.",
    ReasonCode.NOTHING_OWED: "Nothing is owed.",
    ReasonCode.NOT_YET: "The day of the next step has not come.",
    ReasonCode.DISTANCE: "The cadence's distance since the last step has not passed.",
    ReasonCode.NEW_INVOICE: "The invoice appeared in the ledger only a few days ago.",
    ReasonCode.POSTING_LAG: "A payment made on the due date may still be on its way into the books.",
    ReasonCode.MIN_GAP: "The customer heard from us less than the minimum gap ago.",
    ReasonCode.WEEKLY_CAP: "The customer has had this week's messages.",
    ReasonCode.MONTHLY_CAP: "The customer has had this month's messages.",
    ReasonCode.ADDRESS_BUSY: "Another message went to the same address today.",
    ReasonCode.HELD: "A hold is in force.",
    ReasonCode.COVERED_BY_CREDIT: "Free credit covers what would be asked: apply the credit.",
    ReasonCode.BELOW_MINIMUM: "The amount is below the minimum.",
    ReasonCode.NO_ADDRESS: "There is no usable address.",
    ReasonCode.PERSON_STEP: "The next step is a person's.",
    ReasonCode.PERSON_STEP_OPEN: "A person's step is open.",
    ReasonCode.LADDER_ENDED: "The last step was taken and the invoice is still open.",
    ReasonCode.ESCALATED: "The ladder has ended and a person has it.",
    ReasonCode.NO_CADENCE: "The customer has no cadence: it was opted out of reminders.",
    ReasonCode.OTHER_MESSAGE: "A message about a higher step goes first.",
    ReasonCode.HEADS_UP_LAPSED: "A past-due step follows within the minimum gap, so the heads-up is left out.",
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One item as the message shows it."""

    item: OwedItem
    days_past_due: int
    open: Money
    disputed: Money  # the part under review, left out of `asked`
    promised: Money  # the promised part, left out of `asked`
    asked: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked in one currency: lines' sum less free credit."""

    gross: Money
    credit: Money  # free credit taken off, never negative
    asked: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePlan:
    """What a message will contain. `about` are the items of the highest step due, `also` the other past-due ones,
    `not_yet_due` for information only. `advance` are (item, step id) that this message takes.
    """

    step_id: str
    step_no: int
    step_day: int
    tone: str
    template: str
    channel: str
    is_heads_up: bool
    about: tuple[Line, ...]
    also: tuple[Line, ...] = ()
    not_yet_due: tuple[Line, ...] = ()
    amounts: tuple[Asked, ...] = ()
    advance: tuple["Advance", ...] = ()
    recipients: tuple[str, ...] = ()
    names_broken_promise: str | None = None  # the promise's id


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """An item and the one step it takes."""

    item: ItemRef
    cycle: int
    step_no: int
    step_id: str
    step_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNeed:
    """Something a person should look at. `key` makes it one task however often it is seen."""

    key: str
    kind: str
    text: str
    items: tuple[ItemRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict for an account and a day. `look_on` is the next day to look, if nothing changes before.

    `outcome` names the most urgent thing; `person_step`, `lapsed`, `not_made`, `escalate` and `tasks` are to be
    carried out whatever it is (a message about one item may go out beside a call that another one needs).
    """

    outcome: Outcome
    reason: ReasonCode
    facts: dict[str, str] = field(default_factory=dict)
    hold: HoldKind | None = None
    message: MessagePlan | None = None
    person_step: tuple[Advance, ...] = ()  # the items for which a person's task is to be made
    lapsed: tuple[Advance, ...] = ()  # heads-ups that pass unsent; recorded whatever the outcome
    not_made: tuple[Advance, ...] = ()  # person's steps that count as taken because nobody made them in time
    escalate: tuple[ItemRef, ...] = ()
    tasks: tuple[TaskNeed, ...] = ()
    look_on: date | None = None
    items: dict[ItemRef, ReasonCode] = field(default_factory=dict)  # the verdict of each item

    @property
    def sentence(self) -> str:
        """The reason in one sentence."""
        return SENTENCES[self.reason]
