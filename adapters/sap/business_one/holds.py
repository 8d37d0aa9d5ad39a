"""BlockDunning of a document: set for a dispute, so that Business One's own wizard stays silent too, and taken away.

The property says yes or no, and nothing of who said it. So what stood there before is told to us, and a yes counts as
ours only where an earlier attempt of ours may have arrived. It is written on the version that was read (If-Match).
"""

import msgspec

from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.ledger import BlockChange, Outcome, Receipt
from adapters.sap.business_one import wire
from adapters.sap.business_one.documents import BLOCK, CREDIT_NOTE, DOWN_PAYMENT, INVOICE, KIND_OF, Key, key_of
from adapters.sap.odata import ODataClient, Query

_TRIES = 3
_HELD = frozenset([INVOICE, DOWN_PAYMENT, CREDIT_NOTE])


class HoldWriter:
    """Sets our block where `sets`, and takes away what we set whether or not."""

    def __init__(self, client: ODataClient, *, sets: bool) -> None:
        self._client = client
        self._sets = sets

    def block(self, change: BlockChange) -> Receipt:
        """See `Ledger.block`. A change that is repeated changes nothing more."""
        if not self._sets and (change.set or not change.ours):
            raise LedgerRejected(f"Dunning blocks are not written: {change.document or change.customer} keeps its own.")
        target = key_of(change.document or "")
        if target is None or target.type not in _HELD:
            return Receipt(key=change.key, outcome=Outcome.ALREADY_THERE, reason="it has no dunning block of its own")
        try:
            for _ in range(_TRIES - 1):
                try:
                    return self._changed(change, target)
                except LedgerConflict:
                    continue
            return self._changed(change, target)
        except LedgerUnavailable as error:
            if not error.sent:
                raise
            return Receipt(key=change.key, outcome=Outcome.UNKNOWN, reason=str(error))
        except (LedgerRejected, LedgerConflict) as error:
            return Receipt(key=change.key, outcome=Outcome.IMPOSSIBLE, reason=str(error))

    def _changed(self, change: BlockChange, target: Key) -> Receipt:
        path = f"{wire.ENTITIES[KIND_OF[target.type]]}({target.entry})"
        row = self._read(path)
        if wire.yes(row.block_dunning) == change.set:
            ours = change.set and change.again and not change.before
            why = "" if ours or not change.set else f"the ledger has a block already: {BLOCK}"
            return Receipt(key=change.key, outcome=Outcome.ALREADY_THERE, ledger_id=BLOCK if ours else "", reason=why)
        if not change.set and change.before:  # it stood there before ours was tried: never ours
            return Receipt(key=change.key, outcome=Outcome.ALREADY_THERE)
        wanted = wire.YES if change.set else wire.NO
        headers = {"If-Match": row.etag} if row.etag else {}
        self._client.change("PATCH", path, msgspec.json.encode({"BlockDunning": wanted}), headers=headers)
        return Receipt(key=change.key, outcome=Outcome.WRITTEN, ledger_id=BLOCK)

    def _read(self, path: str) -> wire.Held:
        try:
            return self._client.one(path, wire.Held, Query(select=("DocEntry", "BlockDunning")))
        except LedgerUnavailable as error:
            error.sent = False  # what it is read for has not been sent
            raise
