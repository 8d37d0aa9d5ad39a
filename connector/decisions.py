"""Decisions, written down: verdicts with their reasons, planned reminders, steps that pass, tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import Connection, RowMapping, bindparam, update
from sqlalchemy.exc import IntegrityError

from connector.cash import Cash
from connector.defects import tell_person
from connector.office import Office
from connector.planning import Judged, Planning, Sheet
from connector.rests import remember_rests
from connector.store import history, reminders, tasks
from connector.store.bulk import execute_many
from connector.store.companies import CompanyRow, Mode
from connector.store.history import Event
from connector.store.tables import account, item
from reminders.decision import Advance, Outcome

log = structlog.get_logger()


#: A task that was done is opened again when the same is needed so much later.
_NEEDED_AGAIN = timedelta(days=14)
#: So often is an account looked at whose step another process planned in the same moment.
_TRIES = 3


@dataclass(slots=True)
class Reminded:
    """What a run planned."""

    looked_at: int = 0
    planned: int = 0
    drafts: int = 0
    decided_again: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


class Saving:
    """Writes decisions down, in one transaction: all at once, and only where that fails one by one."""

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
        self.today = office.today()
        self.done = done
        self.now = office.now()
        self.planning = Planning(office, connection, row, cash, approved)
        self.taken: set[tuple[str, int, int]] = set()  # steps, looked up only where a conflict made it necessary

    def save(self, judged: Sequence[Judged]) -> None:
        """Writes them all; one that cannot be written stops no other."""
        try:
            self._together(judged)
        except Exception as error:  # noqa: BLE001 - whose fault it is comes out one by one
            log.info("decisions are saved one by one", error=type(error).__name__, company=self.office.company)
            for each in judged:
                self._alone(each)
        if self.row.mode is not Mode.DRY_RUN:
            remember_rests(self.office, self.connection, [(each.loaded.account, each.decision) for each in judged])

    def broken(self, ref: str) -> None:
        """An account could not be worked on: a person is told, and it is looked at again tomorrow."""
        tell_person(self.office, self.connection, ref)
        where = (account.c.company == self.office.company) & (account.c.ref == ref)
        self.connection.execute(update(account).where(where).values(look_on=self.today + timedelta(days=1)))

    def _together(self, judged: Sequence[Judged]) -> None:
        """All of them, or none."""
        sheet = Sheet()
        with self.connection.begin_nested():
            for each in judged:
                self._put_down(each, sheet)
            self._write(sheet)
        self._count(judged, sheet)

    def _alone(self, each: Judged) -> None:
        """One account, without the steps that are taken or planned already. If it fails, a person is told."""
        ref = each.loaded.account.ref
        for tries_left in reversed(range(_TRIES)):
            self.taken = reminders.steps_taken(
                self.connection, self.office.company, [one.ref for one in each.loaded.account.items]
            )
            try:
                self._together([each])
            except IntegrityError:
                if tries_left:
                    continue
                log.exception("a decision could not be saved", account=ref, company=self.office.company)
                self.broken(ref)
            except Exception:
                log.exception("a decision could not be saved", account=ref, company=self.office.company)
                self.broken(ref)
            break
        self.taken = set()

    def _write(self, sheet: Sheet) -> None:
        reminders.add(self.connection, sheet.reminders, sheet.steps, sheet.dispatches)
        for statement, rows in (
            (_VERDICT, sheet.verdicts),
            (_PERSON_STEP, sheet.person_steps),
            (_ESCALATED, sheet.escalated),
        ):
            execute_many(self.connection, statement, rows)
        history.record_many(self.connection, self.office.company, sheet.events)

    def _count(self, judged: Sequence[Judged], sheet: Sheet) -> None:
        done = self.done
        done.looked_at += len(judged)
        for each in judged:
            outcome = each.decision.outcome.value
            done.outcomes[outcome] = done.outcomes.get(outcome, 0) + 1
        done.planned += len(sheet.reminders)
        done.drafts += sheet.drafts

    def _put_down(self, each: Judged, sheet: Sheet) -> None:
        decision = each.decision
        self._verdict(each, sheet)
        if self.row.mode is Mode.DRY_RUN:
            return
        self._passed(each, sheet)
        for need in decision.tasks:
            self._task(
                each, sheet, key=need.key, kind=need.kind, text=need.text, items=need.items, again_after=_NEEDED_AGAIN
            )
        if decision.message is not None and not self._is_taken(decision.message.advance):
            self.planning.put(each, decision.message, sheet)
        if decision.person_step:
            self._person_steps(each, sheet)
        if decision.escalate:
            self._escalate(each, sheet)

    def _is_taken(self, steps: Sequence[Advance]) -> bool:
        """Whether one of these steps was taken or planned by somebody else meanwhile."""
        return any((one.item, one.cycle, one.step_no) in self.taken for one in steps)

    # -- the verdict

    def _verdict(self, each: Judged, sheet: Sheet) -> None:
        decision, loaded = each.decision, each.loaded
        ref = loaded.account.ref
        figures_at = loaded.account.figures_at
        data: dict[str, object] = {
            "day": self.today.isoformat(),
            "outcome": str(decision.outcome),
            "reason": str(decision.reason),
            "hold": str(decision.hold) if decision.hold else None,
            "items": {of: str(code) for of, code in decision.items.items()},
            "facts": decision.facts,
            "look_on": decision.look_on.isoformat() if decision.look_on else None,
            "cadence": each.cadence.name,
            "cadence_version": each.cadence.version,
            "figures_at": history.instant_text(figures_at) if figures_at else None,
        }
        self._event(sheet, "verdict", ref, ref, data)
        sheet.verdicts.append(
            {
                "b_company": self.office.company,
                "b_ref": ref,
                "cadence": each.cadence.name if self._enters(each) else loaded.assigned,
                "look_on": self.today if decision.outcome is Outcome.REMIND else decision.look_on,
                "verdict_on": self.today,
                "outcome": decision.outcome.value,
                "reason": decision.reason.value,
            },
        )

    def _enters(self, each: Judged) -> bool:
        """Whether the account is on its cadence from now on. A dry run takes no step, and so pins nothing."""
        return _in_ladder(each) and self.row.mode is not Mode.DRY_RUN

    def _event(self, sheet: Sheet, kind: str, account_ref: str, subject: str, data: Mapping[str, object]) -> None:
        sheet.events.append(
            Event(at=self.now, actor="remind", kind=kind, account=account_ref, subject=subject, data=data),
        )

    # -- steps that pass without a message

    def _passed(self, each: Judged, sheet: Sheet) -> None:
        decision, company = each.decision, self.office.company
        for passed, how, kind in (
            (decision.lapsed, "lapsed", "step_lapsed"),
            (decision.not_made, "not_made", "step_not_made"),
        ):
            for one in passed:
                if self._is_taken([one]):
                    continue
                sheet.steps.append(
                    reminders.step_row(company, each.cadence.name, one, how=how, on=self.today, reminder_id=None)
                )
                data = {"item": one.item, "cycle": one.cycle, "step_id": one.step_id, "step_day": one.step_day}
                self._event(sheet, kind, each.loaded.account.ref, one.item, {**data, "day": self.today})
        for one in decision.not_made:
            sheet.person_steps.append({"b_company": company, "b_ref": one.item, "step": None, "since": None})
            key = tasks.step_key(one.item, one.cycle, one.step_id)
            tasks.drop(self.connection, company, key, now=self.now, result="not made in time")

    # -- what a person does

    def _task(
        self,
        each: Judged,
        sheet: Sheet,
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
            self._event(sheet, "task_opened", each.loaded.account.ref, key, {"kind": kind, "items": list(items)})

    def _person_steps(self, each: Judged, sheet: Sheet) -> None:
        for one in each.decision.person_step:
            step = next(step for step in each.cadence.steps if step.id == one.step_id)
            where = {"b_company": self.office.company, "b_ref": one.item}
            sheet.person_steps.append({**where, "step": one.step_id, "since": self.today})
            self._task(
                each,
                sheet,
                key=tasks.step_key(one.item, one.cycle, one.step_id),
                kind="step",
                text=f"{step.channel.capitalize()} {each.loaded.account.name}: {_number(each, one.item)} is past due.",
                items=[one.item],
                facts={"cycle": one.cycle, "step_no": one.step_no, "step_id": one.step_id, "step_day": one.step_day},
                again_after=timedelta(0),  # it was withdrawn when the item was settled, and the item is open again
            )

    def _escalate(self, each: Judged, sheet: Sheet) -> None:
        for ref in each.decision.escalate:
            sheet.escalated.append({"b_company": self.office.company, "b_ref": ref, "today": self.today})
            cycle = next((one.cycle for one in each.loaded.account.items if one.ref == ref), 1)
            self._task(
                each,
                sheet,
                key=f"escalate:{ref}:{cycle}",
                kind="escalate",
                text=f"The cadence has ended for {each.loaded.account.name}: {_number(each, ref)} is still open.",
                items=[ref],
            )


_VERDICT = (
    update(account)
    .where(account.c.company == bindparam("b_company"), account.c.ref == bindparam("b_ref"))
    .values({name: bindparam(name) for name in ("cadence", "look_on", "verdict_on", "outcome", "reason")})
)
_ITEM = update(item).where(item.c.company == bindparam("b_company"), item.c.ref == bindparam("b_ref"))
_PERSON_STEP = _ITEM.values(person_step=bindparam("step"), person_step_since=bindparam("since"))
_ESCALATED = _ITEM.values(escalated_on=bindparam("today"))


def _in_ladder(each: Judged) -> bool:
    """Whether an item of the account has entered the ladder: its cadence is then kept until it is paid up."""
    return each.decision.outcome is Outcome.REMIND or any(one.taken for one in each.loaded.account.items)


def _number(each: Judged, ref: str) -> str:
    return next((one.number for one in each.loaded.account.items if one.ref == ref), ref)
