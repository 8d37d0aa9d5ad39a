"""What was read from the ledger: customers, documents, items and allocations, as rows."""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    String,
    any_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.documents import Customer, Document, Item, item_ref
from connector.store.tables import account, allocation, customer, document, item
from connector.store.upsert import upsert, upsert_tuples

#: PostgreSQL and SQLite both take this many values in one IN list without a second thought.
CHUNK = 500


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    """The values in lists of at most `size`."""
    every = list(values)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def among(connection: Connection, column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether `column` is one of the values, which travel as one parameter, however many they are."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(String)))
    told = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(told.c.value))


def rows_by_ref(connection: Connection, table: Any, company: str, refs: Iterable[str]) -> dict[str, RowMapping]:  # noqa: ANN401 - a table with company and ref
    """The rows of `table` with these refs."""
    found: dict[str, RowMapping] = {}
    for some in chunks(refs):
        rows = connection.execute(select(table).where(table.c.company == company, table.c.ref.in_(some))).mappings()
        found.update({row["ref"]: row for row in rows})
    return found


def save_customers(connection: Connection, company: str, customers: Sequence[Customer]) -> None:
    """Writes customers as the ledger tells them; what is set with us stays."""
    upsert(connection, customer, [_customer_row(company, each) for each in customers], key=("company", "ref"))


def _customer_row(company: str, each: Customer) -> dict[str, object]:
    return {
        "company": company,
        "ref": each.ref,
        "name": each.name,
        "parent": each.parent,
        "bill_with_parent": each.bill_with_parent,
        "active": each.active,
        "emails": list(each.emails),
        "phone": each.phone,
        "language": each.language,
        "country": each.country,
        "region": each.region,
        "postcode": each.postcode,
        "currency": each.currency,
        "customer_type": each.customer_type,
        "delivery_method": each.delivery_method,
        "note": each.note,
        "block": each.block,
        "last_dunned": each.last_dunned,
        "remark": each.remark or None,
        "dunned_by": each.dunned_by or None,
        "balance_minor": each.balance.minor if each.balance else None,
        "balance_currency": each.balance.currency if each.balance else None,
        "version": each.version,
        "created_at": each.created_at,
        "updated_at": each.updated_at,
    }


#: What we know of an item beside what the ledger tells.
STATE = (
    "cycle",
    "closed_on",
    "quiet_until",
    "due_date_before",
    "known_since",
    "person_step",
    "person_step_since",
    "escalated_on",
)

#: The columns of a document that a sync writes, in the order of `document_row`.
DOCUMENT = (
    "company",
    "ref",
    "kind",
    "customer",
    "account",
    "number",
    "issue_date",
    "currency",
    "total_minor",
    "open_minor",
    "bill_emails",
    "delivery",
    "sent_at",
    "memo",
    "block",
    "remark",
    "replaces",
    "voided",
    "gone",
    "gone_at",
    "version",
    "created_at",
    "updated_at",
    "first_seen",
)

#: Those of an item, in the order of `item_row`; what we know of it beside the ledger comes last.
ITEM = ("company", "ref", "document", "account", "part", "due_date", "currency", "total_minor", "open_minor", *STATE)


def document_row(
    company: str,
    each: Document,
    *,
    main_account: str,
    total_minor: int,
    created_at: datetime,
    first_seen: date,
    replaces: str | None,
    now: datetime,
) -> tuple[object, ...]:
    """A document as a row; `gone` is cleared, since the ledger shows it."""
    return (
        company,
        each.ref,
        each.kind.value,
        each.customer,
        main_account,
        each.number,
        each.issue_date,
        each.total.currency,
        total_minor,
        each.open.minor,
        each.bill_emails,
        each.delivery.value,
        each.sent_at,
        each.memo,
        each.block or None,
        each.remark or None,
        replaces,
        each.voided,
        "voided" if each.voided else None,
        now if each.voided else None,
        each.version,
        created_at,
        each.updated_at,
        first_seen,
    )


def item_row(
    company: str, of: Document, each: Item, *, account_ref: str, state: tuple[object, ...]
) -> tuple[object, ...]:
    """An item as a row; `state` is what we know beside the ledger."""
    total, rest = each.total, each.open
    ref = item_ref(of.ref, each.part)
    told = (company, ref, of.ref, account_ref, each.part, each.due_date, rest.currency, total.minor, rest.minor)
    return told + state


def save_documents(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Writes document rows; a pay link that was fetched stays."""
    upsert_tuples(connection, document, DOCUMENT, rows)


def save_items(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Writes item rows."""
    upsert_tuples(connection, item, ITEM, rows)


#: What tells whether the ledger's document is another than ours (connector.news.differs).
_COMPARED = (
    document.c.ref,
    document.c.version,
    document.c.open_minor,
    document.c.total_minor,
    document.c.gone,
    document.c.customer,
    document.c.updated_at,
)


def compared(connection: Connection, company: str, refs: Iterable[str]) -> Mapping[str, Row[Any]]:
    """Of these documents, as far as we know them, what tells whether they changed."""
    where = (document.c.company == company) & among(connection, document.c.ref, refs)
    rows: Sequence[Any] = connection.execute(select(*_COMPARED).where(where)).all()
    return {row.ref: row for row in rows}


def items_of(connection: Connection, company: str, documents: Iterable[str]) -> dict[str, RowMapping]:
    """The items of these documents, by item ref."""
    found: dict[str, RowMapping] = {}
    for some in chunks(documents):
        rows = connection.execute(
            select(item).where(item.c.company == company, item.c.document.in_(some)),
        ).mappings()
        found.update({row["ref"]: row for row in rows})
    return found


def replace_allocations(
    connection: Connection, company: str, documents: Sequence[Document], *, known: Container[str]
) -> None:
    """The allocations of these payments and credits, as the ledger gives them now; those not `known` had none."""
    again = [each.ref for each in documents if each.ref in known]
    if again:
        where = (allocation.c.company == company) & among(connection, allocation.c.source, again)
        connection.execute(delete(allocation).where(where))
    sums: dict[tuple[str, str], dict[str, object]] = {}
    for each in documents:
        for given in each.allocations:
            key = (each.ref, given.target)
            before = sums.get(key)
            minor = given.amount.minor + (int(str(before["amount_minor"])) if before else 0)
            sums[key] = {
                "company": company,
                "source": each.ref,
                "target": given.target,
                "amount_minor": minor,
                "currency": given.amount.currency,
            }
    if sums:
        connection.execute(insert(allocation), list(sums.values()))


def count_open(connection: Connection, company: str, scope: Iterable[str]) -> int:
    """How many documents of these kinds are open."""
    counted = connection.scalar(
        select(func.count())
        .select_from(document)
        .where(document.c.company == company, document.c.kind.in_(list(scope)), document.c.open_minor != 0),
    )
    return int(counted or 0)


def count_open_among(connection: Connection, company: str, refs: Iterable[str]) -> int:
    """How many of these documents are open with us."""
    return sum(
        int(
            connection.scalar(
                select(func.count())
                .select_from(document)
                .where(document.c.company == company, document.c.ref.in_(some), document.c.open_minor != 0),
            )
            or 0,
        )
        for some in chunks(refs)
    )


def close_document(connection: Connection, company: str, ref: str, *, how: str, today: date, now: datetime) -> None:
    """The ledger said that this document is gone."""
    where = (document.c.company == company) & (document.c.ref == ref)
    connection.execute(update(document).where(where).values(gone=how, gone_at=now, open_minor=0))
    connection.execute(
        update(item)
        .where(item.c.company == company, item.c.document == ref, item.c.closed_on.is_(None))
        .values(open_minor=0, closed_on=today),
    )
    connection.execute(delete(allocation).where(allocation.c.company == company, allocation.c.source == ref))


def touch_all_accounts(connection: Connection, company: str, today: date) -> None:
    """Something about the whole company changed: every account is to be looked at today."""
    connection.execute(
        update(account)
        .where(account.c.company == company)
        .values(look_on=_sooner(today), touches=account.c.touches + 1),
    )


def _sooner(today: date) -> ColumnElement[date]:
    return case((or_(account.c.look_on.is_(None), account.c.look_on > today), today), else_=account.c.look_on)


def touch_accounts(connection: Connection, company: str, accounts: Mapping[str, tuple[str, str]], today: date) -> None:
    """Marks accounts (ref → customer, address) to be looked at today; new ones are added."""
    rows = [(company, ref, who, where, today) for ref, (who, where) in accounts.items()]
    upsert_tuples(connection, account, _TOUCHED, rows, change=_touched)


_TOUCHED = ("company", "ref", "customer", "address", "look_on")


def _touched(new: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the row that was to be inserted
    sooner = or_(account.c.look_on.is_(None), account.c.look_on > new.look_on)
    return {
        "look_on": case((sooner, new.look_on), else_=account.c.look_on),
        "touches": account.c.touches + literal_column("1"),
    }


def accounts_of_items(connection: Connection, company: str, items: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The accounts that these items belong to by now, as `touch_accounts` takes them."""
    found: set[str] = set()
    for some in chunks(items):
        found |= set(connection.scalars(select(item.c.account).where(item.c.company == company, item.c.ref.in_(some))))
    parts = {ref: ref.partition("|") for ref in sorted(found)}
    return {ref: (who, address) for ref, (who, _, address) in parts.items()}


def followers(connection: Connection, company: str, customers: Iterable[str]) -> list[str]:
    """The accounts of these billing customers that follow a bill address."""
    wanted = list(customers)
    if not wanted:
        return []
    where = (account.c.company == company) & among(connection, account.c.customer, wanted) & (account.c.address != "")
    return list(connection.scalars(select(account.c.ref).where(where)))


def open_of_families(connection: Connection, company: str, customers: Iterable[str]) -> list[RowMapping]:
    """The open documents of these customers and of all below them."""
    family: set[str] = set()
    level = set(customers)
    while level:
        family |= level
        children: set[str] = set()
        for some in chunks(level):
            children |= set(
                connection.scalars(
                    select(customer.c.ref).where(customer.c.company == company, customer.c.parent.in_(some))
                ),
            )
        level = children - family
    rows: list[RowMapping] = []
    for some in chunks(family):
        rows += connection.execute(
            select(document.c.ref, document.c.customer, document.c.bill_emails, document.c.account).where(
                document.c.company == company, document.c.customer.in_(some), document.c.open_minor != 0
            ),
        ).mappings()
    return rows


def without_pay_link(connection: Connection, company: str, refs: Iterable[str]) -> list[str]:
    """Which of these documents nobody asked the ledger for a pay link of."""
    found: list[str] = []
    for some in chunks(refs):
        found += connection.scalars(
            select(document.c.ref).where(
                document.c.company == company,
                document.c.ref.in_(some),
                document.c.pay_link.is_(None),
                document.c.kind == "invoice",
                document.c.gone.is_(None),
            ),
        )
    return found


def save_pay_links(connection: Connection, company: str, links: Mapping[str, str]) -> None:
    """Keeps pay links; an empty one says that the ledger has none."""
    for ref, link in links.items():
        where = (document.c.company == company) & (document.c.ref == ref)
        connection.execute(update(document).where(where).values(pay_link=link))


def residuals_of(connection: Connection, company: str, documents: Iterable[str]) -> dict[str, str]:
    """What is left of these documents as one of its own: by that one, which it is the rest of."""
    found: dict[str, str] = {}
    for some in chunks(documents):
        rows = connection.execute(
            select(document.c.ref, document.c.replaces).where(
                document.c.company == company, document.c.replaces.in_(some), document.c.gone.is_(None)
            ),
        )
        found.update({row.ref: row.replaces for row in rows})
    return found
