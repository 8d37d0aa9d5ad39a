"""Promises laid over items, and the payments that reach them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.judge.accounts import cadence_of
from tests.judge.audit import Promise
from tests.judge.books import ZERO, Document
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of
from tests.judge.owed import account_documents, disputed_of

Spent = dict[tuple[str, str], Decimal]  # what promises took of each payment's shares
_TOOK_NOTHING = frozenset({"replaced", "withdrawn"})


def promised_of(evidence: Evidence, item: str, at: datetime) -> Decimal:
    """The part of an item that living promises cover."""
    living = (each for each in evidence.audit.promises if each.lives_at(at) and each.may_speak_of(item))
    return sum((covered_at(evidence, each, at).get(item, ZERO) for each in living), ZERO)


def covered(evidence: Evidence, promise: Promise) -> dict[str, Decimal]:
    """A promise laid over its items when it was made."""
    if promise.id not in evidence.covered:
        evidence.covered[promise.id] = _lay(evidence, promise, promise.made_at, promise.amount)
    return evidence.covered[promise.id]


def covered_at(evidence: Evidence, promise: Promise, at: datetime) -> dict[str, Decimal]:
    """What payments have not reached of a promise by an instant, laid over what is open of its items."""
    return _lay(evidence, promise, at, promise.amount - reached_by(evidence, promise, at))


def _lay(evidence: Evidence, promise: Promise, at: datetime, left: Decimal) -> dict[str, Decimal]:
    """By due date, then number, until the amount is used."""
    laid: dict[str, Decimal] = {}
    for document in _documents(evidence, promise, at):
        disputed = disputed_of(evidence, document.item, at, document, flags=False)
        share = min(left, max(ZERO, document.open - disputed))
        if share > 0:
            laid[document.item] = share
            left -= share
    return laid


def _documents(evidence: Evidence, promise: Promise, at: datetime) -> list[Document]:
    """The open documents a promise speaks of: those it names, wherever they are by now, else all past due when it
    was made.
    """
    day = evidence.company.day_of(promise.made_at)
    found: Iterable[Document | None] = account_documents(evidence, promise.account, at)
    if promise.items:
        found = (evidence.books.document(item.rpartition("#")[0], at) for item in promise.items_at(at))
    ours = [
        each
        for each in found
        if each is not None and each.can_be_asked and each.currency == promise.currency
        if promise.items or each.due_date < day
    ]
    return sorted(ours, key=lambda each: (each.due_date, each.number, each.ref))


def reached_by(evidence: Evidence, promise: Promise, at: datetime) -> Decimal:
    """What payments had brought to a promise by an instant: each cent serves one promise, the older first."""
    spent: Spent = defaultdict(Decimal)
    found = ZERO
    for each in sorted(evidence.audit.promises, key=lambda each: each.made_at):
        is_ours = customer_of(each.account) == customer_of(promise.account)
        if not is_ours or each.made_at > promise.made_at or each.state in _TOOK_NOTHING:
            continue
        until = at if each.ended_at is None else min(at, each.ended_at)
        found = reached(evidence, each, until, spent)
        if each.id == promise.id:
            return found
    return ZERO


def deadline(evidence: Evidence, promise: Promise) -> date:
    """The last day on which a payment still keeps a promise."""
    grace = cadence_of(evidence, promise.account, promise.day).promise_grace_days
    return evidence.company.add(promise.day, grace)


def reached(evidence: Evidence, promise: Promise, at: datetime, spent: Spent) -> Decimal:
    """What payments entered since it was made, dated in time, bring to its items or leave unapplied.

    `spent` is what older promises took.
    """
    families = evidence.families(at)
    members = families.members(families.root(customer_of(promise.account)))
    items = {each.rpartition("#")[0] for each in {*covered(evidence, promise), *promise.items_at(at)}}
    last_day = deadline(evidence, promise)
    found = ZERO
    for payment in evidence.books.documents_of(members, at):
        if not _counts(payment, promise, last_day):
            continue
        for target, amount in [*payment.allocations, ("unapplied", -payment.open)]:
            if target not in items and target != "unapplied":
                continue
            free = max(ZERO, amount - spent[payment.ref, target])
            share = min(free, promise.amount - found)
            spent[payment.ref, target] += share
            found += share
    return found


def _counts(payment: Document, promise: Promise, last_day: date) -> bool:
    return (
        payment.kind == "payment"
        and not payment.gone
        and payment.currency == promise.currency
        and payment.created_at > promise.made_at - timedelta(seconds=1)
        and payment.issue_date <= last_day
    )
