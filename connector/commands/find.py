"""Finds what a person means: a customer by id or name, its accounts, an invoice by its number, a thing by its id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, Table, func, select

from connector.commands.desk import Refused
from connector.directory import Directory
from connector.store.tables import account, customer, document, item
from reminders.grouping import SEPARATOR

_MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A customer as it is billed: `main` is its account, `accounts` all that are its (the main one first)."""

    ref: str
    name: str
    main: str
    accounts: tuple[str, ...]


def find_customer(connection: Connection, company: str, wanted: str) -> Found:
    """The customer that is meant. Raises `Refused`, naming the candidates."""
    row = _by_ref(connection, company, wanted) or _by_name(connection, company, wanted)
    directory = Directory(connection, company)
    main = directory.billing(row["ref"])
    refs = connection.scalars(select(account.c.ref).where(account.c.company == company, account.c.customer == main))
    others = sorted(ref for ref in refs if ref != main)
    return Found(ref=row["ref"], name=directory.get(main).name, main=main, accounts=(main, *others))


def _by_ref(connection: Connection, company: str, wanted: str) -> RowMapping | None:
    ref = wanted.partition(SEPARATOR)[0]
    where = (customer.c.company == company) & (customer.c.ref == ref)
    return connection.execute(select(customer).where(where)).mappings().one_or_none()


def _by_name(connection: Connection, company: str, wanted: str) -> RowMapping:
    """Names are compared here and not by the database, which knows no case outside ASCII."""
    rows = connection.execute(
        select(customer.c.ref, customer.c.name, customer.c.active)
        .where(customer.c.company == company)
        .order_by(customer.c.name, customer.c.ref),
    ).mappings()
    part = wanted.casefold().strip()
    fits = [row for row in rows if part and part in row["name"].casefold()]
    exact = [row for row in fits if row["name"].casefold() == part]
    active = [row for row in exact or fits if row["active"]]
    for some in (exact, active, fits):
        if len(some) == 1:
            return some[0]
    if not fits:
        raise Refused(f"No customer is called “{wanted}”: use its id in the ledger, or a part of its name.")
    candidates = _listed(f"{row['name']} ({row['ref']})" for row in fits)
    raise Refused(f"“{wanted}” may be {candidates}: use the id.")


def find_items(connection: Connection, company: str, whose: Found, numbers: Sequence[str]) -> list[RowMapping]:
    """The customer's open items of these invoices (by number, or by ref where a number stands twice)."""
    rows = list(
        connection.execute(
            select(item, document.c.number, document.c.customer)
            .join(document, (document.c.company == item.c.company) & (document.c.ref == item.c.document))
            .where(item.c.company == company, item.c.account.in_(whose.accounts), item.c.open_minor > 0)
            .order_by(item.c.due_date, item.c.ref),
        ).mappings(),
    )
    found: list[RowMapping] = []
    for number in numbers:
        found += _invoice(rows, whose, number)
    return found


def _invoice(rows: Sequence[RowMapping], whose: Found, number: str) -> list[RowMapping]:
    by_ref = [row for row in rows if number in {row["ref"], row["document"]}]
    fits = by_ref or [row for row in rows if row["number"] == number.removeprefix("#")]
    documents = {row["document"] for row in fits}
    if not fits:
        open_ones = _listed(dict.fromkeys(row["number"] for row in rows)) if rows else "none"
        raise Refused(f"{whose.name} has no open invoice {number}. Open: {open_ones}.")
    if len(documents) > 1:
        raise Refused(f"{len(documents)} open invoices are numbered {number}: use one of {_listed(sorted(documents))}.")
    return fits


def one_account(whose: Found, items: Iterable[RowMapping]) -> str:
    """The account that these items belong to, or the customer's main one. Raises `Refused` for several."""
    refs = {row["account"] for row in items}
    if len(refs) > 1:
        raise Refused(f"These invoices of {whose.name} go to different addresses: name those of one address at a time.")
    return refs.pop() if refs else whose.main


def account_with_items(connection: Connection, company: str, whose: Found) -> str:
    """The account that is meant where no invoice is named: the main one, unless only another has open items."""
    counted = connection.execute(
        select(item.c.account, func.count())
        .where(item.c.company == company, item.c.account.in_(whose.accounts), item.c.open_minor > 0)
        .group_by(item.c.account),
    )
    open_items = {row[0] for row in counted}
    return whose.main if whose.main in open_items or len(open_items) != 1 else next(iter(open_items))


def currency_of(connection: Connection, company: str, accounts: Sequence[str], items: Iterable[RowMapping]) -> str:
    """The one currency of these items, or of all that is open. Raises `Refused` where there are several, or none."""
    currencies = {row["currency"] for row in items} or set(
        connection.scalars(
            select(item.c.currency)
            .where(item.c.company == company, item.c.account.in_(accounts), item.c.open_minor > 0)
            .distinct(),
        ),
    )
    if len(currencies) == 1:
        return str(currencies.pop())
    if not currencies:
        raise Refused("Nothing is open there: see `duecourse why` for the customer.")
    raise Refused(f"In which currency? Say --currency with one of: {', '.join(sorted(currencies))}.")


def one_of(connection: Connection, table: Table, company: str, wanted: str, what: str) -> RowMapping:
    """The row whose id begins with `wanted`. Raises `Refused`."""
    where = (table.c.company == company) & table.c.id.startswith(wanted, autoescape=True)
    rows = connection.execute(select(table).where(where).limit(2)).mappings().all()
    if len(rows) != 1 or not wanted:
        many = "Several begin" if rows else f"No {what} begins"
        raise Refused(f"{many} with “{wanted}”: see `duecourse {what} list`.")
    return rows[0]


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return ", ".join(every[:_MOST]) + more
