"""Looking: `status`, `plan`, `why`, `aging`. Nothing here changes anything."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

import typer
from sqlalchemy import select

from adapters.money import Money
from connector import remarks, reports
from connector.bootstrap import metered_calls
from connector.commands.desk import Desk, Refused, command
from connector.commands.find import find_customer
from connector.commands.output import Shown, pairs, table
from connector.commands.words import Customer, parse_day, plural
from connector.office import Office
from connector.planning import Judged
from connector.remind import plan as plan_reminders
from connector.reports import Aged
from connector.status import Status, status_of
from connector.store.companies import public_name
from connector.store.tables import item
from connector.why import Why, why_on, why_today
from reminders.decision import Outcome


def status(desk: Desk) -> None:
    """Show how things stand: mode, jobs, what waits for a person, what could not be read."""
    every = []
    for office in desk.offices():
        with office.database.read() as connection:
            calls = metered_calls(connection, office.row(connection), office.now())
        every.append(status_of(office, metered_calls=calls, monthly_budget=desk.settings.quickbooks.monthly_budget))
    desk.out.result(every, *(part for each in every for part in _shown(each)))


def _shown(each: Status) -> Iterable[Shown]:
    yield pairs(
        f"{each.name} ({each.company})",
        {
            "Mode": each.mode.replace("_", " "),
            "Paused": each.paused_because,
            "On /healthz": public_name(each.company),
            "Today": f"{each.today} ({each.zone})",
            "Last sync": each.synced_at or "never: run `duecourse sync`",
            "Out of quota until": each.out_of_quota_until,
            "Metered calls": f"{each.metered_calls:,} of {each.monthly_budget:,} this month",
            "Cash": each.cash_note,
            "Drafts": plural(each.drafts, "draft waits", "drafts wait"),
            "Ready to leave": each.ready,
            "Open tasks": each.open_tasks or "none",
            "Notes to write": each.entries or "none",
            "Reconciled": f"{each.reconciled_on}: {each.reconciliation}" if each.reconciled_on else "never",
        },
    )
    rows = ((job.job, job.last_success_at, job.failures or "", job.waits_until, job.last_error) for job in each.jobs)
    yield table("Jobs", ("Job", "Last success", "Failures", "Waits until", "Last error"), rows)
    if each.uncertain:
        unsure = ((one.reminder[:8], one.address, one.since, one.subject) for one in each.uncertain)
        yield table("Uncertain: `duecourse settle`", ("Reminder", "Address", "Since", "Subject"), unsure)
    if each.problems:
        unread = ((one.ref, one.kind, one.since, one.text) for one in each.problems)
        yield table("Could not be read", ("Row", "Kind", "Since", "Why"), unread)


# -- plan


def plan(
    desk: Desk,
    customer: Annotated[str, typer.Argument(metavar="[CUSTOMER]", help="Only this one.")] = "",
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every account with open items, not only those due today.")
    ] = False,
) -> None:
    """Show what would be sent today, per customer, and why or why not; nothing is sent."""
    office = desk.office()
    told = planned(desk, office, _accounts(office, customer, every=every))
    desk.out.result(told, *plan_shown(told))


def _accounts(office: Office, customer: str, *, every: bool) -> list[str] | None:
    with office.database.read() as connection:
        if customer:
            return list(find_customer(connection, office.company, customer).accounts)
        if every:
            where = (item.c.company == office.company) & (item.c.open_minor > 0)
            return list(connection.scalars(select(item.c.account).where(where).distinct()))
    return None


def planned(desk: Desk, office: Office, accounts: Sequence[str] | None = None) -> list[dict[str, object]]:
    """What would be decided today, as plain data."""
    with desk.out.progress("Deciding") as tick:
        told = []
        for count, judged in enumerate(plan_reminders(office, accounts), start=1):
            told.append(_told(judged) | {"warnings": _warnings(office, judged)})
            tick(count, 0)
    return told


def _warnings(office: Office, judged: Judged) -> list[str]:
    """What the ledger says beside what a message would ask for."""
    message = judged.decision.message
    if message is None:
        return []
    documents = [line.item.document for line in (*message.about, *message.also)]
    with office.database.read() as connection:
        return remarks.warnings(connection, office.company, judged.loaded.account.customer, documents)


def _told(judged: Judged) -> dict[str, object]:
    decision, account, message = judged.decision, judged.loaded.account, judged.decision.message
    return {
        "account": account.ref,
        "name": account.name,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "sentence": decision.sentence,
        "hold": decision.hold,
        "facts": decision.facts,
        "step": message.step_id if message else None,
        "asked": [each.asked for each in message.amounts] if message else [],
        "invoices": [line.item.number for line in (*message.about, *message.also)] if message else [],
        "recipients": list(message.recipients) if message else [],
        "cadence": judged.cadence.name if account.cadence_assigned else None,
        "cadence_version": judged.cadence.version if account.cadence_assigned else None,
        "figures_at": account.figures_at,
        "look_on": decision.look_on,
    }


def plan_shown(told: Sequence[dict[str, object]]) -> Iterable[Shown]:
    """The plan for a person: what would go, then why the others would not."""
    going = [each for each in told if each["outcome"] is Outcome.REMIND]
    others = [each for each in told if each["outcome"] is not Outcome.REMIND]
    if going:
        columns = ("Customer", "Step", "Asked", "Invoices", "To", "Why", "Ledger")
        names = ("name", "step", "asked", "invoices", "recipients", "sentence", "warnings")
        rows = ([each[name] for name in names] for each in going)
        yield table(f"{plural(len(going), 'message')} would go", columns, rows, right=("Asked",), seldom="Ledger")
    if others:
        rows = ([each["name"], each["outcome"], each["hold"], each["sentence"], each["look_on"]] for each in others)
        headings = ("Customer", "Outcome", "Hold", "Why", "Looked at again")
        yield table(f"{plural(len(others), 'account')} without a message", headings, rows)
    if not told:
        yield "Nobody is due to be looked at today. --all shows everybody with open items."


# -- why


def why(
    desk: Desk,
    customer: Customer,
    *,
    day: Annotated[date | None, typer.Option(parser=parse_day, help="An earlier day (default: today).")] = None,
) -> None:
    """Say why a customer is, or is not, written to: the verdict, its facts, item by item, and what was said."""
    office = desk.office()
    with office.database.read() as connection:
        whose = find_customer(connection, office.company, customer)
    past = day is not None and day < office.today()
    answers = [why_on(office, each, day) if past and day else why_today(office, each) for each in whose.accounts]
    told = [each for each in answers if each is not None]
    if not told:
        when = f" on {day}" if past else ""
        raise Refused(f"Nothing was decided about {whose.name}{when}: it has no open items, or was not looked at.")
    desk.out.result(told, *(part for each in told for part in _because(each)))


def _because(each: Why) -> Iterable[Shown]:
    yield pairs(
        f"{each.name} ({each.account}), {each.day}",
        {
            "Verdict": f"{each.outcome} — {each.sentence} [{each.reason}]",
            "Hold": each.hold,
            "Facts": each.facts,
            "Asked": each.asked,
            "To": each.recipients,
            "May leave": each.leaves,
            "Cadence": f"{each.cadence} (version {each.cadence_version})" if each.cadence else "none: opted out",
            "Ledger": each.remark,
            "Figures of": each.figures_at,
            "Looked at again": each.look_on,
        },
    )
    if each.items:
        columns = ("Invoice", "Due", "Days", "Open", "Last step", "Why", "Ledger")
        rows = (
            (
                one.number,
                one.due_date,
                one.days_past_due,
                one.open,
                one.last_step,
                f"{one.sentence} [{one.reason}]",
                one.remark,
            )
            for one in each.items
        )
        yield table("Items", columns, rows, right=("Days", "Open"), seldom="Ledger")
    if each.holds:
        rows_ = ((one.kind, one.begins, one.ends, one.reason, one.items) for one in each.holds)
        yield table("Holds", ("Kind", "From", "Until", "Reason", "Items"), rows_)
    if each.left_out:
        yield table(
            "Left out of what is asked",
            ("Why", "Lines", "Amount", "Documents"),
            ((one.reason, one.lines, one.amounts, one.documents) for one in each.left_out),
            right=("Lines", "Amount"),
        )
    if each.not_told:
        yield f"What is left out of the account could not be asked: {each.not_told}"
    if each.happened:
        yield table("What was said", ("When", "What", "Text"), ((one.at, one.what, one.text) for one in each.happened))


# -- aging


def aging(
    desk: Desk,
    *,
    on: Annotated[
        date | None, typer.Option("--on", parser=parse_day, help="Aged as of this day (default: today).")
    ] = None,
) -> None:
    """Show what is open by age, per customer and currency; currencies are never added."""
    office = desk.office()
    day = on or office.today()
    with office.database.read() as connection:
        aged = reports.aging(connection, office.company, day)
    sums = reports.totals(aged)
    columns = ("Customer", *reports.BUCKETS, "Credit", "Total")
    shown = table(f"Aged as of {day}", columns, map(_row, [*aged, *sums]), right=columns[1:])
    desk.out.result({"on": day, "customers": aged, "totals": sums}, shown if aged else "Nothing is open.")


def _row(each: Aged) -> list[str]:
    amounts = [*each.buckets.values(), each.credit]
    return [each.name, *(_short(money) for money in amounts), str(each.total)]


def _short(money: Money) -> str:
    return f"{money.amount:,f}" if money else "–"


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    for name, function in (("status", status), ("plan", plan), ("why", why), ("aging", aging)):
        command(root, name)(function)
