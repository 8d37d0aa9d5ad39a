"""What is left of each instalment. Business One tells what was paid of an invoice, not on which instalment.

Payments that name an instalment go there; the rest goes to the one that is due first, then to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from adapters.documents import Item
from adapters.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An instalment as it was agreed."""

    number: int
    due_date: date
    total: Money


def spread(parts: Sequence[Part], total: Money, left: Money, named: Mapping[int, Money]) -> tuple[Item, ...]:
    """The instalments with what is left of each; together they are the invoice, to the cent."""
    agreed = sorted(_whole(parts, total), key=lambda each: (each.due_date, each.number))
    rest = total - left
    paid: dict[int, Money] = {}
    for part in agreed:
        share = _between(named.get(part.number, Money.zero(total.currency)), part.total, rest)
        paid[part.number] = share
        rest -= share
    for part in agreed:
        share = _between(rest, part.total - paid[part.number], rest)
        paid[part.number] += share
        rest -= share
    return tuple(
        Item(part=each.number, due_date=each.due_date, total=each.total, open=each.total - paid[each.number])
        for each in sorted(agreed, key=lambda each: each.number)
    )


def _whole(parts: Sequence[Part], total: Money) -> list[Part]:
    """The instalments, the last with what rounding left over."""
    over = total - sum((each.total for each in parts), Money.zero(total.currency))
    return [*parts[:-1], replace(parts[-1], total=parts[-1].total + over)]


def _between(wanted: Money, *most: Money) -> Money:
    return max(Money.zero(wanted.currency), min(wanted, *most))
