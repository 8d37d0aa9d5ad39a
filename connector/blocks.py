"""Dunning blocks for disputes: while a customer disputes, the ledger's own dunning waits too, where that is wanted.

A block is ours while the ledger shows it and our record says so. Only an empty place is written, and what stood there
before is read and recorded first; ours is taken away with the last open dispute of that place, and only while it is
ours. Each intention is committed before the ledger is touched, and each change may be repeated: so it is carried out
once, wherever the program is killed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, select

from adapters.documents import document_of
from adapters.errors import LedgerError, LedgerRejected, LedgerUnavailable
from adapters.ledger import BlockChange, BlockPlace, Outcome, Receipt
from connector.office import Office
from connector.store import books, history, ledger_blocks, tasks
from connector.store.ledger_blocks import BlockState
from connector.store.tables import dispute
from reminders.holds import DisputeState

_LEASE = timedelta(minutes=10)
_RETRY = timedelta(minutes=10)
_LIVE = (DisputeState.OPEN.value, DisputeState.UNDER_REVIEW.value)


@dataclass(slots=True)
class Kept:
    """What a run did, in places."""

    set: int = 0
    cleared: int = 0
    left: int = 0  # not ours to set or to take away
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Disputed:
    """A place with an open dispute: a customer, or one of its documents."""

    customer: str
    document: str | None
    dispute: str


def keep_blocks(office: Office) -> Kept:
    """Sets what open disputes ask for, and takes away what they no longer do. Raises LedgerError."""
    done, kind = Kept(), office.ledger.capabilities.blocks
    with office.database.read() as connection:
        known = ledger_blocks.live(connection, office.company)
        if kind is None and not known:
            return done
        wanted = _wanted(connection, office.company)
        cursor = office.row(connection).cursor
    for place, each in sorted(wanted.items()):
        if place not in known and cursor and kind is (BlockPlace.DOCUMENT if each.document else BlockPlace.CUSTOMER):
            _begin(office, place, each, cursor)
    with office.database.read() as connection:
        known = ledger_blocks.live(connection, office.company)
    for place, row in sorted(known.items()):
        _keep(office, row, is_wanted=place in wanted, done=done)
    return done


def _wanted(connection: Connection, company: str) -> Mapping[str, _Disputed]:
    """Customers and documents with an open dispute, each with the first one."""
    live = (
        select(dispute.c.id, dispute.c.customer, dispute.c.item)
        .where(dispute.c.company == company, dispute.c.ended_on.is_(None), dispute.c.state.in_(_LIVE))
        .order_by(dispute.c.opened_at, dispute.c.id)
    )
    found: dict[str, _Disputed] = {}
    for ident, customer, item in connection.execute(live):
        for document in (None, document_of(item)):
            each = _Disputed(customer=customer, document=document, dispute=ident)
            found.setdefault(document or customer, each)
    return found


def _begin(office: Office, place: str, each: _Disputed, cursor: str) -> None:
    """Reads what stands there, and records that ours is to be set. What the ledger does not show is left alone."""
    page = office.ledger.fresh([each.document] if each.document else [], [each.customer], cursor)
    told = page.documents if each.document else page.customers
    before = next((one.block for one in told if one.ref == place), None)
    if before is None:
        return
    values = {"customer": each.customer, "document": each.document, "dispute": each.dispute, "before": before}
    with office.database.write("intend block") as connection:
        ledger_blocks.begin(connection, office.company, place, {**values, "updated_at": office.now()})


def _keep(office: Office, row: RowMapping, *, is_wanted: bool, done: Kept) -> None:
    state = BlockState(row["state"])
    if is_wanted and state is BlockState.SETTING:
        _attempt(office, row, BlockState.SETTING, done)
    elif state is BlockState.CLEARING or (not is_wanted and state is BlockState.SET):
        _attempt(office, row, BlockState.CLEARING, done)
    elif not is_wanted:
        is_untouched = state is BlockState.NOT_OURS or row["attempts"] == 0
        _attempt(office, row, BlockState.ENDED if is_untouched else BlockState.CLEARING, done)


def _attempt(office: Office, row: RowMapping, state: BlockState, done: Kept) -> None:
    """One attempt at what is intended, counted before it is made. Raises LedgerError where nothing was written."""
    with office.database.write("take block") as connection:
        taken = ledger_blocks.take(connection, row, state, now=office.now(), lease=_LEASE)
        if taken is None or state is BlockState.ENDED:
            return
    change = BlockChange(
        key=f"block:{taken['dispute']}:{state.value}",
        customer=taken["customer"],
        document=taken["document"],
        set=state is BlockState.SETTING,
        before=taken["before"],
        again=taken["attempts"] > 1,
        ours=taken["ours"],
    )
    try:
        receipt = office.ledger.block(change)
    except LedgerRejected as error:
        receipt = Receipt(key=change.key, outcome=Outcome.IMPOSSIBLE, reason=str(error))
    except LedgerUnavailable as error:
        with office.database.write("block not changed") as connection:
            ledger_blocks.settle(connection, taken, attempts=taken["attempts"] - (not error.sent))
        raise
    except LedgerError:
        with office.database.write("block not changed") as connection:
            ledger_blocks.settle(connection, taken)
        raise
    with office.database.write("record block") as connection:
        settled = _SETTLED[state](office, connection, taken, receipt)
        _count(done, receipt, settled)


def _set(office: Office, connection: Connection, taken: RowMapping, receipt: Receipt) -> BlockState | None:
    """What became of setting it; None where that is not known, or somebody else's to record."""
    state = BlockState.SET if receipt.ledger_id else BlockState.NOT_OURS
    if receipt.outcome is Outcome.UNKNOWN:
        ledger_blocks.settle(connection, taken, retry_at=office.now() + _RETRY)
        return None
    if not ledger_blocks.settle(connection, taken, state=state.value, ours=receipt.ledger_id, why=receipt.reason):
        return None
    if receipt.outcome is Outcome.IMPOSSIBLE:
        text = f"The ledger refused the dunning block for a dispute ({receipt.reason}): its own dunning may go on."
        _ask(office, connection, taken, "block_refused", text, receipt)
    _record(office, connection, taken, "block_set" if receipt.ledger_id else "block_not_set", receipt)
    return state


def _clear(office: Office, connection: Connection, taken: RowMapping, receipt: Receipt) -> BlockState | None:
    """What became of taking it away; None where that is not known, or somebody else's to record."""
    if receipt.outcome is Outcome.UNKNOWN:
        ledger_blocks.settle(connection, taken, retry_at=office.now() + _RETRY)
        return None
    if not ledger_blocks.settle(connection, taken, state=BlockState.ENDED.value, why=receipt.reason):
        return None
    if receipt.outcome is Outcome.IMPOSSIBLE:
        text = (
            f"The last dispute is over, and the dunning block of {taken['place']} was not taken away "
            f"({receipt.reason}): decide whether it stays, and take it away in the ledger if not."
        )
        _ask(office, connection, taken, "block_left", text, receipt)
    else:
        ledger_blocks.forget(connection, taken, receipt.ledger_id or taken["ours"])
    _record(
        office, connection, taken, "block_left" if receipt.outcome is Outcome.IMPOSSIBLE else "block_cleared", receipt
    )
    return BlockState.ENDED


_SETTLED: Mapping[BlockState, Callable[[Office, Connection, RowMapping, Receipt], BlockState | None]] = {
    BlockState.SETTING: _set,
    BlockState.CLEARING: _clear,
}


def _ask(office: Office, connection: Connection, taken: RowMapping, kind: str, text: str, receipt: Receipt) -> None:
    tasks.open_task(
        connection,
        office.company,
        key=f"{kind}:{taken['place']}:{taken['dispute']}",
        kind=kind,
        text=text,
        now=office.now(),
        today=office.today(),
        account=taken["customer"],
        facts={"place": taken["place"], "reason": receipt.reason, "before": taken["before"]},
    )


def _record(office: Office, connection: Connection, taken: RowMapping, kind: str, receipt: Receipt) -> None:
    """Into the history; the accounts that it bears on are looked at again."""
    touched = {taken["customer"]: (taken["customer"], "")}
    if taken["document"]:
        touched = books.accounts_of_items(
            connection, office.company, books.items_of(connection, office.company, [taken["document"]])
        )
    books.touch_accounts(connection, office.company, touched, office.today())
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="blocks",
        kind=kind,
        account=taken["customer"],
        subject=taken["place"],
        data={
            "dispute": taken["dispute"],
            "before": taken["before"],
            "ours": receipt.ledger_id or taken["ours"],
            "reason": receipt.reason,
        },
    )


def _count(done: Kept, receipt: Receipt, settled: BlockState | None) -> None:
    done.unknown += receipt.outcome is Outcome.UNKNOWN
    done.set += settled is BlockState.SET
    is_left = receipt.outcome is Outcome.IMPOSSIBLE or settled is BlockState.NOT_OURS
    done.left += settled is not None and is_left
    done.cleared += settled is BlockState.ENDED and not is_left
