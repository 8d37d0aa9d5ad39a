"""Promises, and whether they were kept: judged from payments, never from an item that is no longer to be seen.

Docs/rules.md, section 4. A payment counts for a promise that was made before it was entered (by the instant of its
creation, not its date), if it is dated on or before the promised day and the grace, and is applied to the promise's
items or to nothing yet. Each cent serves one promise, the older one first. A promise is broken only once a sync that
ended after its last day, and cash posted up to that day, have failed to show the money; until then it is being checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from adapters.documents import ItemRef
from adapters.money import Money, decimals
from reminders.account import AccountRef, OwedItem
from reminders.steps import Rules
from reminders.working_days import WorkingDays


class PromiseState(StrEnum):
    """Where a promise stands. The first two are alive and hold their items; the others are final."""

    OPEN = "open"
    BEING_CHECKED = "being_checked"  # its day and grace are over, and the books are not known to be complete up to it
    KEPT = "kept"
    PARTLY_KEPT = "partly_kept"
    BROKEN = "broken"
    OVERTAKEN = "overtaken"  # settled by a credit, write-off or void: neither kept nor broken
    REPLACED = "replaced"  # by a new promise on the same items
    WITHDRAWN = "withdrawn"  # by a person

    @property
    def is_alive(self) -> bool:
        """Whether it still holds its items."""
        return self in {PromiseState.OPEN, PromiseState.BEING_CHECKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A customer's word: `amount` by `day`. `items` empty means all that were past due on the day it was made."""

    id: str
    account: AccountRef
    amount: Money
    day: date
    made_at: datetime  # aware UTC
    items: frozenset[ItemRef] = frozenset()
    made_on: date | None = None  # the company's day of `made_at`; its UTC day where not given
    state: PromiseState = PromiseState.OPEN
    settled_on: date | None = None  # the company's day on which its state became final

    @property
    def first_day(self) -> date:
        """The company's day on which it was made."""
        return self.made_on or self.made_at.date()

    def covers(self, item: ItemRef, due_date: date) -> bool:
        """Whether it speaks of `item`."""
        return item in self.items if self.items else due_date < self.first_day


def lay_over(
    promise: Promise,
    items: Iterable[OwedItem],
    *,
    reached: Money | None = None,
    disputed: Mapping[ItemRef, Money] | None = None,
) -> Mapping[ItemRef, Money]:
    """How much of each item the promise covers: by due date, then number, until its amount is used.

    `items` are the open items of its account; those of another currency are left alone. `reached` is what has been
    paid on it already and is no longer promised; `disputed` is the part of each item that nobody promises to pay.
    """
    left = promise.amount.minor - (reached.minor if reached is not None else 0)
    laid: dict[ItemRef, Money] = {}
    for item in sorted(items, key=lambda item: (item.due_date, item.number, item.ref)):
        if left <= 0:
            break
        if item.open.currency != promise.amount.currency or not promise.covers(item.ref, item.due_date):
            continue
        contested = (disputed or {}).get(item.ref)
        part = min(left, item.open.minor - (contested.minor if contested is not None else 0))
        if part > 0:
            laid[item.ref] = Money(part, item.open.currency)
            left -= part
    return laid


def promise_deadline(promise: Promise, calendar: WorkingDays, rules: Rules) -> date:
    """The last day on which a payment still keeps the promise: its day and the grace, in working days."""
    return calendar.add(promise.day, rules.promise_grace_days)


def replaced_by(new: Promise, promises: Iterable[Promise], items: Sequence[OwedItem]) -> tuple[Promise, ...]:
    """The living promises of the account that `new` replaces: those that speak of an item that it speaks of."""
    open_items = [item for item in items if item.open.currency == new.amount.currency]
    ours = {item.ref for item in open_items if new.covers(item.ref, item.due_date)}
    return tuple(
        old
        for old in promises
        if old.state.is_alive
        and old.id != new.id
        and old.account == new.account
        and old.amount.currency == new.amount.currency
        and (ours & old.items or any(item.ref in ours and old.covers(item.ref, item.due_date) for item in open_items))
    )


def needs_person(promises: Iterable[Promise], today: date, rules: Rules) -> bool:
    """Whether a new promise of this account is to be looked at by a person: too many were broken of late."""
    since = today - timedelta(rules.broken_within_days)
    broken = sum(
        1
        for promise in promises
        if promise.state is PromiseState.BROKEN and promise.settled_on is not None and promise.settled_on > since
    )
    return broken >= rules.broken_promises


class SettledBy(StrEnum):
    """What took an amount off an item."""

    PAYMENT = "payment"
    CREDIT = "credit"
    WRITE_OFF = "write_off"
    VOID = "void"  # voided, deleted, merged away


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact:
    """Money or something in its place: what of it was applied to each item, and what is applied to nothing."""

    ref: str
    account: AccountRef
    entered_at: datetime  # when the ledger says it was created, aware UTC
    dated: date
    applied: Mapping[ItemRef, Money] = field(default_factory=dict)
    unapplied: Money | None = None
    kind: SettledBy = SettledBy.PAYMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFacts:
    """What is known when promises are judged.

    `due_dates` are those of all items that a promise may speak of, settled ones included. `synced_until` is when the
    last finished sync ended, `cash_posted_until` the last day up to which payments are known to be posted.
    """

    payments: Sequence[PaymentFact] = ()
    due_dates: Mapping[ItemRef, date] = field(default_factory=dict)
    now: datetime
    synced_until: datetime
    cash_posted_until: date
    zone: tzinfo = UTC  # the company's


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseVerdict:
    """What became of a promise: how much of it was paid, and why it stands so."""

    state: PromiseState
    reached: Money
    reason: str


def judge_promises(
    promises: Iterable[Promise], facts: PromiseFacts, calendar: WorkingDays, rules: Rules
) -> dict[str, PromiseVerdict]:
    """The verdict on each promise, by id. Promises with a final state keep it, and the cents that they used."""
    purse = _Purse(facts)
    return {
        promise.id: _judge(promise, purse, facts, calendar, rules)
        for promise in sorted(promises, key=lambda promise: (promise.made_at, promise.id))
    }


class _Purse:
    """What is left of each payment for the promises yet to be served."""

    def __init__(self, facts: PromiseFacts) -> None:
        self._due_dates = facts.due_dates
        self._facts = sorted(facts.payments, key=lambda fact: (fact.entered_at, fact.ref))
        self._left: dict[tuple[str, ItemRef | None], int] = {}
        for fact in self._facts:
            for item, amount in fact.applied.items():
                self._left[fact.ref, item] = amount.minor
            if fact.unapplied is not None:
                self._left[fact.ref, None] = fact.unapplied.minor

    def take(self, promise: Promise, want: int, *, kinds: Iterable[SettledBy], until: date | None) -> int:
        """Take up to `want` minor units for `promise`, from what was entered after it was made."""
        taken = 0
        for fact in self._facts:
            if fact.kind not in kinds or fact.account != promise.account or fact.entered_at <= promise.made_at:
                continue
            if until is not None and fact.dated > until:
                continue
            for place in self._places(fact, promise):
                part = min(want - taken, self._left[fact.ref, place])
                if part > 0:
                    self._left[fact.ref, place] -= part
                    taken += part
        return taken

    def _places(self, fact: PaymentFact, promise: Promise) -> list[ItemRef | None]:
        """Where `fact` holds money for `promise`: its items, then what is applied to nothing (payments only)."""
        places: list[ItemRef | None] = [
            item
            for item, amount in fact.applied.items()
            if amount.currency == promise.amount.currency and promise.covers(item, self._due_dates.get(item, date.max))
        ]
        loose = fact.unapplied
        if loose is not None and fact.kind is SettledBy.PAYMENT and loose.currency == promise.amount.currency:
            places.append(None)
        return places


_NO_CASH = frozenset((SettledBy.CREDIT, SettledBy.WRITE_OFF, SettledBy.VOID))
_USED_NOTHING = frozenset((PromiseState.REPLACED, PromiseState.WITHDRAWN))


def _judge(promise: Promise, purse: _Purse, facts: PromiseFacts, calendar: WorkingDays, rules: Rules) -> PromiseVerdict:
    currency = promise.amount.currency
    if promise.state in _USED_NOTHING:
        return PromiseVerdict(state=promise.state, reached=Money.zero(currency), reason="It was taken back before.")
    deadline = promise_deadline(promise, calendar, rules)
    paid = purse.take(promise, promise.amount.minor, kinds=(SettledBy.PAYMENT,), until=deadline)
    reached = Money(paid, currency)
    if not promise.state.is_alive:
        return PromiseVerdict(state=promise.state, reached=reached, reason="It was judged before.")
    enough = promise.amount.minor - _tolerance(currency, rules)
    if paid and paid >= enough:
        return PromiseVerdict(state=PromiseState.KEPT, reached=reached, reason=f"{reached} was paid in time.")
    settled = purse.take(promise, promise.amount.minor - paid, kinds=_NO_CASH, until=None)
    if settled and paid + settled >= enough:
        text = f"{Money(settled, currency)} of it was settled by a credit, a write-off or a void."
        return PromiseVerdict(state=PromiseState.OVERTAKEN, reached=reached, reason=text)
    return _unreached(reached, deadline, facts)


def _unreached(reached: Money, deadline: date, facts: PromiseFacts) -> PromiseVerdict:
    over = datetime.combine(deadline + timedelta(1), time.min, tzinfo=facts.zone)
    if facts.now < over:
        text = f"It can be kept until {deadline.isoformat()}."
        return PromiseVerdict(state=PromiseState.OPEN, reached=reached, reason=text)
    if facts.synced_until < over:
        text = f"No sync has ended since {deadline.isoformat()}."
        return PromiseVerdict(state=PromiseState.BEING_CHECKED, reached=reached, reason=text)
    if facts.cash_posted_until < deadline:
        text = f"Payments are posted up to {facts.cash_posted_until.isoformat()}, not yet to {deadline.isoformat()}."
        return PromiseVerdict(state=PromiseState.BEING_CHECKED, reached=reached, reason=text)
    if reached:
        text = f"Only {reached} was paid by {deadline.isoformat()}."
        return PromiseVerdict(state=PromiseState.PARTLY_KEPT, reached=reached, reason=text)
    return PromiseVerdict(
        state=PromiseState.BROKEN, reached=reached, reason=f"Nothing was paid by {deadline.isoformat()}."
    )


def _tolerance(currency: str, rules: Rules) -> int:
    """The small balance by which a promise may fall short, in minor units."""
    return int(rules.small_balance.get(currency, 0) * 10 ** decimals(currency))
