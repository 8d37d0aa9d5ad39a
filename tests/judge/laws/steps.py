"""The ladder: steps one by one in their order, none too early, a heads-up only before the due date."""

from collections import defaultdict
from datetime import date

from tests.judge.accounts import cadence_of
from tests.judge.audit import Taken
from tests.judge.books import Document
from tests.judge.evidence import Evidence
from tests.judge.ladder import Cadence, earliest
from tests.judge.law import Finding
from tests.judge.messages import Message
from tests.judge.progress import document_of, place_of, reopened_on, restarted_on


def in_order(evidence: Evidence, finding: Finding) -> None:
    """Steps after the due date are taken one by one, none passed over, and a cycle begins anew only with a cause."""
    ladders: dict[tuple[str, int], list[Taken]] = defaultdict(list)
    for taken in evidence.audit.taken:
        ladders[taken.item, taken.cycle].append(taken)
    for (item, cycle), steps in ladders.items():
        if not any(evidence.judges(each.day) for each in steps):
            continue
        finding.judge(_cause(evidence, item, cycle, steps[0].day))
        for place, taken in enumerate(steps):
            if taken.undone:
                continue
            standing = [each for each in steps[:place] if each.stands(taken.day, taken.seq)]
            before = standing[-1] if standing else None
            if taken.how != "carried":
                finding.judge(_out_of_order(_cadence(evidence, taken), before, taken))


def _cause(evidence: Evidence, item: str, cycle: int, day: date) -> str:
    ref = document_of(item)
    if cycle == 1 or restarted_on(evidence, ref, day) or reopened_on(evidence, ref, day):
        return ""
    return f"step repeated: {item} began cycle {cycle} on {day}, though its due date and its payments did not change"


def _cadence(evidence: Evidence, taken: Taken) -> Cadence:
    return evidence.cadence(taken.cadence) if taken.cadence else cadence_of(evidence, taken.account, taken.day)


def _out_of_order(cadence: Cadence, before: Taken | None, taken: Taken) -> str:
    index = next((n for n, step in enumerate(cadence.steps) if step.id == taken.step_id), None)
    if index is None:
        return f"unknown step: {taken.item} took {taken.step_id} on {taken.day}, which cadence {cadence.name} has not"
    position = cadence.position(before.step_id, before.step_day) if before else -1
    name = f"{taken.item} took {taken.step_id} of cycle {taken.cycle} on {taken.day}"
    if before and index <= position:
        return f"step repeated: {name}, after {before.step_id} on {before.day}"
    last_allowed = max(position + 1, cadence.first_past_due)
    if before is None and cadence.by_age:
        last_allowed = len(cadence.steps)
    if index > last_allowed:
        missed = ", ".join(step.id for step in cadence.steps[last_allowed:index])
        return f"step passed over: {name} without {missed} before it"
    if taken.how == "lapsed" and taken.step_day >= 0:
        return f"step passed over: {name} as lapsed, which only a heads-up can"
    return ""


def not_too_early(evidence: Evidence, finding: Finding) -> None:
    """No step before its day: after the due date, the posting lag, the new-invoice days and the distance."""
    for message in evidence.judged:
        for taken in message.taken:
            document = evidence.books.document(document_of(taken.item), message.at)
            if document is not None:
                finding.judge(_too_early(evidence, message, taken, document))


def _too_early(evidence: Evidence, message: Message, taken: Taken, document: Document) -> str:
    cadence = _cadence(evidence, taken)
    place = place_of(evidence, document, cadence, message.day, taken.seq)
    name = f"{message.name} takes step {taken.step_id} for {taken.item} ({document.number}, due {document.due_date})"
    if taken.step_day < 0:
        late = message.day >= document.due_date
        return f"heads-up too late: {name} on or after the due date" if late else ""
    if message.day <= document.due_date:
        return f"not due: {name}, which is asked as past due before it is"
    if place.has_ended or cadence.steps[place.standing.index].id != taken.step_id:
        return ""  # the order is wrong, and another law says so
    first_day = earliest(cadence, place.standing, evidence.company)
    if message.day >= first_day:
        return ""
    said_on = place.standing.said_on
    why = f", only {(message.day - said_on).days} days after its last step" if said_on else ""
    return f"too early: {name} before {first_day}{why}"


def nothing_undue_is_asked(evidence: Evidence, finding: Finding) -> None:
    """An item not yet due is never part of an amount asked as past due."""
    for message in evidence.judged:
        heads_ups = {each.item for each in message.taken if each.step_day < 0}
        cadence = evidence.cadence(message.taken[0].cadence if message.taken else "")
        for shown in message.shown:
            document = evidence.books.document(shown.document, message.at)
            undue = document is not None and document.due_date >= message.day and shown.item not in heads_ups
            finding.judge(
                f"not due: {message.name} asks {shown.item} ({shown.number}), due {document.due_date}, as past due"
                if document is not None and undue and not cadence.list_not_due
                else ""
            )
