"""Never lose what was said or promised: each is one note in the books, on the right customer and invoices."""

from collections.abc import Iterator

from tests.judge.audit import Row
from tests.judge.books import Document
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of
from tests.judge.law import Finding
from tests.judge.messages import Message
from tests.judge.notes import OurNote

_JUDGED = ("kept", "partly_kept", "broken", "withdrawn", "overtaken", "replaced")
_NOTED_AS = {"replaced": "withdrawn"}  # the older promise is taken back by the newer one


def said_is_noted(evidence: Evidence, finding: Finding) -> None:
    """Each message is one note, linked to the customer and to every invoice in it that still stands."""
    for message in evidence.messages:
        if not evidence.settles(message.day):
            continue
        notes = evidence.notes.about("reminder", message.reminder)
        what = f"for {message.name}"
        finding.judge(_count(notes, what), *(_links(evidence, message, notes[0]) if len(notes) == 1 else ()))
    mailed = {message.reminder for message in evidence.messages}
    for row in evidence.audit.said.values():
        if row.subject not in mailed and evidence.settles(row.day):
            finding.judge(
                _count(evidence.notes.about("reminder", row.subject), f"for uncertain reminder {row.subject}")
            )


def _count(notes: list[OurNote], what: str) -> str:
    if not notes:
        return f"note dropped: the books hold no note {what}"
    if len(notes) > 1:
        return f"note doubled: the books hold {len(notes)} notes {what} ({notes[0].key})"
    return ""


def _links(evidence: Evidence, message: Message, note: OurNote) -> Iterator[str]:
    family = evidence.families(message.at).members(message.root)
    if note.customers and not note.customers & family:
        yield f"note misplaced: {note.key} is on customer {', '.join(sorted(note.customers))}, not on {message.root}"
    standing = [shown.document for shown in message.shown if shown.document.startswith("invoice:")]
    standing = [each for each in standing if _stands(evidence.books.document(each, note.note.at))]
    missing = set(standing) - note.documents
    if missing and len(set(standing) & note.documents) < evidence.company.links:
        yield f"note misplaced: {note.key} is not linked to {', '.join(sorted(missing))}"
    if strange := {link for link in note.documents if link.startswith("invoice:") and link not in message.candidates}:
        yield f"note misplaced: {note.key} is linked to {', '.join(sorted(strange))}, none of account {message.root}"


def _stands(document: Document | None) -> bool:
    return document is not None and not document.gone


def agreed_is_noted(evidence: Evidence, finding: Finding) -> None:
    """Each promise, its outcome, and each dispute and its decision is one note on its customer."""
    for kind, row in _agreed(evidence):
        if not evidence.settles(row.day):
            continue
        notes = evidence.notes.about(kind, row.subject)
        what = f"for {kind.replace('_', ' ')} {row.subject} of account {row.account} on {row.day}"
        sentences = [_count(notes, what)]
        root = customer_of(row.account)
        families = evidence.families(row.at)
        if len(notes) == 1 and notes[0].customers and root:
            family = families.members(families.root(root))
            if not notes[0].customers & family:
                sentences.append(f"note misplaced: {notes[0].key} is not on customer {root}")
        finding.judge(*sentences)
    for row in evidence.audit.of("call_logged"):
        if not evidence.settles(row.day):
            continue
        finding.judge(_count(evidence.notes.by_key.get(row.subject, []), f"for the call {row.subject} of {row.day}"))


def _agreed(evidence: Evidence) -> Iterator[tuple[str, Row]]:
    audit = evidence.audit
    yield from (("promise_made", row) for row in audit.of("promise_made"))
    judged = (row for row in audit.of("promise_judged") if row.data["state"] in _JUDGED)
    yield from ((f"promise_{_NOTED_AS.get(row.data['state'], row.data['state'])}", row) for row in judged)
    yield from (("dispute_opened", row) for row in audit.of("dispute_opened"))
    yield from (("dispute_reviewed", row) for row in audit.of("dispute_reviewed"))
    yield from (("dispute_resolved", row) for row in audit.of("dispute_resolved"))
    yield from (("reply", row) for row in audit.of("reply_received") if row.account)


def notes_are_explained(evidence: Evidence, finding: Finding) -> None:
    """A marker stands once in the books, and each of our notes tells something that happened."""
    known = {row.subject for row in evidence.audit.of("entry_enqueued")}
    day_of = evidence.company.day_of
    for key, notes in evidence.notes.by_key.items():
        if not any(evidence.judges(day_of(each.note.at)) for each in notes):
            continue
        customer = ", ".join(sorted(notes[0].customers)) or "nobody"
        finding.judge(
            f"note doubled: {key} stands {len(notes)} times in the books, on customer {customer}"
            if len(notes) > 1
            else "",
            "" if key in known else f"note unexplained: {key} on customer {customer} is not in the service's history",
        )
    for row in evidence.audit.of("entry_enqueued"):
        if not evidence.settles(row.day):
            continue
        finding.judge(
            "" if row.subject in evidence.notes.by_key else f"note dropped: {row.subject} never came into the books"
        )
