"""Promises are heeded while they live, and judged by the payments that came."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from tests.judge.accounts import cadence_of
from tests.judge.audit import Promise
from tests.judge.books import ZERO
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of
from tests.judge.law import Finding
from tests.judge.messages import Message
from tests.judge.promised import Spent, covered_at, deadline, reached

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
    if not promise.lives_at(message.at):
        return ""
    parts = covered_at(evidence, promise, message.at)
    shown = {each.item for each in message.taken} if cadence.asks_rest else message.items
    ignored = sorted(parts.keys() & shown)
    fully = [item for item in ignored if not cadence.asks_rest or _is_all(evidence, item, parts[item], message.at)]
    if not fully:
        return ""
    return (
        f"promise ignored: {message.name} asks {', '.join(fully)}, for which {promise.currency} {promise.amount} "
        f"is promised by {promise.day} (promise {promise.id})"
    )


def _is_all(evidence: Evidence, item: str, part: Decimal, at: datetime) -> bool:
    document = evidence.books.document(item.rpartition("#")[0], at)
    return document is not None and part >= document.open


def judged_by_payments(evidence: Evidence, finding: Finding) -> None:
    """Kept where the payments reach it, broken only where they do not and its grace has passed."""
    day_of = evidence.company.day_of
    spent: Spent = defaultdict(Decimal)
    promises = evidence.audit.promises
    judged = [each for each in promises if each.ended_at is None or evidence.judges(day_of(each.ended_at))]
    roots = {customer_of(each.account) for each in judged}
    for promise in sorted(promises, key=lambda each: each.made_at):
        if customer_of(promise.account) not in roots:
            continue
        sentence = _misjudged(evidence, promise, spent)
        if promise in judged:
            finding.judge(sentence)


def _misjudged(evidence: Evidence, promise: Promise, spent: Spent) -> str:
    cadence, last_day = cadence_of(evidence, promise.account, promise.day), deadline(evidence, promise)
    who = f"promise {promise.id} of account {promise.account} ({promise.currency} {promise.amount} by {promise.day})"
    if promise.ended_at is None:
        judged_by = evidence.company.add(last_day, _SYNCED_BY)
        forgotten = judged_by < evidence.company.end and not _was_silent(evidence, last_day, judged_by)
        return f"promise forgotten: {who} was not judged by {judged_by}" if forgotten else ""
    brought = reached(evidence, promise, promise.ended_at, spent)
    enough = promise.amount - cadence.small_balance.get(promise.currency, ZERO)
    if promise.state == "kept" and brought < enough:
        return f"promise misjudged: {who} is said to be kept, and payments reach {brought}"
    if promise.state in {"broken", "partly_kept"}:
        if brought >= enough:
            return f"promise misjudged: {who} is said to be {promise.state}, and payments reach {brought}"
        if promise.state == "broken" and evidence.company.day_of(promise.ended_at) <= last_day:
            ended = promise.ended_at.isoformat()
            return f"promise misjudged: {who} is said to be broken at {ended}, before its grace ends on {last_day}"
    return ""


def _was_silent(evidence: Evidence, after: date, until: date) -> bool:
    """Whether nobody entered a payment between two days: the promise is then still being checked."""
    return not any(after < evidence.company.day_of(at) <= until for at in evidence.books.cash_entered())
