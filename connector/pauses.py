"""Pauses and other stored holds: of an item, an account or the whole company, each with its reason and end."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, RowMapping, select, update

from adapters.documents import document_of
from adapters.ledger import EntryKind
from connector.notes import enqueue_note
from connector.office import Office
from connector.rests import SEEN
from connector.store import books, history
from connector.store.tables import hold
from connector.store.upsert import insert_new
from reminders.account import HoldKind
from reminders.notes import NoteFacts


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
    hold_id = office.new_id()
    values = {
        "id": hold_id,
        "company": office.company,
        "account": account_ref,
        "customer": account_ref.partition("|")[0] if account_ref else None,
        "kind": kind.value,
        "items": list(items),
        "begins": office.today(),
        "ends": ends,
        "reason": reason,
        "source": source or hold_id,
        "created_at": office.now(),
    }
    if not insert_new(connection, hold, values, key=("company", "source")):
        return None
    _record(office, connection, "hold_set", account_ref, hold_id, values)
    _touch(office, connection, account_ref, items)
    return hold_id


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
        for row in rows:
            end_hold(office, connection, row)
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
    connection.execute(
        update(hold).where(hold.c.id == row["id"]).values(ends=office.today(), ended_at=office.now()),
    )
    _record(office, connection, "hold_ended", row["account"], row["id"], dict(row))
    _touch(office, connection, row["account"], row["items"])


def end_by_source(office: Office, connection: Connection, source: str) -> bool:
    """Ends the hold that came from this source, if it still holds."""
    where = (hold.c.company == office.company) & (hold.c.source == source)
    row = connection.execute(select(hold).where(where)).mappings().one_or_none()
    if row is None or (row["ends"] is not None and row["ends"] <= office.today()):
        return False
    end_hold(office, connection, row)
    return True


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
        for row in rows:
            connection.execute(update(hold).where(hold.c.id == row["id"]).values(ended_at=office.now()))
            _record(office, connection, "hold_ended", row["account"], row["id"], dict(row))
    return len(rows)


def _record(
    office: Office, connection: Connection, kind: str, account_ref: str | None, hold_id: str, row: Mapping[str, object]
) -> None:
    data = {name: row[name] for name in ("kind", "items", "begins", "ends")}
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="holds",
        kind=kind,
        account=account_ref,
        subject=hold_id,
        data=data,
        personal={"reason": row["reason"]},
    )


def _touch(office: Office, connection: Connection, account_ref: str | None, items: Sequence[str]) -> None:
    """The account is looked at again; a customer's main account with all the others of that customer, and whichever
    these items belong to by now.
    """
    today = office.today()
    if account_ref is None:
        books.touch_all_accounts(connection, office.company, today)
        return
    main, _, address = account_ref.partition("|")
    touched = books.accounts_of_items(connection, office.company, items) | {account_ref: (main, address)}
    if not address:
        touched |= {ref: (main, ref.partition("|")[2]) for ref in books.followers(connection, office.company, [main])}
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
