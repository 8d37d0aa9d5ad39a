"""The customers of a random world: their countries, zones, currencies, families and addresses."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from adapters.sandbox.population import Actor, Population, Trait

_TRAITS = (
    *(Trait.PLAIN,) * 20,
    *(Trait.SEVERAL_ADDRESSES,) * 4,
    *(Trait.PLUS_ADDRESS, Trait.APOSTROPHE, Trait.TYPOGRAPHIC_APOSTROPHE, Trait.EMOJI, Trait.MARKUP, Trait.BACKSLASH),
    *(Trait.NO_EMAIL, Trait.NONSENSE_EMAIL),
)
_TERMS = (0, 7, 14, 14, 30, 30, 30, 45)


def draw_people(rng: Random, count: int) -> Iterator[Actor]:
    """`count` customers and their sub-customers, parents first; now and then two share an address."""
    population = Population(rng)
    sharing = ""
    for number in range(count):
        head = population.draw(f"c{number:03d}", trait=rng.choice(_TRAITS))
        head = replace(head, terms_days=rng.choice(_TERMS))
        if rng.random() < 0.06 and sharing:
            head = replace(head, emails=sharing)
        elif head.addresses:
            sharing = head.emails
        yield head
        if rng.random() < 0.2:
            for sub in range(rng.choice((1, 2, 3))):
                together = rng.random() < 0.6
                yield population.sub(head, f"{head.key}-{sub}", label=f"Site {sub + 1}", with_parent=together)


def newcomer(rng: Random, number: int) -> Actor:
    """A customer who comes later."""
    actor = Population(rng).draw(f"n{number:03d}", trait=rng.choice(_TRAITS))
    return replace(actor, name=f"{actor.name} #{number}", terms_days=rng.choice(_TERMS))
