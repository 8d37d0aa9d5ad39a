"""The history was not changed afterwards: its hash chain verifies."""

from tests.judge.chain import broken_links
from tests.judge.evidence import Evidence
from tests.judge.law import Finding


def verifies(evidence: Evidence, finding: Finding) -> None:
    """Every row follows from the row before it."""
    for sentence in broken_links(evidence.audit.raw, evidence.span.first_row):
        finding.judge(f"broken chain: {sentence}")
    finding.cases = len(evidence.audit.raw) - evidence.span.first_row
