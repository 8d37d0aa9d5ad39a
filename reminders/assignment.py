"""Which cadence a customer gets: the first rule that fits, else the default; or none, for those who were opted out.

Judged when an account's first item enters the ladder and kept until the account is paid up or a person changes it, so
that a part payment never moves a customer to another ladder in mid-conversation (docs/rules.md, section 2). Whoever
stores accounts keeps the answer; here is only the judgement.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.documents import CustomerRef
from adapters.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """What a customer is judged by."""

    customer: CustomerRef
    customer_type: str = ""  # the ledger's customer type or group
    segment: str = ""  # set with us
    country: str = ""  # ISO 3166-1 alpha-2
    open: Mapping[str, Money] = field(default_factory=dict)  # open balance, by currency
    broken_promises: int = 0  # of late
    average_days_late: int | None = None  # of its paid invoices; None: it has paid none yet


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRule:
    """A cadence for the customers that fit everything the rule names; what it leaves empty fits all.

    `cadence` None leaves the customer out of reminders. `balance_at_least` is by currency: one that is reached is
    enough, and currencies are never added.
    """

    cadence: str | None
    customers: Collection[CustomerRef] = ()
    customer_types: Collection[str] = ()
    segments: Collection[str] = ()
    countries: Collection[str] = ()
    balance_at_least: Mapping[str, Decimal] = field(default_factory=dict)
    broken_promises_at_least: int = 0
    average_days_late_at_least: int | None = None
    average_days_late_at_most: int | None = None

    def fits(self, facts: CustomerFacts) -> bool:
        """Whether it speaks of this customer."""
        return (
            _is_named(facts.customer, self.customers)
            and _is_named(facts.customer_type, self.customer_types)
            and _is_named(facts.segment, self.segments)
            and _is_named(facts.country, self.countries)
            and facts.broken_promises >= self.broken_promises_at_least
            and self._fits_balance(facts)
            and self._fits_history(facts)
        )

    def _fits_balance(self, facts: CustomerFacts) -> bool:
        return not self.balance_at_least or any(
            currency in facts.open and facts.open[currency].amount >= least
            for currency, least in self.balance_at_least.items()
        )

    def _fits_history(self, facts: CustomerFacts) -> bool:
        least, most = self.average_days_late_at_least, self.average_days_late_at_most
        if least is None and most is None:
            return True
        days = facts.average_days_late
        return days is not None and (least is None or days >= least) and (most is None or days <= most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The cadence's name (None: opted out) and the reason, for people."""

    cadence: str | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The company's rules, in the order in which they are tried, its default, and who was opted out by a person."""

    default: str = "standard"
    rules: tuple[AssignmentRule, ...] = ()
    opted_out: frozenset[CustomerRef] = frozenset()

    def choose(self, facts: CustomerFacts) -> Chosen:
        """The cadence for a customer."""
        if facts.customer in self.opted_out:
            return Chosen(cadence=None, because="opted out by a person")
        for number, rule in enumerate(self.rules, start=1):
            if rule.fits(facts):
                return Chosen(cadence=rule.cadence, because=f"assignment rule {number}")
        return Chosen(cadence=self.default, because="the default")


def _is_named(value: str, names: Collection[str]) -> bool:
    return not names or value.casefold() in {name.casefold() for name in names}
