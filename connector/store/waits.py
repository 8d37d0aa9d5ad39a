"""Why accounts wait, as rows: found by item, whatever account an item belongs to by now."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, RowMapping, or_, select

from connector.store.tables import dispute, hold, item, problem, promise, promise_item
from reminders.account import OwedItem

#: How far back what ended still matters for the distance between steps.
_LATELY_DAYS = 120


def promises_of(connection: Connection, company: str, refs: Sequence[str], today: date) -> dict[str, list[RowMapping]]:
    """The promises about open items of these accounts: open ones, broken ones that no message has named, and those
    that ended lately, whose days do not count for the distance between steps.
    """
    rows = connection.execute(
        select(promise, item.c.account.label("of_account"))
        .join(promise_item, promise_item.c.promise == promise.c.id)
        .join(item, (item.c.company == promise_item.c.company) & (item.c.ref == promise_item.c.item))
        .where(
            promise_item.c.company == company,
            item.c.account.in_(refs),
            item.c.open_minor > 0,
            or_(
                promise.c.state == "open",
                (promise.c.state == "broken") & promise.c.named_in.is_(None),
                promise.c.ended_on > today - timedelta(days=_LATELY_DAYS),
            ),
        )
        .order_by(promise.c.made_at, promise.c.id),
    ).mappings()
    by_account: dict[str, dict[str, RowMapping]] = defaultdict(dict)
    for row in rows:  # one for each of its items
        by_account[row["of_account"]][row["id"]] = row
    return {ref: list(each.values()) for ref, each in by_account.items()}


def disputes_of(connection: Connection, company: str, refs: Sequence[str]) -> dict[str, list[RowMapping]]:
    """Live disputes and flags on items of these accounts."""
    rows = connection.execute(
        select(dispute, item.c.account.label("of_account"))
        .join(item, (item.c.company == dispute.c.company) & (item.c.ref == dispute.c.item))
        .where(dispute.c.company == company, item.c.account.in_(refs), dispute.c.ended_on.is_(None))
        .order_by(dispute.c.opened_at, dispute.c.id),
    ).mappings()
    by_account: dict[str, list[RowMapping]] = defaultdict(list)
    for row in rows:
        by_account[row["of_account"]].append(row)
    return by_account


def holds_of_customers(
    connection: Connection, company: str, customers: Collection[str], today: date
) -> list[RowMapping]:
    """Stored holds of these customers and of the whole company, with those that ended lately."""
    rows = connection.execute(
        select(hold).where(
            hold.c.company == company,
            or_(hold.c.customer.is_(None), hold.c.customer.in_(customers)),
            or_(hold.c.ends.is_(None), hold.c.ends > today - timedelta(days=_LATELY_DAYS)),
        ),
    ).mappings()
    return list(rows)


def is_for(row: RowMapping, head: RowMapping, items: Sequence[OwedItem]) -> bool:
    """A customer's hold is for all its accounts; one of an account for it alone; one of items wherever they are."""
    if row["customer"] is not None and row["customer"] != head["customer"]:
        return False
    if row["items"]:
        return any(each.ref in row["items"] for each in items)
    return row["account"] is None or row["account"] in {head["ref"], head["customer"]}


def unreadable_of(connection: Connection, company: str, refs: Sequence[str]) -> set[str]:
    """Documents of these accounts whose row could not be read when the ledger last told it."""
    return set(
        connection.scalars(
            select(problem.c.ref)
            .join(item, (item.c.company == problem.c.company) & (item.c.document == problem.c.ref))
            .where(problem.c.company == company, item.c.account.in_(refs)),
        ),
    )
