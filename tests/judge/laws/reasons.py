"""Stated reasons are true: each verdict is set against books, mails and what people said."""

from datetime import timedelta

from tests.judge.audit import Row
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of
from tests.judge.law import Finding
from tests.judge.progress import document_of, place_of
from tests.judge.truth import SENDING, Stated, untrue

_SEEN_LATE = timedelta(days=1)  # the figures of a verdict may be a day old


def verdicts_are_true(evidence: Evidence, finding: Finding) -> None:
    """The reason for each item of each verdict."""
    for account, verdicts in evidence.audit.verdicts.items():
        for verdict in verdicts:
            if not evidence.judges(verdict.day):
                continue
            for item, code in (verdict.data.get("items") or {}).items():
                finding.judge(_untrue(evidence, account, verdict, item, code))


def _untrue(evidence: Evidence, account: str, verdict: Row, item: str, code: str) -> str:
    document = evidence.books.document(document_of(item), verdict.at)
    if document is None:
        return f"reason not true: {code} of {verdict.day} on account {account} is for {item}, which is not in the books"
    if code in SENDING:
        return ""
    cadence = evidence.cadence(str(verdict.data.get("cadence") or ""))
    stated = Stated(
        evidence=evidence,
        account=account,
        root=evidence.families(verdict.at).root(customer_of(account)),
        document=document,
        place=place_of(evidence, document, cadence, verdict.day, verdict.seq, verdict.at),
        day=verdict.day,
        ats=(verdict.at, verdict.at - _SEEN_LATE),
        verdict=verdict,
    )
    why = untrue(code, stated)
    return f"reason not true: {code} for {item} of account {account} on {verdict.day}: {why}" if why else ""
