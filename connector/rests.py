"""Rests that the books cause: covered by credit, no address, the ledger's block, and the like.

Such a rest is judged anew every day and stored nowhere as a hold. But the days on which an item rested do not count for
the distance between its steps (rules, section 2), so their spans are kept here: begun when a decision first finds an
item resting, ended when one no longer does.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, RowMapping, insert, select, update

from adapters.documents import ItemRef
from connector.office import Office
from connector.store.tables import hold
from reminders.account import Account, HoldKind
from reminders.decision import Decision, ReasonCode

#: What the source of such a span begins with.
SEEN = "seen:"

_BY_REASON = {
    ReasonCode.COVERED_BY_CREDIT: HoldKind.COVERED_BY_CREDIT,
    ReasonCode.BELOW_MINIMUM: HoldKind.BELOW_MINIMUM,
    ReasonCode.NO_ADDRESS: HoldKind.NO_ADDRESS,
}
_BY_LEDGER = frozenset(
    {HoldKind.LEDGER_BLOCK, HoldKind.NEVER_DELIVERED, HoldKind.DIFFERENCE, HoldKind.UNREADABLE},
)


def remember_rests(office: Office, connection: Connection, decided: Sequence[tuple[Account, Decision]]) -> None:
    """Begins and ends spans by what was decided. Only items that were spoken of matter: others have no distance."""
    spoken = [(account, decision) for account, decision in decided if any(one.taken for one in account.items)]
    if not spoken:
        return
    known = _open_spans(office, connection, [account for account, _ in spoken])
    begun: list[dict[str, object]] = []
    for account, decision in spoken:
        resting = set(_rests(account, decision))
        counted = {span for one in account.items for span in known.get(one.ref, ())}
        for kind, ref in counted - resting:
            where = hold.c.id == known[ref][kind, ref]["id"]
            connection.execute(update(hold).where(where).values(ends=office.today(), ended_at=office.now()))
        begun += [_row(office, account, kind, ref) for kind, ref in sorted(resting - counted)]
    if begun:
        connection.execute(insert(hold), begun)


def _open_spans(
    office: Office, connection: Connection, accounts: Sequence[Account]
) -> dict[ItemRef, dict[tuple[HoldKind, ItemRef], RowMapping]]:
    """The spans that run, by item: whichever account it rested in, since an item may move to another one."""
    customers = {each.customer for each in accounts} | {one.customer for each in accounts for one in each.items}
    rows = connection.execute(
        select(hold).where(
            hold.c.company == office.company,
            hold.c.customer.in_(customers),  # by an index: one leads there
            hold.c.source.like(f"{SEEN}%"),
            hold.c.ends.is_(None),
        ),
    ).mappings()
    spans: dict[ItemRef, dict[tuple[HoldKind, ItemRef], RowMapping]] = {}
    for row in rows:
        ref = row["items"][0]
        spans.setdefault(ref, {})[HoldKind(row["kind"]), ref] = row
    return spans


def _rests(account: Account, decision: Decision) -> Iterable[tuple[HoldKind, ItemRef]]:
    by_ledger = [each for each in account.holds if each.kind in _BY_LEDGER and each.ends is None]
    for one in account.items:
        if not one.taken:
            continue
        code = decision.items.get(one.ref, decision.reason)
        if code in _BY_REASON:
            yield _BY_REASON[code], one.ref
        for each in by_ledger:
            if not each.items or one.ref in each.items:
                yield each.kind, one.ref


def _row(office: Office, account: Account, kind: HoldKind, ref: str) -> dict[str, object]:
    today = office.today()
    return {
        "id": office.new_id(),
        "company": office.company,
        "account": account.ref,
        "customer": account.customer,
        "kind": kind.value,
        "items": [ref],
        "begins": today,
        "ends": None,
        "reason": "it rested",
        "source": f"{SEEN}{kind.value}:{ref}:{today.isoformat()}:{office.new_id()[:8]}",
        "created_at": office.now(),
    }
