"""Why accounts wait, as rows: found by item, whatever account an item belongs to by now."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, literal_column, or_, select, union_all

from connector.store.listed import Listed
from connector.store.tables import dispute, hold, promise, promise_item
from reminders.account import OwedItem

#: How far back what ended still matters for the distance between steps.
_LATELY_DAYS = 120


_REFS: BindParameter[str] = bindparam("refs", expanding=True)
_PROMISES = Listed(
    lambda among: (
        select(promise, promise_item.c.item.label("of_item"))
        .join_from(promise_item, promise, promise.c.id == promise_item.c.promise)
        .where(
            promise_item.c.company == bindparam("company"),
            among(promise_item.c.item),
            or_(
                promise.c.state == literal_column("'open'"),
                (promise.c.state == literal_column("'broken'")) & promise.c.named_in.is_(None),
                promise.c.ended_on > bindparam("lately"),
            ),
        )
    )
)


def promises_of(
    connection: Connection, company: str, items: Mapping[str, str], today: date
) -> dict[str, list[RowMapping]]:
    """The promises about these items, by the account that each is of: open ones, broken ones that no message has named,
    and those that ended lately, whose days do not count for the distance between steps.
    """
    lately = today - timedelta(days=_LATELY_DAYS)
    rows = _PROMISES.select(connection, list(items), company=company, lately=lately).mappings()
    by_account: dict[str, dict[str, RowMapping]] = defaultdict(dict)
    for row in sorted(rows, key=lambda each: (each["made_at"], each["id"])):  # one for each of its items
        by_account[items[row["of_item"]]][row["id"]] = row
    return {ref: list(each.values()) for ref, each in by_account.items()}


_DISPUTES = Listed(
    lambda among: select(dispute).where(
        dispute.c.company == bindparam("company"), among(dispute.c.item), dispute.c.ended_on.is_(None)
    )
)


def disputes_of(connection: Connection, company: str, items: Mapping[str, str]) -> dict[str, list[RowMapping]]:
    """Live disputes and flags on these items, by the account that each is of."""
    by_account: dict[str, list[RowMapping]] = defaultdict(list)
    rows = _DISPUTES.select(connection, list(items), company=company).mappings()
    for row in sorted(rows, key=lambda each: (each["opened_at"], each["id"])):
        by_account[items[row["item"]]].append(row)
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
