"""Reconcile: our open totals beside the ledger's own, to the cent (design, section 2.2).

Sync, read the ledger's totals, sync again: a customer whose books moved in between is "moving", which is no
difference. Where the two differ, what is open with us is asked for by key, since some ledgers say nothing of some
changes (a payment set against another document), and compared once more. What differs then is shown with its likely
documents, never plugged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, func, select

from adapters.ledger import Totals
from adapters.money import Money
from connector.directory import Directory
from connector.office import Office
from connector.store import books, customers, history, reconciliations
from connector.store.tables import document, problem, reconciliation
from connector.store.upsert import upsert
from connector.sync import apply_fresh, sync

#: Of so many differing customers the documents are asked for again; more differences have another cause.
ASKED_AGAIN = 50

ByCustomer = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One customer's balance where we and the ledger differ. `ours` and `theirs` in `currency`."""

    customer: str
    name: str
    ours: Money
    theirs: Money
    documents: tuple[str, ...]  # what it is likely to come from


@dataclass(slots=True)
class Reconciled:
    """A day's comparison: per currency, ours and theirs, and each difference."""

    on: date
    ours: dict[str, Money] = field(default_factory=dict)
    theirs: dict[str, Money] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    moving: list[str] = field(default_factory=list)
    documents: int = 0
    leaves_out: tuple[str, ...] = ()
    aside: Mapping[str, Mapping[str, Money]] = field(default_factory=dict)  # what theirs leave out, where it is known

    @property
    def agrees(self) -> bool:
        """To the cent, for everybody."""
        return not self.differences and not self.moving

    @property
    def state(self) -> str:
        """agrees, differs or moving."""
        if self.differences:
            return "differs"
        return "moving" if self.moving else "agrees"


def reconcile(office: Office, *, attempts: int = 3) -> Reconciled:
    """Compares, repeating while the books move. Raises LedgerError and `CompanyPaused`."""
    result = _once(office)
    while result.moving and attempts > 1:
        attempts -= 1
        result = _once(office)
    if result.differences:
        _ask_again(office, [each.customer for each in result.differences[:ASKED_AGAIN]])
        result = _once(office)
    _save(office, result)
    return result


def _ask_again(office: Office, customers_: Sequence[str]) -> None:
    """Reads what is open with us at these customers by key, and whatever the ledger tells of them."""
    with office.database.read() as connection:
        refs = connection.scalars(
            select(document.c.ref).where(
                document.c.company == office.company,
                document.c.customer.in_(customers_),
                document.c.open_minor != 0,
                document.c.gone.is_(None),
            ),
        ).all()
        cursor = office.row(connection).cursor
    apply_fresh(office, office.ledger.fresh(refs, customers_, cursor or ""))


def _once(office: Office) -> Reconciled:
    today = office.today()
    sync(office)
    before = _our_totals(office, today)
    theirs = office.ledger.totals(today)
    sync(office)
    after = _our_totals(office, today)
    return _compare(office, today, before, after, theirs)


def _our_totals(office: Office, on: date) -> ByCustomer:
    """Our open totals by customer and currency, without documents dated after `on`."""
    with office.database.read() as connection:
        rows = connection.execute(
            select(document.c.customer, document.c.currency, func.sum(document.c.open_minor))
            .where(document.c.company == office.company, document.c.open_minor != 0, document.c.issue_date <= on)
            .group_by(document.c.customer, document.c.currency),
        )
        totals: ByCustomer = defaultdict(dict)
        for customer, currency, minor in rows:
            if minor:
                totals[customer][currency] = int(minor)
    return totals


def _compare(office: Office, on: date, before: ByCustomer, after: ByCustomer, theirs: Totals) -> Reconciled:
    result = Reconciled(on=on, leaves_out=theirs.leaves_out, aside=theirs.aside)
    ledger = {who: {c: money.minor for c, money in each.items() if money} for who, each in theirs.by_customer.items()}
    with office.database.read() as connection:
        names = Directory(connection, office.company)
        result.documents = _count(connection, office.company)
        for who in sorted({*after, *ledger}):
            if before.get(who, {}) != after.get(who, {}):
                result.moving.append(who)
                continue
            mine, its = after.get(who, {}), ledger.get(who, {})
            for currency in sorted({*mine, *its}):
                pair = (Money(mine.get(currency, 0), currency), Money(its.get(currency, 0), currency))
                if pair[0] != pair[1]:
                    likely = _likely(connection, office.company, who)
                    name = names.get(who).name
                    result.differences.append(
                        Difference(customer=who, name=name, ours=pair[0], theirs=pair[1], documents=likely),
                    )
    result.ours, result.theirs = _sum(after), _sum(ledger)
    return result


def _count(connection: Connection, company: str) -> int:
    where = (document.c.company == company) & (document.c.open_minor != 0)
    return int(connection.scalar(select(func.count()).select_from(document).where(where)) or 0)


def _likely(connection: Connection, company: str, customer: str) -> tuple[str, ...]:
    """Where a difference is likely to come from: journal lines and rows that could not be read."""
    journals = connection.scalars(
        select(document.c.ref).where(
            document.c.company == company, document.c.customer == customer, document.c.kind == "journal"
        ),
    )
    unreadable = connection.scalars(select(problem.c.ref).where(problem.c.company == company))
    return (*journals, *unreadable)


def _sum(totals: ByCustomer) -> dict[str, Money]:
    sums: dict[str, int] = defaultdict(int)
    for each in totals.values():
        for currency, minor in each.items():
            sums[currency] += minor
    return {currency: Money(minor, currency) for currency, minor in sorted(sums.items())}


def _save(office: Office, result: Reconciled) -> None:
    now = office.now()
    ours = {currency: money.minor for currency, money in result.ours.items()}
    theirs = {currency: money.minor for currency, money in result.theirs.items()}
    differences = [
        {
            "customer": each.customer,
            "currency": each.ours.currency,
            "ours": each.ours.minor,
            "theirs": each.theirs.minor,
            "documents": list(each.documents),
        }
        for each in result.differences
    ]
    row = {
        "company": office.company,
        "on_day": result.on,
        "at": now,
        "state": result.state,
        "documents": result.documents,
        "ours": ours,
        "theirs": theirs,
        "differences": differences,
    }
    with office.database.write("save reconciliation") as connection:
        before = set(reconciliations.lower_than_ours(connection, office.company))
        upsert(connection, reconciliation, [row])
        history.record(
            connection,
            office.company,
            at=now,
            actor="reconcile",
            kind="reconciled",
            subject=result.on.isoformat(),
            data={
                "day": result.on,
                "state": result.state,
                "ours": ours,
                "theirs": theirs,
                "differences": differences,
                "leaves_out": list(result.leaves_out),
            },
        )
        differing = {each.customer for each in result.differences if each.theirs < each.ours}
        directory = Directory(connection, office.company)
        for who in before ^ differing:
            touched = customers.accounts_of(connection, office.company, directory.billing(who))
            books.touch_accounts(connection, office.company, touched, office.today())
