"""What all players of a random world share: the company, its people, its agenda, and who did what how often."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.bookkeeper import Bill, Bookkeeper
from adapters.sandbox.books import Books
from adapters.sandbox.letters import Letters
from adapters.sandbox.population import Actor
from connector.demo.time import WorldTime
from tests.worlds.firm import DAY, Firm
from tests.worlds.size import Size

Command = tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Stage:
    """The shared state of one world. Everything in it follows from `seed`."""

    seed: int
    size: Size
    firm: Firm
    start: date
    time: WorldTime
    books: Books
    keeper: Bookkeeper
    agenda: Agenda
    letters: Letters
    actors: dict[str, Actor] = field(default_factory=dict)  # those who are still customers, by key
    tally: Counter[str] = field(default_factory=Counter)
    plans: dict[date, list[Command]] = field(default_factory=dict)  # what the collector types, by day
    dead: dict[str, str] = field(default_factory=dict)  # addresses that bounce, and whose they are
    off: set[date] = field(default_factory=set)  # the service is off, or the ledger cannot be reached
    silent: set[date] = field(default_factory=set)  # nobody enters payments

    @property
    def days(self) -> list[date]:
        """Every day of the world."""
        return [self.start + timedelta(days=number) for number in range(self.size.days)]

    def dice(self, *parts: object) -> Random:
        """A random source of its own for one question, whatever was asked before."""
        return Random("|".join(str(part) for part in (self.seed, *parts)))

    def today(self) -> date:
        """The company's day."""
        return self.firm.day_of(self.time.now())

    def id_of(self, actor: Actor) -> str:
        """The customer's id in the books."""
        return self.keeper.ids[actor.key]

    def head_of(self, actor: Actor) -> Actor:
        """Who is billed for a customer."""
        while actor.bill_with_parent and actor.parent in self.actors:
            actor = self.actors[actor.parent or ""]
        return actor

    def family(self, actor: Actor) -> list[str]:
        """The keys of all who are billed together with a customer."""
        head = self.head_of(actor).key
        return [each.key for each in self.actors.values() if self.head_of(each).key == head]

    def open_bills(self, actors: Iterable[str] | None = None) -> list[Bill]:
        """The open invoices of these customers, or of all, oldest due date first."""
        return self.keeper.open_bills(list(self.actors) if actors is None else actors)

    def at_office(
        self, day: date, act: Callable[[], object], rng: Random, *, cash: bool = False, early: bool = False
    ) -> None:
        """Notes an act of the bookkeeper for some minute of `day`, or of the next day with office."""
        hour = 8 if early else rng.choice((8, 8, 9, 10, 11, 13, 14, 15, 16))
        at = self.firm.at(self.firm.open_day(day), hour, rng.randrange(1, 59), rng.randrange(60))

        def go() -> None:
            act()

        self.agenda.note(max(at, self.time.now()), go, cash=cash)

    def plan(self, day: date, *command: str) -> None:
        """Has the collector type a command on `day`, or on the next day with office and service."""
        while not self.firm.is_open(day) or day in self.off:
            day += DAY
        self.plans.setdefault(day, []).append(command)

    def play(self, until: datetime) -> None:
        """Lets the office's day go on up to an instant."""
        self.agenda.play(until, post_cash=self.today() not in self.silent)
        self.time.set(until)
