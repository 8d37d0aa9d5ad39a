"""Why we wait: promises, disputes and pauses, each with a beginning, an end, and a hold that shows it.

Docs/rules.md, section 4. What a promise is and whether it was kept is in `reminders.promises`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from adapters.documents import ItemRef
from adapters.money import Money
from reminders.account import AccountRef, Hold, HoldKind, OwedItem
from reminders.promises import (
    PaymentFact,
    Promise,
    PromiseFacts,
    PromiseState,
    PromiseVerdict,
    SettledBy,
    judge_promises,
    lay_over,
    needs_person,
    promise_deadline,
    replaced_by,
)
from reminders.steps import Rules
from reminders.working_days import WorkingDays

__all__ = [
    "Dispute",
    "DisputeCannotMove",
    "DisputeState",
    "Pause",
    "PaymentFact",
    "Promise",
    "PromiseFacts",
    "PromiseState",
    "PromiseVerdict",
    "Resolution",
    "SettledBy",
    "disputed_parts",
    "hold_of_dispute",
    "hold_of_pause",
    "hold_of_promise",
    "hold_of_reply",
    "judge_promises",
    "lay_over",
    "needs_person",
    "promise_deadline",
    "replaced_by",
]


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    UNDER_REVIEW = "under_review"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """How a dispute was resolved."""

    CREDITED = "credited"
    WITHDRAWN = "withdrawn"  # the customer no longer contests
    UPHELD = "upheld"  # we stand by the amount
    INVOICE_GONE = "invoice_gone"  # voided, deleted, written off or merged


_NEXT_STATES: Mapping[DisputeState, frozenset[DisputeState]] = {
    DisputeState.OPEN: frozenset([DisputeState.UNDER_REVIEW, DisputeState.RESOLVED]),
    DisputeState.UNDER_REVIEW: frozenset([DisputeState.RESOLVED]),
    DisputeState.RESOLVED: frozenset(),
}


class DisputeCannotMove(ValueError):
    """A dispute was to go where its state does not lead."""

    def __init__(self, dispute: str, state: DisputeState, to: DisputeState) -> None:
        super().__init__(f"Dispute {dispute} is {state.value.replace('_', ' ')}; it cannot become {to.value}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """An amount of an item that the customer contests. `owner` looks into it by `due`."""

    id: str
    item: ItemRef
    amount: Money
    reason: str
    owner: str
    opened_on: date
    due: date | None = None
    state: DisputeState = DisputeState.OPEN
    resolution: Resolution | None = None
    resolved_on: date | None = None

    def check_move(self, to: DisputeState) -> None:
        """Raise `DisputeCannotMove` where the dispute cannot become `to`."""
        if to not in _NEXT_STATES[self.state]:
            raise DisputeCannotMove(self.id, self.state, to)


def disputed_parts(disputes: Iterable[Dispute], items: Iterable[OwedItem]) -> Mapping[ItemRef, Money]:
    """The part of each open item that is under dispute: never more than is open."""
    contested: dict[ItemRef, int] = {}
    for dispute in disputes:
        if dispute.state is not DisputeState.RESOLVED:
            contested[dispute.item] = contested.get(dispute.item, 0) + dispute.amount.minor
    return {
        item.ref: Money(min(contested[item.ref], item.open.minor), item.open.currency)
        for item in items
        if item.ref in contested and item.open.minor > 0
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A person's wish to wait: for an item, a customer, or (both empty) the whole company, until `ends`."""

    id: str
    reason: str
    begins: date
    ends: date | None = None  # the first day on which it no longer holds
    account: AccountRef | None = None
    items: frozenset[ItemRef] = frozenset()


def hold_of_promise(promise: Promise, laid: Mapping[ItemRef, Money], rules: Rules) -> Hold:
    """The hold of a promise laid over its items: whole, or (`partial = "ask_rest"`) only the promised part of each.

    It ends when the promise is judged, on no day of itself: a promise that cannot be judged goes on holding.
    """
    return Hold(
        kind=HoldKind.PROMISE,
        id=promise.id,
        begins=promise.first_day,
        ends=None if promise.state.is_alive else promise.settled_on,
        reason=f"{promise.amount} promised by {promise.day.isoformat()}",
        items=frozenset(laid) or _NO_ITEM,
        parts=laid,
        whole=rules.partial == "hold",
    )


_NO_ITEM = frozenset([""])
"""No ref is empty, and an empty set would mean the whole account: a promise over nothing holds nothing."""


def hold_of_dispute(dispute: Dispute, parts: Mapping[ItemRef, Money]) -> Hold:
    """The hold of a dispute: its amount is left out, the rest of the item is still asked for."""
    amount = min(dispute.amount, parts.get(dispute.item, dispute.amount))
    return Hold(
        kind=HoldKind.DISPUTE,
        id=dispute.id,
        begins=dispute.opened_on,
        ends=dispute.resolved_on,
        reason=f"{amount} under review: {dispute.reason}",
        items=frozenset([dispute.item]),
        parts={dispute.item: amount},
        whole=False,
    )


def hold_of_pause(pause: Pause) -> Hold:
    """The hold of a pause."""
    return Hold(
        kind=HoldKind.PAUSE,
        id=pause.id,
        begins=pause.begins,
        ends=pause.ends,
        reason=pause.reason,
        items=pause.items,
    )


def hold_of_reply(reply: str, arrived: date, calendar: WorkingDays, rules: Rules) -> Hold:
    """The hold of a customer's unread reply on the whole account, for some working days."""
    return Hold(
        kind=HoldKind.REPLY_WAITING,
        id=reply,
        begins=arrived,
        ends=calendar.add(arrived, rules.reply_waiting_days),
        reason="a reply waits to be read",
    )
