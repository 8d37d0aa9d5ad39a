"""Who the believable company sells to: its customers, how they are written down, and how they pay.

Everything is drawn from one random source, so that a seed always gives the same people. What makes ledgers hard to
read is here on purpose and in known numbers (`Trait`).
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import cycle
from random import Random

from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.names import UNITED_STATES, WEIGHTS, Country


class Temper(StrEnum):
    """When a customer pays if nobody writes to it."""

    PROMPT = "prompt"
    USUAL = "usual"
    SLOW = "slow"
    NEVER = "never"


class Trait(StrEnum):
    """What is odd about a customer's record."""

    PLAIN = "plain"
    INACTIVE = "inactive"
    NO_EMAIL = "no_email"
    NONSENSE_EMAIL = "nonsense_email"
    SEVERAL_ADDRESSES = "several_addresses"
    PLUS_ADDRESS = "plus_address"
    APOSTROPHE = "apostrophe"
    TYPOGRAPHIC_APOSTROPHE = "typographic_apostrophe"
    EMOJI = "emoji"
    MARKUP = "markup"
    BACKSLASH = "backslash"
    SUB_WITH_PARENT = "sub_with_parent"  # billed with its parent
    SUB_ALONE = "sub_alone"  # a sub-customer billed by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A customer of the believable company, and how it behaves. `key` names it within its world for ever."""

    key: str
    name: str
    contact: str
    emails: str  # as typed: may hold several addresses, or nonsense
    language: str
    country: str
    region: str
    currency: str
    phone: str
    terms_days: int
    temper: Temper
    trait: Trait = Trait.PLAIN
    part: Behaviour | None = None  # its part in the month, if it has one
    copy: int = 0  # which of those that play the same part
    parent: str | None = None  # the parent's key
    bill_with_parent: bool = False
    customer_type: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The single addresses typed in `emails`, as far as they look like addresses."""
        parts = self.emails.replace(";", ",").split(",")
        return tuple(part.strip() for part in parts if "@" in part)


_TRAITS: tuple[tuple[Trait, int], ...] = (
    (Trait.INACTIVE, 6),
    (Trait.NO_EMAIL, 5),
    (Trait.NONSENSE_EMAIL, 1),
    (Trait.SEVERAL_ADDRESSES, 7),
    (Trait.PLUS_ADDRESS, 5),
    (Trait.APOSTROPHE, 5),
    (Trait.TYPOGRAPHIC_APOSTROPHE, 3),
    (Trait.EMOJI, 3),
    (Trait.MARKUP, 1),
    (Trait.BACKSLASH, 1),
    (Trait.SUB_WITH_PARENT, 6),
    (Trait.SUB_ALONE, 5),
    (Trait.PLAIN, 32),
)
_TYPES = ("Retail", "Retail", "Wholesale", "Wholesale", "Key account", "Public sector", "")
_TERMS = (15, 30, 30, 30, 30, 45, 60)
_EMOJI = ("🍳", "🌻", "☕️", "🧁")


def slug(name: str) -> str:
    """`name` as a label of a host name: `Müller & Söhne` becomes `mullersohne`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum())[:40] or "customer"


class Population:
    """Draws customers, no two with one name."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._names: set[str] = set()
        self._countries = [country for country, weight in WEIGHTS for _ in range(weight)]

    def _unique(self, name: str, country: Country) -> str:
        candidate, number = name, 1
        while candidate.casefold() in self._names:
            number += 1
            candidate = f"{name} ({self._rng.choice(country.regions)} {number})"
        self._names.add(candidate.casefold())
        return candidate

    def _company(self, country: Country, trait: Trait) -> str:
        rng = self._rng
        stem, trade, form = rng.choice(country.stems), rng.choice(country.trades), rng.choice(country.forms)
        family, given = rng.choice(country.family), rng.choice(country.given)
        match trait:
            case Trait.APOSTROPHE:
                name = f"O'{family}'s {trade}"
            case Trait.TYPOGRAPHIC_APOSTROPHE:
                name = f"{given}’s {trade} {form}"
            case Trait.EMOJI:
                name = f"{stem} {rng.choice(_EMOJI)} {trade}"
            case Trait.MARKUP:
                name = f"<b>{stem}</b> & {{{{ {trade} }}}}"
            case Trait.BACKSLASH:
                name = f"{stem} \\ {trade}"
            case _:
                name = f"{stem} {trade} {form}"
        return self._unique(name.strip(), country)

    def _emails(self, country: Country, name: str, contact: str, trait: Trait) -> str:
        domain = f"{slug(name)}.example"
        desk = self._rng.choice(country.desks)
        person = ".".join(slug(part) for part in contact.split(" ", 1))
        match trait:
            case Trait.NO_EMAIL:
                return ""
            case Trait.NONSENSE_EMAIL:
                return "see fax number"
            case Trait.SEVERAL_ADDRESSES:
                return f"{desk}@{domain}{self._rng.choice((', ', ';', ' ; '))}{person}@{domain}"
            case Trait.PLUS_ADDRESS:
                return f"{desk}+larkfield@{domain}"
            case Trait.APOSTROPHE:
                return f"{person}.o'{slug(contact.rsplit(maxsplit=1)[-1])}@{domain}"
            case _:
                shared_host = self._rng.random() < 0.12
                host = self._rng.choice(("example.com", "example.org", "example.net"))
                return f"{slug(name)}.{desk}@{host}" if shared_host else f"{desk}@{domain}"

    def draw(self, key: str, *, country: Country | None = None, trait: Trait = Trait.PLAIN) -> Actor:
        """A customer, of a country drawn by weight where none is given."""
        rng = self._rng
        country = country or rng.choice(self._countries)
        name = self._company(country, trait)
        contact = f"{rng.choice(country.given)} {rng.choice(country.family)}"
        return Actor(
            key=key,
            name=name,
            contact=contact,
            emails=self._emails(country, name, contact, trait),
            language=country.language,
            country=country.code,
            region=rng.choice(country.regions),
            currency=country.currency,
            phone=f"{country.phone}{rng.randrange(100):02d}",
            terms_days=rng.choice(_TERMS),
            temper=rng.choices(list(Temper), weights=(46, 34, 15, 5))[0],
            trait=trait,
            customer_type=rng.choice(_TYPES),
        )

    def sub(self, parent: Actor, key: str, *, label: str, with_parent: bool) -> Actor:
        """A sub-customer of `parent`, billed with it or by itself."""
        trait = Trait.SUB_WITH_PARENT if with_parent else Trait.SUB_ALONE
        domain = parent.addresses[0].partition("@")[2] if parent.addresses else f"{slug(parent.name)}.example"
        return replace(
            parent,
            key=key,
            name=self._unique(f"{parent.name} – {label}", UNITED_STATES),
            emails="" if with_parent else f"{slug(key)}@{domain}",
            trait=trait,
            part=None,
            parent=parent.key,
            bill_with_parent=with_parent,
        )

    def ordinary(self, count: int) -> Iterator[Actor]:
        """`count` customers without a part; every trait turns up as often as `_TRAITS` says in each eighty."""
        deck = [trait for trait, weight in _TRAITS for _ in range(weight)]
        self._rng.shuffle(deck)
        parent: Actor | None = None
        subs = 0
        for number, trait in zip(range(count), cycle(deck), strict=False):
            key = f"ordinary-{number:04d}"
            if trait in {Trait.SUB_WITH_PARENT, Trait.SUB_ALONE} and parent is not None:
                subs += 1
                yield self.sub(parent, key, label=f"Store {subs}", with_parent=trait is Trait.SUB_WITH_PARENT)
                continue
            actor = self.draw(key, trait=trait)
            if trait is Trait.PLAIN and (parent is None or subs % 2 == 0):
                parent = actor
            yield actor
