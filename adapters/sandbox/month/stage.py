"""What all players of the month share: the company, the tally, and which mails told of which invoice."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from adapters.sandbox import office
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.bookkeeper import ZERO, Bill, Bookkeeper
from adapters.sandbox.company import Company
from adapters.sandbox.month.acts import CollectorAct
from adapters.sandbox.month.tally import Tally
from adapters.sandbox.population import Actor

DAYS = 32  # thirty in service, and two on which it is off
OUTAGE = (3, 4)  # the service is off: Thursday and Friday of the first week
SILENT = range(14, 21)  # nobody enters payments: the whole third week


@dataclass(slots=True, kw_only=True)
class Stage:
    """The shared state of one month."""

    company: Company
    seed: int
    tally: Tally = field(default_factory=Tally)
    mails_about: Counter[str] = field(default_factory=Counter)  # mails that asked for an invoice as past due, by its id
    heads_ups: set[str] = field(default_factory=set)  # invoices announced before they fell due
    plans: dict[date, list[CollectorAct]] = field(default_factory=dict)  # what the collector does, by day

    @property
    def keeper(self) -> Bookkeeper:
        """The company's bookkeeper."""
        return self.company.keeper

    @property
    def agenda(self) -> Agenda:
        """What is going to happen in the books."""
        return self.company.agenda

    def day(self, number: int) -> date:
        """The month's day with this number, from 0."""
        return self.company.today + timedelta(days=number)

    def today(self) -> date:
        """The company's day by the books' clock."""
        return office.local_day(self.keeper.books.now())

    def is_silent(self, day: date) -> bool:
        """Whether nobody enters payments on `day`."""
        return (day - self.company.today).days in SILENT

    def is_off(self, day: date) -> bool:
        """Whether the service is off on `day`."""
        return (day - self.company.today).days in OUTAGE

    def rng(self, *parts: object) -> Random:
        """A random source of its own for one question, whatever was asked before."""
        return Random("|".join(str(part) for part in (self.seed, *parts)))  # noqa: S311 - a world, not a secret

    def id_of(self, actor: Actor) -> str:
        """The customer's id in the books."""
        return self.keeper.ids[actor.key]

    def playing(self, behaviour: Behaviour) -> list[Actor]:
        """Those who play a part, in order, without their sub-customers."""
        return [actor for actor in self.company.actors.values() if actor.part is behaviour]

    def open_bills(self, actor: Actor) -> list[Bill]:
        """The open invoices of the customer and of those billed with it."""
        return self.keeper.open_bills(self.company.family(actor.key))

    def plan(self, day: date, *acts: CollectorAct) -> None:
        """Notes what the collector does on `day`, or on the next day with office and service."""
        while not office.is_open(day) or self.is_off(day):
            day += timedelta(days=1)
        self.plans.setdefault(day, []).extend(acts)

    def at_office(self, day: date, minute: int, act: Callable[[], None], *, cash: bool = False) -> None:
        """Notes an act of the bookkeeper: so many minutes past eight on `day`, or on the next day with office."""
        self.agenda.note(office.at(office.open_day(day), 8, minute), act, cash=cash)

    def pays(
        self,
        actor: Actor,
        bills: Iterable[Bill],
        day: date,
        *,
        part: str = "1",
        extra: Decimal = ZERO,
        memo: str = "",
        shows: Behaviour | None = None,
    ) -> None:
        """The customer transfers money on `day`; the bookkeeper enters it the next morning, dated `day`.

        A payment for each currency. `shows` is counted once it is in the books.
        """
        chosen = [bill.id for bill in bills]
        minute = self.rng(actor.key, day, "minute").randrange(1, 50)

        def post() -> None:
            for currency in sorted({self.keeper.bills[ident].currency for ident in chosen}):
                same = [bill for ident in chosen if (bill := self.keeper.bills[ident]).currency == currency]
                if self.keeper.pay(same, on=day, part=part, extra=extra, memo=memo) and shows:
                    self.tally.count(shows, actor.key)

        self.at_office(day + timedelta(days=1), minute, post, cash=True)
