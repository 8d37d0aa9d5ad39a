"""Reminders and the steps their items take.

Two uniquenesses keep everything from being said twice: an item takes a step of a cycle once, and a reminder has one
dispatch for each recipient (design, section 5).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from connector.store.bulk import execute_many
from connector.store.listed import Listed
from connector.store.tables import dispatch, reminder, reminder_item
from reminders.decision import Advance

OPEN_STATES = ("draft", "ready")
LIVE_STATES = ("draft", "ready", "claimed")

_BY_IDS = select(reminder).where(reminder.c.id.in_(bindparam("of", expanding=True)))


#: Spelt out, so that both databases see that the indexes of what lives serve it.
IS_LIVE = text("reminder.state IN ('draft', 'ready', 'claimed')")


def add(
    connection: Connection,
    rows: Sequence[Mapping[str, object]],
    steps: Sequence[Mapping[str, object]],
    recipients: Sequence[Mapping[str, object]],
) -> None:
    """Reminders, the steps that items take (with them, or without a message) and dispatches, each kind at once.

    Raises IntegrityError where an item has taken one of the steps already, as another process may plan it meanwhile.
    """
    execute_many(connection, _ADD_REMINDER, rows)
    execute_many(connection, _ADD_STEP, steps)
    execute_many(connection, _ADD_DISPATCH, recipients)


_ADD_REMINDER, _ADD_STEP, _ADD_DISPATCH = insert(reminder), insert(reminder_item), insert(dispatch)


def step_row(
    company: str, cadence: str, each: Advance, *, how: str, on: date, reminder_id: str | None
) -> dict[str, object]:
    """An item's step as a row."""
    return {
        "company": company,
        "cadence": cadence,
        "reminder": reminder_id,
        "item": each.item,
        "cycle": each.cycle,
        "step_no": each.step_no,
        "step_id": each.step_id,
        "step_day": each.step_day,
        "taken_on": on,
        "how": how,
    }


def steps_taken(connection: Connection, company: str, items: Iterable[str]) -> set[tuple[str, int, int]]:
    """Which steps these items have taken or are about to take, as (item, cycle, step_no)."""
    rows = connection.execute(
        select(reminder_item.c.item, reminder_item.c.cycle, reminder_item.c.step_no).where(
            reminder_item.c.company == company,
            reminder_item.c.item.in_(list(items)),
            reminder_item.c.how != literal_column("'undone'"),
        ),
    )
    return {(item, cycle, step_no) for item, cycle, step_no in rows}


def record_taken(
    connection: Connection, company: str, cadence: str, taken: Sequence[Advance], *, how: str, on: date
) -> list[Advance]:
    """Steps that pass without a message (lapsed, not made, done). Returns those that were not recorded before."""
    recorded = []
    for each in taken:
        try:
            with connection.begin_nested():
                connection.execute(
                    _ADD_STEP,
                    step_row(company, cadence, each, how=how, on=on, reminder_id=None),
                )
        except IntegrityError:
            continue
        recorded.append(each)
    return recorded


_LIVE_ACCOUNTS = select(reminder.c.account).where(
    reminder.c.company == bindparam("company"), reminder.c.account.in_(bindparam("refs", expanding=True)), IS_LIVE
)


def live_accounts(connection: Connection, company: str, accounts: Sequence[str]) -> set[str]:
    """Which of these accounts have a reminder that is planned and not yet out."""
    return set(connection.scalars(_LIVE_ACCOUNTS, {"company": company, "refs": list(accounts)}))


def stale(connection: Connection, company: str, today: date) -> list[RowMapping]:
    """What was planned or approved before today, and did not leave: to be decided again. Its id, account, facts and
    who approved it.
    """
    return list(
        connection.execute(
            select(reminder.c.id, reminder.c.account, reminder.c.facts, reminder.c.approved_by).where(
                reminder.c.company == company,
                IS_LIVE,
                reminder.c.state.in_(OPEN_STATES),
                reminder.c.decided_on < today,
                reminder.c.said_at.is_(None),
            ),
        ).mappings(),
    )


def open_with_items(connection: Connection, company: str, items: Iterable[str]) -> list[RowMapping]:
    """Planned reminders that hold one of these items."""
    holding = select(reminder_item.c.reminder).where(
        reminder_item.c.company == company,
        reminder_item.c.item.in_(list(items)),
        reminder_item.c.how == "planned",
    )
    return list(
        connection.execute(
            select(reminder).where(
                reminder.c.company == company,
                reminder.c.state.in_(OPEN_STATES),
                reminder.c.said_at.is_(None),
                reminder.c.id.in_(holding),
            ),
        ).mappings(),
    )


def open_of_customer(connection: Connection, company: str, customer: str) -> list[RowMapping]:
    """Planned reminders to this customer."""
    where = (reminder.c.company == company) & (reminder.c.customer == customer)
    rows = connection.execute(select(reminder).where(where, reminder.c.state.in_(OPEN_STATES))).mappings()
    return list(rows)


def cancel(connection: Connection, reminder_ids: Sequence[str], because: str, *, now: datetime) -> set[str]:
    """Cancels those of which nothing was said, and tells which; their items are free again."""
    if not reminder_ids:
        return set()
    cancelled = set(_CANCEL.select(connection, reminder_ids, because=because).scalars())
    execute_many(connection, _FREE_PLANNED, [{"of": each, "as": "undone"} for each in cancelled])
    execute_many(connection, _CANCEL_WAITING, [{"of": each, "as": "cancelled", "at": now} for each in cancelled])
    return cancelled


_CANCEL = Listed(
    lambda among: (
        update(reminder)
        .where(among(reminder.c.id), reminder.c.state.in_(LIVE_STATES), reminder.c.said_at.is_(None))
        .values(state="cancelled", cancelled_because=bindparam("because"), lease_until=None)
        .returning(reminder.c.id)
    )
)
_FREE_PLANNED = (
    update(reminder_item)
    .where(reminder_item.c.reminder == bindparam("of"), reminder_item.c.how == literal_column("'planned'"))
    .values(how=bindparam("as"))
)
_CANCEL_WAITING = (
    update(dispatch)
    .where(dispatch.c.reminder == bindparam("of"), dispatch.c.state == literal_column("'waiting'"))
    .values(state=bindparam("as"), updated_at=bindparam("at"))
)


def approve(connection: Connection, company: str, ids: Sequence[str], *, by: str | None) -> int:
    """Lets drafts go; without `by`, nobody approved them: they only waited. Returns how many were drafts."""
    changed = connection.execute(
        update(reminder)
        .where(reminder.c.company == company, reminder.c.id.in_(list(ids)), reminder.c.state == "draft")
        .values(state="ready", approved_by=by),
    )
    return int(changed.rowcount)


def hold_back(connection: Connection, company: str) -> int:
    """What was to leave without anybody's approval waits for it. Returns how many."""
    unapproved = (reminder.c.state == "ready") & reminder.c.approved_by.is_(None) & reminder.c.said_at.is_(None)
    changed = connection.execute(
        update(reminder).where(reminder.c.company == company, unapproved).values(state="draft")
    )
    return int(changed.rowcount)


def drafts(connection: Connection, company: str) -> list[RowMapping]:
    """The drafts that wait for approval, oldest first."""
    where = (reminder.c.company == company) & (reminder.c.state == "draft")
    return list(
        connection.execute(select(reminder).where(where).order_by(reminder.c.decided_at, reminder.c.id)).mappings(),
    )


def change(connection: Connection, reminder_id: str, **values: object) -> None:
    """Changes columns of a reminder."""
    connection.execute(update(reminder).where(reminder.c.id == reminder_id).values(**values))


def by_id(connection: Connection, reminder_id: str) -> RowMapping | None:
    """A reminder."""
    return by_ids(connection, [reminder_id]).get(reminder_id)


def by_ids(connection: Connection, reminder_ids: Iterable[str]) -> dict[str, RowMapping]:
    """These reminders, by id."""
    rows = connection.execute(_BY_IDS, {"of": list(reminder_ids)}).mappings()
    return {row["id"]: row for row in rows}


def decided_on(connection: Connection, reminder_id: str | None) -> date | None:
    """The day on which this reminder was decided; None where there is none."""
    row = by_id(connection, reminder_id) if reminder_id else None
    return row["decided_on"] if row else None


def items_of(connection: Connection, reminder_id: str) -> list[RowMapping]:
    """The items that a reminder moves, and how each stands."""
    where = reminder_item.c.reminder == reminder_id
    return list(
        connection.execute(select(reminder_item).where(where).order_by(reminder_item.c.id)).mappings(),
    )


def mark_items(connection: Connection, reminder_ids: Sequence[str], *, how: str, on: date) -> None:
    """The reminders' items took their step: `sent` or `uncertain`; `undone` frees what was not said."""
    execute_many(connection, _MARK_ITEMS, [{"of": each, "as": how, "day": on} for each in reminder_ids])


_MARK_ITEMS = (
    update(reminder_item)
    .where(reminder_item.c.reminder == bindparam("of"), reminder_item.c.how != literal_column("'undone'"))
    .values(how=bindparam("as"), taken_on=bindparam("day"))
)


def mark_said(connection: Connection, reminder_ids: Sequence[str], at: datetime) -> None:
    """Something of these reminders was said for the first time."""
    execute_many(connection, _MARK_SAID, [{"of": each, "at": at} for each in reminder_ids])


_MARK_SAID = update(reminder).where(reminder.c.id == bindparam("of")).values(said_at=bindparam("at"))


def close(connection: Connection, reminder_ids: Sequence[str]) -> None:
    """All that could be done for these reminders was done, and something of each was said."""
    execute_many(connection, _CLOSE, [{"of": each, "becomes": "said", "until": None} for each in reminder_ids])


_CLOSE = (
    update(reminder)
    .where(reminder.c.id == bindparam("of"))
    .values(state=bindparam("becomes"), lease_until=bindparam("until"))
)


def renew_leases(connection: Connection, reminder_ids: Sequence[str], until: datetime) -> None:
    """The mail server may think for long: nobody takes us for dead meanwhile."""
    execute_many(connection, _RENEW, [{"of": each, "until": until} for each in reminder_ids])


_RENEW = update(reminder).where(reminder.c.id == bindparam("of")).values(lease_until=bindparam("until"))


def free_items(connection: Connection, reminder_id: str) -> None:
    """Nothing was said: the items may take their step with another message."""
    connection.execute(
        update(reminder_item).where(reminder_item.c.reminder == reminder_id).values(how="undone"),
    )


def keep_items(connection: Connection, reminder_id: str, keep: Iterable[str]) -> None:
    """The message says less than was planned: items that are gone from it are free again."""
    connection.execute(
        update(reminder_item)
        .where(
            reminder_item.c.reminder == reminder_id,
            reminder_item.c.how == "planned",
            reminder_item.c.item.not_in(list(keep)),
        )
        .values(how="undone"),
    )


_NOT_ARRIVED = (
    select(
        reminder_item.c.item,
        reminder_item.c.cycle,
        reminder_item.c.step_no,
        reminder.c.id,
        reminder.c.decided_on,
        reminder.c.decided_at,
    )
    .join_from(reminder, reminder_item, reminder_item.c.reminder == reminder.c.id)
    .where(reminder.c.company == bindparam("company"), reminder.c.state == literal_column("'not_arrived'"))
    .order_by(reminder.c.decided_at, reminder.c.id)
)


def not_arrived(connection: Connection, company: str) -> dict[tuple[str, int, int], Row[*tuple[Any, ...]]]:
    """The steps (item, cycle, step_no) of messages that were settled as not arrived, each with the last such message.

    A person settles each, so they are few, however much was said.
    """
    rows = connection.execute(_NOT_ARRIVED, {"company": company})
    return {(row.item, row.cycle, row.step_no): row for row in rows}


def counts(connection: Connection, company: str) -> dict[str, int]:
    """How many reminders are in each state."""
    rows = connection.execute(
        select(reminder.c.state, func.count()).where(reminder.c.company == company).group_by(reminder.c.state),
    )
    return {state: int(count) for state, count in rows}


def threads_of(
    connection: Connection, company: str, accounts: Sequence[str], *, but: Sequence[str]
) -> dict[str, RowMapping]:
    """The last message, `but` these, that went to each of these accounts: the next one is threaded behind it."""
    rows = connection.execute(_THREADS, {"company": company, "of": list(accounts), "but": list(but)}).mappings()
    return {row["account"]: row for row in rows}  # the last of each stands


_SAID = (
    (reminder.c.company == bindparam("company"))
    & reminder.c.account.in_(bindparam("of", expanding=True))
    & reminder.c.id.not_in(bindparam("but", expanding=True))
    & reminder.c.said_at.is_not(None)
)
_THREADS = (
    select(reminder.c.id, reminder.c.account, reminder.c.thread)
    .where(_SAID)
    .order_by(reminder.c.account, reminder.c.said_at, reminder.c.id)
)


def store_words(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """The words that leave, stored before they do. `of` names the reminder."""
    if rows:
        execute_many(connection, _STORE_WORDS, rows)


_WORDS = ("subject", "text_body", "html_body", "figures_at", "thread")
_STORE_WORDS = (
    update(reminder).where(reminder.c.id == bindparam("of")).values({name: bindparam(name) for name in _WORDS})
)
