"""The jobs, when a person asks for them: `sync`, `run`, `reconcile`."""

from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from adapters.money import Money
from connector import elsewhere
from connector.commands.desk import Desk, ExitCode, Refused, command
from connector.commands.output import Shown, table
from connector.commands.words import parse_currency, parse_total, plural
from connector.elsewhere import Compared
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


def reconcile(
    desk: Desk,
    *,
    against: Annotated[
        str, typer.Option("--against", metavar="AMOUNT", help="A total that you read elsewhere, like 54830.19.")
    ] = "",
    currency: Annotated[
        str | None, typer.Option(parser=parse_currency, help="Of that total, where several are open.")
    ] = None,
) -> int:
    """Compare our open totals with the ledger's own, to the cent, and with a total that you read elsewhere."""
    office = desk.office()
    read = _read_elsewhere(office, against, currency)
    work: Callable[[Office], object] = compare
    with desk.out.progress("Comparing with the ledger"):
        ran = run_job(office, Job.RECONCILE, work, now_please=True)
    if not isinstance(ran.result, Reconciled):
        desk.out.result(ran, _sentence(ran))
        return ExitCode.LEDGER
    result = ran.result
    compared = None if read is None else elsewhere.compare(office, result, read)
    told = {"state": result.state, **_plain(result)} | ({"against": _told(compared)} if compared else {})
    desk.out.result(told, *_reconciled(result), *(_compared(compared) if compared else ()))
    return ExitCode.DONE if result.agrees and (compared is None or compared.agrees) else ExitCode.DIFFERS


def _read_elsewhere(office: Office, amount: str, currency: str | None) -> Money | None:
    """The total that a person read, in its currency. Raises `Refused`."""
    if not amount:
        if currency:
            raise Refused("--currency is of a total that you read elsewhere: say which with --against.")
        return None
    known = elsewhere.currencies(office)
    if currency is None and len(known) > 1:
        raise Refused(f"Open items are in {', '.join(known)}: say with --currency in which one your total is.")
    return parse_total(amount, currency or known[0])


def _reconciled(result: Reconciled) -> Iterable[Shown]:
    currencies = sorted({*result.ours, *result.theirs})
    sums = ((each, result.ours.get(each, "–"), result.theirs.get(each, "–")) for each in currencies)
    right = ("Ours", "The ledger's")
    yield table(f"{result.on}: {result.state}", ("Currency", *right), sums, right=right)
    if result.differences:
        rows = ((each.name, each.ours, each.theirs, each.documents) for each in result.differences)
        yield table("Differences", ("Customer", *right, "Look at"), rows, right=right)
    if result.leaves_out:
        yield f"The ledger's report leaves out: {', '.join(result.leaves_out)}."


def _compared(compared: Compared) -> Iterable[Shown]:
    """A total read elsewhere beside ours; where they differ, what might account for it, and what is worth a look."""
    yield elsewhere.words_of(compared)
    if compared.agrees:
        return
    ours = compared.ours
    if compared.choices:
        rows = ((each.words, each.amount, ours + each.amount) for each in compared.choices)
        yield table("What others count otherwise", ("Ours", "Amount", "Would be"), rows, right=("Amount", "Would be"))
    if compared.suspects:
        yield table("Look at", ("What", "Why"), ((each.what, each.why) for each in compared.suspects))
    yield (
        f"Is your total of this company alone, of all its customers, of open items as of {compared.on}, and in "
        f"{ours.currency} as invoiced? Payments and invoices entered since then are in ours."
    )


def _told(compared: Compared) -> dict[str, object]:
    return {"agrees": compared.agrees, "difference": compared.difference, **_plain(compared)}


def _plain(result: Reconciled | Compared) -> dict[str, object]:
    return {name: getattr(result, name) for name in type(result).__dataclass_fields__}


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    for name, function in (("sync", sync), ("run", run), ("reconcile", reconcile)):
        command(root, name)(function)
