"""Why an account waits, as the rules see it: the holds made of promises, disputes, pauses and the ledger's own word."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import RowMapping

from adapters.documents import Delivery
from adapters.money import Money
from connector.rests import SEEN
from connector.store.facts import AccountRows
from connector.store.open_items import OpenItem
from reminders.account import Hold, HoldKind, OwedItem
from reminders.holds import (
    Dispute,
    DisputeState,
    Promise,
    PromiseState,
    disputed_parts,
    hold_of_dispute,
    hold_of_promise,
    lay_over,
)
from reminders.steps import Rules

_LONG_AGO = date(2000, 1, 1)


def holds_of(rows: AccountRows, rules: Rules, *, today: date, quiet_days: int, differs: bool) -> list[Hold]:
    """Every hold that touches this account, and the past ones that still matter for distances."""
    return [
        *_promise_holds(rows, rules),
        *_dispute_holds(rows),
        *(_stored_hold(row, today) for row in rows.holds),
        *_ledger_holds(rows),
        *_item_holds(rows, quiet_days),
        *([_since_long(HoldKind.DIFFERENCE, "the ledger's balance is lower than ours")] if differs else []),
    ]


def to_promise(row: RowMapping) -> Promise:
    """A promise's row as the rules have it."""
    state = PromiseState(row["state"])
    if state is PromiseState.OPEN and row["being_checked"]:
        state = PromiseState.BEING_CHECKED
    return Promise(
        id=row["id"],
        account=row["account"],
        amount=Money(row["amount_minor"], row["currency"]),
        day=row["day"],
        made_at=row["made_at"],
        made_on=row["made_on"],
        items=frozenset(row["items"]),
        state=state,
        settled_on=row["ended_on"],
    )


def to_dispute(row: RowMapping) -> Dispute:
    """A dispute's row as the rules have it."""
    return Dispute(
        id=row["id"],
        item=row["item"],
        amount=Money(row["amount_minor"], row["currency"]),
        reason=row["reason"],
        owner=row["owner"],
        opened_on=row["opened_on"],
        due=row["day"],
        state=DisputeState(row["state"]),
        resolved_on=row["ended_on"],
    )


def _live_disputes(rows: AccountRows) -> list[Dispute]:
    return [to_dispute(row) for row in rows.disputes if row["ended_on"] is None and row["state"] != "flagged"]


def _promise_holds(rows: AccountRows, rules: Rules) -> Iterator[Hold]:
    disputed = disputed_parts(_live_disputes(rows), rows.items) if rows.promises else {}
    for row in rows.promises:
        promise = to_promise(row)
        if promise.state.is_alive:
            reached = Money(row["reached_minor"], row["currency"])
            laid = lay_over(promise, rows.items, reached=reached, disputed=disputed)
            yield hold_of_promise(promise, laid, rules)
        else:
            yield Hold(
                kind=HoldKind.PROMISE,
                id=promise.id,
                begins=promise.first_day,
                ends=promise.settled_on or promise.first_day,
                reason="an earlier promise",
                items=promise.items,
            )


def _dispute_holds(rows: AccountRows) -> Iterator[Hold]:
    disputes = _live_disputes(rows)
    parts = disputed_parts(disputes, rows.items)
    left = dict(parts)
    for dispute in disputes:
        if dispute.item in left:
            hold = hold_of_dispute(dispute, left)
            taken = (hold.parts or {}).get(dispute.item)
            if taken is not None:
                left[dispute.item] = left[dispute.item] - taken
            yield hold
    for row in rows.disputes:
        if row["ended_on"] is None and row["state"] == "flagged":
            yield Hold(
                kind=HoldKind.FLAG,
                id=row["id"],
                begins=row["opened_on"],
                ends=row["ends_on"],
                reason=row["reason"],
                items=frozenset([row["item"]]),
            )


def _stored_hold(row: RowMapping, today: date) -> Hold:
    """A stored hold. A remembered rest (connector.rests) holds nothing by itself: its days count up to yesterday."""
    ends = row["ends"]
    if (row["source"] or "").startswith(SEEN):
        ends = min(ends or today, today)
    return Hold(
        kind=HoldKind(row["kind"]),
        id=row["id"],
        begins=row["begins"],
        ends=ends,
        reason=row["reason"],
        items=frozenset(row["items"]),
    )


def _ledger_holds(rows: AccountRows) -> Iterator[Hold]:
    if block := _not_ours(rows, rows.row["customer"], rows.row["block"]):
        yield _since_long(HoldKind.LEDGER_BLOCK, f"the ledger blocks reminders: {block}")


def _not_ours(rows: AccountRows, place: str, block: str | None) -> str:
    """What the ledger blocks there, without what we set for a dispute ourselves: that is never a reason to wait."""
    ours = rows.own_blocks.get(place, ())
    return ", ".join(each for each in (block or "").split(", ") if each and each not in ours)


def _item_holds(rows: AccountRows, quiet_days: int) -> Iterator[Hold]:
    for owed in rows.items if rows.doubtful else ():
        row = rows.doubtful.get(owed.ref)
        if row is None:
            continue
        if row.quiet_until:
            yield Hold(
                kind=HoldKind.REOPENED,
                id=f"reopened:{owed.ref}",
                begins=row.quiet_until - timedelta(days=quiet_days),
                ends=row.quiet_until,
                reason="it was settled and opened again",
                items=frozenset([owed.ref]),
            )
        if block := _not_ours(rows, row.document, row.block):
            yield _since_long(HoldKind.LEDGER_BLOCK, f"the ledger blocks this invoice: {block}", owed.ref)
        if row.unreadable:
            yield _since_long(HoldKind.UNREADABLE, "the ledger's row cannot be read", owed.ref)
        if _was_never_delivered(rows, owed, row):
            yield _since_long(HoldKind.NEVER_DELIVERED, "the invoice itself has not gone out", owed.ref)


def _was_never_delivered(rows: AccountRows, owed: OwedItem, row: OpenItem) -> bool:
    if row.delivery == Delivery.WAITING.value:
        return True
    by_mail = owed.customer in rows.by_mail and row.delivery != Delivery.SENT.value
    return by_mail and not owed.bill_emails and not rows.row["emails"] and not rows.row["own_contacts"]


def _since_long(kind: HoldKind, reason: str, item: str | None = None) -> Hold:
    return Hold(
        kind=kind,
        id=f"{kind.value}:{item}" if item else kind.value,
        begins=_LONG_AGO,
        ends=None,
        reason=reason,
        items=frozenset([item]) if item else frozenset(),
    )
