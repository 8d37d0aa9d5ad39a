"""Pauses and other stored holds: of an item, an account or the whole company, each with its reason and end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, or_, select, update

from adapters.documents import document_of
from adapters.ledger import EntryKind
from connector.notes import enqueue_note
from connector.office import Office
from connector.rests import SEEN
from connector.store import books, history
from connector.store.bulk import execute_many
from connector.store.history import Event
from connector.store.tables import hold
from connector.store.upsert import upsert
from reminders.account import HoldKind
from reminders.notes import NoteFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHold:
    """A hold that begins today. `ends` is the first day on which it no longer holds; no account: the whole company."""

    kind: HoldKind
    account: str | None
    reason: str
    ends: date | None = None
    items: Sequence[str] = ()
    source: str | None = None  # what it comes from, which makes one hold only


def set_hold(
    office: Office,
    connection: Connection,
    kind: HoldKind,
    *,
    account_ref: str | None,
    reason: str,
    ends: date | None,
    items: Sequence[str] = (),
    source: str | None = None,
) -> str | None:
    """Begins a hold today. `ends` is the first day on which it no longer holds. None if its source was seen before."""
    new = NewHold(kind=kind, account=account_ref, reason=reason, ends=ends, items=items, source=source)
    return next(iter(set_holds(office, connection, [new])), None)


def set_holds(office: Office, connection: Connection, wanted: Sequence[NewHold]) -> list[str]:
    """Begins these holds today, but for those whose source was seen before. Returns the ids of the new ones."""
    rows = [_row(office, each) for each in wanted]
    upsert(connection, hold, rows, key=("company", "source"), update=())
    there = _ids(connection, [row["id"] for row in rows])
    new = [row for row in rows if row["id"] in there]
    _record(office, connection, "hold_set", new)
    _touch(office, connection, new)
    return [row["id"] for row in new]


def _row(office: Office, new: NewHold) -> dict[str, Any]:
    hold_id = office.new_id()
    return {
        "id": hold_id,
        "company": office.company,
        "account": new.account,
        "customer": new.account.partition("|")[0] if new.account else None,
        "kind": new.kind.value,
        "items": list(new.items),
        "begins": office.today(),
        "ends": new.ends,
        "reason": new.reason,
        "source": new.source or hold_id,
        "created_at": office.now(),
    }


def _ids(connection: Connection, wanted: Sequence[str]) -> set[str]:
    """Which of these are there: another hold of the same source may stand in the place of one."""
    found: set[str] = set()
    for some in books.chunks(wanted):
        found.update(connection.scalars(select(hold.c.id).where(hold.c.id.in_(some))))
    return found


def pause(
    office: Office, account_ref: str | None, *, reason: str, until: date | None, items: Sequence[str] = ()
) -> str:
    """A person's wish to wait; noted in the ledger where it is about a customer."""
    with office.database.write("pause") as connection:
        hold_id = set_hold(
            office, connection, HoldKind.PAUSE, account_ref=account_ref, reason=reason, ends=until, items=items
        )
        assert hold_id is not None
        if account_ref:
            _note(
                office,
                connection,
                EntryKind.PAUSE,
                account_ref,
                hold_id,
                items,
                NoteFacts(on=office.today(), reason=reason, until=until),
            )
    return hold_id


def resume(office: Office, account_ref: str | None) -> int:
    """Ends the pauses of an account, or of the whole company. Returns how many."""
    with office.database.write("resume") as connection:
        rows = [row for row in live(connection, office.company, account_ref) if row["kind"] == HoldKind.PAUSE.value]
        end_holds(office, connection, rows)
        for row in rows:
            if account_ref:
                _note(
                    office,
                    connection,
                    EntryKind.RESUME,
                    account_ref,
                    row["id"],
                    row["items"],
                    NoteFacts(on=office.today()),
                )
    return len(rows)


def end_hold(office: Office, connection: Connection, row: RowMapping) -> None:
    """Ends a hold today."""
    end_holds(office, connection, [row])


def end_holds(office: Office, connection: Connection, rows: Sequence[RowMapping]) -> None:
    """Ends these holds today."""
    ended = [{"named": row["id"], "today": office.today(), "now": office.now()} for row in rows]
    execute_many(connection, _END, ended)
    told = [dict(row) for row in rows]
    _record(office, connection, "hold_ended", told)
    _touch(office, connection, told)


_END = update(hold).where(hold.c.id == bindparam("named")).values(ends=bindparam("today"), ended_at=bindparam("now"))


def end_by_source(office: Office, connection: Connection, source: str) -> bool:
    """Ends the hold that came from this source, if it still holds."""
    return end_by_sources(office, connection, [source]) == 1


def end_by_sources(office: Office, connection: Connection, sources: Sequence[str]) -> int:
    """Ends the holds that came from these sources and still hold. Returns how many did."""
    rows: list[RowMapping] = []
    for some in books.chunks(sources):
        where = (hold.c.company == office.company) & hold.c.source.in_(some)
        still = or_(hold.c.ends.is_(None), hold.c.ends > office.today())
        rows += connection.execute(select(hold).where(where, still)).mappings()
    end_holds(office, connection, rows)
    return len(rows)


def live(connection: Connection, company: str, account_ref: str | None) -> Sequence[RowMapping]:
    """The holds of an account (or of the whole company) that no one has ended."""
    whose = hold.c.account.is_(None) if account_ref is None else hold.c.account == account_ref
    where = (hold.c.company == company) & whose & hold.c.ended_at.is_(None) & hold.c.source.not_like(f"{SEEN}%")
    return connection.execute(select(hold).where(where).order_by(hold.c.created_at)).mappings().all()


def live_of_customer(connection: Connection, company: str, customer: str) -> Sequence[RowMapping]:
    """The pauses and the "do not contact" of a whole customer that no one has ended."""
    kinds = [HoldKind.PAUSE.value, HoldKind.DO_NOT_CONTACT.value]
    where = (hold.c.company == company) & (hold.c.account == customer) & hold.c.kind.in_(kinds)
    rows = connection.execute(select(hold).where(where, hold.c.ended_at.is_(None))).mappings().all()
    return [row for row in rows if not row["items"]]


def of_items_of(connection: Connection, company: str, customer: str, items: Sequence[str]) -> Sequence[RowMapping]:
    """What holds or held some of these items at this customer, rests included: their days count for no distance."""
    where = (hold.c.company == company) & (hold.c.customer == customer)
    rows = connection.execute(select(hold).where(where)).mappings().all()
    return [row for row in rows if not set(items).isdisjoint(row["items"])]


def move_holds(connection: Connection, holds: Sequence[str], *, to: str) -> None:
    """These holds are of another customer's account from now on."""
    connection.execute(update(hold).where(hold.c.id.in_(holds)).values(account=to, customer=to.partition("|")[0]))


def end_due(office: Office) -> int:
    """Writes down the end of holds whose last day has passed; their end was known from the start."""
    today = office.today()
    with office.database.write("end holds") as connection:
        rows = (
            connection.execute(
                select(hold).where(hold.c.company == office.company, hold.c.ends <= today, hold.c.ended_at.is_(None)),
            )
            .mappings()
            .all()
        )
        execute_many(connection, _ENDED, [{"named": row["id"], "now": office.now()} for row in rows])
        _record(office, connection, "hold_ended", [dict(row) for row in rows])
    return len(rows)


_ENDED = update(hold).where(hold.c.id == bindparam("named")).values(ended_at=bindparam("now"))


def _record(office: Office, connection: Connection, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    events = [
        Event(
            at=office.now(),
            actor="holds",
            kind=kind,
            account=row["account"],
            subject=row["id"],
            data={name: row[name] for name in ("kind", "items", "begins", "ends")},
            personal={"reason": row["reason"]},
        )
        for row in rows
    ]
    history.record_many(connection, office.company, events)


def _touch(office: Office, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Their accounts are looked at again; a customer's main account with all the others of that customer, and
    whichever their items belong to by now.
    """
    today = office.today()
    accounts = {row["account"] for row in rows}
    if None in accounts:
        books.touch_all_accounts(connection, office.company, today)
        accounts.remove(None)
    mains = [ref for ref in accounts if "|" not in ref]
    accounts.update(books.followers(connection, office.company, mains))
    touched = books.accounts_of_items(connection, office.company, {ref for row in rows for ref in row["items"]})
    parts = {ref: ref.partition("|") for ref in sorted(accounts)}
    touched |= {ref: (who, address) for ref, (who, _, address) in parts.items()}
    books.touch_accounts(connection, office.company, touched, today)


def _note(
    office: Office,
    connection: Connection,
    kind: EntryKind,
    account_ref: str,
    hold_id: str,
    items: Sequence[str],
    facts: NoteFacts,
) -> None:
    enqueue_note(
        office,
        connection,
        kind,
        fact=hold_id,
        customer=account_ref.partition("|")[0],
        documents=[document_of(ref) for ref in items],
        facts=facts,
    )
