"""Amounts of money in prose, as people of any language write them: `EUR 1,250.00`, `1.250,00 €`, `CHF 1’250.00`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_SPACES = "\u0020\u00a0\u202f\u2009"
_SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "JPY", "US$": "USD", "$US": "USD", "CA$": "CAD", "$CA": "CAD", "$": "$"}
_CODES = (
    *("AED", "AUD", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
    *("INR", "ISK", "JPY", "KRW", "KWD", "MXN", "NOK", "NZD", "OMR", "PLN", "RON", "SEK", "SGD", "THB", "TND", "TRY"),
    *("USD", "ZAR"),
)
_MARK = "|".join([*_CODES, *(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))])
_NUMBER = rf"\d+(?:[.,'’{_SPACES}]\d{{2,3}})*(?:[.,]\d{{1,3}})?"
_MONEY = re.compile(
    rf"(?<![\w.,])(?P<sign>[-−–])?[{_SPACES}]?"
    rf"(?:(?P<before>{_MARK})[{_SPACES}]?(?P<sign2>[-−–])?(?P<first>{_NUMBER})"
    rf"|(?P<second>{_NUMBER})[{_SPACES}]?(?P<after>{_MARK}))(?!\w)"
)
_NO_DECIMALS = frozenset({"JPY", "KRW", "CLP", "ISK"})
_THREE_DECIMALS = frozenset({"BHD", "KWD", "OMR", "TND"})


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as written; `currency` is an ISO code, or `$` where the text does not say whose dollar."""

    value: Decimal
    currency: str

    def is_(self, value: Decimal, currency: str) -> bool:
        """Whether this says `value` of `currency`, whatever its sign."""
        return self.speaks(currency) and abs(self.value) == abs(value)

    def speaks(self, currency: str) -> bool:
        """Whether this may be an amount of `currency`."""
        return self.currency == currency or (self.currency == "$" and currency.endswith("D"))


def decimals(currency: str) -> int:
    """How many decimals a currency is written with."""
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def told(value: object, currency: str) -> Decimal:
    """An amount in a row of the history: a whole number is in minor units, text is the amount itself."""
    return Decimal(value).scaleb(-decimals(currency)) if isinstance(value, int) else Decimal(str(value))


def number(text: str, places: int) -> Decimal:
    """A localised number: the last separator is the decimal one if as many digits follow as the currency has."""
    found = re.search(r"[.,](\d+)$", text)
    has_fraction = found is not None and places > 0 and len(found.group(1)) in {1, places}
    digits = re.sub(r"\D", "", text)
    if not (has_fraction and found):
        return Decimal(digits)
    return Decimal(digits).scaleb(-len(found.group(1)))


def amounts_in(text: str) -> Iterator[Amount]:
    """Every amount that carries a currency, in the order of the text."""
    for found in _MONEY.finditer(text):
        mark = found["before"] or found["after"]
        currency = _SYMBOLS.get(mark, mark)
        value = number(found["first"] or found["second"], decimals(currency))
        yield Amount(-value if found["sign"] or found["sign2"] else value, currency)
