"""Promises are heeded while they live, and judged by the payments that came."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.judge.asked import covered
from tests.judge.audit import Promise
from tests.judge.books import ZERO, Document
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of
from tests.judge.law import Finding
from tests.judge.messages import Message
from tests.judge.progress import cadence_of

_SYNCED_BY = 3  # working days after the grace by which a promise is judged, syncs and posted cash included


def heeded(evidence: Evidence, finding: Finding) -> None:
    """No message asks for what a living promise covers."""
    messages: dict[str, list[Message]] = defaultdict(list)
    for message in evidence.judged:
        messages[message.root].append(message)
    for promise in evidence.audit.promises:
        root = evidence.families(promise.made_at).root(customer_of(promise.account))
        if not messages[root] and not evidence.span.is_whole:
            continue
        finding.judge(*(_ignored(evidence, promise, message) for message in messages[root]))


def _ignored(evidence: Evidence, promise: Promise, message: Message) -> str:
    cadence = evidence.cadence(message.taken[0].cadence if message.taken else "")
    touched = sorted(set(covered(evidence, promise)) & message.items)
    taken = sorted(set(covered(evidence, promise)) & {each.item for each in message.taken})
    ignored = taken if cadence.asks_rest else touched
    fully = [item for item in ignored if not cadence.asks_rest or _covers_all(evidence, promise, item, message.at)]
    if not promise.lives_at(message.at) or not fully:
        return ""
    return (
        f"promise ignored: {message.name} asks {', '.join(fully)}, for which {promise.currency} {promise.amount} "
        f"is promised by {promise.day} (promise {promise.id})"
    )


def _covers_all(evidence: Evidence, promise: Promise, item: str, at: datetime) -> bool:
    document = evidence.books.document(item.rpartition("#")[0], at)
    return document is not None and covered(evidence, promise)[item] >= document.open


def judged_by_payments(evidence: Evidence, finding: Finding) -> None:
    """Kept where the payments reach it, broken only where they do not and its grace has passed."""
    day_of = evidence.company.day_of
    spent: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    promises = evidence.audit.promises
    judged = [each for each in promises if each.ended_at is None or evidence.judges(day_of(each.ended_at))]
    roots = {customer_of(each.account) for each in judged}
    for promise in sorted(promises, key=lambda each: each.made_at):
        if customer_of(promise.account) not in roots:
            continue
        sentence = _misjudged(evidence, promise, spent)
        if promise in judged:
            finding.judge(sentence)


def _misjudged(evidence: Evidence, promise: Promise, spent: dict[tuple[str, str], Decimal]) -> str:
    cadence = cadence_of(evidence, promise.account, promise.day)
    last_day = evidence.company.add(promise.day, cadence.promise_grace_days)
    who = f"promise {promise.id} of account {promise.account} ({promise.currency} {promise.amount} by {promise.day})"
    if promise.ended_at is None:
        judged_by = evidence.company.add(last_day, _SYNCED_BY)
        forgotten = judged_by < evidence.company.end and not _was_silent(evidence, last_day, judged_by)
        return f"promise forgotten: {who} was not judged by {judged_by}" if forgotten else ""
    reached = _reached(evidence, promise, last_day, promise.ended_at, spent)
    enough = promise.amount - cadence.small_balance.get(promise.currency, ZERO)
    if promise.state == "kept" and reached < enough:
        return f"promise misjudged: {who} is said to be kept, and payments reach {reached}"
    if promise.state in {"broken", "partly_kept"}:
        if reached >= enough:
            return f"promise misjudged: {who} is said to be {promise.state}, and payments reach {reached}"
        if promise.state == "broken" and evidence.company.day_of(promise.ended_at) <= last_day:
            ended = promise.ended_at.isoformat()
            return f"promise misjudged: {who} is said to be broken at {ended}, before its grace ends on {last_day}"
    return ""


def _was_silent(evidence: Evidence, after: date, until: date) -> bool:
    """Whether nobody entered a payment between two days: the promise is then still being checked."""
    return not any(after < evidence.company.day_of(at) <= until for at in evidence.books.cash_entered())


def _reached(
    evidence: Evidence, promise: Promise, last_day: date, at: datetime, spent: dict[tuple[str, str], Decimal]
) -> Decimal:
    """What payments entered since it was made, dated in time, bring to its items or leave unapplied.

    Each cent serves one promise, the older first: `spent` is what older ones took of each payment's shares.
    """
    families = evidence.families(at)
    members = families.members(families.root(customer_of(promise.account)))
    items = {each.rpartition("#")[0] for each in {*covered(evidence, promise), *promise.items}}
    reached = ZERO
    for payment in evidence.books.documents_of(members, at):
        if not _counts(payment, promise, last_day):
            continue
        for target, amount in [*payment.allocations, ("unapplied", -payment.open)]:
            if target not in items and target != "unapplied":
                continue
            free = max(ZERO, amount - spent[payment.ref, target])
            share = min(free, promise.amount - reached)
            spent[payment.ref, target] += share
            reached += share
    return reached


def _counts(payment: Document, promise: Promise, last_day: date) -> bool:
    return (
        payment.kind == "payment"
        and not payment.gone
        and payment.currency == promise.currency
        and payment.created_at > promise.made_at - timedelta(seconds=1)
        and payment.issue_date <= last_day
    )
