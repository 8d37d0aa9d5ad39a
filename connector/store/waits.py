"""Why accounts wait, as rows: found by item, whatever account an item belongs to by now."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, literal_column, or_, select, union_all

from connector.store.tables import dispute, hold, item, promise, promise_item
from reminders.account import OwedItem

#: How far back what ended still matters for the distance between steps.
_LATELY_DAYS = 120


_REFS: BindParameter[str] = bindparam("refs", expanding=True)
_PROMISES = (
    select(promise, item.c.account.label("of_account"))
    .join_from(item, promise_item, (promise_item.c.company == item.c.company) & (promise_item.c.item == item.c.ref))
    .join(promise, promise.c.id == promise_item.c.promise)
    .where(
        item.c.company == bindparam("company"),
        item.c.account.in_(_REFS),
        item.c.open_minor > literal_column("0"),
        or_(
            promise.c.state == "open",
            (promise.c.state == "broken") & promise.c.named_in.is_(None),
            promise.c.ended_on > bindparam("lately"),
        ),
    )
)


def promises_of(connection: Connection, company: str, refs: Sequence[str], today: date) -> dict[str, list[RowMapping]]:
    """The promises about open items of these accounts: open ones, broken ones that no message has named, and those
    that ended lately, whose days do not count for the distance between steps.
    """
    of = {"company": company, "refs": list(refs), "lately": today - timedelta(days=_LATELY_DAYS)}
    rows = connection.execute(_PROMISES, of).mappings().all()
    by_account: dict[str, dict[str, RowMapping]] = defaultdict(dict)
    for row in sorted(rows, key=lambda each: (each["made_at"], each["id"])):  # one for each of its items
        by_account[row["of_account"]][row["id"]] = row
    return {ref: list(each.values()) for ref, each in by_account.items()}


_DISPUTES = (
    select(dispute, item.c.account.label("of_account"))
    .join_from(item, dispute, (dispute.c.company == item.c.company) & (dispute.c.item == item.c.ref))
    .where(
        item.c.company == bindparam("company"),
        item.c.account.in_(_REFS),
        item.c.open_minor > literal_column("0"),
        dispute.c.ended_on.is_(None),
    )
)


def disputes_of(connection: Connection, company: str, refs: Sequence[str]) -> dict[str, list[RowMapping]]:
    """Live disputes and flags on open items of these accounts."""
    rows = connection.execute(_DISPUTES, {"company": company, "refs": list(refs)}).mappings().all()
    by_account: dict[str, list[RowMapping]] = defaultdict(list)
    for row in sorted(rows, key=lambda each: (each["opened_at"], each["id"])):
        by_account[row["of_account"]].append(row)
    return by_account


_IN_FORCE = or_(hold.c.ends.is_(None), hold.c.ends > bindparam("lately"))
_HOLDS = union_all(
    select(hold).where(hold.c.company == bindparam("company"), hold.c.customer.in_(_REFS), _IN_FORCE),
    select(hold).where(hold.c.company == bindparam("company"), hold.c.customer.is_(None), _IN_FORCE),
)


def holds_of_customers(
    connection: Connection, company: str, customers: Collection[str], today: date
) -> dict[str | None, list[RowMapping]]:
    """Stored holds by customer (None: of the whole company), with those that ended lately."""
    of = {"company": company, "refs": list(customers), "lately": today - timedelta(days=_LATELY_DAYS)}
    by_customer: dict[str | None, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(_HOLDS, of).mappings():
        by_customer[row["customer"]].append(row)
    return by_customer


def is_for(row: RowMapping, head: RowMapping, items: Sequence[OwedItem]) -> bool:
    """A customer's hold is for all its accounts; one of an account for it alone; one of items wherever they are."""
    if row["customer"] is not None and row["customer"] != head["customer"]:
        return False
    if row["items"]:
        return any(each.ref in row["items"] for each in items)
    return row["account"] is None or row["account"] in {head["ref"], head["customer"]}
