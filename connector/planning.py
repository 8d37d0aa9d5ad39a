"""A planned message as rows: the reminder with what its decision saw, its steps and dispatches, its history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from connector.accounts import Loaded
from connector.cash import Cash
from connector.drafts import Change, facts_of, fingerprint, words_for
from connector.office import Office
from connector.store import reminders
from connector.store.companies import CompanyRow, Mode
from connector.store.history import Event
from reminders.cadence_file import Cadence
from reminders.decision import Advance, Decision, MessagePlan
from reminders.formats import choose_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An account, the cadence it is on, and what was decided."""

    loaded: Loaded
    cadence: Cadence
    decision: Decision


@dataclass(slots=True)
class Sheet:
    """What is to be written for some accounts, table by table, so that each is written at once."""

    events: list[Event] = field(default_factory=list)
    verdicts: list[dict[str, object]] = field(default_factory=list)
    reminders: list[dict[str, object]] = field(default_factory=list)
    steps: list[dict[str, object]] = field(default_factory=list)
    dispatches: list[dict[str, object]] = field(default_factory=list)
    person_steps: list[dict[str, object]] = field(default_factory=list)  # items that wait for a person, or no more
    escalated: list[dict[str, object]] = field(default_factory=list)  # items whose ladder has ended
    drafts: int = 0


class Planning:
    """Puts planned messages onto a sheet.

    One that may leave by itself gets its words when it leaves, on the figures of that minute. One that waits for a
    person gets them now, since a person reads it.
    """

    def __init__(
        self, office: Office, connection: Connection, row: CompanyRow, cash: Cash, approved: Mapping[str, RowMapping]
    ) -> None:
        self.office = office
        self.row = row
        self.cash = cash
        self.approved = approved
        self.today = office.today()
        self.now = office.now()
        self.not_arrived = reminders.not_arrived(connection, office.company)

    def put(self, each: Judged, message: MessagePlan, sheet: Sheet) -> None:
        """The message, decided for this account."""
        facts = facts_of(message)
        approved_by = self._approved_before(each.loaded.account.ref, facts)
        is_silent = self.cash.is_silent and not message.is_heads_up
        waits = not approved_by and (self.row.mode is Mode.REVIEW or is_silent)
        row = self._row(each, message, facts, approved_by=approved_by, waits=waits)
        sheet.reminders.append(row)
        sheet.drafts += waits
        shared = {"how": "planned", "on": self.today, "reminder_id": row["id"]}
        sheet.steps += [
            reminders.step_row(self.office.company, each.cadence.name, one, **shared) for one in message.advance
        ]
        sheet.dispatches += [self._dispatch(row["id"], address) for address in message.recipients]
        sheet.events.append(self._event(each, message, row))

    def _row(
        self, each: Judged, message: MessagePlan, facts: dict[str, Any], *, approved_by: str | None, waits: bool
    ) -> dict[str, Any]:
        account = each.loaded.account
        replaces, day = self._replaced(message.advance)
        row: dict[str, Any] = {
            "id": self.office.new_id(),
            "company": self.office.company,
            "account": account.ref,
            "customer": account.customer,
            "cadence": each.cadence.name,
            "cadence_version": each.cadence.version,
            "step_id": message.step_id,
            "decided_on": self.today,
            "decided_at": self.now,
            "figures_at": account.figures_at,
            "state": "draft" if waits else "ready",
            "reason": each.decision.reason.value,
            "facts": facts,
            "fingerprint": fingerprint(facts),
            "language": choose_language(account.language, self.row.language).replace("_", "-"),
            "approved_by": approved_by,
            "subject": "",
            "text_body": "",
            "html_body": "",
            "waits_because": "cash" if waits and self.row.mode is not Mode.REVIEW else None,
            "replaces": replaces,
        }
        if waits:
            words = words_for(self.office, self.row, each.loaded, message, self.today, replaces=day)
            row |= {"subject": words.subject, "text_body": words.text, "html_body": words.html}
        return row

    def _replaced(self, advance: tuple[Advance, ...]) -> tuple[str | None, date | None]:
        """The last message that was to take one of these very steps and did not arrive, and its day."""
        steps = ((each.item, each.cycle, each.step_no) for each in advance)
        found = [self.not_arrived[step] for step in steps if step in self.not_arrived]
        if not found:
            return None, None
        last = max(found, key=lambda row: row.decided_at)
        return last.id, last.decided_on

    def _dispatch(self, reminder_id: str, address: str) -> dict[str, object]:
        return {
            "reminder": reminder_id,
            "address": address,
            "company": self.office.company,
            "state": "waiting",
            "updated_at": self.now,
        }

    def _event(self, each: Judged, message: MessagePlan, row: Mapping[str, Any]) -> Event:
        return Event(
            at=self.now,
            actor="remind",
            kind="reminder_planned",
            account=row["account"],
            subject=row["id"],
            data={
                "step_id": message.step_id,
                "cadence": each.cadence.name,
                "items": row["facts"]["advance"],
                "amounts": row["facts"]["amounts"],
                "recipients": len(message.recipients),
                "state": row["state"],
                "decided_on": self.today,
            },
        )

    def _approved_before(self, account: str, facts: dict[str, Any]) -> str | None:
        """A person's approval of yesterday holds for the same message, and for one that asks for less."""
        before = self.approved.get(account)
        if before is None:
            return None
        change = Change(before["facts"], facts)
        return str(before["approved_by"]) if change.is_none or change.is_only_less else None
