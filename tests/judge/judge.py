"""The judge: reads what a month left behind and says which promises of the service were broken."""

from dataclasses import dataclass
from pathlib import Path

from tests.judge.evidence import Evidence, load
from tests.judge.law import Finding, Law
from tests.judge.laws import chain, doubled, due, ended, money, promises, quiet, reasons, steps, totals, words

LAWS = (
    Law("No mail twice to a recipient", doubled.mails_once),
    Law("No step of an item twice", doubled.steps_once),
    Law("Mails and history agree", doubled.mails_and_history_agree),
    Law("Nobody asked who had paid", money.not_paid),
    Law("Amounts asked to the cent", money.to_the_cent),
    Law("Currencies never added", money.currencies_apart),
    Law("Nothing undue asked as past due", steps.nothing_undue_is_asked),
    Law("Steps in order, none passed over", steps.in_order),
    Law("No step too early", steps.not_too_early),
    Law("The gap between messages", quiet.gap_between_messages),
    Law("Weekly and monthly caps", quiet.caps),
    Law("One message a day to an address", quiet.address_once_a_day),
    Law("A family asked once", quiet.families_are_asked_once),
    Law("Addressed to its own", quiet.addressed_to_its_own),
    Law("Promises heeded", promises.heeded),
    Law("Promises judged by payments", promises.judged_by_payments),
    Law("A note for each message", words.said_is_noted),
    Law("A note for each agreement", words.agreed_is_noted),
    Law("Notes explained, keys unique", words.notes_are_explained),
    Law("Each due step sent or explained", due.sent_or_said_why),
    Law("The end of a ladder told once", ended.told_once),
    Law("A person's step has its days", ended.person_had_time),
    Law("Stated reasons true", reasons.verdicts_are_true),
    Law("Reconciled with the books", totals.reconciled),
    Law("Reconciled every day", totals.reconciled_daily),
    Law("The closing table's figures", totals.figures),
    Law("The hash chain", chain.verifies),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many cases each law judged, and one sentence for each promise broken."""

    cases: dict[str, int]
    broken: list[str]

    @property
    def is_kept(self) -> bool:
        """Whether every promise was kept, and every law had something to judge."""
        return not self.broken


def judge(folder: Path) -> Verdict:
    """Judges the month in a folder. Raises `OSError` or `ValueError` where a part of it is missing or unreadable."""
    verdict = judged(load(folder))
    empty = [law.name for law in LAWS if not verdict.cases[law.name] and not law.may_be_empty]
    nothing = [f"nothing to judge: the month holds no case of “{name}”" for name in empty]
    return Verdict(verdict.cases, verdict.broken + nothing)


def judged(evidence: Evidence) -> Verdict:
    """Judges the span of some evidence by every law."""
    cases: dict[str, int] = {}
    broken: list[str] = []
    for law in LAWS:
        finding = Finding()
        law.check(evidence, finding)
        cases[law.name] = finding.cases
        broken.extend(each for each in finding.broken if each not in broken)
    return Verdict(cases, broken)
