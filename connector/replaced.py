"""An invoice that was voided and written anew: a person says that what was said of the old one goes on with the new.

Promises and disputes first, each in its own transaction and only once; then the position and the task's end in one.
A carrying that breaks off is simply done again.
"""

from sqlalchemy import Connection, RowMapping, select

from adapters.money import Money
from connector import carrying, disputes, promises
from connector.carrying import Pair
from connector.disputes import Contested
from connector.office import Office
from connector.promises import Said
from connector.store import books
from connector.store.tables import dispute, promise, reminder_item
from connector.taskwork import Done, TaskRefused, end_task, load_open_task


def carry_over(office: Office, number: int, *, result: str = "") -> Done:
    """Does the task of a replaced invoice by carrying everything over. Raises `TaskRefused`."""
    with office.database.read() as connection:
        row = load_open_task(connection, office.company, number)
        if row["kind"] != "replaced":
            raise TaskRefused(f"Task {number} is about no replaced invoice: leave --carry out.")
        new = _item(connection, office.company, row["facts"]["new"])
        pair = Pair(gone=row["facts"]["gone"], new=new, by="person")
        said, contested = _promised(connection, office, pair), _contested(connection, office.company, pair)
    for promised in said:
        promises.make_promise(office, promised)
    for disputed in contested:
        disputes.open_dispute(office, disputed)
    with office.database.write("carry over") as connection:
        steps = _carry_position(office, connection, pair)
        carrying.carry_promises(office, connection, pair)
        touched = books.accounts_of_items(connection, office.company, [pair.to])
        books.touch_accounts(connection, office.company, touched, office.today())
        end_task(office, connection, row, result or "carried over")
    parts = (f"{steps} steps", f"{len(said)} promises", f"{len(contested)} disputes")
    return Done(number=number, kind="replaced", followed=f"Carried over: {', '.join(parts)}.")


def _item(connection: Connection, company: str, ref: str) -> RowMapping:
    row = carrying.load_item(connection, company, ref)
    if row is None or row["open_minor"] <= 0:
        raise TaskRefused("The new invoice is not open any more: there is nothing to carry over to.")
    return row


def _promised(connection: Connection, office: Office, pair: Pair) -> list[Said]:
    """Promises that ended with the old invoice alone, and whose day has not come."""
    rows = connection.execute(
        select(promise).where(promise.c.company == office.company, promise.c.account == pair.new["account"]),
    ).mappings()
    mine = list(rows)
    if any(row["state"] == "open" and pair.to in row["items"] for row in mine):
        return []
    return [
        Said(
            account=row["account"],
            amount=Money(row["amount_minor"], row["currency"]),
            day=row["day"],
            items=(pair.to,),
            by=row["said_by"],
            confirmed=True,
        )
        for row in mine
        if row["state"] == "overtaken" and row["items"] == [pair.gone] and row["day"] >= office.today()
    ][-1:]


def _contested(connection: Connection, company: str, pair: Pair) -> list[Contested]:
    """Disputes that were closed because the old invoice was gone."""
    if disputes.of_items(connection, company, [pair.to]):
        return []
    rows = connection.execute(
        select(dispute).where(
            dispute.c.company == company, dispute.c.item == pair.gone, dispute.c.resolution == "invoice_gone"
        ),
    ).mappings()
    return [
        Contested(
            item=pair.to,
            reason=row["reason"],
            amount=Money(min(row["amount_minor"], pair.new["open_minor"]), row["currency"]),
            owner=row["owner"],
            day=row["day"],
        )
        for row in rows
    ]


def _carry_position(office: Office, connection: Connection, pair: Pair) -> int:
    """The new item has taken what the old one took in its last cycle, unless it has taken steps itself."""
    steps = carrying.steps_of(connection, office.company, pair.gone)
    if not steps:
        return 0
    try:
        carrying.withdraw_planned(office, connection, pair.to)
    except carrying.StillLeaving as error:
        text = "A message about the new invoice is leaving just now: try again in a few minutes."
        raise TaskRefused(text) from error
    where = (reminder_item.c.company == office.company) & (reminder_item.c.item == pair.to)
    own = connection.scalars(select(reminder_item.c.how).where(where, reminder_item.c.how != "undone"))
    return 0 if own.first() else carrying.carry_position(office, connection, pair, steps)
