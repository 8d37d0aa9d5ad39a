"""Promises: taken down from a customer's word, judged after each sync, never by an item that vanished."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from adapters.documents import document_of
from adapters.ledger import EntryKind
from adapters.money import Money
from connector.accounts import Loaded, load_accounts, rules_of
from connector.cash import posted_until
from connector.clock import zone
from connector.holding import to_promise
from connector.notes import enqueue_note
from connector.office import Office
from connector.payments import due_dates_of, payment_facts
from connector.store import books, history, tasks
from connector.store.tables import document, promise, promise_item
from reminders.holds import (
    PaymentFact,
    Promise,
    PromiseFacts,
    PromiseState,
    PromiseVerdict,
    judge_promises,
    needs_person,
    replaced_by,
)
from reminders.notes import NoteFacts
from reminders.steps import Rules

_ENTRY: dict[PromiseState, EntryKind] = {
    PromiseState.KEPT: EntryKind.PROMISE_KEPT,
    PromiseState.PARTLY_KEPT: EntryKind.PROMISE_PARTLY_KEPT,
    PromiseState.BROKEN: EntryKind.PROMISE_BROKEN,
    PromiseState.OVERTAKEN: EntryKind.PROMISE_OVERTAKEN,
    PromiseState.WITHDRAWN: EntryKind.PROMISE_WITHDRAWN,
    PromiseState.REPLACED: EntryKind.PROMISE_WITHDRAWN,
}


class PromiseRefused(ValueError):
    """A promise that cannot be taken down as given; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A customer's word: `amount` by `day`, for these items (none: all that are past due)."""

    account: str
    amount: Money
    day: date
    items: tuple[str, ...] = ()
    by: str = ""
    confirmed: bool = False  # a person has looked although two were broken of late


def make_promise(office: Office, said: Said) -> str:
    """Takes a promise down: it holds its items, replaces older ones on them, and is noted in the ledger.

    Returns its id. Raises `PromiseRefused`.
    """
    today = office.today()
    with office.database.write("make promise") as connection:
        row = office.row(connection)
        found = load_accounts(office, connection, row, [said.account], today=today)
        if not found:
            raise PromiseRefused(f"There is no account {said.account}: see `duecourse plan` for the accounts.")
        return _make(office, connection, found[0], said, today)


def _make(office: Office, connection: Connection, loaded: Loaded, said: Said, today: date) -> str:
    account = loaded.account
    if said.day < today:
        raise PromiseRefused(f"{said.day} is in the past: a promise needs a day to come.")
    if said.amount.minor <= 0:
        raise PromiseRefused("A promise needs an amount above zero.")
    candidates = [one for one in account.items if one.open.currency == said.amount.currency]
    named = [one for one in candidates if one.ref in said.items]
    chosen = named if said.items else [one for one in candidates if one.due_date < today] or candidates
    if not chosen:
        raise PromiseRefused(f"{account.name} owes nothing in {said.amount.currency} that this promise could be for.")
    before = [to_promise(each) for each in _of_account(connection, office.company, account.ref)]
    rules = rules_of(office, loaded).rules
    if needs_person(before, today, rules) and not said.confirmed:
        raise PromiseRefused(
            f"{account.name} broke {rules.broken_promises} promises in {rules.broken_within_days} days: "
            "if you trust this one, take it down with --confirmed.",
        )
    new = Promise(
        id=office.new_id(),
        account=account.ref,
        amount=said.amount,
        day=said.day,
        made_at=office.now(),
        made_on=today,
        items=frozenset(one.ref for one in chosen),
    )
    for old in replaced_by(new, before, account.items):
        end_promise(office, connection, old.id, PromiseState.REPLACED, because="a new promise on the same invoices")
    _insert(connection, office, account.customer, new, said.by)
    numbers = tuple(dict.fromkeys(one.number for one in chosen))
    enqueue_note(
        office,
        connection,
        EntryKind.PROMISE_MADE,
        fact=new.id,
        customer=account.customer,
        documents=[one.document for one in chosen],
        facts=NoteFacts(on=today, documents=numbers, amounts=(said.amount,), day=said.day, by=said.by),
        amount=said.amount,
        day=said.day,
    )
    _record(office, connection, "promise_made", new, {"day": said.day, "items": sorted(new.items)})
    books.touch_accounts(connection, office.company, {account.ref: (account.customer, "")}, today)
    return new.id


def _insert(connection: Connection, office: Office, customer: str, new: Promise, by: str) -> None:
    connection.execute(
        insert(promise).values(
            id=new.id,
            company=office.company,
            account=new.account,
            customer=customer,
            amount_minor=new.amount.minor,
            currency=new.amount.currency,
            day=new.day,
            items=sorted(new.items),
            made_at=new.made_at,
            made_on=new.made_on,
            said_by=by,
            state=PromiseState.OPEN.value,
        ),
    )
    connection.execute(
        insert(promise_item),
        [{"promise": new.id, "item": ref, "company": office.company} for ref in sorted(new.items)],
    )


def _record(office: Office, connection: Connection, kind: str, each: Promise, data: dict[str, object]) -> None:
    amount: dict[str, object] = {"amount": each.amount.minor, "currency": each.amount.currency}
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="promises",
        kind=kind,
        account=each.account,
        subject=each.id,
        data=amount | data,
    )


def end_promise(
    office: Office,
    connection: Connection,
    promise_id: str,
    state: PromiseState,
    *,
    because: str,
    reached: Money | None = None,
) -> bool:
    """Gives an open promise its final state, with a note in the ledger. False if it was ended before."""
    row = connection.execute(select(promise).where(promise.c.id == promise_id)).mappings().one()
    today = office.today()
    values: dict[str, object] = {"state": state.value, "being_checked": False, "ended_on": today}
    if reached is not None:
        values["reached_minor"] = reached.minor
    ended = connection.execute(
        update(promise).where(promise.c.id == promise_id, promise.c.state == "open").values(**values),
    )
    if not ended.rowcount:
        return False
    each = to_promise(row)
    enqueue_note(
        office,
        connection,
        _ENTRY[state],
        fact=promise_id,
        customer=row["customer"],
        documents=[document_of(ref) for ref in row["items"]],
        facts=NoteFacts(
            on=today,
            documents=_numbers(connection, office.company, row["items"]),
            amounts=(each.amount,),
            paid=reached or None,
            day=each.day,
            reason=because,
        ),
        amount=each.amount,
        day=each.day,
        about=f"{EntryKind.PROMISE_MADE.value}:{promise_id}",
    )
    _record(office, connection, "promise_judged", each, {"state": state.value, "because": because, "day": each.day})
    _touch(office, connection, row)
    return True


def _touch(office: Office, connection: Connection, row: RowMapping) -> None:
    """The account that promised is looked at again, and those that its items belong to by now."""
    touched = books.accounts_of_items(connection, office.company, row["items"])
    touched |= {row["account"]: (row["customer"], "")}
    books.touch_accounts(connection, office.company, touched, office.today())


def _numbers(connection: Connection, company: str, items: Iterable[str]) -> tuple[str, ...]:
    rows = books.rows_by_ref(connection, document, company, {document_of(ref) for ref in items})
    return tuple(sorted(row["number"] for row in rows.values()))


def withdraw(office: Office, promise_id: str) -> bool:
    """The promise was a mistake, or was taken back. False if it had ended before."""
    with office.database.write("withdraw promise") as connection:
        return end_promise(office, connection, promise_id, PromiseState.WITHDRAWN, because="withdrawn by a person")


def _of_account(connection: Connection, company: str, account: str) -> Sequence[RowMapping]:
    where = (promise.c.company == company) & (promise.c.account == account)
    return connection.execute(select(promise).where(where).order_by(promise.c.made_at)).mappings().all()


def load_all(connection: Connection, company: str, *, open_only: bool = False) -> Sequence[RowMapping]:
    """The company's promises, oldest first."""
    where = promise.c.company == company
    if open_only:
        where &= promise.c.state == "open"
    return connection.execute(select(promise).where(where).order_by(promise.c.made_at, promise.c.id)).mappings().all()


def of_customer(connection: Connection, company: str, customer: str) -> Sequence[RowMapping]:
    """The open promises of this customer."""
    where = (promise.c.company == company) & (promise.c.customer == customer) & (promise.c.state == "open")
    return connection.execute(select(promise).where(where)).mappings().all()


# -- judging


@dataclass(slots=True)
class JudgedPromises:
    """What became of open promises in one run, by state."""

    states: dict[str, int]


def judge(office: Office) -> JudgedPromises:
    """Judges every open promise on what the last sync brought."""
    done = JudgedPromises(states={})
    with office.database.write("judge promises") as connection:
        rows = _to_judge(connection, office.company, office.today())
        row = office.row(connection)
        if not rows or row.synced_at is None:
            return done
        rows = [each for each in rows if _may_change(each)]
        accounts = sorted({each["account"] for each in rows})
        customers = {each["customer"] for each in rows}
        since = min(each["made_at"] for each in rows)
        payments = payment_facts(connection, office.company, customers, since=since)
        facts = PromiseFacts(
            payments=_for_accounts(payments, accounts),
            due_dates=due_dates_of(connection, office.company, {ref for each in rows for ref in each["items"]}),
            now=office.now(),
            synced_until=row.synced_at,
            cash_posted_until=posted_until(row) or date.min,
            zone=zone(office.zone),
        )
        for cadence_rules, some in _by_rules(office, connection, rows):
            verdicts = judge_promises([to_promise(each) for each in some], facts, office.calendar, cadence_rules)
            for each in some:
                if each["state"] == "open":
                    _act(office, connection, each, verdicts[each["id"]], done)
    return done


def _may_change(row: RowMapping) -> bool:
    return bool(row["state"] not in {"withdrawn", "replaced"})


def _to_judge(connection: Connection, company: str, today: date) -> Sequence[RowMapping]:
    """Open promises, and those ended lately that may have used the same money."""
    customers = select(promise.c.customer).where(promise.c.company == company, promise.c.state == "open")
    return (
        connection.execute(
            select(promise).where(
                promise.c.company == company,
                promise.c.customer.in_(customers),
                or_(promise.c.state == "open", promise.c.ended_on > today - timedelta(days=180)),
            ),
        )
        .mappings()
        .all()
    )


def _for_accounts(payments: Iterable[PaymentFact], accounts: Iterable[str]) -> list[PaymentFact]:
    """A customer's money counts for each of its accounts."""
    by_customer: dict[str, list[str]] = {}
    for ref in accounts:
        by_customer.setdefault(ref.partition("|")[0], []).append(ref)
    return [replace(fact, account=ref) for fact in payments for ref in by_customer.get(fact.account, ())]


def _by_rules(
    office: Office, connection: Connection, rows: Sequence[RowMapping]
) -> Iterator[tuple[Rules, list[RowMapping]]]:
    """The promises of each customer, whose cents serve all its accounts, with the rules of the first of them."""
    refs = sorted({each["account"] for each in rows})
    company = office.row(connection)
    rules = {
        loaded.account.ref: rules_of(office, loaded).rules
        for loaded in load_accounts(office, connection, company, refs, today=office.today())
    }
    default = office.cadence(None).rules
    for who in sorted({each["customer"] for each in rows}):
        mine = [each for each in rows if each["customer"] == who]
        yield rules.get(min(each["account"] for each in mine), default), mine


def _act(
    office: Office, connection: Connection, row: RowMapping, verdict: PromiseVerdict, done: JudgedPromises
) -> None:
    done.states[verdict.state.value] = done.states.get(verdict.state.value, 0) + 1
    if not verdict.state.is_alive:
        end_promise(office, connection, row["id"], verdict.state, because=verdict.reason, reached=verdict.reached)
        if verdict.state is PromiseState.BROKEN:
            _tell_collector(office, connection, row)
        return
    being_checked = verdict.state is PromiseState.BEING_CHECKED
    if (being_checked, verdict.reached.minor) != (row["being_checked"], row["reached_minor"]):
        connection.execute(
            update(promise)
            .where(promise.c.id == row["id"])
            .values(being_checked=being_checked, reached_minor=verdict.reached.minor),
        )
        _touch(office, connection, row)


def _tell_collector(office: Office, connection: Connection, row: RowMapping) -> None:
    tasks.open_task(
        connection,
        office.company,
        key=f"broken:{row['id']}",
        kind="broken_promise",
        text=f"A promise of {Money(row['amount_minor'], row['currency'])} by {row['day']} was broken.",
        now=office.now(),
        today=office.today(),
        account=row["account"],
        items=row["items"],
        facts={"promise": row["id"]},
    )
