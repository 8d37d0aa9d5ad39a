"""The account of an item, and what the service stated about it on a day."""

from datetime import date, datetime

from tests.judge.audit import Row
from tests.judge.books import Document
from tests.judge.evidence import Evidence
from tests.judge.families import party_of
from tests.judge.ladder import Cadence
from tests.judge.owed import is_another_party


def account_of(evidence: Evidence, document: Document, at: datetime) -> str:
    """The account that asks for a document: its family's, or that of the other party whose address it names."""
    root = evidence.families(at).root(document.customer)
    if is_another_party(evidence, document, at):
        return f"{root}|{','.join(sorted(document.emails))}"
    return root


def cadence_of(evidence: Evidence, account: str, day: date) -> Cadence:
    """The cadence that an account is on: the one that its last verdict names, else the default."""
    told = [row for row in evidence.audit.verdicts.get(account, ()) if row.day <= day and row.data.get("cadence")]
    return evidence.cadence(told[-1].data["cadence"] if told else "")


def standing_verdict(evidence: Evidence, account: str, day: date, *, before: bool = False) -> Row | None:
    """The verdict that speaks for an account on a day: that day's, or an older one that looks again only later.

    `before`: the older one alone, which spoke for it until it was looked at on that day.
    """
    told = evidence.audit.verdicts.get(_name(evidence, account), ())
    rows = [row for row in told if row.day < day or (row.day == day and not before)]
    if not rows:
        return None
    last = rows[-1]
    look_on = last.data.get("look_on")
    if last.day == day or look_on is None or date.fromisoformat(look_on) > day:
        return last
    return None


def _name(evidence: Evidence, account: str) -> str:
    """The account's name as the service spells it."""
    if account in evidence.audit.verdicts or not (party := party_of(account)):
        return account
    root = account.partition("|")[0]
    return next(
        (each for each in evidence.audit.verdicts if each.startswith(f"{root}|") and party_of(each) == party), account
    )


def code_for(verdict: Row, item: str) -> str:
    """The reason that a verdict states for an item."""
    items = verdict.data.get("items") or {}
    return str(items.get(item) or (verdict.data.get("reason", "") if not items else ""))
