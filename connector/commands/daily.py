"""The jobs, when a person asks for them: `sync`, `run`, `reconcile`."""

from collections.abc import Callable
from typing import Annotated

import typer

from connector.commands.desk import Desk, ExitCode, command
from connector.commands.output import table
from connector.commands.words import plural
from connector.jobs import Job, Ran, all_jobs, cash_note, sync_company
from connector.jobs import run as run_job
from connector.office import Office
from connector.reconcile import Reconciled
from connector.reconcile import reconcile as compare
from connector.sync import Synced


def sync(
    desk: Desk,
    *,
    whole: Annotated[bool, typer.Option("--whole", help="Read all open documents, not only what changed.")] = False,
    believe: Annotated[
        bool, typer.Option("--believe", help="A read that was held back as suspicious is right: apply it.")
    ] = False,
) -> int:
    """Bring the store up to the ledger's state; promises, flags and holds are judged on it."""
    office = desk.office()
    ran = read_ledger(desk, office, whole=whole, believe=believe)
    done = ran.result if isinstance(ran.result, Synced) else Synced()
    parts = (
        plural(done.documents, "document"),
        plural(done.customers, "customer"),
        plural(done.problems, "row could not be read", "rows could not be read"),
    )
    desk.out.result(ran, _sentence(ran) or f"Read: {', '.join(parts)}.", *filter(None, [cash_note(office)]))
    return _code(ran)


def read_ledger(desk: Desk, office: Office, *, whole: bool = False, believe: bool = False) -> Ran:
    """A sync that a person waits for, with its progress."""
    with desk.out.progress("Reading the ledger") as tick:
        return run_job(
            office,
            Job.SYNC,
            lambda one: sync_company(one, whole=whole or believe, believe=believe, progress=tick),
            now_please=True,
        )


def run(desk: Desk) -> int:
    """Do all jobs once: inbox, sync, reminders, notes, reconciliation."""
    every: list[tuple[Office, Ran]] = []
    for office in desk.offices():
        jobs = all_jobs(desk.settings.inbox_folder)
        with desk.out.progress(f"{office.company}: jobs") as tick:
            for count, (job, work) in enumerate(jobs.items()):
                tick(count, len(jobs))
                every.append((office, run_job(office, job, work, now_please=True)))
    told = [
        {"company": office.company, "job": ran.job, "error": ran.error, "skipped": ran.skipped, "result": ran.result}
        for office, ran in every
    ]
    rows = ((office.company, ran.job.value, _sentence(ran) or _summary(ran.result)) for office, ran in every)
    notes = filter(None, dict.fromkeys(cash_note(office) for office, _ in every))
    desk.out.result(told, table("", ("Company", "Job", "What it did"), rows), *notes)
    return max((_code(ran) for _, ran in every), default=ExitCode.DONE)


def _sentence(ran: Ran) -> str:
    return ran.error or ran.skipped


def _summary(result: object) -> str:
    """A job's result in a few words: its counts that are not zero."""
    if isinstance(result, tuple):
        return "; ".join(filter(None, map(_summary, result)))
    if isinstance(result, Reconciled):
        return result.state
    counts = [f"{name.replace('_', ' ')} {value}" for name, value in _counts(result)]
    return ", ".join(counts) or "nothing to do"


def _counts(result: object) -> list[tuple[str, int]]:
    names: list[str] = list(getattr(type(result), "__dataclass_fields__", ()))
    values = [(name, getattr(result, name)) for name in names] or [("done", result)]
    return [(name, value) for name, value in values if isinstance(value, int) and value]


def _code(ran: Ran) -> ExitCode:
    return ExitCode.LEDGER if ran.error or ran.skipped else ExitCode.DONE


def reconcile(desk: Desk) -> int:
    """Compare our open totals with the ledger's own, to the cent."""
    office = desk.office()
    work: Callable[[Office], object] = compare
    with desk.out.progress("Comparing with the ledger"):
        ran = run_job(office, Job.RECONCILE, work, now_please=True)
    if not isinstance(ran.result, Reconciled):
        desk.out.result(ran, _sentence(ran))
        return ExitCode.LEDGER
    result = ran.result
    currencies = sorted({*result.ours, *result.theirs})
    sums = ((each, result.ours.get(each, "–"), result.theirs.get(each, "–")) for each in currencies)
    shown = [
        table(
            f"{result.on}: {result.state}", ("Currency", "Ours", "The ledger's"), sums, right=("Ours", "The ledger's")
        )
    ]
    if result.differences:
        rows = ((each.name, each.ours, each.theirs, each.documents) for each in result.differences)
        columns = ("Customer", "Ours", "The ledger's", "Look at")
        shown.append(table("Differences", columns, rows, right=columns[1:3]))
    left = [f"The ledger's report leaves out: {', '.join(result.leaves_out)}."] if result.leaves_out else []
    desk.out.result({"state": result.state, **_plain(result)}, *shown, *left)
    return ExitCode.DONE if result.agrees else ExitCode.DIFFERS


def _plain(result: Reconciled) -> dict[str, object]:
    return {name: getattr(result, name) for name in type(result).__dataclass_fields__}


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    for name, function in (("sync", sync), ("run", run), ("reconcile", reconcile)):
        command(root, name)(function)
