"""What was said, written down: in one transaction with the dispatch's state, so that neither is without the other."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, update
from sqlalchemy.engine import RowMapping

from adapters.ledger import EntryKind
from adapters.money import Money
from connector.clock import zone
from connector.drafts import documents_of
from connector.notes import enqueue_note
from connector.office import Office
from connector.store import addresses, history, reminders, tasks
from connector.store.claims import Claim
from connector.store.tables import contact, promise
from connector.store.upsert import insert_new
from reminders.channels import SendOutcome, SendResult
from reminders.formats import Formats, choose_language, formats
from reminders.notes import NoteFacts


def record_said(office: Office, connection: Connection, claim: Claim, address: str, result: SendResult) -> None:
    """A dispatch was accepted, or may have been. The first one makes the reminder said: items, gap, note, history."""
    now = office.now()
    state = "sent" if result.outcome is SendOutcome.ACCEPTED else "uncertain"
    if not reminders.set_dispatch(
        connection, claim.id, address, state, now=now, reply=result.reply, expect=["sending"]
    ):
        return
    row = reminders.by_id(connection, claim.id)
    assert row is not None
    day = now.astimezone(zone(office.zone)).date()
    _count_as_contact(office, connection, row, address, day)
    first = row["said_at"] is None
    if first:
        reminders.change(connection, claim.id, said_at=now)
        _name_promise(connection, row)
        _enqueue(office, connection, row, state)
    if first or state == "sent":
        reminders.mark_items(connection, claim.id, how=state, on=day)
    kind = "reminder_said" if first else "dispatch_said"
    _write_down(office, connection, row, kind=kind, address=address, state=state, day=day)
    if state == "uncertain":
        _ask_person(office, connection, row, address)


def _count_as_contact(office: Office, connection: Connection, row: RowMapping, address: str, day: date) -> None:
    contacted = {
        "company": office.company,
        "account": row["account"],
        "at": office.now(),
        "on_day": day,
        "what": "reminder",
        "address": address.casefold(),
        "source": f"reminder:{row['id']}",
    }
    insert_new(connection, contact, contacted, key=("company", "account", "source", "address"))


def _write_down(
    office: Office, connection: Connection, row: RowMapping, *, kind: str, address: str, state: str, day: date
) -> None:
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="deliver",
        kind=kind,
        account=row["account"],
        subject=row["id"],
        data={
            "step_id": row["step_id"],
            "cadence": row["cadence"],
            "cadence_version": row["cadence_version"],
            "items": row["facts"]["advance"],
            "amounts": row["facts"]["amounts"],
            "recipients": len(row["facts"]["recipients"]),
            "state": state,
            "day": day,
            "read_at": row["figures_at"],
            "replaces": row["replaces"],
        },
        personal={
            "address": address,
            "subject": row["subject"],
            "body": row["text_body"],
            "lines": row["facts"]["about"] + row["facts"]["also"],
        },
    )


def _enqueue(office: Office, connection: Connection, row: RowMapping, state: str) -> None:
    facts = row["facts"]
    lines = [*facts["about"], *facts["also"]]
    shown = formats(choose_language(office.row(connection).language))
    enqueue_note(
        office,
        connection,
        EntryKind.REMINDER,
        fact=row["id"],
        customer=row["customer"],
        documents=documents_of(facts),
        facts=NoteFacts(
            on=office.today(),
            documents=tuple(dict.fromkeys(line["number"] for line in lines)),
            amounts=tuple(Money(each["asked"], each["currency"]) for each in facts["amounts"]),
            step=max(each["step_no"] for each in facts["advance"]),
            subject=row["subject"],
            recipients=tuple(facts["recipients"]),
            lines=tuple(_line(line, shown, office.today()) for line in lines),
            uncertain=state == "uncertain",
        ),
    )


def _line(line: dict[str, Any], shown: Formats, today: date) -> str:
    """An item as the collector reads it: number, days past due, what was asked."""
    days = (today - date.fromisoformat(line["due"])).days
    return f"{line['number']} · {days:+d} d · {shown.money(Money(line['asked'], line['currency']))}"


def _name_promise(connection: Connection, row: RowMapping) -> None:
    named = row["facts"].get("promise")
    if named:
        connection.execute(update(promise).where(promise.c.id == named).values(named_in=row["id"]))


def _ask_person(office: Office, connection: Connection, row: RowMapping, address: str) -> None:
    tasks.open_task(
        connection,
        office.company,
        key=f"uncertain:{row['id']}:{address}",
        kind="uncertain",
        text=f"Did “{row['subject']}” reach {address}? The mail server's answer never came. Then: duecourse settle.",
        now=office.now(),
        today=office.today(),
        account=row["account"],
        facts={"reminder": row["id"], "address": address},
    )


def record_refused(office: Office, connection: Connection, claim: Claim, address: str, result: SendResult) -> None:
    """The mail server refused for good: this recipient alone gets a task; a bad address is not used again."""
    now = office.now()
    if not reminders.set_dispatch(
        connection, claim.id, address, "refused", now=now, reply=result.reply, expect=["waiting", "sending"]
    ):
        return
    if result.blames_address:
        addresses.stop(connection, office.company, address, because=f"refused: {result.reply}", now=now)
    tasks.open_task(
        connection,
        office.company,
        key=f"refused:{address.casefold()}",
        kind="bad_address",
        text=f"{address} was refused by its mail server ({result.reply}): is there another address?",
        now=now,
        today=office.today(),
        account=claim.row["account"],
        facts={"address": address},
        again_after=timedelta(0),
    )
    history.record(
        connection,
        office.company,
        at=now,
        actor="deliver",
        kind="dispatch_refused",
        account=claim.row["account"],
        subject=claim.id,
        data={"code": result.code},
        personal={"address": address, "reply": result.reply},
    )
