"""A store as a year of syncs and reminders would have left it: open invoices, ten to a customer, and what was said.

Written by the driver, from a seed, since the building is not what is measured. An invoice's number tells its age: those
of one customer lie far from each other, as they came.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path

from connector.store import companies, history
from connector.store.companies import Mode
from connector.store.engine import Database, open_database
from connector.store.history import Event
from tests.bench.day_world import (
    AGES,
    FIRST_LETTER_AGO,
    NOW,
    TODAY,
    Customer,
    Said,
    day,
    instant,
    invoice,
    world,
)

COMPANY = "bench"
_HAD_FIRST_LETTER = range(3)
_FIRST_LETTER = {"step_no": 1, "step_id": "first", "step_day": 3, "cadence": "standard", "cycle": 1}
_WORDS = "This is about an invoice that was due some days ago. Please tell us when we may expect your payment. " * 6

Row = dict[str, object]


def build(path: Path, invoices: int, *, said_before: int = 0) -> None:
    """A SQLite store at `path` with so many open invoices, none due to be looked at, and `said_before` reminders that
    were said within the last year for invoices paid since.
    """
    database = open_database(f"sqlite:///{path}")
    connect(database)
    everybody, said, past = world(invoices, said_before)
    with closing(sqlite3.connect(path)) as driver:
        driver.execute("PRAGMA synchronous = OFF")
        for table, rows in tables(everybody, said, past):
            _insert(driver, table, rows)
        driver.execute("ANALYZE")
        driver.commit()
    _write_history(database, [*past, *said])
    database.dispose()


def connect(database: Database) -> None:
    """The company, in automatic mode."""
    with database.write("connect") as connection:
        companies.add(
            connection,
            id=COMPANY,
            ledger="quickbooks",
            ledger_ref="1001",
            name="Bench & Sons",
            home_currency="USD",
            country="US",
            zone="America/New_York",
            mode=Mode.AUTOMATIC.value,
            cursor="2026-11-04T14:55:00+00:00",
            first_read_done=True,
            synced_at=NOW - timedelta(minutes=5),
            cash_posted_until=day(1),
            cash_silence_days=3,
            connected_at=NOW - timedelta(days=400),
        )


def make_due(path: Path, accounts: int) -> None:
    """The day of so many accounts has come; they are spread evenly over the book."""
    with closing(sqlite3.connect(path)) as driver:
        (known,) = driver.execute("SELECT count(*) FROM account").fetchone()
        due = range(1, known + 1, known // accounts)[:accounts]
        statement = "UPDATE account SET look_on = ? WHERE company = ? AND ref = ?"
        driver.executemany(statement, ((TODAY.isoformat(), COMPANY, str(each)) for each in due))
        driver.commit()


def tables(
    everybody: Sequence[Customer], said: Sequence[Said], past: Sequence[Said]
) -> Iterator[tuple[str, Iterable[Row]]]:
    """The rows of each table, as SQLite keeps them and PostgreSQL reads them."""
    count = len(everybody)
    yield "customer", map(_customer, everybody)
    yield "account", map(_account, everybody)
    yield "document", chain(map(_paid_document, past), _open_documents(everybody), _credits(everybody))
    yield "item", chain(map(_paid_item, past), _open_items(everybody))
    yield "promise", (_promise(each, count) for each in everybody if each.promises)
    yield "promise_item", (row for each in everybody if each.promises for row in _promise_items(each, count))
    yield "dispute", (_dispute(each, count) for each in everybody if each.disputes)
    yield "hold", (_pause(each) for each in everybody if each.is_paused)
    yield "reminder", map(_reminder, chain(past, said))
    yield "reminder_item", chain(_lapses(everybody), (row for one in chain(past, said) for row in _steps(one)))
    yield "dispatch", map(_dispatch, chain(past, said))
    yield "contact", map(_contact, chain(past, said))


def _insert(driver: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    rows = iter(rows)
    for first in islice(rows, 1):
        names = ", ".join(first)
        marks = ", ".join(f":{name}" for name in first)
        driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", chain((first,), rows))


def _amount(of: Customer, nth: int) -> int:
    return 5_000 + (of.number * 7919 + nth * 104_729) % 250_000


# -- the books


def _customer(each: Customer) -> Row:
    return {
        "company": COMPANY,
        "ref": each.ref,
        "name": f"Customer {each.number} & Sons, Inc.",
        "bill_with_parent": False,
        "active": True,
        "emails": json.dumps(each.emails),
        "phone": "(555) 555-0100",
        "language": each.language,
        "country": "US",
        "region": "NY",
        "postcode": "10001",
        "currency": each.currency,
        "customer_type": "",
        "delivery_method": "email",
        "note": "",
        "block": "",
        "version": "3",
        "created_at": instant(400),
        "updated_at": instant(20),
    }


def _account(each: Customer) -> Row:
    return {
        "company": COMPANY,
        "ref": each.ref,
        "customer": each.ref,
        "cadence": "standard" if each.was_written_to else None,
        "look_on": day(-1 - each.number % 30).isoformat(),
        "touches": 12,
        "verdict_on": day(FIRST_LETTER_AGO).isoformat(),
        "outcome": "remind",
        "reason": "step_due",
    }


def _document(of: Customer, ref: str, kind: str, *, total: int, open_minor: int, ago: int) -> Row:
    return {
        "company": COMPANY,
        "ref": ref,
        "kind": kind,
        "customer": of.ref,
        "account": of.ref,
        "number": f"26-{ref.partition(':')[2]}",
        "issue_date": day(ago).isoformat(),
        "currency": of.currency,
        "total_minor": total,
        "open_minor": open_minor,
        "bill_emails": json.dumps(of.emails[:1]),
        "delivery": "sent",
        "sent_at": instant(ago),
        "memo": "",
        "pay_link": f"https://pay.example/scs-v1-{ref[8:]:0>24}" if kind == "invoice" else None,
        "voided": False,
        "version": "1",
        "created_at": instant(ago),
        "updated_at": instant(ago),
        "first_seen": day(ago).isoformat(),
    }


def _open_documents(everybody: Sequence[Customer]) -> Iterator[Row]:
    for nth, age in enumerate(AGES):
        for of in everybody:
            amount, ref = _amount(of, nth), invoice(of, nth, len(everybody))
            yield _document(of, ref, "invoice", total=amount, open_minor=amount, ago=age + 30)


def _paid_document(past: Said) -> Row:
    return _document(past.to, past.invoices[0], "invoice", total=80_000, open_minor=0, ago=past.days_ago + 50)


def _credits(everybody: Sequence[Customer]) -> Iterator[Row]:
    """Payments: applied ones, and unapplied ones that are a customer's credit."""
    for of in everybody:
        if of.has_paid:
            yield _document(of, f"payment:{of.ref}", "payment", total=-80_000, open_minor=0, ago=30)
        if of.has_credit:
            yield _document(
                of, f"payment:{of.number + len(everybody)}", "payment", total=-1_500, open_minor=-1_500, ago=6
            )


def _item(ref: str, of: Customer, *, total: int, open_minor: int, age: int, closed_ago: int | None) -> Row:
    return {
        "company": COMPANY,
        "ref": f"{ref}#1",
        "document": ref,
        "account": of.ref,
        "part": 1,
        "due_date": day(age).isoformat(),
        "currency": of.currency,
        "total_minor": total,
        "open_minor": open_minor,
        "cycle": 1,
        "closed_on": None if closed_ago is None else day(closed_ago).isoformat(),
        "known_since": day(age + 30).isoformat(),
    }


def _open_items(everybody: Sequence[Customer]) -> Iterator[Row]:
    for nth, age in enumerate(AGES):
        for of in everybody:
            amount, ref = _amount(of, nth), invoice(of, nth, len(everybody))
            yield _item(ref, of, total=amount, open_minor=amount, age=age, closed_ago=None)


def _paid_item(past: Said) -> Row:
    ref, age = past.invoices[0], past.days_ago + 10
    return _item(ref, past.to, total=80_000, open_minor=0, age=age, closed_ago=past.days_ago - 5)


# -- why they wait


def _promise(of: Customer, count: int) -> Row:
    return {
        "id": f"promise-{of.ref}",
        "company": COMPANY,
        "account": of.ref,
        "customer": of.ref,
        "amount_minor": sum(_amount(of, nth) for nth in _HAD_FIRST_LETTER),
        "currency": of.currency,
        "day": day(-5).isoformat(),
        "items": json.dumps([f"{invoice(of, nth, count)}#1" for nth in _HAD_FIRST_LETTER]),
        "made_at": instant(4),
        "made_on": day(4).isoformat(),
        "state": "open",
    }


def _promise_items(of: Customer, count: int) -> Iterator[Row]:
    for nth in _HAD_FIRST_LETTER:
        item = f"{invoice(of, nth, count)}#1"
        yield {"company": COMPANY, "promise": f"promise-{of.ref}", "item": item}


def _dispute(of: Customer, count: int) -> Row:
    return {
        "id": f"dispute-{of.ref}",
        "company": COMPANY,
        "account": of.ref,
        "customer": of.ref,
        "item": f"{invoice(of, 3, count)}#1",
        "amount_minor": 2_000,
        "currency": of.currency,
        "reason": "short delivery",
        "owner": "anna",
        "state": "open",
        "source": f"person:{of.ref}",
        "opened_at": instant(3),
        "opened_on": day(3).isoformat(),
    }


def _pause(of: Customer) -> Row:
    return {
        "id": f"pause-{of.ref}",
        "company": COMPANY,
        "account": of.ref,
        "customer": of.ref,
        "kind": "pause",
        "items": "[]",
        "begins": day(2).isoformat(),
        "ends": day(-9).isoformat(),
        "reason": "a new bank",
        "source": f"person:{of.ref}",
        "created_at": instant(2),
    }


# -- what was said


def _reminder(said: Said) -> Row:
    return {
        "id": said.id,
        "company": COMPANY,
        "account": said.to.ref,
        "customer": said.to.ref,
        "cadence": "standard",
        "cadence_version": "1f2e3d4c5b6a",
        "step_id": "first",
        "decided_on": day(said.days_ago).isoformat(),
        "decided_at": instant(said.days_ago),
        "figures_at": instant(said.days_ago),
        "state": "said",
        "reason": "step_due",
        "facts": json.dumps({"step_id": "first", "advance": [f"{each}#1" for each in said.invoices]}),
        "fingerprint": "0" * 64,
        "language": "en",
        "subject": "Invoices from Bench & Sons",
        "text_body": _WORDS,
        "html_body": f"<p>{_WORDS}</p>",
        "said_at": instant(said.days_ago),
    }


def _steps(said: Said) -> Iterator[Row]:
    for each in said.invoices:
        taken = {"taken_on": day(said.days_ago).isoformat(), "how": "sent"}
        yield {"company": COMPANY, "item": f"{each}#1", **_FIRST_LETTER, "reminder": said.id, **taken}


def _lapses(everybody: Sequence[Customer]) -> Iterator[Row]:
    """Heads-ups that lapsed when their invoices fell due: of those that wait for the first letter, all but a few."""
    lapsed = {"step_no": 1, "step_id": "heads-up", "step_day": -3, "cadence": "standard", "cycle": 1, "reminder": None}
    for of in everybody:
        for nth in (3, 4, 5):
            if (of.number + nth) % 10:
                item, on = f"{invoice(of, nth, len(everybody))}#1", day(AGES[nth]).isoformat()
                yield {"company": COMPANY, "item": item, **lapsed, "taken_on": on, "how": "lapsed"}


def _dispatch(said: Said) -> Row:
    at = instant(said.days_ago)
    address = next(iter(said.to.emails), "nobody@customer.example")
    return {
        "reminder": said.id,
        "address": address,
        "company": COMPANY,
        "state": "sent",
        "attempts": 1,
        "reply": "250 2.0.0 Ok: queued",
        "updated_at": at,
    }


def _contact(said: Said) -> Row:
    return {
        "company": COMPANY,
        "account": said.to.ref,
        "at": instant(said.days_ago),
        "on_day": day(said.days_ago).isoformat(),
        "what": "reminder",
        "address": next(iter(said.to.emails), ""),
        "source": f"reminder:{said.id}",
    }


def _write_history(database: Database, said: Sequence[Said]) -> None:
    """What was said, in one chain."""
    for start in range(0, len(said), 10_000):
        events = [
            Event(
                at=NOW - timedelta(days=one.days_ago),
                actor="deliver",
                kind="reminder_said",
                account=one.to.ref,
                subject=one.id,
                data={"step_id": "first", "items": [f"{each}#1" for each in one.invoices], "recipients": 1},
            )
            for one in said[start : start + 10_000]
        ]
        with database.write("history", durable=False) as connection:
            history.record_many(connection, COMPANY, events)
