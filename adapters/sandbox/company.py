"""The believable company: `believable(books, seed=…)` fills empty books with eighteen months of business.

Deterministic: the same seed, size and day give the same history of the same books, to the microsecond. The clock that
the books were made with is moved through the past, so that every record was created when it says.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from adapters.sandbox import office
from adapters.sandbox.agenda import Agenda, SettableClock, WorldClock
from adapters.sandbox.bookkeeper import Bookkeeper
from adapters.sandbox.books import Books
from adapters.sandbox.cast import cast
from adapters.sandbox.opening import Opening
from adapters.sandbox.past import FUTURE_DAYS, PAST_DAYS, Past
from adapters.sandbox.population import Actor, Population, Trait

__all__ = ["MONTH_BEGINS", "SIZES", "Company", "WorldClock", "believable", "first_instant"]

MONTH_BEGINS = date(2026, 11, 2)
"""The first day of the month that the demo plays: a Monday, with Veterans Day and Thanksgiving ahead."""

SIZES = {"small": 80, "medium": 2060}
"""How many customers there are besides the cast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The company on the evening before `today`: its books, its people, and what they are going to do."""

    books: Books
    clock: SettableClock
    seed: int
    today: date
    keeper: Bookkeeper
    actors: dict[str, Actor]
    families: dict[str, tuple[str, ...]]
    agenda: Agenda

    def family(self, key: str) -> tuple[str, ...]:
        """The customers of one account: `key` and the sub-customers billed with it."""
        return self.families.get(key, (key,))


def first_instant(today: date) -> WorldClock:
    """A clock that stands where the believable company's past begins."""
    return WorldClock(office.at(today - timedelta(days=PAST_DAYS + 30), 7))


def _people(rng: Random, size: str) -> dict[str, Actor]:
    population = Population(rng)
    everyone = [*cast(population), *population.ordinary(SIZES[size])]
    return {actor.key: actor for actor in everyone}


def _last_bill(actor: Actor) -> int:
    """Until which day, from today, a customer's ordinary bills are written."""
    if actor.trait is Trait.INACTIVE:
        return -150
    return -46 if actor.part else FUTURE_DAYS  # the cast has paid all of it when its part begins


def _families(actors: dict[str, Actor]) -> dict[str, tuple[str, ...]]:
    families: dict[str, list[str]] = {}
    for actor in actors.values():
        head = actor
        while head.bill_with_parent and head.parent:
            head = actors[head.parent]
        families.setdefault(head.key, []).append(actor.key)
    return {head: tuple(members) for head, members in families.items()}


def believable(
    books: Books,
    *,
    clock: SettableClock,
    seed: int = 1,
    size: str = "small",
    today: date = MONTH_BEGINS,
    plain_numbers: bool = False,
) -> Company:
    """Fills empty `books`, whose `now` is `clock`, with the company's past up to the evening before `today`.

    The clock must stand before that past (`first_instant(today)` does); it is left at midnight of `today`. Raises
    `ValueError` for an unknown size. `plain_numbers`: invoices are numbered by digits alone.
    """
    if size not in SIZES:
        raise ValueError(f"{size!r} is no size of the believable company; there are: {', '.join(SIZES)}.")
    rng = Random(f"{seed}:{size}:{today}")  # noqa: S311 - a believable world, not a secret
    agenda, keeper = Agenda(clock), Bookkeeper(books, plain_numbers=plain_numbers)
    actors = _people(rng, size)
    for actor in actors.values():
        keeper.enter(actor)
    past, opening = Past(keeper, agenda, rng, today), Opening(keeper, agenda, rng, today)
    for actor in actors.values():
        if actor.part is None and not actor.key.startswith("ordinary"):
            continue  # a sub-customer of the cast owes what its part says, and nothing else
        past.plan(actor, until=today + timedelta(days=_last_bill(actor)))
        past.plan_end(actor)
    opening.plan(actors)
    agenda.play(office.at(today, 0))
    clock.set(office.at(today, 0))
    return Company(
        books=books,
        clock=clock,
        seed=seed,
        today=today,
        keeper=keeper,
        actors=actors,
        families=_families(actors),
        agenda=agenda,
    )
