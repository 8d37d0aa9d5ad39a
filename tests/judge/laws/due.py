"""Always be able to say why: each due step is sent, or a true reason is stated, within a day of becoming due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.judge.accounts import account_of, cadence_of, code_for, standing_verdict
from tests.judge.audit import Row
from tests.judge.books import Document
from tests.judge.company import ONE_DAY
from tests.judge.evidence import Evidence
from tests.judge.law import Finding
from tests.judge.progress import Place, is_due, place_of, reopened_on
from tests.judge.truth import SENDING, WAITING, Stated, untrue

_DEFERRED = timedelta(days=4)  # a message that waits for the customer's hours, over a week-end and a holiday
_MORNING = timedelta(hours=8)
_STALE = "earlier day"  # planned yesterday and decided again today: no reason for anything
_SETTLING = timedelta(days=31)  # what was open again after it was settled waits for a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An item whose step was due on a day, to be answered on one of `days`."""

    document: Document
    account: str
    place: Place
    days: tuple[date, ...]


def sent_or_said_why(evidence: Evidence, finding: Finding) -> None:
    """Every item, every working day."""
    named: set[str] = set()
    for day in evidence.company.days:
        days = _answer_days(evidence, day)
        if not days or not evidence.judges(days[-1]):
            continue
        for case in _due_on(evidence, days):
            if case.document.item in named:
                continue
            silence = _silence(evidence, case)
            if silence:
                named.add(case.document.item)
            finding.judge(silence)


def _works(evidence: Evidence, day: date) -> bool:
    company = evidence.company
    return company.is_working(day) and day not in company.outage_days


def _answer_days(evidence: Evidence, day: date) -> tuple[date, ...]:
    """The day and the next one on which the service works; none where the day does not count, or the month ends."""
    if not _works(evidence, day) or _mode(evidence, day) == "dry_run":
        return ()
    following = day + ONE_DAY
    while not _works(evidence, following):
        following += ONE_DAY
    return (day, following) if following <= evidence.company.end else ()


def _mode(evidence: Evidence, day: date) -> str:
    """The mode in which the working day began."""
    mode = "automatic"
    morning = evidence.company.end_of(day - ONE_DAY) + _MORNING
    for place, row in enumerate(evidence.audit.by_kind.get("mode_changed", ())):
        if place == 0:
            mode = str(row.data.get("from") or "dry_run")
        if row.at <= morning:
            mode = str(row.data.get("to") or row.data.get("mode"))
    return mode


def _due_on(evidence: Evidence, days: tuple[date, ...]) -> list[Case]:
    morning, evening = evidence.company.end_of(days[0] - ONE_DAY), evidence.company.end_of(days[-1])
    cases = []
    for ref, _ in evidence.books.histories():
        document = evidence.books.document(ref, morning)
        if document is None or not document.can_be_asked or document.due_date - days[0] > timedelta(days=30):
            continue
        if not _stays(evidence, document, morning, evening):
            continue
        case = _case(evidence, document, days, morning)
        if case is not None:
            cases.append(case)
    return cases


def _stays(evidence: Evidence, document: Document, morning: datetime, evening: datetime) -> bool:
    """Whether it was open and due on the same day throughout, and not settled and opened again lately."""
    for at in evidence.books.moments([document.ref], morning, evening):
        state = evidence.books.document(document.ref, at)
        if state is None or not state.can_be_asked or state.due_date != document.due_date:
            return False
    reopened = reopened_on(evidence, document.ref, evidence.company.day_of(evening))
    return reopened is None or evidence.company.day_of(evening) - reopened > _SETTLING


def _case(evidence: Evidence, document: Document, days: tuple[date, ...], morning: datetime) -> Case | None:
    account = account_of(evidence, document, morning)
    place = place_of(evidence, document, cadence_of(evidence, account, days[0]), days[0])
    if not is_due(evidence, document, account, place, days[0]):
        return None
    if place.cadence.steps[place.standing.index].is_heads_up and document.due_date <= days[-1]:
        return None
    return Case(document=document, account=account, place=place, days=days)


def _silence(evidence: Evidence, case: Case) -> str:
    """The sentence for a step that was neither sent nor excused; empty where it was."""
    if _was_taken(evidence, case):
        return ""
    said = ""
    for day in case.days:
        excused, wrong = _excuse(evidence, case, day)
        if excused:
            return ""
        said = said or wrong
    step = case.place.cadence.steps[case.place.standing.index]
    item = f"{case.document.item} ({case.document.number}) of account {case.account}"
    return f"due and not sent: {item} was due for {step.id} on {case.days[0]}, and {said or 'no reason is stated'}"


def _was_taken(evidence: Evidence, case: Case) -> bool:
    first, last = case.days[0], case.days[-1]
    return any(first <= each.day <= last for each in evidence.audit.by_item.get(case.document.item, ()))


def _excuse(evidence: Evidence, case: Case, day: date) -> tuple[bool, str]:
    """Whether a true reason is stated for the day, and if not, what was stated instead."""
    if _paused(evidence, day) or _is_off(evidence, case, day) or _waits_elsewhere(evidence, case, day):
        return True, ""
    said = ""
    for account, verdict in _stated(evidence, case, day):
        wrong = _wrong(evidence, case, account, verdict, day)
        if wrong is None:
            return True, ""
        said = said or wrong
    return False, said


def _stated(evidence: Evidence, case: Case, day: date) -> Iterator[tuple[str, Row]]:
    """What was stated on a day, the last word first: for its account of the morning, and for that of the evening.

    The first word is that of an earlier day that still stood in the morning.
    """
    for account in _accounts(evidence, case, day):
        standing = standing_verdict(evidence, account, day)
        if standing is not None:
            yield account, standing
        for row in reversed(evidence.audit.verdicts.get(account, [])):
            if row.day == day and row is not standing:
                yield account, row
        earlier = standing_verdict(evidence, account, day, before=True)
        if earlier is not None and earlier is not standing:
            yield account, earlier


def _accounts(evidence: Evidence, case: Case, day: date) -> tuple[str, ...]:
    """The item's account of the morning, and that of the evening."""
    evening = evidence.company.end_of(day)
    now = evidence.books.document(case.document.ref, evening) or case.document
    return tuple(dict.fromkeys((case.account, account_of(evidence, now, evening))))


def _wrong(evidence: Evidence, case: Case, account: str, verdict: Row, day: date) -> str | None:
    """What is wrong with the reason that a verdict states; None where it is true."""
    code = code_for(verdict, case.document.item)
    if code in SENDING:
        return f"the verdict of {verdict.day} says {code}, but no message left"
    if code not in WAITING:
        return ""
    stated = Stated(
        evidence=evidence,
        account=account,
        root=evidence.families(verdict.at).root(case.document.customer),
        document=case.document,
        place=case.place,
        day=day,
        ats=(evidence.company.end_of(day - ONE_DAY), evidence.company.end_of(day), verdict.at),
        verdict=verdict,
    )
    why = untrue(code, stated)
    return f"the reason stated on {verdict.day}, {code}, is not true: {why}" if why else None


def _paused(evidence: Evidence, day: date) -> bool:
    return evidence.audit.is_halted(day) or any(row.day == day for row in evidence.audit.of("service_down"))


def _is_off(evidence: Evidence, case: Case, day: date) -> bool:
    """Whether nobody works where the customer is, by whose clock it may be the next day already."""
    at = evidence.company.end_of(day)
    customer = evidence.books.customer(evidence.families(at).root(case.document.customer), at)
    if customer is None:
        return False
    return not evidence.company.days_off.get(f"{customer.country}-{customer.region}", frozenset()).isdisjoint(
        {day, day + ONE_DAY}
    )


def _waits_elsewhere(evidence: Evidence, case: Case, day: date) -> bool:
    """A draft for a person's eyes, a message that waits for the customer's hours, a cancelled one, a person's task."""
    accounts = _accounts(evidence, case, day)
    for row in evidence.audit.of("reminder_cancelled", "dispatch_refused"):
        stale = _STALE in str(row.data.get("reason", ""))
        if row.account in accounts and row.day == day and not stale:
            return True
    for row in evidence.audit.of("reminder_planned"):
        if row.account not in accounts or not row.day <= day <= row.day + _DEFERRED:
            continue
        if not _names(row.data.get("items"), case.document.item):
            continue
        said = evidence.audit.said.get(row.subject)
        if (said is not None and said.day >= day) or (row.data.get("state") == "draft" and _needs_eyes(evidence, day)):
            return True
    return any(
        row.day == day and case.document.item in (row.data.get("items") or ())
        for row in evidence.audit.of("task_opened")
    )


def _needs_eyes(evidence: Evidence, day: date) -> bool:
    """Whether drafts wait for a person: in review mode, or when nobody has entered a payment for two working days."""
    if _mode(evidence, day) == "review" or _mode(evidence, day + ONE_DAY) == "review":
        return True
    since = day - timedelta(days=3)
    entered = {evidence.company.day_of(at) for at in evidence.books.cash_entered()}
    return not any(since < each < day and evidence.company.is_working(each) for each in entered)


def _names(items: object, item: str) -> bool:
    return isinstance(items, list) and any(isinstance(each, dict) and each.get("item") == item for each in items)
