"""How far an item's ladder went, and what kept it waiting: reckoned from books, mails and the steps taken."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from tests.judge.audit import Hold, Taken
from tests.judge.books import Document
from tests.judge.company import ONE_DAY
from tests.judge.evidence import Evidence
from tests.judge.families import allowed_addresses, customer_of
from tests.judge.ladder import Cadence, Standing, latest
from tests.judge.promised import covered

REPLY_DAYS = 7  # three working days, with a week-end and a holiday between


def document_of(item: str) -> str:
    """The document that an item belongs to."""
    return item.rpartition("#")[0]


def restarted_on(evidence: Evidence, ref: str, day: date, until: datetime | None = None) -> date | None:
    """The last day up to `day`, or an instant of it, on which the due date moved to a later day: a new cycle."""
    found: date | None = None
    history = evidence.books.history(ref)
    for (_, before), (at, after) in pairwise(history):
        moved_on = evidence.company.day_of(at)
        known = moved_on <= day and (until is None or at <= until)
        if before.due_date < after.due_date and after.due_date > moved_on and known:
            found = moved_on
    return found


def reopened_on(evidence: Evidence, ref: str, day: date) -> date | None:
    """The last day up to `day` on which a settled document was open again."""
    found: date | None = None
    history = evidence.books.history(ref)
    for (_, before), (at, after) in pairwise(history):
        on = evidence.company.day_of(at)
        if before.open <= 0 < after.open and on <= day:
            found = on
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an item stands in its cadence."""

    cadence: Cadence
    standing: Standing
    last: Taken | None

    @property
    def has_ended(self) -> bool:
        """Whether the last step was taken."""
        return self.standing.index >= len(self.cadence.steps)


def taken_before(
    evidence: Evidence, item: str, day: date, seq: int | None = None, until: datetime | None = None
) -> list[Taken]:
    """The steps of the present cycle taken before a day, or before a row of that day."""
    restart = restarted_on(evidence, document_of(item), day, until)
    rows = [
        each
        for each in evidence.audit.by_item.get(item, ())
        if each.stands(day, seq)
        and (each.day < day or (seq is not None and each.day == day and each.seq < seq))
        and (restart is None or each.day >= restart)
    ]
    cycle = max((each.cycle for each in rows), default=1)
    return [each for each in rows if each.cycle == cycle]


def place_of(
    evidence: Evidence,
    document: Document,
    cadence: Cadence,
    day: date,
    seq: int | None = None,
    until: datetime | None = None,
) -> Place:
    """The item's next step on a day."""
    taken = taken_before(evidence, document.item, day, seq, until)
    position = max((cadence.position(each.step_id, each.step_day) for each in taken), default=-1)
    index = position + 1
    if index < cadence.first_past_due and day >= document.due_date:
        index = cadence.first_past_due
    if index < cadence.first_past_due:
        index = _heads_up(cadence, index, document, day)
    said = [each for each in taken if each.heard_on is not None]
    standing = Standing(
        due_date=document.due_date,
        first_seen=evidence.company.day_of(document.created_at),
        index=index,
        said_on=said[-1].heard_on if said else None,
        said_day=_day_in(cadence, said[-1]) if said else 0,
    )
    return Place(cadence=cadence, standing=standing, last=taken[-1] if taken else None)


def _heads_up(cadence: Cadence, index: int, document: Document, day: date) -> int:
    """Of several heads-ups, the latest whose day has come."""
    while index + 1 < cadence.first_past_due and day >= document.due_date + timedelta(cadence.steps[index + 1].day):
        index += 1
    return index


def _day_in(cadence: Cadence, taken: Taken) -> int:
    position = cadence.position(taken.step_id, taken.step_day)
    return cadence.steps[position].day if position >= 0 else taken.step_day


def is_due(evidence: Evidence, document: Document, account: str, place: Place, day: date) -> bool:
    """Whether every reading of the rules has the item's next step due on a day."""
    if place.has_ended:
        return False
    standing = place.standing
    if latest(place.cadence, standing, evidence.company) > day:
        return False
    if standing.said_on is None:
        return True
    days = (day - standing.said_on).days
    since = [standing.said_on + n * ONE_DAY for n in range(1, days + 1)]
    held = sum(is_held(evidence, document, account, on) or evidence.audit.rested(document.item, on) for on in since)
    return latest(place.cadence, standing, evidence.company, held) <= day


def is_held(evidence: Evidence, document: Document, account: str, day: date) -> bool:
    """Whether something that holds an item was in force on some part of a day."""
    return _word_given(evidence, document, account, day) or is_paused(evidence, document, account, day)


def is_paused(evidence: Evidence, document: Document, account: str, day: date) -> bool:
    """Whether something other than a promise or a dispute held the whole item on some part of a day."""
    return (
        any(_holds(hold, document.item, account, day) for hold in evidence.audit.holds)
        or _reply_waiting(evidence, account, day)
        or _never_delivered(evidence, document, day)
        or _is_reopened(evidence, document.ref, day)
    )


def _holds(hold: Hold, item: str, account: str, day: date) -> bool:
    """A hold of an item goes with it to whoever is billed for it; one of an account is for that customer."""
    return hold.covers(item, day) and (item in hold.items or _of(account, hold.account))


def _word_given(evidence: Evidence, document: Document, account: str, day: date) -> bool:
    disputed = any(
        each.item == document.item and _overlaps(evidence, each.opened_at, each.ended_at, day)
        for each in evidence.audit.disputes
    )
    promised = any(
        _overlaps(evidence, each.made_at, each.ended_at, day)
        and (
            document.item in each.items_at(evidence.company.end_of(day))  # wherever the item is billed by now
            or (_of(account, each.account) and document.item in covered(evidence, each))
        )
        for each in evidence.audit.promises
    )
    return disputed or promised


def _overlaps(evidence: Evidence, begins: datetime, ends: datetime | None, day: date) -> bool:
    day_of = evidence.company.day_of
    return day_of(begins) <= day and (ends is None or day <= day_of(ends))


def _of(account: str, other: str) -> bool:
    return not other or customer_of(account) == customer_of(other)


def _reply_waiting(evidence: Evidence, account: str, day: date) -> bool:
    return any(
        row.account and _of(account, row.account) and 0 <= (day - row.day).days <= REPLY_DAYS
        for row in evidence.audit.of("reply_received")
    )


def _never_delivered(evidence: Evidence, document: Document, day: date) -> bool:
    addresses = allowed_addresses(evidence.books, document, evidence.company.end_of(day))
    return document.delivery == "waiting" or (document.delivery != "sent" and not addresses)


def _is_reopened(evidence: Evidence, ref: str, day: date) -> bool:
    on = reopened_on(evidence, ref, day)
    return on is not None and (day - on).days <= 31
