"""What was said, written down: in one transaction with the dispatch's state, so that neither is without the other.

Several mails that were handed over at about the same time are written down together: a statement each for all of
them, and the history's chain locked once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, update
from sqlalchemy.engine import RowMapping

from adapters.ledger import Entry, EntryKind
from adapters.money import Money
from connector.clock import zone
from connector.drafts import documents_of
from connector.notes import enqueue_entries, entry_for
from connector.office import Office
from connector.store import addresses, dispatches, history, reminders, tasks
from connector.store.claims import Claim
from connector.store.history import Event
from connector.store.tables import contact, promise
from connector.store.upsert import upsert
from reminders.channels import SendOutcome, SendResult
from reminders.formats import Formats, choose_language, formats
from reminders.notes import NoteFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A mail that was handed over to a recipient's server, or may have been."""

    reminder: str
    address: str
    result: SendResult

    @property
    def state(self) -> str:
        """What its dispatch becomes."""
        return "sent" if self.result.outcome is SendOutcome.ACCEPTED else "uncertain"


def record_said(office: Office, connection: Connection, handed: Sequence[Handed]) -> None:
    """Dispatches that were accepted, or may have been; each is `sending`, which the caller saw in this transaction.

    The first one of a reminder makes it said: items, gap, note, history.
    """
    if handed:
        rows = reminders.by_ids(connection, {each.reminder for each in handed})
        _Recording(office, connection, rows).record(handed)


@dataclass
class _Recording:
    """What is said in one transaction, gathered and then written."""

    office: Office
    connection: Connection
    rows: dict[str, RowMapping]
    now: datetime = field(init=False)
    day: date = field(init=False)
    language: str = field(init=False)
    taken: dict[str, str] = field(default_factory=dict)  # how a reminder's items took their step
    first: set[str] = field(default_factory=set)
    notes: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.office.now()
        self.day = self.now.astimezone(zone(self.office.zone)).date()
        self.language = self.office.row(self.connection).language

    def record(self, news: Sequence[Handed]) -> None:
        for each in news:
            self._gather(each)
        connection, company = self.connection, self.office.company
        dispatches.set_states(
            connection, [(each.reminder, each.address, each.state, each.result.reply) for each in news], now=self.now
        )
        upsert(connection, contact, [self._contact(each) for each in news], key=_CONTACT_KEY, update=())
        if self.first:
            reminders.mark_said(connection, sorted(self.first), self.now)
        for how in sorted(set(self.taken.values())):
            ids = sorted(each for each, taken in self.taken.items() if taken == how)
            reminders.mark_items(connection, ids, how=how, on=self.day)
        enqueued = enqueue_entries(self.office, connection, self.notes)
        history.record_many(connection, company, [*enqueued, *self.events])
        for each in news:
            if each.state == "uncertain":
                _ask_person(self.office, connection, self.rows[each.reminder], each.address)

    def _gather(self, each: Handed) -> None:
        row = self.rows[each.reminder]
        is_first = row["said_at"] is None and each.reminder not in self.first
        if is_first:
            self.first.add(each.reminder)
            self._name_promise(row)
            self.notes.append(self._note(row, each.state))
        if is_first or each.state == "sent":
            self.taken[each.reminder] = each.state
        self.events.append(self._event(row, each, "reminder_said" if is_first else "dispatch_said"))

    def _name_promise(self, row: RowMapping) -> None:
        if named := row["facts"].get("promise"):
            self.connection.execute(_NAME_PROMISE, {"of": named, "by": row["id"]})

    def _contact(self, each: Handed) -> dict[str, object]:
        return {
            "company": self.office.company,
            "account": self.rows[each.reminder]["account"],
            "at": self.now,
            "on_day": self.day,
            "what": "reminder",
            "address": each.address.casefold(),
            "source": f"reminder:{each.reminder}",
        }

    def _event(self, row: RowMapping, each: Handed, kind: str) -> Event:
        facts = row["facts"]
        return Event(
            at=self.now,
            actor="deliver",
            kind=kind,
            account=row["account"],
            subject=row["id"],
            data={
                "step_id": row["step_id"],
                "cadence": row["cadence"],
                "cadence_version": row["cadence_version"],
                "items": facts["advance"],
                "amounts": facts["amounts"],
                "recipients": len(facts["recipients"]),
                "state": each.state,
                "day": self.day,
                "read_at": row["figures_at"],
                "replaces": row["replaces"],
            },
            personal={
                "address": each.address,
                "subject": row["subject"],
                "body": row["text_body"],
                "lines": facts["about"] + facts["also"],
            },
        )

    def _note(self, row: RowMapping, state: str) -> Entry:
        facts, today = row["facts"], self.office.today()
        lines = [*facts["about"], *facts["also"]]
        shown = formats(choose_language(self.language))
        step = max(each["step_no"] for each in facts["advance"])
        made = entry_for(
            self.office,
            EntryKind.REMINDER,
            fact=row["id"],
            customer=row["customer"],
            documents=documents_of(facts),
            facts=NoteFacts(
                on=today,
                documents=tuple(dict.fromkeys(line["number"] for line in lines)),
                amounts=tuple(Money(each["asked"], each["currency"]) for each in facts["amounts"]),
                step=step,
                subject=row["subject"],
                recipients=tuple(facts["recipients"]),
                lines=tuple(_line(line, shown, today) for line in lines),
                uncertain=state == "uncertain",
            ),
            language=self.language,
        )
        return replace(made, day=today, step=0 if state == "uncertain" else step)


_CONTACT_KEY = ("company", "account", "source", "address")
_NAME_PROMISE = update(promise).where(promise.c.id == bindparam("of")).values(named_in=bindparam("by"))


def _line(line: dict[str, Any], shown: Formats, today: date) -> str:
    """An item as the collector reads it: number, days past due, what was asked."""
    days = (today - date.fromisoformat(line["due"])).days
    return f"{line['number']} · {days:+d} d · {shown.money(Money(line['asked'], line['currency']))}"


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
    if not dispatches.set_state(
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
