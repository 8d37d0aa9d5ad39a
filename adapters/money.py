"""Money: an exact amount with its currency.

Held as an integer of minor units (cents), shown as `Decimal`; never a float. Amounts of two currencies
are never added, subtracted or compared: that raises `CurrencyMismatch`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

#: ISO 4217: currencies without a minor unit, and those with a thousandth.
_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())  # noqa: SIM905
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
#: Minor units that one amount may have, and a sum of hundreds still fits where integers have 64 bits.
_MOST_DIGITS = 16


class MoneyError(ValueError):
    """An amount that cannot be taken as it was given."""


class CurrencyMismatch(MoneyError):
    """Two currencies met in one sum or comparison."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} cannot be added or compared.")


class InexactAmount(MoneyError):
    """The amount has more decimals than its currency knows; rounding it would differ from the ledger."""

    def __init__(self, amount: Decimal, currency: str) -> None:
        super().__init__(f"{str(amount)[:60]} has more decimals than {currency} has.")


@cache
def decimals(currency: str) -> int:
    """How many decimals `currency` has (ISO 4217): 2 for most, 0 for JPY, 3 for KWD."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` units of `currency` (an ISO 4217 code): `Money(1250, "EUR")` is EUR 12.50."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> "Money":
        """The exact `amount`. Raises `InexactAmount` where the currency has fewer decimals, else `MoneyError` (for
        what is no amount, or one that no books hold).
        """
        try:
            value = amount if isinstance(amount, Decimal) else Decimal(amount)
            places = decimals(currency)
            too_large = value.adjusted() + places >= _MOST_DIGITS
            minor = 0 if too_large else int(value.scaleb(places))
        except (ArithmeticError, ValueError) as error:
            raise MoneyError(f"{str(amount)[:60]!r} is not an amount.") from error
        if too_large:
            raise MoneyError(f"{value:.3e} {currency} is more than any books hold.")
        if Decimal(minor).scaleb(-places) != value:
            raise InexactAmount(value, currency)
        return cls(minor, currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in `currency`."""
        return _zero(currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the currency's decimals."""
        return Decimal(self.minor).scaleb(-decimals(self.currency))

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:,f}"


@cache
def _zero(currency: str) -> Money:
    return Money(0, currency)


def sums(amounts: Iterable[Money]) -> dict[str, Money]:
    """One total for each currency, in order of first appearance."""
    totals: dict[str, int] = {}
    for each in amounts:
        totals[each.currency] = totals.get(each.currency, 0) + each.minor
    return {currency: Money(minor, currency) for currency, minor in totals.items()}
