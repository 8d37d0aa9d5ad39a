"""Short payments: a payment that left a small rest may be a deduction. The machine flags, a person decides.

A rest that the ledger posted anew (a residual item) is looked at as what it is: a part of the invoice that it is
left of.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, select

from adapters.documents import ItemRef, document_of, item_ref
from adapters.money import Money
from connector.disputes import Suspicion, flag
from connector.office import Office
from connector.store import books, facts
from connector.store.tables import allocation, document, item
from reminders.account import OwedItem
from reminders.flags import AppliedPayment, short_payment_flags


def flag_short_payments(office: Office, connection: Connection, payments: Sequence[str]) -> int:
    """Looks at payments that just came. Returns how many flags were raised."""
    rows = books.rows_by_ref(connection, document, office.company, payments)
    applied = _applied(connection, office.company, payments)
    language = office.row(connection).language
    paid = {document_of(each) for targets in applied.values() for each in targets}
    left = {item_ref(ref): item_ref(of) for ref, of in books.residuals_of(connection, office.company, paid).items()}
    totals = _totals(connection, office.company, left.values())
    raised = 0
    for ref, targets in applied.items():
        row = rows.get(ref)
        if row is None or row["gone"] or not row["total_minor"]:
            continue
        targets |= {rest: targets[of] for rest, of in left.items() if of in targets}
        payment = AppliedPayment(ref=ref, dated=row["issue_date"], applied=targets, memo=row["memo"], language=language)
        for items in _items_by_account(office, connection, targets):
            whole = [replace(one, total=totals.get(left.get(one.ref, one.ref), one.total)) for one in items]
            raised += _flag(office, connection, payment, whole)
    return raised


def _totals(connection: Connection, company: str, items: Iterable[ItemRef]) -> dict[ItemRef, Money]:
    rows = books.rows_by_ref(connection, item, company, items)
    return {ref: Money(row["total_minor"], row["currency"]) for ref, row in rows.items()}


def _flag(office: Office, connection: Connection, payment: AppliedPayment, items: Sequence[OwedItem]) -> int:
    rules = office.cadence(None).rules
    ends = office.calendar.add(office.today(), rules.flag_days)
    raised = 0
    for each in short_payment_flags(payment, items, office.today(), rules):
        if each.item is not None and each.amount is not None:
            suspicion = Suspicion(
                item=each.item,
                amount=each.amount,
                reason=each.text,
                flagged_by=each.sign.value,
                source=f"{payment.ref}:{each.item}",
                ends=ends,
            )
            raised += flag(office, connection, suspicion)
    return raised


def _applied(connection: Connection, company: str, payments: Sequence[str]) -> dict[str, dict[str, Money]]:
    targets: dict[str, dict[str, Money]] = defaultdict(dict)
    for some in books.chunks(payments):
        rows = connection.execute(
            select(allocation).where(allocation.c.company == company, allocation.c.source.in_(some)),
        ).mappings()
        for row in rows:
            targets[row["source"]][item_ref(row["target"])] = Money(row["amount_minor"], row["currency"])
    return targets


def _items_by_account(office: Office, connection: Connection, targets: dict[str, Money]) -> list[tuple[OwedItem, ...]]:
    """All open items of each account of which the payment left something open; mostly there is none."""
    where = (item.c.company == office.company) & item.c.ref.in_(list(targets)) & (item.c.open_minor > 0)
    refs = sorted(set(connection.scalars(select(item.c.account).where(where))))
    if not refs:
        return []
    rows = facts.load_rows(connection, office.company, refs, today=office.today())
    return [each.items for each in rows.values()]
