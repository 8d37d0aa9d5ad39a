"""The demo as a person sees it: a bar while it plays, and a table that a finance person understands."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from adapters.sandbox.behaviour import AT_LEAST
from adapters.sandbox.month.stage import DAYS
from connector.clock import SystemClock
from connector.demo.evidence import Evidence
from connector.demo.play import play
from connector.demo.stand import STANDS
from connector.logs import configure_logs

_MOST_REASONS = 8


def show(out: Path, *, seed: int, ledger: str, console: Console, stay: Callable[[str], None] | None = None) -> bool:
    """Plays the month with a bar, prints the table, and tells whether all went as it should.

    `stay` is called at the end with the address at which the books still answer as `ledger` does.
    """
    configure_logs("WARNING", SystemClock())
    told: list[bool] = []

    def afterwards(evidence: Evidence, url: str) -> None:
        told.append(_tell(evidence, console))
        if stay:
            stay(url)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(f"A month at Larkfield Supply Company, {STANDS[ledger].title}", total=DAYS)

        def progress(day: date, number: int, mails: int) -> None:
            bar.update(task, completed=number, description=f"{day:%a %d %b} · {mails} mails")
            if number == DAYS:
                bar.stop()

        play(out, seed=seed, ledger=ledger, progress=progress, afterwards=afterwards)
    return told[0]


def _tell(evidence: Evidence, console: Console) -> bool:
    console.print(_money_table(evidence))
    console.print(_work_table(evidence))
    console.print(_behaviour_table(evidence))
    return _verdict(evidence, console)


def _money_table(evidence: Evidence) -> Table:
    table = Table(title="Open receivables", title_justify="left")
    table.add_column("Currency")
    for name in ("at the start", "at the end"):
        table.add_column(name, justify="right")
    start, end = evidence.figures["open_at_start"], evidence.figures["open_at_end"]
    for currency in sorted({*start, *end}):
        table.add_row(currency, _grouped(start.get(currency, "0.00")), _grouped(end.get(currency, "0.00")))
    return table


def _grouped(amount: str) -> str:
    whole, _, cents = amount.partition(".")
    return f"{int(whole):,}.{cents}"


def _work_table(evidence: Evidence) -> Table:
    figures = evidence.figures
    table = Table(title="What Duecourse did", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = [
        ("Reminders sent", figures["reminders_sent"]),
        ("… of them lowered at the last moment", evidence.lowered),
        ("Reminders stopped before they left", sum(evidence.stopped.values())),
        *((f"  {why}", count) for why, count in evidence.stopped.most_common(_MOST_REASONS)),
        ("Promises taken down", figures["promises_made"]),
        ("  kept", figures["promises_kept"]),
        ("  partly kept", figures["promises_partly_kept"]),
        ("  broken", figures["promises_broken"]),
        ("  overtaken by a credit or a void", figures["promises_overtaken"]),
        ("Disputes flagged by the machine", figures["disputes_flagged"]),
        ("Disputes opened by a person", figures["disputes_opened"]),
        ("Notes written into the ledger", figures["notes"]),
        ("Commands typed by the collector", evidence.commands),
        ("Calls to the ledger's API", figures["api_calls"]),
        ("  of them metered", figures["metered_calls"]),
        ("Days on which cash seemed not to be posted", len(evidence.cash_notes)),
    ]
    for what, count in rows:
        table.add_row(what, f"{count:,}")
    return table


def _behaviour_table(evidence: Evidence) -> Table:
    table = Table(title="What customers and bookkeepers did", title_justify="left")
    for _ in range(2):
        table.add_column("behaviour")
        table.add_column("seen", justify="right")
    cells = [(each.value.replace("_", " "), str(evidence.behaviours.get(each.value, 0))) for each in AT_LEAST]
    half = (len(cells) + 1) // 2
    for left, right in zip(cells[:half], [*cells[half:], ("", "")][:half], strict=True):
        table.add_row(*left, *right)
    return table


def _verdict(evidence: Evidence, console: Console) -> bool:
    days, agreeing = len(evidence.month.days), evidence.agreeing_days
    off = len(evidence.month.outage_days)
    console.print(f"Reconciled to the cent on {agreeing} of {days - off} days (the service was off for {off} more).")
    faults = [
        *(f"A job failed: {each}" for each in dict.fromkeys(evidence.failed_jobs)),
        *(f"A command was refused: {each}" for each in evidence.failed_commands),
        *(f"The month shows “{name}” {count} times too few." for name, count in evidence.missing.items()),
    ]
    if agreeing != days - off:
        faults.append("The ledger's totals differed on some days.")
    for each in faults:
        console.print(f"[red]{each}[/red]")
    return not faults
