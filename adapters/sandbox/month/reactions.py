"""How customers react to what they read: most pay, sooner or later; for promises and disputes see `commitments`.

What they pay is planned when the mail arrives, and their random choices depend on the customer and on how many mails
it has had, never on the order in which mails come.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from adapters.sandbox import office
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.bookkeeper import CENT, ZERO
from adapters.sandbox.month.acts import Reply
from adapters.sandbox.month.commitments import Disputes, Promises
from adapters.sandbox.month.reading import Answers, Reading
from adapters.sandbox.month.stage import Stage
from adapters.sandbox.population import Actor, Temper

_NEVER = 99
_PAYS_AFTER = {
    Behaviour.PAYS_AFTER_FIRST_STEP: 1,
    Behaviour.PAYS_AFTER_SECOND_STEP: 2,
    Behaviour.PAYS_AFTER_THIRD_STEP: 3,
    Behaviour.OUT_OF_OFFICE: 2,
    Behaviour.HEADS_UP_IN_TIME: 1,
    Behaviour.HEADS_UP_LAPSES: 2,
    Behaviour.SEVERAL_INVOICES: 2,
    Behaviour.CREDIT_LOWERS_ASK: 2,
    Behaviour.BILLED_WITH_PARENT: 2,
    Behaviour.TWO_CURRENCIES: 3,
    Behaviour.SHARED_ADDRESS: 3,
    Behaviour.BILL_EMAIL_OF_OTHER: 2,
    Behaviour.NIGHT_ZONE: 2,
    Behaviour.PAUSE_ENDS: 2,
    Behaviour.DUE_DATE_FORWARD: 2,
    Behaviour.PAYMENT_RETURNED: 2,
    Behaviour.BACKDATED_INVOICE: 2,
    Behaviour.CADENCE_SWITCHED: 3,
}
"""After how many mails about what is past due they pay all of it; the others do something else, or nothing."""


class Reactions:
    """What each customer does about a mail it has read."""

    def __init__(self, stage: Stage, answers: Answers) -> None:
        self._stage = stage
        self._answers = answers
        promise, dispute = Promises(stage, answers).react, Disputes(stage, answers).react
        self._by_part: dict[Behaviour, Callable[[Reading], list[Reply]]] = {
            Behaviour.PAYS_AFTER_HEADS_UP: self._pay_before_due,
            Behaviour.PAYS_PART: self._pay_part,
            Behaviour.PAYS_TOO_MUCH: self._pay_too_much,
            Behaviour.PROMISES_AND_KEEPS: promise,
            Behaviour.PROMISES_AND_BREAKS: promise,
            Behaviour.PROMISES_AND_PAYS_PART: promise,
            Behaviour.PROMISE_OVERTAKEN: promise,
            Behaviour.DISPUTES_BY_MAIL: dispute,
        }

    def react(self, reading: Reading) -> list[Reply]:
        """What the customer writes back; what it pays is noted in the agenda."""
        part = reading.actor.part
        if part is None:
            return self._ordinary(reading)
        if part in self._by_part:
            return self._by_part[part](reading)
        if reading.nth and reading.nth >= _PAYS_AFTER.get(part, _NEVER):
            self._stage.pays(reading.actor, reading.past_due, self._soon(reading))
        return []

    def before_reread(self, actor: Actor, now: datetime) -> bool:
        """The customer pays online in the minutes before a mail would leave; says whether it did.

        One of them pays only half the first time, so that there is still something to ask.
        """
        day = office.local_day(now)
        due = [bill for bill in self._stage.open_bills(actor) if bill.due_date < day]
        if actor.part is not Behaviour.PAYS_BEFORE_REREAD or not due or self._stage.is_silent(day):
            return False
        keeper = self._stage.keeper
        is_half = actor.copy == 1 and due[0].id not in keeper.payments
        keeper.pay(due, on=day, part="0.5" if is_half else "1", memo="Paid online")
        self._stage.tally.count(Behaviour.PAYS_BEFORE_REREAD, actor.key)
        return True

    def _soon(self, reading: Reading, longest: int = 2) -> date:
        """A day shortly after the mail."""
        rng = self._stage.rng(reading.actor.key, reading.nth, "soon")
        return reading.day + timedelta(days=rng.randrange(longest + 1))

    def _ordinary(self, reading: Reading) -> list[Reply]:
        """Most pay when they would have paid anyway; a slow one may be moved, or first asks for a copy."""
        actor, rng = reading.actor, self._stage.rng(reading.actor.key, reading.nth, "ordinary")
        if actor.temper is not Temper.SLOW or not reading.nth:
            return []
        if rng.random() < 0.4:
            self._stage.pays(actor, reading.past_due, self._soon(reading, 4))
        elif reading.nth == 1 and rng.random() < 0.5:
            return [self._answers.write(reading, "question", reading.past_due, amount=ZERO, day=reading.day)]
        return []

    def _pay_before_due(self, reading: Reading) -> list[Reply]:
        if not reading.past_due:
            self._stage.pays(reading.actor, reading.to_come, reading.day)
        return []

    def _pay_part(self, reading: Reading) -> list[Reply]:
        if reading.nth == 1:
            self._stage.pays(
                reading.actor, reading.past_due, self._soon(reading), part="0.6", shows=Behaviour.PAYS_PART
            )
        elif reading.nth == 3:
            self._stage.pays(reading.actor, reading.past_due, self._soon(reading))
        return []

    def _pay_too_much(self, reading: Reading) -> list[Reply]:
        if reading.nth == 1:
            surplus = Decimal(self._stage.rng(reading.actor.key, "surplus").randrange(1_500, 24_000)) * CENT
            day = self._soon(reading)
            self._stage.pays(reading.actor, reading.past_due, day, extra=surplus, shows=Behaviour.PAYS_TOO_MUCH)
        return []
