"""Loads accounts whole: everything that `decide` needs, for many accounts in a handful of statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from adapters.money import Money
from connector.store.tables import (
    account,
    address,
    contact,
    customer,
    document,
    item,
    reminder_item,
)
from connector.store.waits import disputes_of, holds_of_customers, is_for, promises_of, unreadable_of
from reminders.account import Account, BrokenPromise, Contacted, LastPayment, OwedItem, PersonWait, Taken, TakenHow
from reminders.grouping import addresses_of, choose_recipients

#: How far back contacts are counted: a month for the caps.
_CONTACT_DAYS = 31
_SAID = ("sent", "uncertain", "lapsed", "done", "not_made")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRows:
    """An account's raw rows, before holds are made of promises, disputes and pauses."""

    row: RowMapping
    items: tuple[OwedItem, ...]
    credit: dict[str, Money]
    parent_credit: dict[str, Money]
    promises: tuple[RowMapping, ...]
    disputes: tuple[RowMapping, ...]
    holds: tuple[RowMapping, ...]
    contacts: tuple[Contacted, ...]
    last_payment: LastPayment | None
    deliveries: dict[str, RowMapping]
    unreadable: frozenset[str] = frozenset()  # items whose document could not be read


def load_rows(
    connection: Connection, company: str, refs: Sequence[str], *, today: date, excluding: Collection[str] = ()
) -> dict[str, AccountRows]:
    """The rows of these accounts, by ref. `excluding` leaves out these reminders' own traces, to judge them afresh."""
    heads = _heads(connection, company, refs)
    taken = _taken(connection, company, refs, excluding)
    documents: dict[str, dict[str, RowMapping]] = defaultdict(dict)
    items: dict[str, list[OwedItem]] = defaultdict(list)
    for row in _open_items(connection, company, refs):
        items[row["account"]].append(_owed(row, taken.get(row["ref"], ())))
        documents[row["account"]][row["ref"]] = row
    main = {head["customer"] for head in heads.values()} | {_parent(head) for head in heads.values()}
    credit = _credit(connection, company, main)
    payments = _last_payments(connection, company, main)
    promises = promises_of(connection, company, refs, today)
    disputes = disputes_of(connection, company, refs)
    holds = holds_of_customers(connection, company, {head["customer"] for head in heads.values()}, today)
    unreadable = unreadable_of(connection, company, refs)
    contacts = _contacts(connection, company, refs, today, excluding)
    return {
        ref: AccountRows(
            row=head,
            items=tuple(items.get(ref, ())),
            credit=credit.get(head["customer"], {}),
            parent_credit=credit.get(_parent(head), {}),
            promises=tuple(promises.get(ref, ())),
            disputes=tuple(disputes.get(ref, ())),
            holds=tuple(each for each in holds if is_for(each, head, items.get(ref, ()))),
            unreadable=frozenset(each.ref for each in items.get(ref, ()) if each.document in unreadable),
            contacts=tuple(contacts.get(ref, ())),
            last_payment=payments.get(head["customer"]),
            deliveries=documents.get(ref, {}),
        )
        for ref, head in heads.items()
    }


def _parent(head: RowMapping) -> str:
    """A parent that is billed by itself; empty where there is none."""
    return "" if head["bill_with_parent"] else head["parent"] or ""


def _heads(connection: Connection, company: str, refs: Sequence[str]) -> dict[str, RowMapping]:
    rows = connection.execute(
        select(
            account.c.ref,
            account.c.customer,
            account.c.address,
            account.c.cadence,
            account.c.touches,
            customer.c.name,
            customer.c.parent,
            customer.c.bill_with_parent,
            customer.c.emails,
            customer.c.active,
            customer.c.language,
            customer.c.country,
            customer.c.region,
            customer.c.block,
            customer.c.last_dunned,
            customer.c.customer_type,
            customer.c.delivery_method,
            customer.c.own_contacts,
            customer.c.own_language,
            customer.c.own_zone,
            customer.c.own_cadence,
            customer.c.opted_out,
        )
        .join(customer, (customer.c.company == account.c.company) & (customer.c.ref == account.c.customer))
        .where(account.c.company == company, account.c.ref.in_(refs)),
    ).mappings()
    return {row["ref"]: row for row in rows}


def _open_items(connection: Connection, company: str, refs: Sequence[str]) -> Iterable[RowMapping]:
    return connection.execute(
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
            document.c.bill_emails,
            document.c.pay_link,
            document.c.delivery,
            document.c.sent_at,
            customer.c.name.label("customer_name"),
            customer.c.delivery_method,
        )
        .join(document, (document.c.company == item.c.company) & (document.c.ref == item.c.document))
        .join(customer, (customer.c.company == document.c.company) & (customer.c.ref == document.c.customer))
        .where(item.c.company == company, item.c.account.in_(refs), item.c.open_minor > 0),
    ).mappings()


def _owed(row: RowMapping, taken: Sequence[Taken]) -> OwedItem:
    currency = row["currency"]
    return OwedItem(
        ref=row["ref"],
        document=row["document"],
        number=row["number"],
        customer=row["customer"],
        customer_name=row["customer_name"],
        issue_date=row["issue_date"],
        due_date=row["due_date"],
        first_seen=row["first_seen"],
        total=Money(row["total_minor"], currency),
        open=Money(row["open_minor"], currency),
        cycle=row["cycle"],
        taken=tuple(taken),
        due_date_before=row["due_date_before"],
        bill_emails=tuple(row["bill_emails"]),
        pay_link=row["pay_link"] or "",
        known_since=row["known_since"],
        person_wait=(
            PersonWait(step_id=row["person_step"], since=row["person_step_since"]) if row["person_step"] else None
        ),
        escalated_on=row["escalated_on"],
    )


def _taken(
    connection: Connection, company: str, refs: Sequence[str], excluding: Collection[str]
) -> dict[str, list[Taken]]:
    statement = (
        select(reminder_item)
        .join(item, (item.c.company == reminder_item.c.company) & (item.c.ref == reminder_item.c.item))
        .where(
            reminder_item.c.company == company,
            item.c.account.in_(refs),
            item.c.open_minor > 0,
            reminder_item.c.how.in_(_SAID),
        )
    )
    taken: dict[str, list[Taken]] = defaultdict(list)
    for row in sorted(connection.execute(statement).mappings(), key=lambda each: (each["cycle"], each["step_no"])):
        if row["reminder"] not in excluding:
            taken[row["item"]].append(
                Taken(
                    cycle=row["cycle"],
                    step_no=row["step_no"],
                    step_id=row["step_id"],
                    step_day=row["step_day"],
                    on=row["taken_on"],
                    how=TakenHow(row["how"]),
                ),
            )
    return taken


def _credit(connection: Connection, company: str, customers: Iterable[str]) -> dict[str, dict[str, Money]]:
    """Open credit of each billing customer (its main account's pool), positive, per currency."""
    rows = connection.execute(
        select(document.c.account, document.c.currency, func.sum(document.c.open_minor).label("minor"))
        .where(document.c.company == company, document.c.account.in_(list(customers)), document.c.open_minor < 0)
        .group_by(document.c.account, document.c.currency),
    ).mappings()
    credit: dict[str, dict[str, Money]] = defaultdict(dict)
    for row in rows:
        credit[row["account"]][row["currency"]] = Money(-int(row["minor"]), row["currency"])
    return credit


def _last_payments(connection: Connection, company: str, customers: Iterable[str]) -> dict[str, LastPayment]:
    ranked = (
        select(
            document.c.account,
            document.c.currency,
            document.c.total_minor,
            document.c.issue_date,
            func.row_number()
            .over(partition_by=document.c.account, order_by=(document.c.issue_date.desc(), document.c.ref.desc()))
            .label("rank"),
        )
        .where(
            document.c.company == company,
            document.c.account.in_(list(customers)),
            document.c.kind == "payment",
            document.c.total_minor != 0,
            document.c.gone.is_(None),
        )
        .subquery()
    )
    rows = connection.execute(select(ranked).where(ranked.c.rank == 1)).mappings()
    return {
        row["account"]: LastPayment(amount=Money(abs(row["total_minor"]), row["currency"]), on=row["issue_date"])
        for row in rows
    }


def _contacts(
    connection: Connection, company: str, refs: Sequence[str], today: date, excluding: Collection[str]
) -> dict[str, list[Contacted]]:
    rows = connection.execute(
        select(contact).where(
            contact.c.company == company,
            contact.c.account.in_(refs),
            contact.c.on_day > today - timedelta(days=_CONTACT_DAYS),
        ),
    ).mappings()
    by_account: dict[str, list[Contacted]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()  # a message to three addresses is one contact of the account
    for row in rows:
        said = (row["account"], row["source"])
        if said not in seen and row["source"].removeprefix("reminder:") not in excluding:
            seen.add(said)
            by_account[row["account"]].append(
                Contacted(on=row["on_day"], address=row["address"], what=row["what"]),
            )
    return by_account


def stopped_addresses(connection: Connection, company: str, addresses: Iterable[str]) -> set[str]:
    """Which of these addresses (case folded) bounced, were refused, or asked us to stop."""
    return set(
        connection.scalars(
            select(address.c.address).where(
                address.c.company == company,
                address.c.address.in_([each.casefold() for each in addresses]),
                address.c.stopped_because.is_not(None),
            ),
        ),
    )


def address_contacts(
    connection: Connection, company: str, addresses: Iterable[str], *, today: date, excluding: Collection[str] = ()
) -> dict[str, tuple[date, ...]]:
    """When each address (case folded) last heard from us, over all accounts, for 31 days."""
    rows = connection.execute(
        select(contact.c.address, contact.c.on_day, contact.c.source).where(
            contact.c.company == company,
            contact.c.address.in_([each.casefold() for each in addresses]),
            contact.c.on_day > today - timedelta(days=_CONTACT_DAYS),
        ),
    )
    by_address: dict[str, list[date]] = defaultdict(list)
    for where, day, source in rows:
        if source.removeprefix("reminder:") not in excluding:
            by_address[where].append(day)
    return {where: tuple(days) for where, days in by_address.items()}


def recipients_of(rows: AccountRows) -> tuple[str, ...]:
    """Everyone this account's message could go to, before unusable addresses are left out."""
    head = rows.row
    if named := addresses_of(head["ref"]):
        return named
    bill = [each for owed in rows.items for each in owed.bill_emails]
    return choose_recipients(head["own_contacts"] or (), head["emails"], bill, unusable=())


def _with_dunning(rows: AccountRows) -> tuple[Contacted, ...]:
    """Somebody else's dunning, as the ledger tells it, counts as contact."""
    dunned = rows.row["last_dunned"]
    return (*rows.contacts, Contacted(on=dunned, what="ledger")) if dunned else rows.contacts


def to_account(
    rows: AccountRows,
    *,
    holds: Sequence[Any],
    recipients: tuple[str, ...],
    tried: int,
    by_address: dict[str, tuple[date, ...]],
    figures_at: datetime | None,
    opted_out: bool,
) -> Account:
    """The value that the rules judge."""
    head = rows.row
    return Account(
        ref=head["ref"],
        customer=head["customer"],
        name=head["name"],
        language=head["own_language"] or head["language"],
        country=head["country"],
        region=head["region"],
        zone=head["own_zone"] or "",
        items=rows.items,
        free_credit=rows.credit,
        parent_credit=rows.parent_credit,
        holds=tuple(holds),
        contacts=_with_dunning(rows),
        address_contacts={each: by_address.get(each.casefold(), ()) for each in recipients},
        recipients=recipients,
        addresses_tried=tried,
        broken_promises=tuple(
            BrokenPromise(id=row["id"], amount=Money(row["amount_minor"], row["currency"]), day=row["day"])
            for row in rows.promises
            if row["state"] == "broken" and row["named_in"] is None
        ),
        last_payment=rows.last_payment,
        cadence_assigned=not opted_out,
        figures_at=figures_at,
    )
