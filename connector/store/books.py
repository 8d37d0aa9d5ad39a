"""What was read from the ledger: customers, documents, items and allocations, as rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, case, delete, func, insert, or_, select, update

from adapters.documents import Customer, Document, Item, Problem, item_ref
from connector.store.tables import account, allocation, customer, document, item, problem
from connector.store.upsert import upsert

#: PostgreSQL and SQLite both take this many values in one IN list without a second thought.
CHUNK = 500


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    """The values in lists of at most `size`."""
    every = list(values)
    for start in range(0, len(every), size):
        yield every[start : start + size]


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
        "balance_minor": each.balance.minor if each.balance else None,
        "balance_currency": each.balance.currency if each.balance else None,
        "version": each.version,
        "created_at": each.created_at,
        "updated_at": each.updated_at,
    }


def document_row(
    company: str, each: Document, *, main_account: str, first_seen: date, whole_read: str | None, now: datetime
) -> dict[str, object]:
    """A document as a row; `gone` is cleared, since the ledger shows it."""
    return {
        "company": company,
        "ref": each.ref,
        "kind": each.kind.value,
        "customer": each.customer,
        "account": main_account,
        "number": each.number,
        "issue_date": each.issue_date,
        "currency": each.total.currency,
        "total_minor": each.total.minor,
        "open_minor": each.open.minor,
        "bill_emails": list(each.bill_emails),
        "delivery": each.delivery.value,
        "sent_at": each.sent_at,
        "memo": each.memo,
        "voided": each.voided,
        "gone": "voided" if each.voided else None,
        "gone_at": now if each.voided else None,
        "version": each.version,
        "created_at": each.created_at,
        "updated_at": each.updated_at,
        "first_seen": first_seen,
        "whole_read": whole_read,
    }


def item_row(company: str, of: Document, each: Item, *, account_ref: str, **state: object) -> dict[str, object]:
    """An item as a row; `state` is what we know beside the ledger."""
    return {
        "company": company,
        "ref": item_ref(of.ref, each.part),
        "document": of.ref,
        "account": account_ref,
        "part": each.part,
        "due_date": each.due_date,
        "currency": each.open.currency,
        "total_minor": each.total.minor,
        "open_minor": each.open.minor,
        **state,
    }


def save_documents(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Writes document rows; a pay link that was fetched stays."""
    upsert(connection, document, rows, key=("company", "ref"))


def save_items(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Writes item rows."""
    upsert(connection, item, rows, key=("company", "ref"))


def items_of(connection: Connection, company: str, documents: Iterable[str]) -> dict[str, RowMapping]:
    """The items of these documents, by item ref."""
    found: dict[str, RowMapping] = {}
    for some in chunks(documents):
        rows = connection.execute(
            select(item).where(item.c.company == company, item.c.document.in_(some)),
        ).mappings()
        found.update({row["ref"]: row for row in rows})
    return found


def replace_allocations(connection: Connection, company: str, documents: Sequence[Document]) -> None:
    """The allocations of these payments and credits, as the ledger gives them now."""
    sources = [each.ref for each in documents]
    for some in chunks(sources):
        connection.execute(delete(allocation).where(allocation.c.company == company, allocation.c.source.in_(some)))
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


def stamp(connection: Connection, company: str, refs: Iterable[str], whole_read: str) -> None:
    """Marks documents as listed by a whole read, so that a resumed one still knows."""
    for some in chunks(refs):
        connection.execute(
            update(document)
            .where(document.c.company == company, document.c.ref.in_(some))
            .values(whole_read=whole_read),
        )


def unlisted(connection: Connection, company: str, scope: Iterable[str], whole_read: str) -> list[str]:
    """Open documents of these kinds that a whole read did not list: to be asked for by key."""
    return list(
        connection.scalars(
            select(document.c.ref).where(
                document.c.company == company,
                document.c.kind.in_(list(scope)),
                document.c.open_minor != 0,
                or_(document.c.whole_read.is_(None), document.c.whole_read != whole_read),
            ),
        ),
    )


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


def save_problems(connection: Connection, company: str, problems: Sequence[Problem], now: datetime) -> None:
    """Rows that could not be read, kept until they can be."""
    known = rows_by_ref(connection, problem, company, (each.ref for each in problems))
    rows = [
        {
            "company": company,
            "ref": each.ref,
            "kind": each.kind,
            "text": each.text,
            "first_at": known[each.ref]["first_at"] if each.ref in known else now,
            "last_at": now,
        }
        for each in problems
    ]
    upsert(connection, problem, rows, key=("company", "ref"))


def clear_problems(connection: Connection, company: str, refs: Iterable[str]) -> None:
    """These rows could be read again."""
    for some in chunks(refs):
        connection.execute(delete(problem).where(problem.c.company == company, problem.c.ref.in_(some)))


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
    if not accounts:
        return
    for some in chunks(accounts):
        connection.execute(
            update(account)
            .where(account.c.company == company, account.c.ref.in_(some))
            .values(look_on=_sooner(today), touches=account.c.touches + 1),
        )
    known = rows_by_ref(connection, account, company, accounts).keys()
    fresh = [
        {"company": company, "ref": ref, "customer": who, "address": where, "look_on": today}
        for ref, (who, where) in accounts.items()
        if ref not in known
    ]
    if fresh:
        connection.execute(insert(account), fresh)


def followers(connection: Connection, company: str, customers: Iterable[str]) -> list[str]:
    """The accounts of these billing customers that follow a bill address."""
    found: list[str] = []
    for some in chunks(customers):
        found += connection.scalars(
            select(account.c.ref).where(
                account.c.company == company, account.c.customer.in_(some), account.c.address != ""
            ),
        )
    return found


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
