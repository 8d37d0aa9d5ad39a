"""What the month leaves behind: for the judge, its files; for a finance person, the closing figures."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from adapters.money import Money, sums
from adapters.sandbox import office as world_office
from adapters.sandbox.behaviour import AT_LEAST
from adapters.sandbox.books import Books
from adapters.sandbox.month import Month
from adapters.sandbox.server import Call, Sandbox
from connector.bootstrap import BUILTIN_CADENCES
from connector.demo.stand import Stand
from connector.jobs import Job, Ran
from connector.letters import Delivered
from connector.office import Office
from connector.reconcile import Reconciled
from connector.store import history


@dataclass(slots=True)
class Evidence:
    """What happened, gathered while the month is played."""

    out: Path
    books: Books
    month: Month
    stand: Stand
    box: Sandbox
    start: date
    open_at_start: dict[str, Money] = field(default_factory=dict)
    failed_jobs: list[str] = field(default_factory=list)
    failed_commands: list[str] = field(default_factory=list)
    commands: int = 0
    stopped: Counter[str] = field(default_factory=Counter)
    lowered: int = 0
    reconciled: dict[date, Reconciled] = field(default_factory=dict)
    cash_notes: dict[date, str] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    behaviours: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open_at_start = open_totals(self.books)

    @property
    def calls(self) -> Sequence[Call]:
        """Every call that the ledger answered."""
        return self.box.calls

    def note(self, ran: Ran) -> None:
        """How a job went."""
        if ran.error:
            self.failed_jobs.append(f"{ran.job.value}: {ran.error}")
        if ran.job is Job.REMIND and isinstance(ran.result, tuple):
            delivered = ran.result[1]
            assert isinstance(delivered, Delivered)
            self.stopped.update(delivered.why_cancelled)
            self.lowered += delivered.lowered
        if isinstance(ran.result, Reconciled):
            self.reconciled[ran.result.on] = ran.result

    def end_day(self, day: date, cash_note: str) -> None:
        """What the service says of posted cash at the end of a day."""
        if cash_note:
            self.cash_notes[day] = cash_note

    @property
    def agreeing_days(self) -> int:
        """Days on which every total agreed with the ledger to the cent."""
        return sum(each.agrees for each in self.reconciled.values())

    @property
    def missing(self) -> dict[str, int]:
        """Behaviours that the month showed too seldom, and by how much."""
        return {
            each.value: least - self.behaviours.get(each.value, 0)
            for each, least in AT_LEAST.items()
            if each not in self.stand.hidden and self.behaviours.get(each.value, 0) < least
        }


def open_totals(books: Books) -> dict[str, Money]:
    """What is open in the books, credits taken off, per currency."""
    return sums(Money.of(each.open, each.currency) for each in books.documents() if each.open)


def leave_evidence(evidence: Evidence, office: Office) -> None:
    """Writes everything that the judge reads, and counts the closing figures."""
    out, month = evidence.out, evidence.month
    evidence.books.export_history(out / "books.jsonl")
    with office.database.read() as connection:
        rows = list(history.export(connection, office.company))
    with (out / "audit.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    _copy_cadences(out / "cadences")
    kinds = Counter(row["kind"] for row in rows)
    _count_behaviours(evidence, rows, kinds)
    evidence.figures = _figures(evidence, rows, kinds)
    _write(out / "figures.json", evidence.figures)
    _write(
        out / "company.json",
        {
            "name": world_office.COMPANY_NAME,
            "zone": str(world_office.ZONE),
            "country": world_office.COUNTRY,
            "home_currency": world_office.HOME_CURRENCY,
            "start": evidence.start.isoformat(),
            "end": month.days[-1].isoformat(),
            "days": [day.isoformat() for day in month.days],
            "holidays": sorted(day.isoformat() for day in world_office.public_holidays(evidence.start.year)),
            "outage_days": [day.isoformat() for day in month.outage_days],
            "names": evidence.stand.names(evidence.box),
            "keeps": {"delivery": evidence.stand.shows_delivery, "links": office.ledger.capabilities.links_per_note},
            "default_cadence": "standard",
            "fresh_seconds": office.sending.fresh_seconds,
            "sending_hours": {"opens": office.sending.opens, "closes": office.sending.closes},
        },
    )


def _copy_cadences(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in BUILTIN_CADENCES:
        text = (files("reminders") / "cadences" / f"{name}.toml").read_text(encoding="utf-8")
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _count_behaviours(evidence: Evidence, rows: Sequence[dict[str, Any]], kinds: Counter[str]) -> None:
    """The world's own counts, and those that only the service's history can show."""
    escalated = sum(row["kind"] == "task_opened" and row["data"]["kind"] == "escalate" for row in rows)
    evidence.behaviours = evidence.month.shown() | {
        "heads_up_lapses": kinds["step_lapsed"],
        "person_step_undone": kinds["step_not_made"],
        "end_of_ladder": escalated,
    }


def _figures(evidence: Evidence, rows: Sequence[dict[str, Any]], kinds: Counter[str]) -> dict[str, Any]:
    states = Counter(row["data"]["state"] for row in rows if row["kind"] == "promise_judged")
    return {
        "open_at_start": _amounts(evidence.open_at_start),
        "open_at_end": _amounts(open_totals(evidence.books)),
        "reminders_sent": kinds["reminder_said"],
        "promises_made": kinds["promise_made"],
        "promises_kept": states["kept"],
        "promises_partly_kept": states["partly_kept"],
        "promises_broken": states["broken"],
        "promises_overtaken": states["overtaken"],
        "disputes_flagged": kinds["dispute_flagged"],
        "disputes_opened": kinds["dispute_opened"],
        "notes": kinds["entry_written"],
        "api_calls": len(evidence.calls),
        "metered_calls": sum(call.metered for call in evidence.calls),
        "reconciled_days": evidence.agreeing_days,
        "days": len(evidence.month.days),
        "behaviours": evidence.behaviours,
    }


def _amounts(totals: dict[str, Money]) -> dict[str, str]:
    return {currency: str(money.amount) for currency, money in sorted(totals.items())}
