"""What is asked: per item, and per account and currency. Docs/rules.md, section 1.

An item's `asked` is its open balance, less the part under dispute, less the promised part of what is left; the sum of
the items in a message less the account's free credit is the amount asked. Nothing is ever negative, nothing is taken
off twice, and two currencies are never added.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from adapters.money import Money
from reminders.account import Account, Hold, HoldKind, OwedItem
from reminders.decision import Asked, Line, ReasonCode
from reminders.steps import Rules


class Ask(NamedTuple):
    """The amount asked in one currency, and why it is not asked where it is not."""

    asked: Asked
    blocked: ReasonCode | None


def line_of(item: OwedItem, part_holds: Sequence[Hold], today: date) -> Line:
    """The item as a message shows it today. `part_holds` are the holds in force that leave out a part of an item."""
    asked = item.open
    disputed = promised = Money.zero(asked.currency)
    if part_holds:
        disputed = min(asked, _part(item, part_holds, promised=False))
        promised = min(asked - disputed, _part(item, part_holds, promised=True))
        asked = asked - disputed - promised
    return Line(
        item=item,
        days_past_due=(today - item.due_date).days,
        open=item.open,
        disputed=disputed,
        promised=promised,
        asked=asked,
    )


def _part(item: OwedItem, holds: Iterable[Hold], *, promised: bool) -> Money:
    minor = sum(
        hold.parts[item.ref].minor
        for hold in holds
        if hold.parts and item.ref in hold.parts and (hold.kind is HoldKind.PROMISE) == promised
    )
    return Money(minor, item.open.currency)


def asks(lines: Iterable[Line], account: Account, rules: Rules) -> Mapping[str, Ask]:
    """The amount asked for `lines`, by currency, and whether it may be asked at all."""
    gross: dict[str, int] = {}
    for line in lines:
        currency = line.asked.currency
        gross[currency] = gross.get(currency, 0) + line.asked.minor
    return {currency: _ask(Money(minor, currency), account, rules) for currency, minor in gross.items()}


def _ask(gross: Money, account: Account, rules: Rules) -> Ask:
    free = max(0, account.free(gross.currency).minor)
    credit = min(free, gross.minor)
    asked = Money(gross.minor - credit, gross.currency)
    blocked = None
    if not asked and free:
        blocked = ReasonCode.COVERED_BY_CREDIT
    elif (least := rules.minimum.get(gross.currency)) is not None and asked.amount < least:
        blocked = ReasonCode.BELOW_MINIMUM
    return Ask(Asked(gross=gross, credit=Money(credit, gross.currency), asked=asked), blocked)
