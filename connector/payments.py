"""Payments and what took their place, as promises are judged by: documents and allocations as the ledger gave them.

A credit is applied to an invoice by a payment of zero that joins the two; in what it applies, its own credits come
first and are no money.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from sqlalchemy import Connection, RowMapping, select

from adapters.documents import ItemRef, item_ref
from adapters.money import Money
from connector.store import books
from connector.store.tables import allocation, document, item
from reminders.holds import PaymentFact, SettledBy


def payment_facts(
    connection: Connection, company: str, customers: Iterable[str], *, since: datetime
) -> list[PaymentFact]:
    """Payments and credits of these billing customers' accounts entered after `since`, and what left the books."""
    customers = list(customers)
    facts: list[PaymentFact] = []
    for some in books.chunks(customers):
        rows = connection.execute(
            select(document).where(
                document.c.company == company,
                document.c.account.in_(some),
                document.c.kind.in_(["payment", "credit_memo", "journal"]),
                document.c.created_at > since,
                document.c.gone.is_(None),
            ),
        ).mappings()
        found = list(rows)
        applied = _applied(connection, company, [row["ref"] for row in found])
        for row in found:
            facts += _facts_of(row, applied.get(row["ref"], {}))
        facts += _gone(connection, company, some, since)
    return facts


def _applied(connection: Connection, company: str, refs: Iterable[str]) -> dict[str, dict[str, Money]]:
    targets: dict[str, dict[str, Money]] = defaultdict(dict)
    for some in books.chunks(refs):
        rows = connection.execute(
            select(allocation).where(allocation.c.company == company, allocation.c.source.in_(some)),
        ).mappings()
        for row in rows:
            targets[row["source"]][row["target"]] = Money(row["amount_minor"], row["currency"])
    return targets


def _facts_of(row: RowMapping, targets: Mapping[str, Money]) -> list[PaymentFact]:
    """What a document brought: money, or a credit in its place."""
    invoices = {item_ref(ref): money for ref, money in targets.items() if money.minor > 0}  # below zero: a credit used
    cash = abs(row["total_minor"]) if row["kind"] == "payment" else 0
    unapplied = -row["open_minor"] if row["open_minor"] < 0 else 0
    entered = row["created_at"] or datetime.min.replace(tzinfo=UTC)
    by_cash, by_credit = _split(invoices, cash - unapplied)
    loose = Money(unapplied, row["currency"]) if unapplied and row["kind"] == "payment" else None
    facts = []
    if by_cash or loose:
        facts.append(_fact(row, entered, by_cash, loose, SettledBy.PAYMENT))
    if by_credit:
        facts.append(_fact(row, entered, by_credit, None, SettledBy.CREDIT))
    return facts


def _split(applied: Mapping[ItemRef, Money], cash: int) -> tuple[dict[ItemRef, Money], dict[ItemRef, Money]]:
    """What of the applied amounts was money and what credit; the ledger does not pair them, so money counts first."""
    by_cash: dict[ItemRef, Money] = {}
    by_credit: dict[ItemRef, Money] = {}
    for ref, money in applied.items():
        paid = min(cash, money.minor)
        cash -= paid
        if paid > 0:
            by_cash[ref] = Money(paid, money.currency)
        if money.minor > paid:
            by_credit[ref] = Money(money.minor - paid, money.currency)
    return by_cash, by_credit


def _fact(
    row: RowMapping, entered: datetime, applied: Mapping[ItemRef, Money], loose: Money | None, kind: SettledBy
) -> PaymentFact:
    return PaymentFact(
        ref=row["ref"],
        account=row["account"],
        entered_at=entered,
        dated=row["issue_date"],
        applied=applied,
        unapplied=loose,
        kind=kind,
    )


def _gone(connection: Connection, company: str, customers: list[str], since: datetime) -> list[PaymentFact]:
    """Invoices that were voided or deleted: their whole amount left without money."""
    rows = connection.execute(
        select(document).where(
            document.c.company == company,
            document.c.account.in_(customers),
            document.c.kind == "invoice",
            document.c.gone.is_not(None),
            document.c.gone_at > since,
        ),
    ).mappings()
    return [
        _fact(
            row,
            row["gone_at"],
            {item_ref(row["ref"]): Money(row["total_minor"], row["currency"])},
            None,
            SettledBy.VOID,
        )
        for row in rows
    ]


def due_dates_of(connection: Connection, company: str, items: Iterable[str]) -> dict[ItemRef, date]:
    """The due dates of these items, settled ones included."""
    return {ref: row["due_date"] for ref, row in books.rows_by_ref(connection, item, company, items).items()}
