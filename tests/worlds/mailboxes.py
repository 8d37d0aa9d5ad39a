"""The customers' mail boxes in a random world: who reads a mail, and what comes back: money, words, or nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from adapters.sandbox.bookkeeper import ZERO, Bill
from adapters.sandbox.letters import REFUSALS, TRYING, Mail, read_mail
from adapters.sandbox.population import Actor
from tests.worlds.firm import DAY
from tests.worlds.mischief import draw_part
from tests.worlds.stage import Stage
from tests.worlds.trade import Trade

_WHAT = (
    *("nothing",) * 30,
    *("pays",) * 30,
    *("promise",) * 12,
    *("dispute",) * 7,
    *("question",) * 5,
    *("away",) * 5,
    *("part",) * 4,
    *("too_much",) * 3,
    *("short",) * 2,
    *("dies",) * 2,
)
_PROMISED = ("kept", "kept", "kept", "broken", "broken", "part", "overtaken", "early")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A mail that arrives in the inbox at an instant."""

    at: datetime
    eml: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    actor: Actor
    mail: Mail
    past_due: list[Bill]
    now: datetime
    day: date
    rng: Random


class Mailboxes:
    """All addresses of the customers."""

    def __init__(self, stage: Stage, trade: Trade) -> None:
        self._stage = stage
        self._trade = trade
        self._read: set[tuple[str, str]] = set()
        self._nth: Counter[str] = Counter()

    def receive(self, address: str, eml: bytes) -> list[Answer]:
        """A mail arrives; what comes back. Nobody answers for an address that is no customer's."""
        stage, mail = self._stage, read_mail(eml, address)
        if address.casefold() in stage.dead:
            return self._bounced(mail)
        owners = [
            each
            for each in list(stage.actors.values())
            if address.casefold() in {own.casefold() for own in each.addresses} and stage.head_of(each) is each
        ]
        return [answer for actor in owners for answer in self._arrive(actor, mail)]

    def _bounced(self, mail: Mail) -> list[Answer]:
        """A delivery report; now and then the mail system says first that it takes longer."""
        stage = self._stage
        rng = stage.dice("bounce", mail.message_id, mail.recipient)
        stage.tally["bounced"] += 1
        refusal, now = rng.choice(REFUSALS), stage.time.now()
        soon, later = now + timedelta(seconds=35), now + timedelta(hours=5)
        if rng.random() < 0.8:
            return [Answer(at=soon, eml=stage.letters.bounce(mail, refusal, at=soon))]
        delayed = stage.letters.bounce(mail, TRYING, at=soon, delayed=True)
        return [Answer(at=soon, eml=delayed), Answer(at=later, eml=stage.letters.bounce(mail, refusal, at=later))]

    def _arrive(self, actor: Actor, mail: Mail) -> list[Answer]:
        stage = self._stage
        bills = [bill for bill in stage.open_bills(stage.family(actor)) if mail.names(bill.number)]
        if not bills or (actor.key, mail.message_id) in self._read:
            return []
        self._read.add((actor.key, mail.message_id))
        self._nth[actor.key] += 1
        day = stage.today()
        reading = _Reading(
            actor=actor,
            mail=mail,
            past_due=[bill for bill in bills if bill.due_date < day],
            now=stage.time.now(),
            day=day,
            rng=stage.dice("reads", actor.key, self._nth[actor.key]),
        )
        return self._react(reading) if reading.past_due else self._reminded(reading, bills)

    def _reminded(self, reading: _Reading, bills: list[Bill]) -> list[Answer]:
        """A heads-up: some pay in time."""
        if reading.rng.random() < 0.4:
            self._trade.pays(reading.actor, bills, reading.day + timedelta(days=reading.rng.randrange(3)))
        return []

    def _react(self, reading: _Reading) -> list[Answer]:
        rng, stage = reading.rng, self._stage
        what = rng.choice(_WHAT)
        stage.tally[f"reads: {what}"] += 1
        soon = reading.day + timedelta(days=rng.randrange(6))
        match what:
            case "pays" | "part" | "too_much" | "short":
                self._trade.pays(reading.actor, reading.past_due, soon, how="full" if what == "pays" else what)
            case "promise":
                return self._promise(reading)
            case "dispute":
                return self._dispute(reading)
            case "question":
                return [self._written(reading, "question", reading.past_due, ZERO, reading.day)]
            case "away":
                at = reading.now + timedelta(seconds=4)
                back = stage.firm.open_day(reading.day + timedelta(days=rng.randrange(2, 12)))
                return [Answer(at=at, eml=stage.letters.away(reading.actor, reading.mail, at=at, back_on=back))]
            case "dies":
                stage.dead[reading.mail.recipient.casefold()] = reading.actor.key
            case _:
                pass
        return []

    def _written(self, reading: _Reading, kind: str, bills: list[Bill], amount: Decimal, day: date) -> Answer:
        """What a person answers, some hours after the mail."""
        at = reading.now + timedelta(minutes=reading.rng.randrange(25, 900))
        body = self._stage.letters.wording(reading.actor, kind, bills, amount=amount, day=day)
        return Answer(at=at, eml=self._stage.letters.answer(reading.actor, reading.mail, body, at=at))

    # --- promises ----------------------------------------------------------------------------------------------

    def _promise(self, reading: _Reading) -> list[Answer]:
        """Promises what is past due in one currency, or some of it; the collector takes it down the next day."""
        rng, stage = reading.rng, self._stage
        currency = reading.past_due[0].currency
        bills = [bill for bill in reading.past_due if bill.currency == currency]
        amount = sum((stage.keeper.open(bill) for bill in bills), ZERO)
        if rng.random() < 0.25:
            amount = draw_part(rng, amount)
        day = stage.firm.open_day(reading.day + timedelta(days=rng.randrange(2, 25)))
        named = [word for bill in bills for word in ("--invoice", bill.number)] if rng.random() < 0.7 else []
        whose = ("promise", "add", stage.id_of(reading.actor), str(amount), day.isoformat(), "--currency", currency)
        stage.plan(reading.day + DAY, *whose, *named, *(("--confirmed",) if rng.random() < 0.8 else ()))
        self._follow(reading, bills, day, rng.choice(_PROMISED))
        return [self._written(reading, "promise", bills, amount, day)]

    def _follow(self, reading: _Reading, bills: list[Bill], day: date, what: str) -> None:
        """What comes of a promise."""
        stage, rng = self._stage, reading.rng
        stage.tally[f"promise {what}"] += 1
        match what:
            case "kept":
                self._trade.pays(reading.actor, bills, day - timedelta(days=rng.randrange(2)))
            case "early":
                self._trade.pays(reading.actor, bills, reading.day + DAY)
            case "part":
                self._trade.pays(reading.actor, bills, day, how="part")
            case "overtaken":

                def credit() -> None:
                    for bill in bills:
                        amount = stage.keeper.open(bill)
                        if amount > 0 and bill.actor in stage.actors:
                            stage.keeper.credit(bill, amount, on=stage.today(), memo="Goodwill", apply=True)

                stage.at_office(reading.day + timedelta(days=rng.randrange(2, 9)), credit, rng)
            case _:
                pass

    # --- disputes ----------------------------------------------------------------------------------------------

    def _dispute(self, reading: _Reading) -> list[Answer]:
        """Disputes a part of the oldest invoice, or all of it."""
        rng, stage = reading.rng, self._stage
        bill = reading.past_due[0]
        amount = draw_part(rng, stage.keeper.open(bill))
        reason = stage.letters.phrase(reading.actor, "reasons")
        said = () if rng.random() < 0.2 else ("--amount", str(amount))
        stage.plan(
            reading.day + DAY, "dispute", "open", stage.id_of(reading.actor), bill.number, *said, "--reason", reason
        )
        decided = stage.firm.open_days_after(reading.day, rng.randrange(3, 15))
        outcome = rng.choice(("credited", "withdrawn", "upheld", "open"))
        if outcome != "open":
            stage.plan(decided, "resolve", bill.id, outcome)
        if outcome == "credited":

            def give_in() -> None:
                if stage.keeper.open(bill) > 0:
                    stage.keeper.credit(bill, amount, on=stage.today(), memo="Dispute credited", apply=True)

            stage.at_office(decided, give_in, rng)
        if rng.random() < 0.6:
            self._trade.pays(reading.actor, [bill], decided + 2 * DAY)
        return [self._written(reading, "dispute", [bill], amount, reading.day)]
