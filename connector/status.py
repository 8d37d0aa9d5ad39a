"""How things stand with a company: mode, jobs, what waits for a person, what could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from connector.jobs import Job, cash_note
from connector.office import Office
from connector.store import dispatches, entries, jobs, reconciliations, reminders, tasks
from connector.store.companies import CompanyRow
from connector.store.tables import problem


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """How a job fares. `waits_until`: it failed, and backs off."""

    job: str
    last_success_at: datetime | None
    failures: int
    last_error: str
    waits_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """A message whose acceptance is unknown: `duecourse settle` is for it."""

    reminder: str
    address: str
    subject: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A row of the ledger that could not be read."""

    ref: str
    kind: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A company's status. Counts are of now; `metered_calls` are those of this month (UTC)."""

    company: str
    name: str
    mode: str
    paused_because: str
    zone: str
    today: date
    synced_at: datetime | None
    first_read_done: bool
    out_of_quota_until: datetime | None
    metered_calls: int
    monthly_budget: int
    cash_note: str
    drafts: int
    ready: int
    open_tasks: Mapping[str, int]
    entries: Mapping[str, int]
    jobs: tuple[JobStatus, ...]
    problems: tuple[Unread, ...]
    uncertain: tuple[Uncertain, ...]
    reconciled_on: date | None
    reconciliation: str


def status_of(office: Office, *, metered_calls: int = 0, monthly_budget: int = 0) -> Status:
    """The company's status now."""
    company, note = office.company, cash_note(office)
    with office.database.read() as connection:
        row = office.row(connection)
        counts = reminders.counts(connection, company)
        last = reconciliations.last(connection, company)
        return Status(
            company=company,
            name=row.name,
            mode=row.mode.value,
            paused_because=row.paused_because or "",
            zone=row.zone,
            today=office.today(),
            synced_at=row.synced_at,
            first_read_done=row.first_read_done,
            out_of_quota_until=_later(row, office.now()),
            metered_calls=metered_calls,
            monthly_budget=monthly_budget,
            cash_note=note,
            drafts=counts.get("draft", 0),
            ready=counts.get("ready", 0),
            open_tasks=_tasks(connection, company),
            entries=_waiting(entries.counts(connection, company)),
            jobs=tuple(_jobs(connection, company)),
            problems=tuple(_problems(connection, company)),
            uncertain=tuple(_uncertain(connection, company)),
            reconciled_on=last["on_day"] if last else None,
            reconciliation=_said_of(last),
        )


def _later(row: CompanyRow, now: datetime) -> datetime | None:
    until = row.out_of_quota_until
    return until if until and until > now else None


def _tasks(connection: Connection, company: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in tasks.load_open(connection, company):
        counts[each["kind"]] = counts.get(each["kind"], 0) + 1
    return dict(sorted(counts.items()))


def _waiting(counts: Mapping[str, int]) -> dict[str, int]:
    """Notes that are not in the ledger, and those that could never be written."""
    return {state: count for state, count in sorted(counts.items()) if state != "written"}


def _jobs(connection: Connection, company: str) -> list[JobStatus]:
    known: Mapping[str, Any] = jobs.load(connection, company)
    found = [known[job.value] for job in Job if job.value in known]
    return [
        JobStatus(
            job=row["name"],
            last_success_at=row["last_success_at"],
            failures=row["failures"],
            last_error=row["last_error"],
            waits_until=row["not_before"],
        )
        for row in found
    ]


def _problems(connection: Connection, company: str, *, limit: int = 50) -> list[Unread]:
    rows = connection.execute(
        select(problem).where(problem.c.company == company).order_by(problem.c.first_at, problem.c.ref).limit(limit),
    ).mappings()
    return [Unread(ref=row["ref"], kind=row["kind"], text=row["text"], since=row["first_at"]) for row in rows]


def count_problems(connection: Connection, company: str) -> int:
    """How many rows of the ledger could not be read."""
    where = problem.c.company == company
    return int(connection.scalar(select(func.count()).select_from(problem).where(where)) or 0)


def _uncertain(connection: Connection, company: str) -> list[Uncertain]:
    return [
        Uncertain(reminder=row["reminder"], address=row["address"], subject=row["subject"], since=row["updated_at"])
        for row in dispatches.uncertain(connection, company)
    ]


def _said_of(last: Any) -> str:  # noqa: ANN401 - a reconciliation's row
    if last is None:
        return ""
    count = len(last["differences"])
    return f"{last['state']} ({count} differences)" if count else str(last["state"])
