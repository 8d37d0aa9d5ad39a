"""The ledger's own totals: every open line on every customer added up, with no filter of ours.

The sums are of all lines that the service calls open in this company code, special G/L, reversed and all. What we leave
out is then taken off by reason, and said. It is the same service that we read from: what it does not show, neither
reading would find (docs/sap.md).
"""

from collections import defaultdict
from datetime import date, datetime

from adapters.documents import CustomerRef
from adapters.errors import LedgerUnavailable
from adapters.ledger import Totals
from adapters.money import Money, sums
from adapters.sap.s4hana.lines import left_out, money_of
from adapters.sap.s4hana.reads import CubeReader
from adapters.sap.values import amount, day, unpadded


def read_totals(cube: CubeReader, on: date, now: datetime) -> Totals:
    """Open totals per customer and currency on a day. Raises LedgerUnavailable where lines came and went meanwhile."""
    before = cube.count_open()
    amounts: dict[CustomerRef, list[Money]] = defaultdict(list)
    told = 0
    for page in cube.open_sums():
        for each in page.good:
            value = Money.of(amount(each.amount_in_transaction_currency), each.transaction_currency)
            amounts[unpadded(each.customer)].append(value)
        told += page.told
    omitted, reasons = _omitted(cube, on)
    if before != told or before != cube.count_open():
        raise LedgerUnavailable("Lines were posted or cleared while the totals were read.")
    by_customer = {who: _less(sums(each), omitted.get(who, {})) for who, each in amounts.items()}
    return Totals(on=on, read_at=now, by_customer=by_customer, leaves_out=reasons)


def _omitted(cube: CubeReader, on: date) -> tuple[dict[CustomerRef, dict[str, Money]], tuple[str, ...]]:
    """What is left out, by customer, and one line for each reason."""
    amounts: dict[CustomerRef, list[Money]] = defaultdict(list)
    by_reason: dict[str, list[Money]] = defaultdict(list)
    for page in cube.open_lines():
        for line in page.good:
            why = left_out(line, cube.company_code)
            later = (day(line.document_date) or on) > on
            if why is None and not later:
                continue
            value = money_of(line)
            amounts[unpadded(line.customer)].append(value)
            by_reason[why.value if why else f"documents dated after {on.isoformat()}"].append(value)
    said = [f"{why}: {', '.join(map(str, sums(each).values()))}" for why, each in sorted(by_reason.items())]
    return {who: sums(each) for who, each in amounts.items()}, tuple(said)


def _less(total: dict[str, Money], omitted: dict[str, Money]) -> dict[str, Money]:
    left = dict(total)
    for currency, value in omitted.items():
        left[currency] = left.get(currency, Money.zero(currency)) - value
    return left
