"""Open items as the rules see them: loaded with their documents, and with the steps that they took."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Connection, Text, bindparam, cast, literal_column, select

from adapters.money import Money
from connector.store import json_text
from connector.store.listed import Listed
from connector.store.tables import document, item, problem, reminder_item
from reminders.account import OwedItem, PersonWait, Taken, TakenHow

_SAID = {how.value: how for how in TakenHow}
_ZERO: ColumnElement[int] = literal_column("0")
_REFS: BindParameter[str] = bindparam("refs", expanding=True)


class OpenItem(NamedTuple):
    """A row of an open item, and of its document."""

    ref: str
    account: str
    document: str
    due_date: date
    due_date_before: date | None
    currency: str
    total_minor: int
    open_minor: int
    cycle: int
    quiet_until: date | None
    known_since: date
    person_step: str | None
    person_step_since: date
    escalated_on: date | None
    number: str
    issue_date: date
    first_seen: date
    customer: str
    bill_emails: str
    pay_link: str | None
    delivery: str
    block: str | None
    unreadable: str | None


_OPEN = (
    select(
        item.c.ref,
        item.c.account,
        item.c.document,
        item.c.due_date,
        item.c.due_date_before,
        item.c.currency,
        item.c.total_minor,
        item.c.open_minor,
        item.c.cycle,
        item.c.quiet_until,
        item.c.known_since,
        item.c.person_step,
        item.c.person_step_since,
        item.c.escalated_on,
        document.c.number,
        document.c.issue_date,
        document.c.first_seen,
        document.c.customer,
        cast(document.c.bill_emails, Text).label("bill_emails"),
        document.c.pay_link,
        document.c.delivery,
        document.c.block,
        problem.c.ref.label("unreadable"),
    )
    .join(document, (document.c.company == item.c.company) & (document.c.ref == item.c.document))
    .outerjoin(problem, (problem.c.company == item.c.company) & (problem.c.ref == item.c.document))
    .where(item.c.company == bindparam("company"), item.c.account.in_(_REFS), item.c.open_minor > _ZERO)
)


def open_items(connection: Connection, company: str, accounts: Sequence[str]) -> list[OpenItem]:
    """The open items of these accounts."""
    rows = connection.execute(_OPEN, {"company": company, "refs": list(accounts)})
    return list(map(OpenItem._make, rows.all()))


def owed_item(row: OpenItem, customer_name: str, taken: Sequence[Taken]) -> OwedItem:
    """The item as the rules see it."""
    total = Money(row.total_minor, row.currency)
    return OwedItem(
        ref=row.ref,
        document=row.document,
        number=row.number,
        customer=row.customer,
        customer_name=customer_name,
        issue_date=row.issue_date,
        due_date=row.due_date,
        first_seen=row.first_seen,
        total=total,
        open=total if row.open_minor == row.total_minor else Money(row.open_minor, row.currency),
        cycle=row.cycle,
        taken=tuple(taken),
        due_date_before=row.due_date_before,
        bill_emails=_addresses(row.bill_emails),
        pay_link=row.pay_link or "",
        known_since=row.known_since,
        person_wait=PersonWait(step_id=row.person_step, since=row.person_step_since) if row.person_step else None,
        escalated_on=row.escalated_on,
    )


@lru_cache(maxsize=1024)
def _addresses(text: str) -> tuple[str, ...]:
    """Addresses as the column holds them: a customer's invoices name the same ones."""
    return tuple(json_text.decode(text))


_TAKEN = Listed(
    lambda among: select(
        reminder_item.c.cycle,
        reminder_item.c.step_no,
        reminder_item.c.item,
        reminder_item.c.step_id,
        reminder_item.c.step_day,
        reminder_item.c.taken_on,
        reminder_item.c.how,
        reminder_item.c.reminder,
    ).where(
        reminder_item.c.company == bindparam("company"),
        among(reminder_item.c.item),
        reminder_item.c.how != literal_column("'undone'"),
    )
)


def taken_of(
    connection: Connection, company: str, items: Sequence[str], excluding: Collection[str]
) -> dict[str, list[Taken]]:
    """The steps that these items took, in their order, by item; `excluding` leaves out those of these reminders."""
    taken: dict[str, list[Taken]] = defaultdict(list)
    for cycle, step_no, ref, step_id, step_day, on, how, reminder in sorted(
        _TAKEN.select(connection, items, company=company), key=itemgetter(0, 1)
    ):
        if how in _SAID and reminder not in excluding:
            taken[ref].append(
                Taken(cycle=cycle, step_no=step_no, step_id=step_id, step_day=step_day, on=on, how=_SAID[how])
            )
    return taken
