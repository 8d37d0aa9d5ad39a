"""The ledger's own totals: every open line on every customer added up, with no filter of ours.

The sums are of all lines that the service calls open in this company code, special G/L, reversed and all. What we leave
out is then taken off by reason, and said. It is the same service that we read from: what it does not show, neither
reading would find (docs/sap.md).
"""

from collections import defaultdict
from datetime import date, datetime

from adapters.documents import CustomerRef
from adapters.errors import LedgerUnavailable
from adapters.ledger import Totals, dated_after
from adapters.money import Money, MoneyError, sums
from adapters.sap.s4hana.lines import LeftOut, key_of, left_out, money_of
from adapters.sap.s4hana.reads import CubeReader
from adapters.sap.s4hana.wire import Sum
from adapters.sap.values import ValueUnreadable, day, unpadded


def read_totals(cube: CubeReader, on: date, now: datetime) -> Totals:
    """Open totals per customer and currency on a day. Raises LedgerUnavailable where lines came and went meanwhile."""
    before, told = cube.count_open(), 0
    unreadable: set[object] = set()
    kept: dict[CustomerRef, list[Money]] = defaultdict(list)
    omitted: dict[str, list[Money]] = defaultdict(list)
    for page in cube.open_sums():
        told += len(page.good)
        unreadable |= set(page.bad)
        for line in page.good:
            try:
                value, why = money_of(line), _why_not(line, cube.company_code, on)
            except (ValueUnreadable, MoneyError):
                unreadable.add(key_of(line))
                continue
            if why:
                omitted[why].append(value)
            else:
                kept[unpadded(line.customer)].append(value)
    told += sum(isinstance(each, bytes) for each in unreadable)
    if before != told or before != cube.count_open():
        raise LedgerUnavailable("Lines were posted or cleared while the totals were read.")
    aside = {why: sums(each) for why, each in sorted(omitted.items())}
    said = [f"{why}: {', '.join(map(str, each.values()))}" for why, each in aside.items()]
    said += [f"{len(unreadable)} lines that cannot be read"] if unreadable else []
    by_customer = {who: sums(each) for who, each in kept.items()}
    return Totals(on=on, read_at=now, by_customer=by_customer, leaves_out=tuple(said), aside=aside)


def _why_not(line: Sum, company_code: str, on: date) -> str:
    """Why a line is left out; empty where it is not. Raises ValueUnreadable."""
    why = left_out(line, company_code)
    if why is not None:
        return f"{why.value} {line.special_gl_code}" if why is LeftOut.SPECIAL_GL else why.value
    dated = day(line.document_date) or day(line.posting_date) or on
    return dated_after(on) if dated > on else ""
