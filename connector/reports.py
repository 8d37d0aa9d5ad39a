"""Reports over the stored books. Aging: how late what is open is, per customer and currency, never added across."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from adapters.money import Money
from connector.store.tables import customer, document, item

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
_LAST_DAYS = (0, 30, 60, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """What one customer owes in one currency, by days past due; `credit` is negative, `total` what is owed in all."""

    customer: str
    name: str
    currency: str
    buckets: dict[str, Money]
    credit: Money
    total: Money


def bucket_of(days_past_due: int) -> str:
    """The age range of an item: `current` up to its due date."""
    return BUCKETS[sum(days_past_due > last for last in _LAST_DAYS)]


def aging(connection: Connection, company: str, on: date) -> list[Aged]:
    """What is open now, aged as of `on`, by name; documents dated after `on` are left out.

    Days count from the due date itself, whatever day of the week it is: working days are the ladder's affair.
    """
    dated = (document.c.company == company) & (document.c.issue_date <= on)
    due = connection.execute(
        select(document.c.customer, item.c.currency, item.c.due_date, item.c.open_minor)
        .join(document, (document.c.company == item.c.company) & (document.c.ref == item.c.document))
        .where(dated, item.c.open_minor > 0),
    )
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for who, currency, due_date, minor in due:
        _add(sums, who, currency, bucket_of((on - due_date).days), minor)
    credits_ = connection.execute(
        select(document.c.customer, document.c.currency, document.c.open_minor).where(dated, document.c.open_minor < 0),
    )
    for who, currency, minor in credits_:
        _add(sums, who, currency, "credit", minor)
    names = dict(_names(connection, company, sums))
    aged = [_aged(who, names.get(who, who), currency, parts) for (who, currency), parts in sums.items()]
    return sorted(aged, key=lambda each: (each.name.casefold(), each.customer, each.currency))


def totals(aged: Iterable[Aged]) -> list[Aged]:
    """One line for each currency, over all customers."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for each in aged:
        for name, money in (*each.buckets.items(), ("credit", each.credit)):
            _add(sums, "", each.currency, name, money.minor)
    return [_aged("", "Total", currency, parts) for (_, currency), parts in sorted(sums.items())]


def _add(sums: dict[tuple[str, str], dict[str, int]], who: str, currency: str, name: str, minor: int) -> None:
    parts = sums.setdefault((who, currency), {})
    parts[name] = parts.get(name, 0) + minor


def _names(connection: Connection, company: str, sums: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    wanted = {who for who, _ in sums}
    rows = connection.execute(select(customer.c.ref, customer.c.name).where(customer.c.company == company))
    return [(ref, name) for ref, name in rows if ref in wanted]


def _aged(who: str, name: str, currency: str, parts: dict[str, int]) -> Aged:
    return Aged(
        customer=who,
        name=name,
        currency=currency,
        buckets={bucket: Money(parts.get(bucket, 0), currency) for bucket in BUCKETS},
        credit=Money(parts.get("credit", 0), currency),
        total=Money(sum(parts.values()), currency),
    )
