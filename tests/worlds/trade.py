"""Ordinary business in a random world: invoices are written, and most of them are paid sooner or later."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from adapters.sandbox.bookkeeper import CENT, ZERO, Bill, share
from adapters.sandbox.books import BooksError
from adapters.sandbox.population import Actor, Temper, Trait
from tests.worlds.firm import DAY
from tests.worlds.people import draw_people, newcomer
from tests.worlds.stage import Stage

PAST_DAYS = 100
_OTHER_PARTY = "invoices@factor.example"
_LATENESS = {Temper.PROMPT: (-6, 1), Temper.USUAL: (-2, 14), Temper.SLOW: (6, 60)}
_HOWS = (*("full",) * 16, "part", "part", "too_much", "short", "instalments", "together")


class Trade:
    """Writes invoices and payments into the agenda, a day at a time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rng = stage.dice("trade")
        self._come = 0

    def open_shop(self) -> None:
        """The customers, and the business of the last hundred days."""
        stage = self._stage
        for actor in draw_people(stage.dice("people"), stage.size.customers):
            self.enter(actor)
        begin = stage.start - timedelta(days=PAST_DAYS)
        for number in range(PAST_DAYS):
            day = begin + timedelta(days=number)
            self.play_day(day)
            stage.agenda.play(stage.firm.at(day + DAY, 0))
            stage.time.set(stage.firm.at(day + DAY, 0))

    def enter(self, actor: Actor) -> None:
        """A new customer."""
        self._stage.actors[actor.key] = actor
        self._stage.keeper.enter(actor)

    def play_day(self, day: date) -> None:
        """Notes the invoices of a day, and now and then a new customer."""
        if not self._stage.firm.is_open(day):
            return
        rng = self._rng
        if rng.random() < 0.02:
            self._come += 1
            self.enter(newcomer(rng, self._come))
        left = self._stage.size.invoices / 250
        while rng.random() < left:
            left -= 1
            self._note_bill(rng.choice(list(self._stage.actors.values())), day)

    def amount(self) -> Decimal:
        """What an invoice may be about; now and then too little to be asked for."""
        if self._rng.random() < 0.03:
            return Decimal(self._rng.randrange(50, 700)) * CENT
        most = self._rng.choice((190_000, 900_000))
        return Decimal(self._rng.randrange(6_000, most)) * CENT

    def _note_bill(self, actor: Actor, day: date) -> None:
        rng, stage = self._rng, self._stage
        amount, terms = self.amount(), actor.terms_days
        back = rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 3, 12, 30, 60)) if rng.random() < 0.5 else 0
        issued = day - timedelta(days=back)
        due = issued + timedelta(days=terms)
        currency = rng.choice(("USD", "EUR", "CAD")) if rng.random() < 0.05 else ""
        other = _OTHER_PARTY if rng.random() < 0.02 else None
        waiting = rng.random() < 0.03

        def write() -> None:
            if actor.key not in stage.actors:
                return
            now = stage.actors[actor.key]
            bill = stage.keeper.bill(
                now,
                amount,
                issue_date=issued,
                due_date=due,
                currency=currency,
                bill_email=other,
                deposit=share(amount, "0.1") if rng.random() < 0.04 else ZERO,
                delivery="waiting" if waiting else "",
            )
            stage.tally["billed"] += 1
            stage.tally["backdated"] += back > 0
            self._decide(now, bill)
            if waiting:
                self._mail_later(bill)

        stage.at_office(day, write, rng, early=rng.random() < 0.5)

    def _mail_later(self, bill: Bill) -> None:
        """An invoice that lay around goes out after all."""
        rng, stage = self._rng, self._stage
        if rng.random() < 0.8:
            day = stage.today() + timedelta(days=rng.randrange(2, 25))
            stage.at_office(day, lambda: self.if_open(bill, lambda: stage.books.mail_invoice(bill.id)), rng)

    def if_open(self, bill: Bill, act: Callable[[], object]) -> bool:
        """Does something about an invoice that is still open; says whether it could."""
        if self._stage.keeper.open(bill) <= 0:
            return False
        try:
            act()
        except BooksError:
            return False
        return True

    def _decide(self, actor: Actor, bill: Bill) -> None:
        """When it is paid though nobody asks: three in four; the others wait for a mail, or for ever."""
        rng = self._rng
        if actor.temper is Temper.NEVER or actor.trait is Trait.NONSENSE_EMAIL or rng.random() < 0.3:
            return
        late = rng.randint(*_LATENESS[actor.temper])
        day = max(self._stage.today() + DAY, bill.due_date + timedelta(days=late))
        self.pays(actor, [bill], day, how=rng.choice(_HOWS))

    # --- payments ----------------------------------------------------------------------------------------------

    def pays(self, actor: Actor, bills: Iterable[Bill], day: date, *, how: str = "full") -> None:
        """The customer transfers money on `day`; the bookkeeper enters it that day or soon after, dated `day`."""
        rng, stage, ids = self._rng, self._stage, [bill.id for bill in bills]
        entered = day + timedelta(days=rng.choice((0, 0, 1, 1, 2, 4)))
        extra = Decimal(rng.randrange(100, 24_000)) * CENT if how == "too_much" else ZERO
        part = {"part": "0.6", "instalments": "0.5", "short": "0.95"}.get(how, "1")
        memo = "less freight damage deduction" if how == "short" and rng.random() < 0.6 else ""

        def post() -> None:
            if how == "together":
                due = [each.id for each in stage.open_bills(stage.family(actor)) if each.due_date <= stage.today()]
                ids.extend(each for each in due if each not in ids)
            if self.post(ids, on=day, part=part, extra=extra, memo=memo):
                stage.tally[f"paid {how}"] += 1
            if how == "instalments":
                again = stage.today() + timedelta(days=9)
                stage.at_office(again, lambda: self.post(ids, on=again), rng, cash=True)

        stage.at_office(entered, post, rng, cash=True)

    def post(self, ids: Iterable[str], *, on: date, part: str = "1", extra: Decimal = ZERO, memo: str = "") -> bool:
        """Enters payments for what is open of these invoices: one for each family and currency."""
        stage = self._stage
        groups: dict[tuple[str, str], list[Bill]] = {}
        for ident in dict.fromkeys(ids):
            bill = stage.keeper.bills[ident]
            if bill.actor in stage.actors and stage.keeper.open(bill) > 0:
                head = stage.head_of(stage.actors[bill.actor]).key
                groups.setdefault((head, bill.currency), []).append(bill)
        made = [stage.keeper.pay(each, on=on, part=part, extra=extra, memo=memo) for each in groups.values()]
        return any(made)

    def pays_at_once(self, actor: Actor, rng: Random) -> bool:
        """The customer pays online this very minute what is past due, or half of it."""
        today = self._stage.today()
        due = [each.id for each in self._stage.open_bills(self._stage.family(actor)) if each.due_date < today]
        return bool(due) and self.post(due, on=today, part=rng.choice(("1", "1", "0.5")), memo="Paid online")
