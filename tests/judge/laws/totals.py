"""Never differ from the ledger by a cent: the reconciliation, and every figure of the closing table.

Amounts in `figures.json` are text by currency. A figure whose name `_own_figures` does not know is not judged.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.judge.amounts import told
from tests.judge.audit import Row
from tests.judge.evidence import Evidence
from tests.judge.law import Finding

_MOVING = timedelta(minutes=10)


def open_totals(evidence: Evidence, at: datetime, day: date) -> dict[str, Decimal]:
    """What is open in the books, credits taken off, by currency; documents dated after the day are left out."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for document in evidence.books.documents(at):
        if document.issue_date <= day:
            totals[document.currency] += document.open
    return {currency: amount for currency, amount in totals.items() if amount}


def reconciled(evidence: Evidence, finding: Finding) -> None:
    """Where the service says that it agrees with the ledger, both figures are those of the books."""
    for row in evidence.rows("reconciled"):
        if row.data.get("state") == "moving":
            continue
        finding.judge(*_differences(evidence, row))


def reconciled_daily(evidence: Evidence, finding: Finding) -> None:
    """On each day on which the service worked, its total was compared with the ledger's."""
    compared = {str(row.data.get("day")) for row in evidence.audit.of("reconciled")}
    for day in evidence.company.days:
        if evidence.judges(day) and day not in evidence.company.outage_days and not evidence.audit.is_halted(day):
            missing = day.isoformat() not in compared
            finding.judge(f"not reconciled: nothing was compared with the ledger on {day}" if missing else "")


def _differences(evidence: Evidence, row: Row) -> Iterator[str]:
    ours, theirs = _by_currency(evidence, row.data.get("ours")), _by_currency(evidence, row.data.get("theirs"))
    if ours != theirs:
        day = row.data.get("day")
        yield f"reconciliation: on {day} our open total is {_listed(ours)}, the ledger's {_listed(theirs)}"
    day = date.fromisoformat(str(row.data.get("day") or row.day))
    books = [open_totals(evidence, at, day) for at in (row.at, row.at - _MOVING)]
    if ours not in books:
        yield f"a cent off: on {day} the service's open total is {_listed(ours)}, the books say {_listed(books[0])}"


def _by_currency(evidence: Evidence, value: Any) -> dict[str, Decimal]:  # noqa: ANN401 - an amount, or one for each currency
    if isinstance(value, dict):
        found = {currency: told(amount, currency) for currency, amount in value.items()}
    else:
        found = {evidence.company.home_currency: told(value or "0", evidence.company.home_currency)}
    return {currency: amount for currency, amount in found.items() if amount}


def _listed(totals: dict[str, Decimal]) -> str:
    return ", ".join(f"{currency} {amount}" for currency, amount in sorted(totals.items())) or "nothing"


def figures(evidence: Evidence, finding: Finding) -> None:
    """Every figure of the closing table is what mails, notes, books and people's words add up to."""
    if not evidence.span.is_whole:
        return
    own = _own_figures(evidence)
    for name, stated in evidence.figures.items():
        if name in own:
            right = _same(evidence, stated, own[name])
            wrong = f"the table says {name} {_show(evidence, stated)}, and it is {_show(evidence, own[name])}"
            finding.judge("" if right else f"figure wrong: {wrong}")
    for name in ("open_at_start", "open_at_end", "reminders_sent", "promises_kept", "promises_broken", "notes"):
        if name not in evidence.figures:
            finding.judge(f"figure missing: the table does not say {name}")


def _own_figures(evidence: Evidence) -> dict[str, Any]:
    company, audit = evidence.company, evidence.audit
    states = [row.data["state"] for row in audit.of("promise_judged")]
    agreeing = {
        row.data.get("day")
        for row in audit.of("reconciled")
        if row.data.get("state") != "moving"
        and _by_currency(evidence, row.data.get("ours")) == _by_currency(evidence, row.data.get("theirs"))
    }
    before = company.start - timedelta(days=1)
    return {
        "open_at_start": open_totals(evidence, company.end_of(before), date.max),
        "open_at_end": open_totals(evidence, company.end_of(company.end), date.max),
        "reminders_sent": len({mail.reminder for mail in evidence.mails}),
        "mails_sent": len(evidence.mails),
        "promises_made": sum(1 for _ in audit.of("promise_made")),
        "promises_kept": states.count("kept"),
        "promises_partly_kept": states.count("partly_kept"),
        "promises_overtaken": states.count("overtaken"),
        "promises_broken": states.count("broken"),
        "disputes_flagged": sum(1 for _ in audit.of("dispute_flagged")),
        "disputes_opened": sum(1 for _ in audit.of("dispute_opened")),
        "notes": evidence.notes.count,
        "reconciled_days": len(agreeing),
        "days": len(company.days),
    }


def _same(evidence: Evidence, stated: Any, own: Any) -> bool:  # noqa: ANN401 - a count, or amounts by currency
    return bool(_by_currency(evidence, stated) == own if isinstance(own, dict) else stated == own)


def _show(evidence: Evidence, value: Any) -> str:  # noqa: ANN401 - a count, or amounts by currency
    return _listed(_by_currency(evidence, value)) if isinstance(value, dict) else str(value)
