"""Carrying over: an invoice goes on as another, and so do its position, what was promised, contested and paused.

Each of these in the caller's transaction, and doing it again changes nothing. Who carries: a person, for an invoice
that was voided and written anew (connector.replaced), or the ledger's own word (connector.residuals).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from adapters.documents import ItemRef
from connector.cancelling import cancel_reminder
from connector.office import Office
from connector.store import history, reminders
from connector.store.tables import dispute, hold, item, promise, promise_item, reminder, reminder_item, task

TAKEN = ("sent", "uncertain", "lapsed", "done", "not_made")


class StillLeaving(Exception):
    """A message about the new invoice is on its way just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The items of an invoice and of the one that it goes on as. `by`: who says so."""

    gone: ItemRef
    new: RowMapping
    by: str

    @property
    def to(self) -> ItemRef:
        """The ref of the new one."""
        return str(self.new["ref"])


def steps_of(connection: Connection, company: str, ref: ItemRef, *, leaving: bool = False) -> list[RowMapping]:
    """The steps that an item took in its last cycle; `leaving`: with those that a message takes just now."""
    where = (reminder_item.c.company == company) & (reminder_item.c.item == ref)
    rows = connection.execute(select(reminder_item).where(where, reminder_item.c.how.in_(TAKEN))).mappings().all()
    if leaving:
        sends = select(reminder.c.id).where(reminder.c.company == company, reminder.c.state == "claimed")
        planned = select(reminder_item).where(
            where, reminder_item.c.how == "planned", reminder_item.c.reminder.in_(sends)
        )
        rows = [*rows, *connection.execute(planned).mappings()]
    last = max((row["cycle"] for row in rows), default=0)
    return [row for row in rows if row["cycle"] == last]


def withdraw_planned(office: Office, connection: Connection, ref: ItemRef) -> None:
    """What was planned for the new item, from no position, is withdrawn. Raises `StillLeaving`."""
    for row in reminders.open_with_items(connection, office.company, [ref]):
        cancel_reminder(office, connection, row["id"], row["account"], "the invoice takes over another's position")
    where = (reminder_item.c.company == office.company) & (reminder_item.c.item == ref)
    if connection.scalar(select(reminder_item.c.id).where(where, reminder_item.c.how == "planned").limit(1)):
        raise StillLeaving


def carry_position(office: Office, connection: Connection, pair: Pair, steps: Sequence[RowMapping]) -> int:
    """The new item has taken these steps of the old one, as far as it has not taken them itself. Tells how many."""
    where = (reminder_item.c.company == office.company) & (reminder_item.c.item == pair.to)
    where &= (reminder_item.c.cycle == pair.new["cycle"]) & (reminder_item.c.how != "undone")
    has = set(connection.scalars(select(reminder_item.c.step_no).where(where)))
    carried = [
        {name: value for name, value in row.items() if name != "id"} | {"item": pair.to, "cycle": pair.new["cycle"]}
        for row in steps
        if row["step_no"] not in has
    ]
    if not carried:
        return 0
    connection.execute(insert(reminder_item), carried)
    told = [{name: row[name] for name in ("step_no", "step_id", "step_day", "how")} for row in carried]
    _record(
        office, connection, pair, "position_carried", pair.new["account"], pair.to, {"gone": pair.gone, "steps": told}
    )
    return len(carried)


def carry_promises(
    office: Office, connection: Connection, pair: Pair, *, states: Collection[str] = ("open",), both: bool = False
) -> int:
    """A promise over the old item speaks of the new one from now on; `both`: of the two, since what came for the old
    one was paid on it. Tells how many.
    """
    of_item = select(promise_item.c.promise).where(
        promise_item.c.company == office.company, promise_item.c.item == pair.gone
    )
    where = promise.c.state.in_(states) & promise.c.id.in_(of_item)
    rows = connection.execute(select(promise).where(where)).mappings().all()
    carried = [row for row in rows if not (both and pair.to in row["items"])]
    for row in carried:
        items = sorted({*row["items"], pair.to} - (set() if both else {pair.gone}))
        connection.execute(update(promise).where(promise.c.id == row["id"]).values(items=items))
        connection.execute(delete(promise_item).where(promise_item.c.promise == row["id"]))
        told = [{"promise": row["id"], "item": ref, "company": office.company} for ref in items]
        connection.execute(insert(promise_item), told)
        data = _from_to(pair) | ({"both": True} if both else {})
        _record(office, connection, pair, "promise_carried", row["account"], row["id"], data)
    return len(carried)


def carry_disputes(office: Office, connection: Connection, pair: Pair) -> int:
    """What is contested of the old item, or flagged, is contested of the new one. Tells how many."""
    where = (dispute.c.company == office.company) & (dispute.c.item == pair.gone) & dispute.c.ended_on.is_(None)
    rows = connection.execute(select(dispute).where(where)).mappings().all()
    for row in rows:
        moved = {"item": pair.to, "account": pair.new["account"]}
        connection.execute(update(dispute).where(dispute.c.id == row["id"]).values(**moved))
        flagged = (task.c.company == office.company) & (task.c.key == f"flag:{row['id']}")
        connection.execute(update(task).where(flagged).values(items=[pair.to]))
        _record(office, connection, pair, "dispute_carried", pair.new["account"], row["id"], _from_to(pair))
    return len(rows)


def carry_holds(office: Office, connection: Connection, pair: Pair, customer: str) -> int:
    """What holds the old item, or held it, is true of the new one: held days count for no distance. Tells how many."""
    where = (hold.c.company == office.company) & (hold.c.customer == customer)
    rows = connection.execute(select(hold).where(where)).mappings().all()
    carried = [row for row in rows if pair.gone in row["items"] and pair.to not in row["items"]]
    for row in carried:
        items = [*row["items"], pair.to]
        connection.execute(update(hold).where(hold.c.id == row["id"]).values(items=items))
        data = {name: row[name] for name in ("kind", "begins", "ends")} | {"items": items}
        _record(office, connection, pair, "hold_carried", row["account"], row["id"], data)
    return len(carried)


def load_item(connection: Connection, company: str, ref: ItemRef) -> RowMapping | None:
    """An item as it is stored."""
    where = (item.c.company == company) & (item.c.ref == ref)
    return connection.execute(select(item).where(where)).mappings().one_or_none()


def _from_to(pair: Pair) -> dict[str, object]:
    return {"from": pair.gone, "to": pair.to}


def _record(
    office: Office, connection: Connection, pair: Pair, kind: str, account: str, subject: str, data: dict[str, object]
) -> None:
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor=pair.by,
        kind=kind,
        account=account,
        subject=subject,
        data=data,
    )
