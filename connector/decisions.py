"""Decisions, written down: verdicts with their reasons, planned reminders, steps that pass, tasks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, RowMapping, bindparam, update

from connector.accounts import Loaded
from connector.cash import Cash
from connector.defects import tell_person
from connector.drafts import Change, facts_of, fingerprint, words_for
from connector.office import Office
from connector.rests import remember_rests
from connector.store import history, reminders, tasks
from connector.store.companies import CompanyRow, Mode
from connector.store.history import Event
from connector.store.tables import account, item
from reminders.cadence_file import Cadence
from reminders.decision import Decision, Outcome

log = structlog.get_logger()


#: A task that was done is opened again when the same is needed so much later.
_NEEDED_AGAIN = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An account, the cadence it is on, and what was decided."""

    loaded: Loaded
    cadence: Cadence
    decision: Decision


@dataclass(slots=True)
class Reminded:
    """What a run planned."""

    looked_at: int = 0
    planned: int = 0
    drafts: int = 0
    decided_again: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


class Saving:
    """Writes decisions down, in one transaction."""

    def __init__(
        self,
        office: Office,
        connection: Connection,
        row: CompanyRow,
        cash: Cash,
        approved: Mapping[str, RowMapping],
        done: Reminded,
    ) -> None:
        self.office = office
        self.connection = connection
        self.row = row
        self.cash = cash
        self.approved = approved
        self.today = office.today()
        self.done = done
        self.now = office.now()
        self.events: list[Event] = []
        self.verdicts: list[dict[str, object]] = []

    def save(self, judged: Sequence[Judged]) -> None:
        """Writes them all; one that cannot be written stops no other."""
        for each in judged:
            self._safely(each)
        if self.row.mode is not Mode.DRY_RUN:
            remember_rests(self.office, self.connection, [(each.loaded.account, each.decision) for each in judged])
        if self.verdicts:
            self.connection.execute(_VERDICT, self.verdicts)
        if self.events:
            history.record_many(self.connection, self.office.company, self.events)

    def broken(self, ref: str) -> None:
        """An account could not be worked on: a person is told, and it is looked at again tomorrow."""
        tell_person(self.office, self.connection, ref)
        where = (account.c.company == self.office.company) & (account.c.ref == ref)
        self.connection.execute(update(account).where(where).values(look_on=self.today + timedelta(days=1)))

    def _safely(self, each: Judged) -> None:
        """One account whose decision cannot be carried out stops no other."""
        events, verdicts = len(self.events), len(self.verdicts)
        try:
            with self.connection.begin_nested():
                self._save(each)
        except Exception:
            log.exception("a decision could not be saved", account=each.loaded.account.ref, company=self.office.company)
            del self.events[events:], self.verdicts[verdicts:]
            self.broken(each.loaded.account.ref)

    def _save(self, each: Judged) -> None:
        decision = each.decision
        self.done.looked_at += 1
        self.done.outcomes[decision.outcome.value] = self.done.outcomes.get(decision.outcome.value, 0) + 1
        self._verdict(each)
        if self.row.mode is Mode.DRY_RUN:
            return
        self._passed(each)
        for need in decision.tasks:
            self._task(each, key=need.key, kind=need.kind, text=need.text, items=need.items, again_after=_NEEDED_AGAIN)
        if decision.outcome is Outcome.REMIND:
            self._plan(each)
        if decision.person_step:
            self._person_steps(each)
        if decision.escalate:
            self._escalate(each)

    # -- the verdict

    def _verdict(self, each: Judged) -> None:
        decision, loaded = each.decision, each.loaded
        data: dict[str, object] = {
            "day": self.today,
            "outcome": decision.outcome.value,
            "reason": decision.reason.value,
            "hold": decision.hold.value if decision.hold else None,
            "items": {ref: code.value for ref, code in decision.items.items()},
            "facts": dict(decision.facts),
            "look_on": decision.look_on,
            "cadence": each.cadence.name,
            "cadence_version": each.cadence.version,
            "figures_at": loaded.account.figures_at,
        }
        self._event("verdict", loaded.account.ref, loaded.account.ref, data)
        self.verdicts.append(
            {
                "b_company": self.office.company,
                "b_ref": loaded.account.ref,
                "cadence": each.cadence.name if self._enters(each) else loaded.assigned,
                "look_on": self.today if decision.outcome is Outcome.REMIND else decision.look_on,
                "verdict_on": self.today,
                "outcome": decision.outcome.value,
                "reason": decision.reason.value,
                "verdict": json.loads(history.canonical(data)),
            },
        )

    def _enters(self, each: Judged) -> bool:
        """Whether the account is on its cadence from now on. A dry run takes no step, and so pins nothing."""
        return _in_ladder(each) and self.row.mode is not Mode.DRY_RUN

    def _event(self, kind: str, account_ref: str, subject: str, data: dict[str, object]) -> None:
        self.events.append(
            Event(at=self.now, actor="remind", kind=kind, account=account_ref, subject=subject, data=data),
        )

    # -- steps that pass without a message

    def _passed(self, each: Judged) -> None:
        for taken, how, kind in (
            (each.decision.lapsed, "lapsed", "step_lapsed"),
            (each.decision.not_made, "not_made", "step_not_made"),
        ):
            recorded = reminders.record_taken(
                self.connection, self.office.company, each.cadence.name, taken, how=how, on=self.today
            )
            for one in recorded:
                data = {"item": one.item, "cycle": one.cycle, "step_id": one.step_id, "step_day": one.step_day}
                self._event(kind, each.loaded.account.ref, one.item, {**data, "day": self.today})
        if each.decision.not_made:
            self._wait_for_person([one.item for one in each.decision.not_made], None)
            for one in each.decision.not_made:
                key = tasks.step_key(one.item, one.cycle, one.step_id)
                tasks.drop(self.connection, self.office.company, key, now=self.now, result="not made in time")

    def _wait_for_person(self, items: Sequence[str], step_id: str | None) -> None:
        where = (item.c.company == self.office.company) & item.c.ref.in_(list(items))
        since = self.today if step_id else None
        self.connection.execute(update(item).where(where).values(person_step=step_id, person_step_since=since))

    # -- what a person does

    def _task(
        self,
        each: Judged,
        *,
        key: str,
        kind: str,
        text: str,
        items: Sequence[str],
        facts: dict[str, object] | None = None,
        again_after: timedelta | None = None,
    ) -> None:
        new = tasks.open_task(
            self.connection,
            self.office.company,
            key=key,
            kind=kind,
            text=text,
            now=self.now,
            today=self.today,
            account=each.loaded.account.ref,
            items=items,
            facts=facts,
            again_after=again_after,
        )
        if new:
            self._event("task_opened", each.loaded.account.ref, key, {"kind": kind, "items": list(items)})

    def _person_steps(self, each: Judged) -> None:
        for one in each.decision.person_step:
            step = next(step for step in each.cadence.steps if step.id == one.step_id)
            self._wait_for_person([one.item], one.step_id)
            self._task(
                each,
                key=tasks.step_key(one.item, one.cycle, one.step_id),
                kind="step",
                text=f"{step.channel.capitalize()} {each.loaded.account.name}: {_number(each, one.item)} is past due.",
                items=[one.item],
                facts={"cycle": one.cycle, "step_no": one.step_no, "step_id": one.step_id, "step_day": one.step_day},
                again_after=timedelta(0),  # it was withdrawn when the item was settled, and the item is open again
            )

    def _escalate(self, each: Judged) -> None:
        items = list(each.decision.escalate)
        where = (item.c.company == self.office.company) & item.c.ref.in_(items)
        self.connection.execute(update(item).where(where).values(escalated_on=self.today))
        for ref in items:
            cycle = next((one.cycle for one in each.loaded.account.items if one.ref == ref), 1)
            self._task(
                each,
                key=f"escalate:{ref}:{cycle}",
                kind="escalate",
                text=f"The cadence has ended for {each.loaded.account.name}: {_number(each, ref)} is still open.",
                items=[ref],
            )

    # -- a message

    def _plan(self, each: Judged) -> None:
        message, decision = each.decision.message, each.decision
        assert message is not None
        waits = self.row.mode is Mode.REVIEW or (self.cash.is_silent and not message.is_heads_up)
        replaces = reminders.not_arrived(self.connection, self.office.company, message.advance)
        day = reminders.decided_on(self.connection, replaces)
        words = words_for(self.office, self.row, each.loaded, message, self.today, replaces=day)
        facts = facts_of(message)
        approved_by = self._approved_before(each, facts)
        waits = waits and not approved_by
        reminder_id = self.office.new_id()
        values: dict[str, object] = {
            "id": reminder_id,
            "company": self.office.company,
            "account": each.loaded.account.ref,
            "customer": each.loaded.account.customer,
            "cadence": each.cadence.name,
            "cadence_version": each.cadence.version,
            "step_id": message.step_id,
            "decided_on": self.today,
            "decided_at": self.now,
            "figures_at": each.loaded.account.figures_at,
            "state": "draft" if waits else "ready",
            "reason": decision.reason.value,
            "facts": facts,
            "fingerprint": fingerprint(facts),
            "language": words.language,
            "approved_by": approved_by,
            "subject": words.subject,
            "text_body": words.text,
            "html_body": words.html,
            "waits_because": "cash" if waits and self.row.mode is not Mode.REVIEW else None,
            "replaces": replaces,
        }
        try:
            reminders.add(self.connection, values, message.advance, message.recipients, now=self.now)
        except reminders.AlreadyPlanned:
            return
        self.done.planned += 1
        self.done.drafts += waits
        data = {
            "step_id": message.step_id,
            "cadence": each.cadence.name,
            "items": facts["advance"],
            "amounts": facts["amounts"],
            "recipients": len(message.recipients),
            "state": values["state"],
            "decided_on": self.today,
        }
        self._event("reminder_planned", each.loaded.account.ref, reminder_id, data)

    def _approved_before(self, each: Judged, facts: dict[str, Any]) -> str | None:
        """A person's approval of yesterday holds for the same message, and for one that asks for less."""
        before = self.approved.get(each.loaded.account.ref)
        if before is None:
            return None
        change = Change(before["facts"], facts)
        return str(before["approved_by"]) if change.is_none or change.is_only_less else None


_VERDICT = (
    update(account)
    .where(account.c.company == bindparam("b_company"), account.c.ref == bindparam("b_ref"))
    .values({name: bindparam(name) for name in ("cadence", "look_on", "verdict_on", "outcome", "reason", "verdict")})
)


def _in_ladder(each: Judged) -> bool:
    """Whether an item of the account has entered the ladder: its cadence is then kept until it is paid up."""
    return each.decision.outcome is Outcome.REMIND or any(one.taken for one in each.loaded.account.items)


def _number(each: Judged, ref: str) -> str:
    return next((one.number for one in each.loaded.account.items if one.ref == ref), ref)
