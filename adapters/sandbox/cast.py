"""The cast: the customers that play a part in the month, and what they owe when it begins.

Days are counted from the month's first day; negative is before. A bill that was due on day -8 or earlier can get its
first reminder on the first day; `docs/rules.md` section 2 says why not sooner.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.names import CANADA, FRANCE, GERMANY, JAPAN, QUEBEC, SPAIN, UNITED_STATES, Country
from adapters.sandbox.population import Actor, Population, Temper

_FOUR_LANGUAGES = (UNITED_STATES, GERMANY, FRANCE, SPAIN)
_AMERICAN = (UNITED_STATES, CANADA, UNITED_STATES, QUEBEC)
_AT_HOME = (UNITED_STATES,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part, and one customer for each entry of `dues`: the days on which its bills fall due."""

    behaviour: Behaviour
    dues: tuple[tuple[int, ...], ...]
    countries: tuple[Country, ...] = _AT_HOME


def _part(behaviour: Behaviour, *dues: tuple[int, ...] | int, countries: tuple[Country, ...] = _AT_HOME) -> Part:
    days = tuple((each,) if isinstance(each, int) else each for each in dues)
    return Part(behaviour=behaviour, dues=days, countries=countries)


PARTS: tuple[Part, ...] = (
    _part(Behaviour.PAYS_BEFORE_REMINDER, 8, 9, 15, 22),
    _part(Behaviour.PAYS_AFTER_HEADS_UP, 3, 10, 14, 21, countries=_FOUR_LANGUAGES),
    _part(Behaviour.PAYS_AFTER_FIRST_STEP, -8, -9, -12, -4, 0, countries=_FOUR_LANGUAGES),
    _part(Behaviour.PAYS_AFTER_SECOND_STEP, -9, -10, -14, -18, countries=_AMERICAN),
    _part(Behaviour.PAYS_AFTER_THIRD_STEP, -12, -16, -18, -22),
    _part(Behaviour.PAYS_AFTER_CALL, -28, -30, -33, -36),
    _part(Behaviour.PAYS_PART, -9, -10, -11, -13, countries=_AMERICAN),
    _part(Behaviour.PAYS_TOO_MUCH, -8, -10, -11, -15),
    _part(Behaviour.PROMISES_AND_KEEPS, -9, -10, -11, -12, -3, countries=_FOUR_LANGUAGES),
    _part(Behaviour.PROMISES_AND_BREAKS, -9, -10, -12, -15, countries=_FOUR_LANGUAGES),
    _part(Behaviour.DISPUTES_BY_MAIL, -9, -10, -11, -14, countries=_FOUR_LANGUAGES),
    _part(Behaviour.BOUNCES, -9, -10, -11, -14, countries=_AMERICAN),
    _part(Behaviour.OUT_OF_OFFICE, -9, -10, -11, -12, countries=_FOUR_LANGUAGES),
    _part(Behaviour.PAYS_BEFORE_REREAD, -9, -12, -14, -5, 0, 5),
    _part(Behaviour.HEADS_UP_IN_TIME, 4, 11, 17, 22),
    _part(Behaviour.HEADS_UP_LAPSES, (-9, 3), (-10, 4), (-11, 3), 6, 7),
    _part(
        Behaviour.SEVERAL_INVOICES,
        (-9, -10, -14),
        (-9, -20, -21),
        (-10, -11),
        (-12, -13, -15, -30),
        countries=_AMERICAN,
    ),
    _part(Behaviour.CREDIT_LOWERS_ASK, -9, -10, -12, -15, countries=_AMERICAN),
    _part(Behaviour.BILLED_WITH_PARENT, (-9, -10), (-11, -12), (-9, -13), (-10, -14)),
    _part(Behaviour.PROMISES_AND_PAYS_PART, -9, -10),
    _part(Behaviour.PROMISE_OVERTAKEN, -9, -11),
    _part(Behaviour.DISPUTE_IN_NOTE, -9, -13),
    _part(Behaviour.SHORT_PAYMENT, -9, -10),
    _part(Behaviour.CREDIT_COVERS_ALL, -10, -13),
    _part(Behaviour.CREDIT_AT_PARENT, -10, -12),
    _part(Behaviour.BACKDATED_INVOICE, ()),
    _part(Behaviour.PAYMENT_RETURNED, -9, -11),
    _part(Behaviour.PAYMENT_REAPPLIED, (-9, -30)),
    _part(Behaviour.DUE_DATE_FORWARD, -9, -10),
    _part(Behaviour.DUE_DATE_STILL_PAST, -25, -28),
    _part(Behaviour.INVOICE_VOIDED, -9, -10),
    _part(Behaviour.INVOICE_DELETED, -11, -13),
    _part(Behaviour.INVOICE_REPLACED, -10, -12),
    _part(Behaviour.CUSTOMER_MERGED, (-9,), (-15,)),
    _part(Behaviour.SHARED_ADDRESS, -9, -10, -11),
    _part(Behaviour.BILL_EMAIL_OF_OTHER, -9, -10),
    _part(Behaviour.NEVER_DELIVERED, -10, -12),
    _part(Behaviour.TWO_CURRENCIES, (-9, -11), (-10, -12)),
    _part(Behaviour.JOURNAL_ON_AR, -12, -14),
    _part(Behaviour.CADENCE_SWITCHED, -9, -11),
    _part(Behaviour.NIGHT_ZONE, -9, -11, countries=(JAPAN,)),
    _part(Behaviour.PAUSE_ENDS, -9, -10),
    _part(Behaviour.PERSON_STEP_UNDONE, -28, -40),
    _part(Behaviour.END_OF_LADDER, -45, -60, -90),
)
WATCH_LIST = "Watch list"
"""The customer type of those who have let promises lapse before: the collector gives them the firm cadence."""

DUES: dict[Behaviour, Part] = {part.behaviour: part for part in PARTS}


def _type(part: Behaviour, copy: int) -> str:
    watched = part in {Behaviour.PERSON_STEP_UNDONE, Behaviour.END_OF_LADDER} or (
        part is Behaviour.PAYS_AFTER_CALL and copy > 1
    )
    return WATCH_LIST if watched else "Retail"


def dues_of(actor: Actor) -> tuple[int, ...]:
    """The days on which the bills of a member of the cast fall due."""
    return DUES[actor.part].dues[actor.copy] if actor.part else ()


def _heads(population: Population) -> Iterator[Actor]:
    for part in PARTS:
        for copy in range(len(part.dues)):
            country = part.countries[copy % len(part.countries)]
            actor = population.draw(f"{part.behaviour}-{copy}", country=country)
            kind = _type(part.behaviour, copy)
            yield replace(actor, part=part.behaviour, copy=copy, temper=Temper.USUAL, terms_days=30, customer_type=kind)


def cast(population: Population) -> Iterator[Actor]:
    """The members of the cast, parents before their sub-customers. Their bills are `dues_of` them."""
    shared = ""
    for head in _heads(population):
        match head.part:
            case Behaviour.SHARED_ADDRESS:
                shared = shared or head.emails
                yield replace(head, emails=shared)
            case Behaviour.BILLED_WITH_PARENT:
                yield head
                for number in range(2):
                    yield population.sub(head, f"{head.key}-{number}", label=f"Site {number + 1}", with_parent=True)
            case Behaviour.CREDIT_AT_PARENT:
                yield head
                yield population.sub(head, f"{head.key}-0", label="Workshop", with_parent=False)
            case _:
                yield head
