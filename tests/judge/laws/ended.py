"""After the last step a person is told, once; and a person's step has its days."""

from datetime import date, timedelta

from tests.judge.accounts import account_of, cadence_of
from tests.judge.audit import Row, Taken
from tests.judge.books import ZERO, Document
from tests.judge.company import ONE_DAY
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of
from tests.judge.law import Finding
from tests.judge.owed import free_credit
from tests.judge.progress import document_of, is_held, place_of, reopened_on, restarted_on
from tests.judge.truth import asked_of_account

_SLACK = timedelta(days=5)  # a week-end, a holiday and an outage


def told_once(evidence: Evidence, finding: Finding) -> None:
    """An item that took its last step and stayed open has one task for it; no other item has one."""
    last_day = evidence.company.end
    for item, steps in evidence.audit.by_item.items():
        if not _is_looked_at(evidence, item, steps[-1]):
            continue
        document = evidence.books.document(document_of(item), evidence.company.end_of(last_day))
        tasks = evidence.audit.ends_told.get(item, [])
        anew = restarted_on(evidence, document_of(item), last_day) or reopened_on(evidence, document_of(item), last_day)
        if len(tasks) > 1 and not anew:
            finding.judge(f"told twice: the end of the ladder of {item} made {len(tasks)} tasks")
        elif tasks:
            finding.judge(_told_too_soon(evidence, item, tasks[-1]))
        elif document is not None and document.can_be_asked and not anew and _is_long_over(evidence, document):
            finding.judge(f"nobody told: the ladder of {item} ({document.number}) ended, and no task says so")


def _is_looked_at(evidence: Evidence, item: str, last: Taken) -> bool:
    """All of them at the end; before, those of which a person was told, and those that took a last step."""
    if evidence.span.is_whole or any(evidence.judges(row.day) for row in evidence.audit.ends_told.get(item, ())):
        return True
    return any(cadence.steps[-1].id == last.step_id for cadence in evidence.cadences.values())


def _told_too_soon(evidence: Evidence, item: str, task: Row) -> str:
    document = evidence.books.document(document_of(item), task.at)
    if document is None:
        return f"told in vain: a task says that the ladder of {item} ended, which is not in the books"
    place = place_of(evidence, document, cadence_of(evidence, task.account, task.day), task.day, task.seq)
    return "" if place.has_ended else f"told too soon: a task of {task.day} says that the ladder of {item} ended"


def _is_long_over(evidence: Evidence, document: Document) -> bool:
    last_day = evidence.company.end
    account = account_of(evidence, document, evidence.company.end_of(last_day))
    place = place_of(evidence, document, cadence_of(evidence, account, last_day), last_day)
    if not place.has_ended or place.last is None:
        return False
    days = [place.last.day + n * ONE_DAY for n in range((last_day - place.last.day).days + 1)]
    asked = (day for day in days if not is_held(evidence, document, account, day))
    waited = sum(_is_asked(evidence, document, account, day) for day in asked)
    return timedelta(days=waited) > timedelta(days=place.cadence.escalate_days) + _SLACK


def _is_asked(evidence: Evidence, document: Document, account: str, day: date) -> bool:
    """Whether the account was so much past due on a day, in the document's currency, as to be asked at all, credits
    taken off.
    """
    at, currency = evidence.company.end_of(day), document.currency
    credit = free_credit(evidence, evidence.families(at).root(customer_of(account)), at).get(currency, ZERO)
    asked = asked_of_account(evidence, account, currency, day, at) - credit
    return asked > 0 and asked >= cadence_of(evidence, account, day).minimum.get(currency, ZERO)


def person_had_time(evidence: Evidence, finding: Finding) -> None:
    """A person's step counts as not made only after its days have passed."""
    opened = [row for row in evidence.audit.of("task_opened") if row.data.get("kind") == "step"]
    for taken in evidence.audit.taken:
        if taken.how != "not_made" or not evidence.judges(taken.day):
            continue
        days = cadence_of(evidence, taken.account, taken.day).task_days
        given = [row.day for row in opened if taken.item in row.data.get("items", ()) and row.day <= taken.day]
        short = not given or (taken.day - given[-1]).days < days
        finding.judge(f"no time given: {taken.item} counts {taken.step_id} as not made on {taken.day}" if short else "")
