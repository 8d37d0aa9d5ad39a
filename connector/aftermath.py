"""What a change of the books means for reminders, promises, disputes and people: acted on where the page is applied.

The life of an item after its first reminder: rules, section 5.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, select, update

from adapters.documents import item_ref
from adapters.ledger import EntryKind
from adapters.money import Money
from connector import dunned
from connector.apply import Applied, Happening, What
from connector.cancelling import cancel_reminder
from connector.clock import zone
from connector.directory import Directory
from connector.disputes import Suspicion, end_dispute, flag, of_items
from connector.disputes import of_customer as disputes_of_customer
from connector.notes import enqueue_note
from connector.office import Office
from connector.pauses import live_of_customer, move_holds, of_items_of, set_hold
from connector.promises import end_promise
from connector.promises import of_customer as promises_of_customer
from connector.residuals import give_back, go_on
from connector.short_payments import flag_short_payments
from connector.store import books, reminders, tasks
from connector.store.tables import contact, customer, dispute, document, item, promise, reminder_item
from connector.store.tasks import step_key
from connector.store.upsert import insert_new
from reminders.account import HoldKind
from reminders.flags import words_flag
from reminders.holds import PromiseState, Resolution
from reminders.notes import NoteFacts

_MARK = "#dispute"


def act_on(office: Office, connection: Connection, applied: Applied) -> None:
    """Acts on everything that a page brought."""
    row = office.row(connection)
    if not row.first_read_done:
        return  # what happened before we were connected is no news
    go_on(office, connection, applied.happenings)
    for each in applied.happenings:
        _ACTS[each.what](office, connection, each)
    paid = [each for each in applied.happenings if each.what is What.PAID]
    if paid:
        flag_short_payments(office, connection, [each.subject for each in paid])


def _nothing(office: Office, connection: Connection, each: Happening) -> None:
    """Some things need no act: the account is looked at again anyway."""


def _settled(office: Office, connection: Connection, each: Happening) -> None:
    """Nothing of it is open any more: nobody need be called about it."""
    _withdraw_person_steps(office, connection, [each.subject], "settled")


def _withdraw_person_steps(office: Office, connection: Connection, items: list[str], because: str) -> None:
    """A person's open tasks about these items end; should one be open again, its step is asked for anew."""
    waiting = [row for row in books.rows_by_ref(connection, item, office.company, items).values() if row["person_step"]]
    for row in waiting:
        key = step_key(row["ref"], row["cycle"], row["person_step"])
        tasks.drop(connection, office.company, key, now=office.now(), result=because)
    if waiting:
        where = (item.c.company == office.company) & item.c.ref.in_([row["ref"] for row in waiting])
        connection.execute(update(item).where(where).values(person_step=None, person_step_since=None))


def _gone(office: Office, connection: Connection, each: Happening) -> None:
    """Voided, deleted, merged: reminders are cancelled, disputes closed, a note goes to the customer."""
    items = list(books.items_of(connection, office.company, [each.subject]))
    if not items:
        return
    give_back(office, connection, each.subject)
    for row in reminders.open_with_items(connection, office.company, items):
        cancel_reminder(office, connection, row["id"], row["account"], f"an invoice was {each.detail}")
    for row in of_items(connection, office.company, items):
        end_dispute(office, connection, row, Resolution.INVOICE_GONE)
    _withdraw_person_steps(office, connection, items, each.detail)
    if _was_spoken_of(connection, office.company, items):
        gone = books.rows_by_ref(connection, document, office.company, [each.subject])[each.subject]
        enqueue_note(
            office,
            connection,
            EntryKind.DOCUMENT_GONE,
            fact=each.subject,
            customer=gone["customer"],
            facts=NoteFacts(on=office.today(), documents=(gone["number"],), outcome=each.detail),
        )
        for ref in _written_lately(office, connection, gone):
            _new(office, connection, Happening(what=What.NEW, subject=ref, account=each.account))


def _written_lately(office: Office, connection: Connection, gone: RowMapping) -> list[str]:
    """Invoices of the same customer and amount that were written before this one left the books."""
    since = office.now() - timedelta(days=office.cadence(None).rules.replaced_days)
    same = (document.c.company == office.company) & (document.c.customer == gone["customer"])
    same &= (document.c.currency == gone["currency"]) & (document.c.total_minor == gone["total_minor"])
    fresh = (document.c.kind == "invoice") & (document.c.open_minor > 0) & (document.c.created_at > since)
    return list(connection.scalars(select(document.c.ref).where(same, fresh, document.c.gone.is_(None))))


def _was_spoken_of(connection: Connection, company: str, items: list[str]) -> bool:
    said = select(reminder_item.c.id).where(
        reminder_item.c.company == company,
        reminder_item.c.item.in_(items),
        reminder_item.c.how.in_(["sent", "uncertain", "done"]),
    )
    if connection.scalar(said.limit(1)) is not None:
        return True
    contested = select(dispute.c.id).where(
        dispute.c.company == company, dispute.c.item.in_(items), dispute.c.state.not_in(["flagged", "dropped"])
    )
    if connection.scalar(contested.limit(1)) is not None:
        return True
    lives = promise.c.state.in_(["open", "overtaken"])
    rows = connection.scalars(select(promise.c["items"]).where(promise.c.company == company, lives))
    return any(ref in items for named in rows for ref in named)


def _returned(office: Office, connection: Connection, each: Happening) -> None:
    """A payment was returned or undone: a new cycle begins after a person has seen the task."""
    row = books.rows_by_ref(connection, item, office.company, [each.subject])[each.subject]
    source = f"returned:{each.subject}:{row['cycle']}"
    set_hold(
        office,
        connection,
        HoldKind.REOPENED,
        account_ref=row["account"],
        reason="a payment was returned or undone: a person looks at it first",
        ends=None,
        items=[each.subject],
        source=source,
    )
    tasks.open_task(
        connection,
        office.company,
        key=source,
        kind="payment_returned",
        text=f"{each.detail} is open again: its payment was returned or undone. Done, its reminders begin anew.",
        now=office.now(),
        today=office.today(),
        account=row["account"],
        items=[each.subject],
        facts={"hold_source": source},
    )


def _note_changed(office: Office, connection: Connection, each: Happening) -> None:
    """Somebody wrote into the ledger's note on a customer: `#dispute` or words of contest make a flag."""
    rules = office.cadence(None).rules
    found = words_flag(each.detail, office.row(connection).language)
    if _MARK not in each.detail.casefold() and found is None:
        return
    ends = office.calendar.add(office.today(), rules.flag_days)
    stamp = hashlib.sha256(each.detail.encode()).hexdigest()[:16]
    open_items = _open_items(connection, office.company, each.account)
    named = [row for row in open_items if row["number"] and _names(each.detail, row["number"])]
    for row in named or [row for row in open_items if row["due_date"] < office.today()]:
        flag(
            office,
            connection,
            Suspicion(
                item=row["ref"],
                amount=Money(row["open_minor"], row["currency"]),
                reason="A note in the ledger says that it is contested.",
                flagged_by="ledger_note",
                source=f"note:{each.subject}:{stamp}:{row['ref']}",
                ends=ends,
            ),
        )


def look_at_notes(office: Office, connection: Connection) -> None:
    """After the first read: what the ledger's notes on customers said before we were connected."""
    directory = Directory(connection, office.company)
    where = (customer.c.company == office.company) & (customer.c.note != "")
    for row in connection.execute(select(customer.c.ref, customer.c.note).where(where)).all():
        if _MARK in row.note.casefold():
            main = directory.billing(row.ref)
            said = Happening(what=What.NOTE_CHANGED, subject=row.ref, account=main, detail=row.note)
            _note_changed(office, connection, said)


def _names(text: str, number: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(number)}(?!\w)", text, re.IGNORECASE) is not None


def _open_items(connection: Connection, company: str, account_ref: str) -> list[RowMapping]:
    """Those of the customer's own account and of the accounts that follow its bill addresses."""
    accounts = [account_ref, *books.followers(connection, company, [account_ref])]
    rows = connection.execute(
        select(item, document.c.number)
        .join(document, (document.c.company == item.c.company) & (document.c.ref == item.c.document))
        .where(item.c.company == company, item.c.account.in_(accounts), item.c.open_minor > 0)
        .order_by(item.c.due_date, item.c.ref),
    ).mappings()
    return list(rows)


def _ledger_mailed(office: Office, connection: Connection, each: Happening) -> None:
    """The ledger sent its own reminder: it counts as contact for the gap."""
    at = datetime.fromisoformat(each.detail)
    row = {
        "company": office.company,
        "account": each.account,
        "at": at,
        "on_day": at.astimezone(zone(office.zone)).date(),
        "what": "ledger",
        "address": "",
        "source": f"ledger:{each.subject}:{each.detail}",
    }
    insert_new(connection, contact, row, key=("company", "account", "source", "address"))


def _new(office: Office, connection: Connection, each: Happening) -> None:
    """A new invoice soon after a void of the same amount may replace it: a person may carry things over."""
    row = books.rows_by_ref(connection, document, office.company, [each.subject])[each.subject]
    since = office.now() - timedelta(days=office.cadence(None).rules.replaced_days)
    gone = connection.execute(
        select(document.c.ref, document.c.number).where(
            document.c.company == office.company,
            document.c.customer == row["customer"],
            document.c.currency == row["currency"],
            document.c.total_minor == row["total_minor"],
            document.c.gone_at > since,
            document.c.kind == "invoice",
        ),
    ).first()
    if gone is None or not _was_spoken_of(connection, office.company, [item_ref(gone.ref)]):
        return
    tasks.open_task(
        connection,
        office.company,
        key=f"replaced:{gone.ref}:{each.subject}",
        kind="replaced",
        text=f"{row['number']} may replace {gone.number}, of the same amount: carry its position, promise and dispute "
        "over?",
        now=office.now(),
        today=office.today(),
        account=row["account"],
        items=[item_ref(each.subject)],
        facts={"gone": item_ref(gone.ref), "new": item_ref(each.subject)},
    )


def _merged(office: Office, connection: Connection, each: Happening) -> None:
    """A customer was merged away: its plans, promises and disputes end; its invoices live on with the other."""
    because = "the customer was merged into another"
    for row in reminders.open_of_customer(connection, office.company, each.subject):
        cancel_reminder(office, connection, row["id"], row["account"], because)
    promises = promises_of_customer(connection, office.company, each.subject)
    for row in promises:
        end_promise(office, connection, row["id"], PromiseState.OVERTAKEN, because=because)
    disputes = disputes_of_customer(connection, office.company, each.subject)
    for row in disputes:
        end_dispute(office, connection, row, Resolution.INVOICE_GONE)
    if promises or disputes:
        _keep_waiting(office, connection, each, promises, disputes)
        enqueue_note(
            office,
            connection,
            EntryKind.DOCUMENT_GONE,
            fact=f"customer:{each.subject}",
            customer=each.account,
            facts=NoteFacts(on=office.today(), documents=(each.subject,), outcome="merged"),
        )


def _keep_waiting(
    office: Office,
    connection: Connection,
    each: Happening,
    promises: Sequence[RowMapping],
    disputes: Sequence[RowMapping],
) -> None:
    """What was promised or disputed is not chased at the survivor before a person has said what holds there."""
    held = [(f"promise:{row['id']}", row["items"], row["day"] + timedelta(days=1)) for row in promises]
    held += [(f"dispute:{row['id']}", [row["item"]], None) for row in disputes]
    for source, items, ends in held:
        set_hold(
            office,
            connection,
            HoldKind.PAUSE,
            account_ref=each.account,
            reason=f"agreed with customer {each.subject}, who was merged into this one",
            ends=ends,
            items=items,
            source=f"merged:{source}",
        )
    words = [f"a promise of {Money(row['amount_minor'], row['currency'])} by {row['day']}" for row in promises]
    words += [f"a dispute ({row['reason']})" for row in disputes]
    tasks.open_task(
        connection,
        office.company,
        key=f"merged:{each.subject}:{held[0][0]}",
        kind="merged",
        text=f"Customer {each.subject} was merged into this one, and {', '.join(words)} ended with it. Its invoices "
        "are paused: take down again what still holds, then resume.",
        now=office.now(),
        today=office.today(),
        account=each.account,
        items=sorted({item for _, items, _ in held for item in items}),
    )


def _moved(office: Office, connection: Connection, each: Happening) -> None:
    """Another customer is billed for a document: what held it at the first one holds it there too."""
    items = list(books.items_of(connection, office.company, [each.subject]))
    if not items:
        return  # a payment or a credit, which nothing holds
    moving = of_items_of(connection, office.company, each.detail, items)
    move_holds(connection, [row["id"] for row in moving if set(row["items"]) <= set(items)], to=each.account)
    partly = [row for row in moving if row["ended_at"] is None and not set(row["items"]) <= set(items)]
    for row in [*live_of_customer(connection, office.company, each.detail), *partly]:
        set_hold(
            office,
            connection,
            HoldKind(row["kind"]),
            account_ref=each.account,
            reason=row["reason"],
            ends=row["ends"],
            items=items,
            source=f"carried:{row['id']}:{each.subject}",
        )


def _dunned(office: Office, connection: Connection, each: Happening) -> None:
    """The ledger duns a customer itself, or does so no more."""
    dunned.wait_for(office, connection, [each.subject])


_ACTS = {
    What.MOVED: _moved,
    What.NEW: _new,
    What.GONE: _gone,
    What.SETTLED: _settled,
    What.REOPENED: _nothing,
    What.RETURNED: _returned,
    What.DUE_DATE_MOVED: _nothing,
    What.NOTE_CHANGED: _note_changed,
    What.LEDGER_MAILED: _ledger_mailed,
    What.CUSTOMER_MERGED: _merged,
    What.PAID: _nothing,
    What.RESIDUAL: _nothing,
    What.DUNNED: _dunned,
}
