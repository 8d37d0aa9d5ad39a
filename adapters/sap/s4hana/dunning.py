"""A customer's dunning records (A_CustomerDunning): our block in them for a dispute, set and taken away again.

A record is kept for each dunning area of the customer in the company code; its block stops SAP's own dunning run there
for the whole customer. Each is read just before it is written, one writer of a customer at a time (`locked`). Only an
empty field is written, and only our own code is taken away. The service tells no version of these records in its
published model; where a system tells one all the same, it is kept (If-Match).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import msgspec

from adapters.documents import CustomerRef
from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.ledger import BlockChange, Outcome, Receipt, divided
from adapters.sap.odata import ODataClient, Query, key
from adapters.sap.s4hana.cutting import either, text
from adapters.sap.s4hana.wire import Dunning, properties
from adapters.sap.values import Version

RECORDS = "A_CustomerDunning"
_TRIES = 3


class _Metadata(msgspec.Struct):
    etag: str = ""


class _Record(Dunning):
    metadata: _Metadata = msgspec.field(name="__metadata", default_factory=_Metadata)


def told_block(records: Sequence[Dunning]) -> str:
    """The customer's blocks as `Customer.block` has them: each area's code, with its area where that has a name."""
    return ", ".join(_spelt(each, each.dunning_block) for each in records if each.dunning_block)


def _spelt(record: Dunning, code: str) -> str:
    return f"{code} (area {record.dunning_area})" if record.dunning_area else code


class DunningWriter:
    """Sets and takes away our block. `code` is the block's key in the system; empty: none is set."""

    def __init__(
        self,
        client: ODataClient,
        company_code: str,
        code: str,
        locked: Callable[[CustomerRef], AbstractContextManager[object]],
    ) -> None:
        self._client = client
        self._company_code = company_code
        self._code = code
        self._locked = locked

    def block(self, change: BlockChange) -> Receipt:
        """See `Ledger.block`. A change that is repeated changes nothing more."""
        if not self._code and (change.set or not change.ours):
            raise LedgerRejected(f"Dunning blocks are not written: customer {change.customer} keeps its own.")
        done: list[str] = []
        try:
            with self._locked(change.customer):
                return self._patiently(change, done)
        except LedgerUnavailable as error:
            if not error.sent and not done:
                raise
            return Receipt(key=change.key, outcome=Outcome.UNKNOWN, reason=str(error))
        except (LedgerRejected, LedgerConflict) as error:
            return Receipt(key=change.key, outcome=Outcome.IMPOSSIBLE, ledger_id=", ".join(done), reason=str(error))

    def _patiently(self, change: BlockChange, done: list[str]) -> Receipt:
        """Once more where somebody else changed a record meanwhile. `done` is what was written, whatever follows."""
        work = self._set if change.set else self._clear
        for _ in range(_TRIES - 1):
            try:
                return work(change, self._records(change.customer), done)
            except LedgerConflict:
                continue
        return work(change, self._records(change.customer), done)

    def _set(self, change: BlockChange, records: Sequence[_Record], done: list[str]) -> Receipt:
        before = divided(change.before)
        stands = [each for each in records if each.dunning_block]
        for each in records:
            if not each.dunning_block:
                self._write(each, self._code)
                done.append(_spelt(each, self._code))
        found = [_spelt(each, each.dunning_block) for each in stands if each.dunning_block == self._code]
        ours = [*done, *(each for each in found if change.again and each not in before and each not in done)]
        if done:
            return Receipt(key=change.key, outcome=Outcome.WRITTEN, ledger_id=", ".join(ours))
        if ours:
            return Receipt(key=change.key, outcome=Outcome.ALREADY_THERE, ledger_id=", ".join(ours))
        why = f"the ledger has a block already: {told_block(stands)}" if stands else "SAP does not dun this customer"
        return Receipt(key=change.key, outcome=Outcome.ALREADY_THERE, reason=why)

    def _clear(self, change: BlockChange, records: Sequence[_Record], done: list[str]) -> Receipt:
        ours = divided(change.ours) or {_spelt(each, self._code) for each in records} - divided(change.before)
        areas = {each.partition(" (")[2] for each in ours}
        others = []
        for each in records:
            token = _spelt(each, each.dunning_block)
            if each.dunning_block and token in ours:
                self._write(each, "")
                done.append(token)
            elif each.dunning_block and token.partition(" (")[2] in areas and token not in divided(change.before):
                others.append(token)
        if others:
            why = f"the ledger says {', '.join(others)} by now"
            return Receipt(key=change.key, outcome=Outcome.IMPOSSIBLE, ledger_id=", ".join(done), reason=why)
        outcome = Outcome.WRITTEN if done else Outcome.ALREADY_THERE
        return Receipt(key=change.key, outcome=outcome, ledger_id=", ".join(done))

    def _records(self, customer: CustomerRef) -> Sequence[_Record]:
        filter_ = f"{either('Customer', customer)} and CompanyCode eq {text(self._company_code)}"
        try:
            page = self._client.rows(RECORDS, _Record, Query(filter=filter_, select=properties(Dunning)))
        except LedgerUnavailable as error:
            error.sent = False  # what they are read for has not been sent
            raise
        if page.bad or page.next:
            raise LedgerRejected(f"The dunning records of customer {customer} are not as expected: nothing is written.")
        return page.good

    def _write(self, record: _Record, code: str) -> None:
        names = {name: getattr(record, attribute) for name, attribute in _KEY}
        headers = {"If-Match": record.metadata.etag} if record.metadata.etag else {}
        body = msgspec.json.encode({"DunningBlock": code})
        self._client.change("PATCH", RECORDS + key(names, Version.V2), body, headers=headers)


_KEY = (("Customer", "customer"), ("CompanyCode", "company_code"), ("DunningArea", "dunning_area"))
