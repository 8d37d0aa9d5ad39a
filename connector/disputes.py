"""Disputes: open, under review, resolved. Machines flag, people decide; each change is a note in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, insert, select, update

from adapters.documents import document_of
from adapters.ledger import EntryKind
from adapters.money import Money
from connector.holding import to_dispute
from connector.notes import enqueue_note
from connector.office import Office
from connector.store import books, history, tasks
from connector.store.tables import dispute, document, item
from connector.store.upsert import insert_new
from reminders.holds import DisputeState, Resolution
from reminders.notes import NoteFacts


class DisputeRefused(ValueError):
    """A dispute that cannot be taken down or moved as asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """What a customer contests: `amount` of `item` (None: all that is open), and why."""

    item: str
    reason: str
    amount: Money | None = None
    owner: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A machine's flag on an item, for a person to judge. `source` makes it one flag however often it is seen."""

    item: str
    amount: Money
    reason: str
    flagged_by: str
    source: str
    ends: date


def open_dispute(office: Office, contested: Contested) -> str:
    """Takes a dispute down: its amount is no longer asked for. Returns its id. Raises `DisputeRefused`."""
    with office.database.write("open dispute") as connection:
        row = _item(connection, office.company, contested.item)
        if row["open_minor"] <= 0:
            raise DisputeRefused(f"{row['number']} is not open, so nothing of it can be disputed.")
        amount = Money(row["open_minor"], row["currency"]) if contested.amount is None else contested.amount
        if amount.currency != row["currency"] or amount.minor <= 0:
            raise DisputeRefused(f"The disputed amount of {row['number']} must be in {row['currency']} and above zero.")
        dispute_id = office.new_id()
        connection.execute(
            insert(dispute).values(
                id=dispute_id,
                company=office.company,
                account=row["account"],
                customer=row["customer"],
                item=row["ref"],
                amount_minor=amount.minor,
                currency=amount.currency,
                reason=contested.reason,
                owner=contested.owner,
                day=contested.day,
                state=DisputeState.OPEN.value,
                opened_at=office.now(),
                opened_on=office.today(),
            ),
        )
        _drop_flags(office, connection, row["ref"])
        stored = _load(connection, office.company, dispute_id)
        _note(office, connection, stored, EntryKind.DISPUTE_OPENED)
        _record(office, connection, stored, "dispute_opened", {"reason_given": bool(contested.reason)})
        _touch(office, connection, stored)
    return dispute_id


def review_dispute(office: Office, dispute_id: str, *, owner: str = "") -> None:
    """Somebody looks into it. Raises `DisputeRefused`."""
    with office.database.write("review dispute") as connection:
        row = _load(connection, office.company, dispute_id)
        _check_move(row, DisputeState.UNDER_REVIEW)
        values = {"state": DisputeState.UNDER_REVIEW.value} | ({"owner": owner} if owner else {})
        connection.execute(update(dispute).where(dispute.c.id == row["id"]).values(**values))
        row = _load(connection, office.company, row["id"])
        _note(office, connection, row, EntryKind.DISPUTE_REVIEWED)
        _record(office, connection, row, "dispute_reviewed", {})
        _touch(office, connection, row)


def resolve_dispute(office: Office, dispute_id: str, resolution: Resolution) -> None:
    """Credited, withdrawn or upheld. A flag that is resolved was none. Raises `DisputeRefused`."""
    with office.database.write("resolve dispute") as connection:
        row = _load(connection, office.company, dispute_id)
        if row["state"] == "flagged":
            _drop(office, connection, row, "a person says it is no dispute")
            return
        _check_move(row, DisputeState.RESOLVED)
        end_dispute(office, connection, row, resolution)


def end_dispute(office: Office, connection: Connection, row: RowMapping, resolution: Resolution) -> None:
    """Resolves a dispute, with its note; a flag is dropped."""
    if row["state"] == "flagged":
        _drop(office, connection, row, resolution.value)
        return
    connection.execute(
        update(dispute)
        .where(dispute.c.id == row["id"])
        .values(state=DisputeState.RESOLVED.value, resolution=resolution.value, ended_on=office.today()),
    )
    row = _load(connection, office.company, row["id"])
    _note(office, connection, row, EntryKind.DISPUTE_RESOLVED)
    _record(office, connection, row, "dispute_resolved", {"resolution": resolution.value})
    _touch(office, connection, row)


def flag(office: Office, connection: Connection, suspicion: Suspicion) -> bool:
    """Raises a flag: it holds the item for some working days and asks a person. False if it was raised before."""
    row = _item(connection, office.company, suspicion.item)
    values = {
        "id": office.new_id(),
        "company": office.company,
        "account": row["account"],
        "customer": row["customer"],
        "item": row["ref"],
        "amount_minor": suspicion.amount.minor,
        "currency": suspicion.amount.currency,
        "reason": suspicion.reason,
        "state": "flagged",
        "flagged_by": suspicion.flagged_by,
        "source": suspicion.source,
        "opened_at": office.now(),
        "opened_on": office.today(),
        "ends_on": suspicion.ends,
    }
    if not insert_new(connection, dispute, values, key=("company", "source")):
        return False
    stored = _load(connection, office.company, str(values["id"]))
    _record(office, connection, stored, "dispute_flagged", {"flagged_by": suspicion.flagged_by, "ends": suspicion.ends})
    tasks.open_task(
        connection,
        office.company,
        key=f"flag:{stored['id']}",
        kind="flag",
        text=f"{row['number']}: {suspicion.reason} Then: duecourse dispute open, or dispute resolve.",
        now=office.now(),
        today=office.today(),
        account=row["account"],
        items=[row["ref"]],
        facts={"dispute": stored["id"]},
    )
    _touch(office, connection, stored)
    return True


def end_flags(office: Office) -> int:
    """Flags whose days are over end by themselves: the item goes on."""
    where = (dispute.c.company == office.company) & (dispute.c.state == "flagged")
    with office.database.write("end flags") as connection:
        rows = connection.execute(select(dispute).where(where, dispute.c.ends_on <= office.today())).mappings().all()
        for row in rows:
            _drop(office, connection, row, "its days are over")
    return len(rows)


def _drop_flags(office: Office, connection: Connection, item_ref: str) -> None:
    where = (dispute.c.company == office.company) & (dispute.c.item == item_ref) & (dispute.c.state == "flagged")
    for row in connection.execute(select(dispute).where(where)).mappings().all():
        _drop(office, connection, row, "a person says it is a dispute")


def _drop(office: Office, connection: Connection, row: RowMapping, because: str) -> None:
    connection.execute(
        update(dispute).where(dispute.c.id == row["id"]).values(state="dropped", ended_on=office.today()),
    )
    tasks.drop(connection, office.company, f"flag:{row['id']}", now=office.now(), result=because)
    _record(office, connection, row, "dispute_dropped", {"because": because})
    _touch(office, connection, row)


def load_all(connection: Connection, company: str, *, live_only: bool = True) -> Sequence[RowMapping]:
    """The company's disputes and flags, oldest first."""
    where = dispute.c.company == company
    if live_only:
        where &= dispute.c.ended_on.is_(None)
    return connection.execute(select(dispute).where(where).order_by(dispute.c.opened_at, dispute.c.id)).mappings().all()


def of_items(connection: Connection, company: str, items: Sequence[str]) -> Sequence[RowMapping]:
    """Live disputes and flags on these items."""
    where = (dispute.c.company == company) & dispute.c.item.in_(items) & dispute.c.ended_on.is_(None)
    return connection.execute(select(dispute).where(where)).mappings().all()


def of_customer(connection: Connection, company: str, customer: str) -> Sequence[RowMapping]:
    """Live disputes and flags of this customer."""
    where = (dispute.c.company == company) & (dispute.c.customer == customer) & dispute.c.ended_on.is_(None)
    return connection.execute(select(dispute).where(where)).mappings().all()


def _outcome(resolution: str | None) -> str:
    return "gone" if resolution == Resolution.INVOICE_GONE.value else resolution or ""


def _check_move(row: RowMapping, to: DisputeState) -> None:
    if row["state"] in {"flagged", "dropped"}:
        raise DisputeRefused("This is a flag, and no dispute: open one with `duecourse dispute open`.")
    try:
        to_dispute(row).check_move(to)
    except ValueError as error:
        raise DisputeRefused(str(error)) from error


def _item(connection: Connection, company: str, ref: str) -> RowMapping:
    row = (
        connection.execute(
            select(item, document.c.number, document.c.customer)
            .join(document, (document.c.company == item.c.company) & (document.c.ref == item.c.document))
            .where(item.c.company == company, item.c.ref == ref),
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise DisputeRefused(f"There is no item {ref}: see `duecourse why CUSTOMER` for what is open.")
    return row


def _load(connection: Connection, company: str, dispute_id: str) -> RowMapping:
    where = (dispute.c.company == company) & dispute.c.id.startswith(dispute_id, autoescape=True)
    rows = connection.execute(select(dispute).where(where)).mappings().all()
    if len(rows) != 1:
        raise DisputeRefused(f"There is no one dispute {dispute_id}: see `duecourse dispute list`.")
    return rows[0]


def _touch(office: Office, connection: Connection, row: RowMapping) -> None:
    """The account whose item it was is looked at again, and the one that the item belongs to by now."""
    touched = books.accounts_of_items(connection, office.company, [row["item"]])
    touched |= {row["account"]: (row["customer"], "")}
    books.touch_accounts(connection, office.company, touched, office.today())


def _record(office: Office, connection: Connection, row: RowMapping, kind: str, data: dict[str, object]) -> None:
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="disputes",
        kind=kind,
        account=row["account"],
        subject=row["id"],
        data={"item": row["item"], "amount": row["amount_minor"], "currency": row["currency"]} | data,
        personal={"reason": row["reason"], "owner": row["owner"]},
    )


def _note(office: Office, connection: Connection, row: RowMapping, kind: EntryKind) -> None:
    first = f"{EntryKind.DISPUTE_OPENED.value}:{row['id']}"
    number = connection.scalar(
        select(document.c.number).where(
            document.c.company == office.company, document.c.ref == document_of(row["item"])
        ),
    )
    enqueue_note(
        office,
        connection,
        kind,
        fact=row["id"],
        customer=row["customer"],
        documents=[document_of(row["item"])],
        facts=NoteFacts(
            on=office.today(),
            documents=(number or row["item"],),
            amounts=(Money(row["amount_minor"], row["currency"]),),
            day=row["day"],
            reason=row["reason"],
            owner=row["owner"],
            outcome=_outcome(row["resolution"]),
        ),
        amount=Money(row["amount_minor"], row["currency"]),
        day=row["day"],
        about=None if kind is EntryKind.DISPUTE_OPENED else first,
    )
