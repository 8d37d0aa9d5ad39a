"""Outbox: notes into the ledger, exactly once.

A batch is stored with its exact bytes before it is sent, and only ever repeated as the same bytes. Where the answer
never came, its entries are first looked for in the ledger by their marker. None found: the same bytes again, under
the same request id. Some found: the rest is free for another batch (design, section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, RowMapping

from adapters.errors import LedgerError, LedgerRejected, LedgerUnavailable
from adapters.ledger import Batch, Entry, Outcome, Receipt
from connector.directory import Directory
from connector.office import Office
from connector.store import entries, history, tasks
from connector.store.books import chunks
from connector.store.history import Event

_LEASE = timedelta(minutes=10)
_RETRY = timedelta(minutes=10)
#: How far back a lost entry is looked for.
_LOOK_BACK = timedelta(days=2)
_ROUND = 300


@dataclass(slots=True)
class Posted:
    """What a run of the outbox did, in entries."""

    written: int = 0
    found: int = 0
    impossible: int = 0
    unknown: int = 0


def post_notes(office: Office) -> Posted:
    """Settles what has no answer yet, then writes what waits. Raises LedgerError where the ledger cannot be reached."""
    done = Posted()
    settle_unknown(office, done)
    while _post_some(office, done):
        pass
    return done


def settle_unknown(office: Office, done: Posted) -> None:
    """Looks for the entries of batches whose answer never came."""
    with office.database.read() as connection:
        rows = entries.unsettled(connection, office.company, office.now())
    for row in rows:
        with office.database.write("take batch") as connection:  # its lease begins now: those before may have been slow
            fence = entries.take_batch(connection, office.company, row, now=office.now(), lease=_LEASE)
        if fence is not None:
            _settle(office, row, fence, done)


def _settle(office: Office, row: RowMapping, fence: int, done: Posted) -> None:
    each = entries.to_batch(row)
    keys = [key for _, key in each.members]
    with office.database.read() as connection:
        customers = set(entries.customers_of(connection, office.company, keys).values())
        directory = Directory(connection, office.company)
        directory.load(customers)
        customers |= {directory.get(each).ref for each in customers}
    since = (row["created_at"] - _LOOK_BACK).date()
    found = {receipt.key: receipt for receipt in office.ledger.posted(customers, since) if receipt.key in keys}
    if not found:
        _send(office, each, fence, done)
        return
    with office.database.write("settle batch") as connection:
        if not entries.is_ours(connection, office.company, each.request_id, fence):
            return
        _settled(office, connection, list(found.values()), done)
        entries.release(connection, office.company, [key for key in keys if key not in found], now=office.now())
        entries.mark_batch(connection, office.company, each.request_id, "answered")
    done.found += len(found)


def settle_found(office: Office, connection: Connection, receipts: Sequence[Receipt]) -> None:
    """Of entries found in the ledger, those that wait to our knowledge (a restored backup's) are written already."""
    for some in chunks(receipts):
        _settled(office, connection, some, Posted())


def _post_some(office: Office, done: Posted) -> bool:
    """Composes and sends one round of batches. Tells whether there may be more: what waited for these, too."""
    with office.database.read() as connection:
        waiting = entries.waiting(connection, office.company, office.now(), _ROUND)
        addressed = _to_survivors(office, connection, waiting)
    is_any_ours = False
    for each in office.ledger.compose(addressed) if addressed else ():
        with office.database.write("store batch") as connection:  # its lease begins now, likewise
            ours = entries.save_batch(connection, office.company, each, now=office.now(), lease=_LEASE)
        is_any_ours |= ours
        if ours:
            _send(office, each, 1, done)
    return is_any_ours


def _to_survivors(office: Office, connection: Connection, waiting: Sequence[Entry]) -> list[Entry]:
    """What tells of a customer that was merged away goes to the one it was merged into: the ledger knows no other."""
    directory = Directory(connection, office.company)
    directory.load({each.customer for each in waiting})
    return [replace(each, customer=directory.get(each.customer).ref) for each in waiting]


def _send(office: Office, each: Batch, fence: int, done: Posted) -> None:
    keys = [key for _, key in each.members]
    receipts: Sequence[Receipt] = ()
    try:
        receipts = office.ledger.post(each)
    except LedgerRejected as error:  # the same bytes would be refused again, and hold up all others
        receipts = [Receipt(key=key, outcome=Outcome.IMPOSSIBLE, reason=str(error)) for key in keys]
    except LedgerError as error:
        if not isinstance(error, LedgerUnavailable) or not error.sent:
            _not_sent(office, each, fence, error)
            raise
    told = {receipt.key for receipt in receipts if receipt.outcome is not Outcome.UNKNOWN}
    with office.database.write("record receipts") as connection:
        if not entries.is_ours(connection, office.company, each.request_id, fence):
            return
        _settled(office, connection, receipts, done)
        unknown = sum(key not in told for key in keys)
        done.unknown += unknown
        state = "unknown" if unknown else "answered"
        retry_at = office.now() + _RETRY if unknown else None
        entries.mark_batch(connection, office.company, each.request_id, state, retry_at=retry_at)


def _not_sent(office: Office, each: Batch, fence: int, error: LedgerError) -> None:
    """What certainly never left may go, as the same bytes, as soon as the ledger can be reached. After any other error
    an attempt before it may be under way.
    """
    retry_at = None if isinstance(error, LedgerUnavailable) else office.now() + _RETRY
    with office.database.write("batch not sent") as connection:
        if entries.is_ours(connection, office.company, each.request_id, fence):
            entries.mark_batch(connection, office.company, each.request_id, "unknown", retry_at=retry_at)


def _settled(office: Office, connection: Connection, receipts: Sequence[Receipt], done: Posted) -> None:
    now = office.now()
    news = entries.settle(connection, office.company, receipts, now=now)
    events = []
    for each in news:
        impossible = each.outcome is Outcome.IMPOSSIBLE
        done.impossible += impossible
        done.written += not impossible
        kind = "entry_impossible" if impossible else "entry_written"
        if impossible:
            _refused(office, connection, each)
        data: dict[str, object] = {"reason": each.reason} if impossible else {"ledger_id": each.ledger_id}
        events.append(Event(at=now, actor="outbox", kind=kind, subject=each.key, data=data))
    if events:
        history.record_many(connection, office.company, events)


def _refused(office: Office, connection: Connection, receipt: Receipt) -> None:
    """The ledger refused an entry for good: a person writes it there by hand, and nothing that was said is lost."""
    entry = entries.by_key(connection, office.company, receipt.key)
    tasks.open_task(
        connection,
        office.company,
        key=f"note_refused:{receipt.key}",
        kind="note_refused",
        text=f"The ledger refused a note ({receipt.reason or 'it does not say why'}): write it there by hand.",
        now=office.now(),
        today=office.today(),
        account=entry.customer,
        facts={"entry": entry.key, "kind": entry.kind.value, "reason": receipt.reason, "note": entry.text},
    )
