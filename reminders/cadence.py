"""THE RULES: an account and a day in, a decision and its reason out. Docs/rules.md, sections 1 to 4.

`decide` is pure: the dry run, the simulation, the job and the last check before sending all call it. It reads the
account as follows. Items under a hold rest. Of the others, those whose next step is due today make one message, about
the items of the highest step; other past-due items are listed with it, and each due item advances by its own one step.
Heads-ups go only where no step after the due date is due or soon will be; a heads-up carries its own items alone, so
that what is not yet due never shares a total with what is past due. What is asked is net of free credit, per currency;
a currency whose credit covers everything rests. Steps for a person's hand become tasks and, undone, count as not made.
After the last step a person is told once, and then there is silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from adapters.documents import ItemRef
from reminders.account import Account, Hold, HoldKind, OwedItem
from reminders.amounts import Ask, asks
from reminders.caps import quiet_until, shared_addresses
from reminders.decision import Advance, Decision, Line, MessagePlan, Outcome, ReasonCode, TaskNeed
from reminders.standing import Stand, stands_of
from reminders.steps import Cadence
from reminders.working_days import WorkingDays

_TOMORROW = timedelta(1)


class _Look(NamedTuple):
    """A day on which something can change by itself, and what is waited for until then."""

    on: date
    reason: ReasonCode
    hold: HoldKind | None = None


def decide(account: Account, cadence: Cadence, today: date, calendar: WorkingDays) -> Decision:
    """What is to be done about `account` on `today` by `cadence`, and why. `calendar` is the company's.

    `Decision.look_on` is the first day on which the answer can change without a change of the facts; it is None where
    only a change of the facts can. A decision that acts is looked at again the day after.
    """
    owed = [item for item in account.items if item.open.minor > 0]
    if not owed:
        return Decision(outcome=Outcome.NOTHING, reason=ReasonCode.NOTHING_OWED)
    if not account.cadence_assigned:
        return Decision(outcome=Outcome.NOTHING, reason=ReasonCode.NO_CADENCE)
    return _Day(account, cadence, today, stands_of(owed, account, cadence, today, calendar)).decision()


class _Day:
    """One account's day while it is being decided: what was found, item by item."""

    def __init__(self, account: Account, cadence: Cadence, today: date, stands: list[Stand]) -> None:
        self.account = account
        self.cadence = cadence
        self.today = today
        self.stands = stands
        self.items: dict[ItemRef, ReasonCode] = {}
        self.looks: list[_Look] = []
        self.lapsed: list[Advance] = []
        self.not_made: list[Advance] = []
        self.person_step: list[Advance] = []
        self.escalate: list[ItemRef] = []
        self.tasks: list[TaskNeed] = []

    def decision(self) -> Decision:
        """The verdict."""
        self._lapse_at_due_date()
        self._look_where_parts_end()
        climbing = [stand for stand in self.stands if self._climbs(stand)]
        totals = asks(
            (stand.line for stand in climbing if stand.line.days_past_due > 0), self.account, self.cadence.rules
        )
        due = [stand for stand in climbing if self._is_due(stand)]
        mails = self._past_due_mails(due, totals)
        message = self._past_due_message(climbing, mails, totals) if mails else None
        heads_ups = [stand for stand in due if stand.rung.at < self.cadence.heads_ups]
        if heads_ups and mails:
            stopped = self.items.get(mails[0].item.ref) if message is None else None
            self._mark(heads_ups, stopped or ReasonCode.OTHER_MESSAGE)
        elif heads_ups:
            message = self._heads_up_message(climbing, heads_ups, totals)
        self._see_parent_credit()
        return self._verdict(message)

    # What each item waits for

    def _lapse_at_due_date(self) -> None:
        for stand in self.stands:
            if stand.rung.lapsed:
                self.lapsed += [self._advance(stand.item, at, nth) for nth, at in enumerate(stand.rung.lapsed)]

    def _look_where_parts_end(self) -> None:
        for hold in self.account.holds:
            if not hold.whole and hold.ends is not None and hold.ends > self.today:
                self.looks.append(_Look(hold.ends, ReasonCode.HELD, hold.kind))

    def _climbs(self, stand: Stand) -> bool:
        """Whether no hold rests the item."""
        hold = stand.hold
        if hold is not None:
            self.items[stand.item.ref] = ReasonCode.HELD
            if hold.ends is not None:
                self.looks.append(_Look(hold.ends, ReasonCode.HELD, hold.kind))
            self._look_at_due_date(stand)
            if hold.kind is HoldKind.NEVER_DELIVERED:
                self._need("never_delivered", "The invoice itself has not gone out.", stand.item)
            return False
        return True

    def _is_due(self, stand: Stand) -> bool:
        item, rung = stand.item, stand.rung
        if item.escalated_on is not None:
            self.items[item.ref] = ReasonCode.ESCALATED
            return False
        self.items[item.ref] = rung.reason
        self._look_at_due_date(stand)
        if rung.due_on > self.today:
            self.looks.append(_Look(rung.due_on, rung.reason))
            return False
        return True

    def _look_at_due_date(self, stand: Stand) -> None:
        """A heads-up that does not go out today lapses on the due date at the latest."""
        if stand.rung.at < self.cadence.heads_ups:
            self.looks.append(_Look(stand.item.due_date, ReasonCode.NOT_YET))

    def _past_due_mails(self, due: Iterable[Stand], totals: Mapping[str, Ask]) -> list[Stand]:
        """The items whose next step, after the due date, is a message; the others become tasks."""
        mails = []
        for stand in due:
            index = stand.rung.at
            if index < self.cadence.heads_ups or not self._may_ask(stand, totals):
                continue
            if index == len(self.cadence.steps):
                self.items[stand.item.ref] = ReasonCode.LADDER_ENDED
                self.escalate.append(stand.item.ref)
            elif self.cadence.steps[index].is_persons:
                self._person_step(stand)
            else:
                mails.append(stand)
        return mails

    def _may_ask(self, stand: Stand, totals: Mapping[str, Ask]) -> bool:
        currency = stand.line.asked.currency
        blocked = totals[currency].blocked if currency in totals else None
        if blocked is None:
            return True
        self.items[stand.item.ref] = blocked
        self.looks += [
            _Look(other.item.due_date + _TOMORROW, blocked) for other in self.stands if other.line.days_past_due <= 0
        ]
        if blocked is ReasonCode.COVERED_BY_CREDIT:
            text = f"Free credit of {self.account.free(currency)} covers what would be asked: apply the credit."
            self._task(f"apply_credit:{self.account.ref}:{currency}", "apply_credit", text, stand.item.ref)
        return False

    def _person_step(self, stand: Stand) -> None:
        step = self.cadence.steps[stand.rung.at]
        advance = self._advance(stand.item, stand.rung.at, len(stand.rung.lapsed))
        wait = stand.item.person_wait
        if wait is None or wait.step_id != step.id:
            self.items[stand.item.ref] = ReasonCode.PERSON_STEP
            self.person_step.append(advance)
            return
        self.items[stand.item.ref] = ReasonCode.PERSON_STEP_OPEN
        given_up_on = wait.since + timedelta(self.cadence.rules.task_days)
        if given_up_on <= self.today:
            self.not_made.append(advance)
        else:
            self.looks.append(_Look(given_up_on, ReasonCode.PERSON_STEP_OPEN))

    # The message

    def _past_due_message(
        self, climbing: Sequence[Stand], mails: Sequence[Stand], totals: Mapping[str, Ask]
    ) -> MessagePlan | None:
        if self._is_quiet(mails):
            return None
        self._mark(mails, ReasonCode.STEP_DUE)
        highest = max(stand.rung.at for stand in mails)
        about = [stand for stand in mails if stand.rung.at == highest]
        ours = {stand.item.ref for stand in about}
        asked = {currency: ask for currency, ask in totals.items() if ask.blocked is None}
        also = [
            stand.line
            for stand in climbing
            if stand.line.days_past_due > 0 and stand.line.asked.currency in asked and stand.item.ref not in ours
        ]
        not_due = self._not_due(climbing, ours)
        return self._plan(highest, about, asked, advancing=mails, also=also, not_due=not_due)

    def _heads_up_message(
        self, climbing: Sequence[Stand], due: Sequence[Stand], totals: Mapping[str, Ask]
    ) -> MessagePlan | None:
        highest = max(stand.rung.at for stand in due)
        self._mark((stand for stand in due if stand.rung.at != highest), ReasonCode.OTHER_MESSAGE)
        about = [stand for stand in due if stand.rung.at == highest]
        asked = asks((stand.line for stand in about), self.account, self.cadence.rules)
        about = [stand for stand in about if self._may_ask(stand, asked)]
        if not about or self._is_quiet(about):
            return None
        if self._past_due_step_soon(climbing, totals):
            self._mark(about, ReasonCode.HEADS_UP_LAPSED)
            self.lapsed += [self._advance(stand.item, stand.rung.at, 0) for stand in about]
            return None
        self._mark(about, ReasonCode.HEADS_UP_DUE)
        ours = {stand.item.ref for stand in about}
        asked = {currency: ask for currency, ask in asked.items() if ask.blocked is None}
        not_due = self._not_due(climbing, ours)
        return self._plan(highest, about, asked, advancing=about, also=(), not_due=not_due)

    def _past_due_step_soon(self, climbing: Iterable[Stand], totals: Mapping[str, Ask]) -> bool:
        """Whether a step after the due date of another item falls due within the minimum gap."""
        soon = self.today + timedelta(self.cadence.rules.min_gap_days)
        return any(
            self.today < stand.rung.due_on <= soon
            and self.cadence.heads_ups <= stand.rung.at < len(self.cadence.steps)
            and ((ask := totals.get(stand.line.asked.currency)) is None or ask.blocked is None)
            for stand in climbing
        )

    def _not_due(self, climbing: Iterable[Stand], ours: set[ItemRef]) -> list[Line]:
        if not self.cadence.list_not_due:
            return []
        return [stand.line for stand in climbing if stand.line.days_past_due <= 0 and stand.item.ref not in ours]

    def _is_quiet(self, stands: Sequence[Stand]) -> bool:
        """Whether nothing may be sent today: no address, the minimum gap, a cap, an address that was written to."""
        if not self.account.recipients:
            text = "There is no usable address for reminders."
            self._task(f"no_address:{self.account.ref}", "no_address", text, *(stand.item.ref for stand in stands))
            self._mark(stands, ReasonCode.NO_ADDRESS)
            return True
        quiet = quiet_until(self.account, self.cadence.rules, self.today)
        if quiet is None:
            return False
        self._mark(stands, quiet.reason)
        self.looks.append(_Look(quiet.until, quiet.reason))
        for address in shared_addresses(self.account, self.today):
            text = f"{address} belongs to several customers: join them, or name another address."
            self._task(f"shared_address:{address}", "shared_address", text)
        return True

    def _plan(
        self,
        index: int,
        about: Sequence[Stand],
        asked: Mapping[str, Ask],
        *,
        advancing: Sequence[Stand],
        also: Sequence[Line],
        not_due: Sequence[Line],
    ) -> MessagePlan:
        step = self.cadence.steps[index]
        broken = () if step.is_heads_up else self.account.broken_promises
        first = about[0]
        return MessagePlan(
            step_id=step.id,
            step_no=_last_place(first.item) + len(first.rung.lapsed) + 1,
            step_day=step.day,
            tone=step.tone,
            template=step.template,
            channel=step.channel,
            is_heads_up=step.is_heads_up,
            about=tuple(stand.line for stand in about),
            also=tuple(also),
            not_yet_due=tuple(not_due),
            amounts=tuple(ask.asked for ask in asked.values()),
            advance=tuple(self._advance(each.item, each.rung.at, len(each.rung.lapsed)) for each in advancing),
            recipients=self.account.recipients,
            names_broken_promise=max(broken, key=lambda promise: promise.day).id if broken else None,
        )

    # Putting it together

    def _advance(self, item: OwedItem, index: int, offset: int) -> Advance:
        step = self.cadence.steps[index]
        number = _last_place(item) + offset + 1
        return Advance(item=item.ref, cycle=item.cycle, step_no=number, step_id=step.id, step_day=step.day)

    def _mark(self, stands: Iterable[Stand], reason: ReasonCode) -> None:
        for stand in stands:
            self.items[stand.item.ref] = reason

    def _need(self, kind: str, text: str, item: OwedItem) -> None:
        self._task(f"{kind}:{item.ref}:{item.cycle}", kind, f"{item.number}: {text}", item.ref)

    def _task(self, key: str, kind: str, text: str, *items: ItemRef) -> None:
        if all(task.key != key for task in self.tasks):
            self.tasks.append(TaskNeed(key=key, kind=kind, text=text, items=items))

    def _see_parent_credit(self) -> None:
        for currency, credit in (self.account.parent_credit or {}).items():
            if credit.minor > 0:
                text = f"Free credit of {credit} lies at the parent, which is billed by itself: apply or move it."
                self._task(f"credit_at_parent:{self.account.ref}:{currency}", "credit_at_parent", text)

    def _verdict(self, message: MessagePlan | None) -> Decision:
        outcome, reason, hold = self._headline(message)
        acts = message or self.person_step or self.lapsed or self.not_made or self.escalate
        next_look = min((look.on for look in self.looks), default=None)
        return Decision(
            outcome=outcome,
            reason=reason,
            facts=self._facts(message, next_look),
            hold=hold,
            message=message,
            person_step=tuple(self.person_step),
            lapsed=tuple(self.lapsed),
            not_made=tuple(self.not_made),
            escalate=tuple(self.escalate),
            tasks=tuple(self.tasks),
            look_on=self.today + _TOMORROW if acts else next_look,
            items=self.items,
        )

    def _headline(self, message: MessagePlan | None) -> tuple[Outcome, ReasonCode, HoldKind | None]:
        """The most urgent thing, and why. What is waited for is what stops a due step, else what ends first."""
        if message is not None:
            reason = ReasonCode.HEADS_UP_DUE if message.is_heads_up else ReasonCode.STEP_DUE
            return Outcome.REMIND, reason, None
        if self.person_step:
            return Outcome.TASK, ReasonCode.PERSON_STEP, None
        if self.escalate:
            return Outcome.ESCALATE, ReasonCode.LADDER_ENDED, None
        return self._waits()

    def _waits(self) -> tuple[Outcome, ReasonCode, HoldKind | None]:
        reasons = set(self.items.values())
        if reasons == {ReasonCode.ESCALATED}:
            return Outcome.NOTHING, ReasonCode.ESCALATED, None
        for stopped, kind in _STOPPERS.items():
            if stopped in reasons:
                return Outcome.WAIT, stopped, kind
        first = min(self.looks, key=lambda look: look.on, default=None)
        if first is not None and first.reason in reasons:
            return Outcome.WAIT, first.reason, first.hold
        held = self._first_hold()
        if held is not None:
            return Outcome.WAIT, ReasonCode.HELD, held.kind
        return Outcome.WAIT, next(each for each in self.items.values() if each is not ReasonCode.ESCALATED), None

    def _first_hold(self) -> Hold | None:
        return next((stand.hold for stand in self.stands if stand.hold is not None), None)

    def _facts(self, message: MessagePlan | None, next_look: date | None) -> dict[str, str]:
        facts = {"cadence": f"{self.cadence.name} {self.cadence.version}"}
        if message is not None:
            facts["step"] = message.step_id
            facts["about"] = ", ".join(line.item.number for line in message.about)
        elif next_look is not None:
            facts["until"] = next_look.isoformat()
        if (hold := self._first_hold()) is not None:
            facts["hold"] = f"{hold.kind.value} {hold.id}: {hold.reason}"
        if self.account.figures_at is not None:
            facts["figures_at"] = self.account.figures_at.isoformat()
        return facts


_STOPPERS: dict[ReasonCode, HoldKind | None] = {
    ReasonCode.NO_ADDRESS: HoldKind.NO_ADDRESS,
    ReasonCode.MIN_GAP: None,
    ReasonCode.WEEKLY_CAP: None,
    ReasonCode.MONTHLY_CAP: None,
    ReasonCode.ADDRESS_BUSY: None,
    ReasonCode.COVERED_BY_CREDIT: HoldKind.COVERED_BY_CREDIT,
    ReasonCode.BELOW_MINIMUM: HoldKind.BELOW_MINIMUM,
    ReasonCode.HEADS_UP_LAPSED: None,
}


def _last_place(item: OwedItem) -> int:
    """The place of the last step taken in this cycle. A letter that was lost may have left a gap before it."""
    return max((taken.step_no for taken in item.taken if taken.cycle == item.cycle), default=0)
