"""Our own open total beside one that a person read elsewhere: FBL5N, an ageing report, a balance sheet.

`reconcile` reads the ledger through the same door as our books: what that door does not show is missing from both. A
total read elsewhere is the independent witness. It may count what ours leaves out, or leave out free credit: every such
choice is tried, and what accounts for it to the cent is said. A difference is shown with what is worth a look, never
plugged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from sqlalchemy import ColumnElement, Connection, func, select

from adapters.ledger import dated_after
from adapters.money import Money
from connector.directory import Directory
from connector.office import Office
from connector.reconcile import Reconciled
from connector.store import history
from connector.store.tables import document, problem

_SHOWN = 5
"""How many invoices, customers or rows are named as worth a look."""
_TRIED = 12
"""Among how many choices those are looked for that account for a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a total may count and another not: counted, `amount` is added to our own."""

    words: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Something worth a look where totals differ."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A total read elsewhere beside ours, in one currency. `accounted`: which choices make ours the one that was read;
    none where it is ours as it stands, None where they differ by `difference` (what was read less ours).
    """

    on: date
    read: Money
    ours: Money
    choices: tuple[Choice, ...] = ()
    accounted: tuple[Choice, ...] | None = None
    suspects: tuple[Suspect, ...] = ()

    @property
    def difference(self) -> Money:
        """What was read, less our own total as it stands."""
        return self.read - self.ours

    @property
    def agrees(self) -> bool:
        """To the cent, as it stands or by what it is known to count otherwise."""
        return self.accounted is not None


def accounting(difference: Money, choices: Sequence[Choice]) -> tuple[Choice, ...] | None:
    """The fewest choices that add up to the difference; None where none do. Of very many, the first are tried."""
    tried = choices[:_TRIED]
    for number in range(len(tried) + 1):
        for some in combinations(tried, number):
            if sum((each.amount.minor for each in some), 0) == difference.minor:
                return some
    return None


def currencies(office: Office) -> list[str]:
    """In which currencies something is open; the company's own where nothing is."""
    with office.database.read() as connection:
        found = connection.scalars(select(document.c.currency).where(_open(office)).distinct())
        return sorted(found) or [office.row(connection).home_currency]


def compare(office: Office, result: Reconciled, read: Money) -> Compared:
    """Holds a total that was read against ours, as it was just reconciled, and writes down that it was done."""
    ours = result.ours.get(read.currency, Money.zero(read.currency))
    with office.database.write("compare with a total read elsewhere") as connection:
        choices = _choices(connection, office, result, read.currency)
        accounted = accounting(read - ours, choices)
        suspects = () if accounted is not None else tuple(_suspects(connection, office, result, read - ours))
        made = Compared(on=result.on, read=read, ours=ours, choices=choices, accounted=accounted, suspects=suspects)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="compared",
            subject=result.on.isoformat(),
            data={
                "currency": read.currency,
                "read": read.minor,
                "ours": ours.minor,
                "agrees": made.agrees,
                "choices": {each.words: each.amount.minor for each in choices},
                "accounted": None if accounted is None else [each.words for each in accounted],
            },
        )
    return made


def _open(office: Office) -> ColumnElement[bool]:
    return (document.c.company == office.company) & (document.c.open_minor != 0)


def _choices(connection: Connection, office: Office, result: Reconciled, currency: str) -> tuple[Choice, ...]:
    """What the other total may count and ours does not, or the other way about."""
    mine = _open(office) & (document.c.currency == currency)
    added = select(func.sum(document.c.open_minor))
    later = connection.scalar(added.where(mine, document.c.issue_date > result.on))
    credit = connection.scalar(added.where(mine, document.c.issue_date <= result.on, document.c.open_minor < 0))
    found = {
        f"with {dated_after(result.on)}": Money(int(later or 0), currency),
        "without payments and credit memos that are set against no invoice": Money(-int(credit or 0), currency),
        **{f"with {why}": by[currency] for why, by in sorted(result.aside.items()) if currency in by},
    }
    return tuple(Choice(words=words, amount=amount) for words, amount in found.items() if amount)


def _suspects(connection: Connection, office: Office, result: Reconciled, difference: Money) -> Iterable[Suspect]:
    """What is worth a look, the likeliest first."""
    directory = Directory(connection, office.company)
    currency = difference.currency
    for each in result.differences:
        if each.ours.currency == currency:
            why = f"the ledger's own total there is {each.theirs}, ours {each.ours}"
            yield Suspect(what=f"{each.name} ({each.customer})", why=why)
    for who in result.moving[:_SHOWN]:
        yield Suspect(what=f"{directory.get(who).name} ({who})", why="its books moved while they were compared")
    mine = _open(office) & (document.c.currency == currency) & (document.c.issue_date <= result.on)
    exactly = -difference.minor
    columns = (document.c.kind, document.c.number, document.c.ref, document.c.customer)
    for kind, number, ref, who in connection.execute(
        select(*columns).where(mine, document.c.open_minor == exactly).order_by(document.c.ref).limit(_SHOWN)
    ):
        what = f"{str(kind).replace('_', ' ')} {number or ref} of {directory.get(who).name} ({who})"
        yield Suspect(what=what, why="it is open with exactly the difference")
    balance = select(document.c.customer).where(mine).group_by(document.c.customer).order_by(document.c.customer)
    for who in connection.scalars(balance.having(func.sum(document.c.open_minor) == exactly).limit(_SHOWN)):
        yield Suspect(what=f"{directory.get(who).name} ({who})", why="it owes exactly the difference in all")
    rows = select(problem.c.ref).where(problem.c.company == office.company).order_by(problem.c.ref).limit(_SHOWN)
    for ref in connection.scalars(rows):
        yield Suspect(what=str(ref), why="it could not be read, so ours may be out of date there")


def words_of(compared: Compared) -> str:
    """The comparison in one sentence."""
    read, ours = compared.read, compared.ours
    if compared.accounted is None:
        size = Money(abs(compared.difference.minor), read.currency)
        return f"You read {read}: {size} {'more' if compared.difference.minor > 0 else 'less'} than our {ours}."
    if not compared.accounted:
        return f"You read {read}: our own total, to the cent."
    told = " and ".join(f"{each.words} ({_signed(each.amount)})" for each in compared.accounted)
    return f"You read {read}: our {ours} {told}, to the cent."


def _signed(amount: Money) -> str:
    return f"+{amount}" if amount.minor > 0 else str(amount)
