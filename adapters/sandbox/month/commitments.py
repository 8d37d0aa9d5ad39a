"""Promises and disputes: the mail, what the collector makes of it the next morning, and what comes of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from adapters.sandbox import office
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.bookkeeper import ZERO, Bill, share
from adapters.sandbox.month.acts import DisputeAct, PromiseAct, Reply, ResolveAct
from adapters.sandbox.month.reading import Answers, Reading
from adapters.sandbox.month.stage import Stage
from adapters.sandbox.population import Actor

_DAY = timedelta(days=1)
_GRACE = 3  # office days after the promised day
_DECIDED_AFTER = 6  # office days after a dispute's mail
_OVERTAKEN_AFTER = 5  # office days after a promise's mail
_PROMISED_IN = {
    Behaviour.PROMISES_AND_KEEPS: (4, 7, 15, 8, 9),  # the third pays in the week in which nobody enters payments
    Behaviour.PROMISES_AND_BREAKS: (4, 5, 7, 12),
    Behaviour.PROMISES_AND_PAYS_PART: (7, 9),
    Behaviour.PROMISE_OVERTAKEN: (14, 16),
}
"""How many days after the mail the promised day lies, for each that plays the part."""


@dataclass(frozen=True, slots=True)
class Promises:
    """Those who promise: to keep it, to break it, to pay part, or to be overtaken by a credit."""

    stage: Stage
    answers: Answers

    def react(self, reading: Reading) -> list[Reply]:
        """Promises at the first mail; two of those who break it pay at the next one, which names the promise."""
        actor, part = reading.actor, reading.actor.part
        assert part is not None
        if not reading.nth:
            return []
        if reading.nth > 1:
            if part is Behaviour.PROMISES_AND_BREAKS and actor.copy < 2:
                self.stage.pays(actor, reading.past_due, reading.day + _DAY)
            return []
        promised = office.open_day(reading.day + timedelta(days=_PROMISED_IN[part][actor.copy]))
        amount = sum((self.stage.keeper.open(bill) for bill in reading.past_due), ZERO)
        act = PromiseAct(
            customer=self.stage.id_of(actor),
            amount=amount,
            currency=reading.past_due[0].currency,
            day=promised,
            invoices=tuple(bill.number for bill in reading.past_due),
        )
        self.stage.plan(reading.day + _DAY, act)
        self._follow(part, actor, reading, promised)
        return [self.answers.write(reading, "promise", reading.past_due, amount=amount, day=promised)]

    def _follow(self, part: Behaviour, actor: Actor, reading: Reading, promised: date) -> None:
        """What comes of the promise, settled when it is made."""
        stage, bills = self.stage, reading.past_due
        match part:
            case Behaviour.PROMISES_AND_KEEPS:
                stage.pays(actor, bills, promised, shows=part)
            case Behaviour.PROMISES_AND_PAYS_PART:
                stage.pays(actor, bills, promised, part="0.5", shows=part)
            case Behaviour.PROMISES_AND_BREAKS:
                over = office.open_days_after(promised, _GRACE)
                stage.agenda.note(office.at(over, 20), partial(self._see_broken, actor, bills))
            case _:
                day = office.open_days_after(reading.day, _OVERTAKEN_AFTER)
                stage.at_office(day, 48, partial(self._overtake, actor, bills))

    def _see_broken(self, actor: Actor, bills: tuple[Bill, ...]) -> None:
        if any(self.stage.keeper.open(bill) > 0 for bill in bills):
            self.stage.tally.count(Behaviour.PROMISES_AND_BREAKS, actor.key)

    def _overtake(self, actor: Actor, bills: tuple[Bill, ...]) -> None:
        """The goods came back: a credit memo settles what was promised."""
        keeper = self.stage.keeper
        for bill in bills:
            if (amount := keeper.open(bill)) > 0:
                keeper.credit(bill, amount, on=self.stage.today(), memo="Order returned", apply=True)
                self.stage.tally.count(Behaviour.PROMISE_OVERTAKEN, actor.key)


@dataclass(frozen=True, slots=True)
class Disputes:
    """Those who dispute: credited, withdrawn, upheld; the fourth stays under review, and its rest is paid."""

    stage: Stage
    answers: Answers

    def react(self, reading: Reading) -> list[Reply]:
        """Disputes a part of the oldest invoice at the first mail."""
        actor, stage = reading.actor, self.stage
        if reading.nth != 1:
            return []
        bill = reading.past_due[0]
        amount = share(stage.keeper.open(bill), ("0.35", "0.2", "0.25", "0.3")[actor.copy])
        dispute = DisputeAct(
            customer=stage.id_of(actor),
            invoice=bill.number,
            amount=amount,
            currency=bill.currency,
            reason=self.answers.letters.phrase(actor, "reasons"),
        )
        stage.plan(reading.day + _DAY, dispute)
        stage.tally.count(Behaviour.DISPUTES_BY_MAIL, actor.key)
        self._follow(actor, bill, amount, office.open_days_after(reading.day, _DECIDED_AFTER))
        return [self.answers.write(reading, "dispute", [bill], amount=amount, day=reading.day)]

    def _follow(self, actor: Actor, bill: Bill, amount: Decimal, decided: date) -> None:
        stage = self.stage
        outcome = ("credited", "withdrawn", "upheld", "")[actor.copy]
        if outcome:
            stage.plan(decided, ResolveAct(customer=stage.id_of(actor), invoice=bill.number, outcome=outcome))
        if outcome == "credited":
            stage.at_office(decided, 15, partial(self._give_in, bill, amount))
        if outcome != "upheld":
            stage.pays(actor, [bill], decided + 2 * _DAY, part="1" if outcome else "0.7")

    def _give_in(self, bill: Bill, amount: Decimal) -> None:
        self.stage.keeper.credit(bill, amount, on=self.stage.today(), memo="Dispute credited", apply=True)
