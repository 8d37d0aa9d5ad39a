"""What is news in what the ledger tells: compared with what we know already."""

from datetime import date
from typing import Any

from sqlalchemy import Row, RowMapping

from adapters.documents import Customer, Document, DocumentKind, Item
from adapters.ledger import Page


def fresh_state(one: Item, today: date) -> tuple[object, ...]:
    """What we know of an item that is new to us, in the order of `books.STATE`."""
    closed_on = None if one.open.minor > 0 else today
    return (1, closed_on, None, None, today, None, None, None)


def new_cycle(before: RowMapping) -> dict[str, object]:
    """The ladder begins again."""
    return {"cycle": before["cycle"] + 1, "person_step": None, "person_step_since": None, "escalated_on": None}


def differs(row: Row[Any], each: Document) -> bool:
    """Whether the ledger tells something newer. A page that was read before another, and applied after it, is old."""
    if row.updated_at and each.updated_at and each.updated_at < row.updated_at:
        return False
    return bool(
        row.version != each.version
        or row.open_minor != each.open.minor
        or (row.total_minor != each.total.minor and not each.voided)
        or (row.gone is not None) != each.voided
        or row.customer != each.customer,
    )


def item_differs(row: RowMapping, one: Item, target: str) -> bool:
    """Whether anything changed that a decision could turn on: our own note coming back is no change."""
    return bool(
        row["open_minor"] != one.open.minor or row["due_date"] != one.due_date or row["account"] != target,
    )


def reaches_otherwise(row: RowMapping, each: Document) -> bool:
    """Whether the document itself went out meanwhile, goes to somebody else, or was blocked or freed."""
    return bool(
        row["delivery"] != each.delivery.value
        or tuple(row["bill_emails"]) != each.bill_emails
        or (row["block"] or "") != each.block
    )


def family_changed(row: RowMapping, each: Customer) -> bool:
    """Whether it may belong to another account now: its parent, who is billed, or its addresses changed."""
    return bool(
        row["parent"] != each.parent
        or row["bill_with_parent"] != each.bill_with_parent
        or tuple(row["emails"]) != each.emails,
    )


def matters(row: RowMapping, each: Customer) -> bool:
    """Whether a change of the customer could change a decision."""
    return bool(
        family_changed(row, each)
        or row["active"] != each.active
        or row["block"] != each.block
        or row["delivery_method"] != each.delivery_method
        or row["country"] != each.country
        or row["language"] != each.language,
    )


def could_be_read(page: Page) -> set[str]:
    """What was a problem before and is none now, as problems name it: a journal entry by any of its lines."""
    told = {each.ref for each in page.documents}
    told |= {f"customer:{each.ref}" if each.is_customer else each.ref for each in page.tombstones}
    lines = {ref.partition(".")[0] for ref in told if ref.startswith(f"{DocumentKind.JOURNAL.value}:")}
    return told | lines | {f"customer:{each.ref}" for each in page.customers}


def may_allocate(each: Document) -> bool:
    """Whether it can be set against others."""
    return each.kind is not DocumentKind.INVOICE


def mailed_late(each: Document) -> bool:
    """The first mail of an invoice is its delivery; a later one is a reminder of the ledger's own."""
    return each.sent_at is not None and (each.sent_at.date() - each.issue_date).days > 3
