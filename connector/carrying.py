"""Carrying over: a voided invoice was written anew, and its position, promise and dispute go on with the new one.

Promises and disputes first, each in its own transaction and only once; then the position and the task's end in one.
A carrying that breaks off is simply done again.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from adapters.money import Money
from connector import disputes, promises
from connector.cancelling import cancel_reminder
from connector.disputes import Contested
from connector.office import Office
from connector.promises import Said
from connector.store import books, history, reminders
from connector.store.tables import dispute, item, promise, promise_item, reminder_item
from connector.taskwork import Done, TaskRefused, end_task, load_open_task

_TAKEN = ("sent", "uncertain", "lapsed", "done", "not_made")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    gone: str
    new: RowMapping


def carry_over(office: Office, number: int, *, result: str = "") -> Done:
    """Does the task of a replaced invoice by carrying everything over. Raises `TaskRefused`."""
    with office.database.read() as connection:
        row = load_open_task(connection, office.company, number)
        if row["kind"] != "replaced":
            raise TaskRefused(f"Task {number} is about no replaced invoice: leave --carry out.")
        pair = _Pair(gone=row["facts"]["gone"], new=_item(connection, office.company, row["facts"]["new"]))
        said, contested = _promised(connection, office, pair), _contested(connection, office.company, pair)
    for promised in said:
        promises.make_promise(office, promised)
    for disputed in contested:
        disputes.open_dispute(office, disputed)
    with office.database.write("carry over") as connection:
        steps = _carry_position(office, connection, pair)
        _carry_promises(office, connection, pair)
        touched = books.accounts_of_items(connection, office.company, [pair.new["ref"]])
        books.touch_accounts(connection, office.company, touched, office.today())
        end_task(office, connection, row, result or "carried over")
    parts = (f"{steps} steps", f"{len(said)} promises", f"{len(contested)} disputes")
    return Done(number=number, kind="replaced", followed=f"Carried over: {', '.join(parts)}.")


def _item(connection: Connection, company: str, ref: str) -> RowMapping:
    where = (item.c.company == company) & (item.c.ref == ref)
    row = connection.execute(select(item).where(where)).mappings().one_or_none()
    if row is None or row["open_minor"] <= 0:
        raise TaskRefused("The new invoice is not open any more: there is nothing to carry over to.")
    return row


def _promised(connection: Connection, office: Office, pair: _Pair) -> list[Said]:
    """Promises that ended with the old invoice alone, and whose day has not come."""
    rows = connection.execute(
        select(promise).where(promise.c.company == office.company, promise.c.account == pair.new["account"]),
    ).mappings()
    mine = list(rows)
    if any(row["state"] == "open" and pair.new["ref"] in row["items"] for row in mine):
        return []
    return [
        Said(
            account=row["account"],
            amount=Money(row["amount_minor"], row["currency"]),
            day=row["day"],
            items=(pair.new["ref"],),
            by=row["said_by"],
            confirmed=True,
        )
        for row in mine
        if row["state"] == "overtaken" and row["items"] == [pair.gone] and row["day"] >= office.today()
    ][-1:]


def _contested(connection: Connection, company: str, pair: _Pair) -> list[Contested]:
    """Disputes that were closed because the old invoice was gone."""
    if disputes.of_items(connection, company, [pair.new["ref"]]):
        return []
    rows = connection.execute(
        select(dispute).where(
            dispute.c.company == company, dispute.c.item == pair.gone, dispute.c.resolution == "invoice_gone"
        ),
    ).mappings()
    return [
        Contested(
            item=pair.new["ref"],
            reason=row["reason"],
            amount=Money(min(row["amount_minor"], pair.new["open_minor"]), row["currency"]),
            owner=row["owner"],
            day=row["day"],
        )
        for row in rows
    ]


def _carry_position(office: Office, connection: Connection, pair: _Pair) -> int:
    """The new item has taken what the old one took in its last cycle; nothing was said twice."""
    where = (reminder_item.c.company == office.company) & reminder_item.c.how.in_(_TAKEN)
    rows = connection.execute(select(reminder_item).where(where, reminder_item.c.item == pair.gone)).mappings().all()
    if not rows or _stands_itself(office, connection, pair.new["ref"]):
        return 0
    last = max(row["cycle"] for row in rows)
    carried = [
        {name: value for name, value in row.items() if name != "id"}
        | {"item": pair.new["ref"], "cycle": pair.new["cycle"]}
        for row in rows
        if row["cycle"] == last
    ]
    connection.execute(insert(reminder_item), carried)
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="person",
        kind="position_carried",
        account=pair.new["account"],
        subject=pair.new["ref"],
        data={
            "gone": pair.gone,
            "steps": [{name: row[name] for name in ("step_no", "step_id", "step_day", "how")} for row in carried],
        },
    )
    return len(carried)


def _stands_itself(office: Office, connection: Connection, ref: str) -> bool:
    """Whether the new item has taken steps itself. What was only planned for it, from no position, is withdrawn.

    Raises `TaskRefused` while a message about it is on its way.
    """
    for row in reminders.open_with_items(connection, office.company, [ref]):
        cancel_reminder(office, connection, row["id"], row["account"], "the invoice takes over another's position")
    where = (reminder_item.c.company == office.company) & (reminder_item.c.item == ref)
    hows = set(connection.scalars(select(reminder_item.c.how).where(where)))
    if "planned" in hows:
        raise TaskRefused("A message about the new invoice is leaving just now: try again in a few minutes.")
    return bool(hows - {"undone"})


def _carry_promises(office: Office, connection: Connection, pair: _Pair) -> None:
    """An open promise over the old invoice speaks of the new one from now on."""
    where = (promise.c.company == office.company) & (promise.c.account == pair.new["account"])
    rows = connection.execute(select(promise).where(where, promise.c.state == "open")).mappings().all()
    for row in rows:
        if pair.gone not in row["items"]:
            continue
        items = sorted({*row["items"], pair.new["ref"]} - {pair.gone})
        connection.execute(update(promise).where(promise.c.id == row["id"]).values(items=items))
        connection.execute(delete(promise_item).where(promise_item.c.promise == row["id"]))
        connection.execute(
            insert(promise_item),
            [{"promise": row["id"], "item": ref, "company": office.company} for ref in items],
        )
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="promise_carried",
            account=row["account"],
            subject=row["id"],
            data={"from": pair.gone, "to": pair.new["ref"]},
        )
