"""Loads accounts whole: everything that `decide` needs, for many accounts in a handful of statements.

Each statement is built once, begins at these accounts, and walks nothing else: what an index's condition says is
spelt out as a literal, since neither database sees it in a parameter.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    RowMapping,
    bindparam,
    func,
    literal_column,
    select,
)

from adapters.documents import Delivery
from adapters.money import Money
from connector.store import ledger_blocks
from connector.store.addresses import CONTACT_DAYS
from connector.store.open_items import OpenItem, open_items, owed_item, taken_of
from connector.store.tables import (
    account,
    contact,
    customer,
    document,
)
from connector.store.waits import disputes_of, holds_of_customers, is_for, promises_of
from reminders.account import Account, BrokenPromise, Contacted, LastPayment, OwedItem, TakenHow
from reminders.grouping import addresses_of, choose_recipients

_SAID = {how.value: how for how in TakenHow}
_SENT = Delivery.SENT.value
_ZERO: ColumnElement[int] = literal_column("0")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRows:
    """An account's raw rows, before holds are made of promises, disputes and pauses."""

    row: RowMapping
    items: tuple[OwedItem, ...]
    credit: dict[str, Money]
    parent_credit: dict[str, Money]
    promises: Sequence[RowMapping]
    disputes: Sequence[RowMapping]
    holds: tuple[RowMapping, ...]
    contacts: Sequence[Contacted]
    last_payment: LastPayment | None
    doubtful: Mapping[str, OpenItem]  # by item: unreadable, reopened, blocked, or not known to have been sent
    by_mail: Collection[str]  # customers whose invoices go out by e-mail; others' may be among them
    own_blocks: Mapping[str, frozenset[str]]  # what of the ledger's blocks is ours, by customer or document


def load_rows(
    connection: Connection, company: str, refs: Sequence[str], *, today: date, excluding: Collection[str] = ()
) -> dict[str, AccountRows]:
    """The rows of these accounts, by ref. `excluding` leaves out these reminders' own traces, to judge them afresh."""
    of: dict[str, object] = {"company": company, "refs": list(refs)}
    heads = {row["ref"]: row for row in connection.execute(_HEADS, of).mappings().all()}
    found = open_items(connection, company, refs)
    of_account = {row.ref: row.account for row in found}
    taken = taken_of(connection, company, list(of_account), excluding)
    billed = _billed(connection, company, heads, found)
    by_mail = {ref for ref, row in billed.items() if row["delivery_method"] == "email"}
    items: dict[str, list[OwedItem]] = defaultdict(list)
    doubtful: dict[str, dict[str, OpenItem]] = defaultdict(dict)
    for row in found:
        if row.customer not in billed:
            continue  # a customer whose row could not be read: nobody is asked in its name
        items[row.account].append(owed_item(row, billed[row.customer]["name"], taken.get(row.ref, ())))
        if row.unreadable or row.quiet_until or row.block or row.delivery != _SENT:
            doubtful[row.account][row.ref] = row
    own_blocks = _own_blocks(connection, company, heads, doubtful)
    own = {head["customer"] for head in heads.values()}
    pools: dict[str, object] = {"company": company, "refs": list(own | {_parent(head) for head in heads.values()})}
    credit = _credit(connection, pools)
    payments = _last_payments(connection, pools)
    promises = promises_of(connection, company, of_account, today)
    disputes = disputes_of(connection, company, of_account)
    holds = holds_of_customers(connection, company, own, today)
    contacts = _contacts(connection, of, today, excluding)
    return {
        ref: AccountRows(
            row=head,
            items=tuple(items.get(ref, ())),
            credit=credit.get(head["customer"], {}),
            parent_credit=credit.get(_parent(head), {}),
            promises=promises.get(ref, ()),
            disputes=disputes.get(ref, ()),
            holds=tuple(
                each
                for each in (*holds.get(None, ()), *holds.get(head["customer"], ()))
                if is_for(each, head, items.get(ref, ()))
            ),
            contacts=contacts.get(ref, ()),
            last_payment=payments.get(head["customer"]),
            doubtful=doubtful.get(ref, {}),
            by_mail=by_mail,
            own_blocks=own_blocks,
        )
        for ref, head in heads.items()
    }


def _own_blocks(
    connection: Connection,
    company: str,
    heads: Mapping[str, RowMapping],
    doubtful: Mapping[str, Mapping[str, OpenItem]],
) -> Mapping[str, frozenset[str]]:
    """Of the blocks that the ledger shows on these customers and documents, what we have set."""
    blocked = {head["customer"] for head in heads.values() if head["block"]}
    blocked |= {row.document for rows in doubtful.values() for row in rows.values() if row.block}
    return ledger_blocks.ours(connection, company, blocked) if blocked else {}


def _parent(head: RowMapping) -> str:
    """A parent that is billed by itself; empty where there is none."""
    return "" if head["bill_with_parent"] else head["parent"] or ""


_REFS: BindParameter[str] = bindparam("refs", expanding=True)
_HEADS = (
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
    .where(account.c.company == bindparam("company"), account.c.ref.in_(_REFS))
)

_BILLED = select(customer.c.ref, customer.c.name, customer.c.delivery_method).where(
    customer.c.company == bindparam("company"), customer.c.ref.in_(_REFS)
)


def _billed(
    connection: Connection, company: str, heads: Mapping[str, RowMapping], items: Iterable[OpenItem]
) -> dict[str, RowMapping]:
    """Whoever these items were billed to: the accounts' customers, and those billed with them."""
    billed = {head["customer"]: head for head in heads.values()}
    if others := {row.customer for row in items} - billed.keys():
        rows = connection.execute(_BILLED, {"company": company, "refs": list(others)}).mappings()
        billed |= {row["ref"]: row for row in rows}
    return billed


_CREDIT = (
    select(document.c.account, document.c.currency, func.sum(document.c.open_minor))
    .where(
        document.c.company == bindparam("company"),
        document.c.account.in_(_REFS),
        document.c.open_minor < _ZERO,
    )
    .group_by(document.c.account, document.c.currency)
)


def _credit(connection: Connection, pools: Mapping[str, object]) -> dict[str, dict[str, Money]]:
    """Open credit of each billing customer (its main account's pool), positive, per currency."""
    credit: dict[str, dict[str, Money]] = defaultdict(dict)
    for pool, currency, minor in connection.execute(_CREDIT, pools).all():
        credit[pool][currency] = Money(-int(minor), currency)
    return credit


_last = document.alias("last")
_PAYMENTS = (
    select(document.c.account, document.c.currency, document.c.total_minor, document.c.issue_date)
    .join_from(
        customer,
        document,
        (document.c.company == customer.c.company)
        & (
            document.c.ref
            == select(_last.c.ref)
            .where(
                _last.c.company == customer.c.company,
                _last.c.account == customer.c.ref,
                _last.c.kind == literal_column("'payment'"),
                _last.c.total_minor != _ZERO,
                _last.c.gone.is_(None),
            )
            .order_by(_last.c.issue_date.desc(), _last.c.ref.desc())
            .limit(literal_column("1"))
            .correlate(customer)
            .scalar_subquery()
        ),
    )
    .where(customer.c.company == bindparam("company"), customer.c.ref.in_(_REFS))
)


def _last_payments(connection: Connection, pools: Mapping[str, object]) -> dict[str, LastPayment]:
    """The last payment of each billing customer: one step back in an index, however many there were."""
    return {
        pool: LastPayment(amount=Money(abs(minor), currency), on=on)
        for pool, currency, minor, on in connection.execute(_PAYMENTS, pools).all()
    }


_CONTACTS = select(contact.c.account, contact.c.source, contact.c.on_day, contact.c.address, contact.c.what).where(
    contact.c.company == bindparam("company"), contact.c.account.in_(_REFS), contact.c.on_day > bindparam("since")
)


def _contacts(
    connection: Connection, of: Mapping[str, object], today: date, excluding: Collection[str]
) -> dict[str, list[Contacted]]:
    since = today - timedelta(days=CONTACT_DAYS)
    by_account: dict[str, list[Contacted]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()  # a message to three addresses is one contact of the account
    for ref, source, on, where, what in connection.execute(_CONTACTS, {**of, "since": since}).all():
        if (ref, source) not in seen and source.removeprefix("reminder:") not in excluding:
            seen.add((ref, source))
            by_account[ref].append(Contacted(on=on, address=where, what=what))
    return by_account


def recipients_of(rows: AccountRows) -> tuple[str, ...]:
    """Everyone this account's message could go to, before unusable addresses are left out."""
    head = rows.row
    if named := addresses_of(head["ref"]):
        return named
    return choose_recipients(head["own_contacts"] or (), head["emails"], _named_by_all(rows.items), unusable=())


def _named_by_all(items: Sequence[OwedItem]) -> list[str]:
    """The bill addresses that every item names: nobody is shown an item that names somebody else, or nobody."""
    common = set.intersection(*({each.casefold() for each in owed.bill_emails} for owed in items)) if items else set()
    return [each for each in items[0].bill_emails if each.casefold() in common] if common else []


def _with_dunning(rows: AccountRows) -> tuple[Contacted, ...]:
    """The ledger's own dunning counts as contact; on a day on which we wrote it may be our own, read back."""
    dunned = rows.row["last_dunned"]
    if dunned is None or any(each.on == dunned and each.what == "reminder" for each in rows.contacts):
        return tuple(rows.contacts)
    return (*rows.contacts, Contacted(on=dunned, what="ledger"))


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
