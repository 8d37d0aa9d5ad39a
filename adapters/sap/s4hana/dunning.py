"""A customer's dunning records (A_CustomerDunning): our block for a dispute, and the level that our reminders reach.

A record is kept for each dunning area of the customer in the company code; its block stops SAP's own dunning run there
for the whole customer. Each is read just before it is written, one writer of a customer at a time (`locked`). Only an
empty field is written, and only our own code is taken away. The service tells no version of these records in its
published model; where a system tells one all the same, it is kept (If-Match).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec

from adapters.documents import CustomerRef
from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.ledger import BlockChange, Outcome, Receipt, divided
from adapters.sap.odata import ODataClient, Query, key
from adapters.sap.s4hana.cutting import either, text
from adapters.sap.s4hana.texts import Note
from adapters.sap.s4hana.wire import Dunning, properties
from adapters.sap.values import ValueUnreadable, Version, day, wire_day

RECORDS = "A_CustomerDunning"
_TRIES = 3
_HIGHEST = 9
"""DunningLevel is one digit."""


class _Metadata(msgspec.Struct):
    etag: str = ""


class _Record(Dunning):
    metadata: _Metadata = msgspec.field(name="__metadata", default_factory=_Metadata)


def told_block(records: Sequence[Dunning]) -> str:
    """The customer's blocks as `Customer.block` has them: each area's code, with its area where that has a name."""
    return ", ".join(_spelt(each, each.dunning_block) for each in records if each.dunning_block)


def _spelt(record: Dunning, code: str) -> str:
    return f"{code} (area {record.dunning_area})" if record.dunning_area else code


class Records:
    """The dunning records of customers in one company code."""

    def __init__(self, client: ODataClient, company_code: str) -> None:
        self._client = client
        self._company_code = company_code

    def of(self, customer: CustomerRef) -> Sequence[_Record]:
        """A customer's records. Raises LedgerError; one that says `sent=False` came before anything was written."""
        filter_ = f"{either('Customer', customer)} and CompanyCode eq {text(self._company_code)}"
        try:
            page = self._client.rows(RECORDS, _Record, Query(filter=filter_, select=properties(Dunning)))
        except LedgerUnavailable as error:
            error.sent = False  # what they are read for has not been sent
            raise
        if page.bad or page.next:
            raise LedgerRejected(f"The dunning records of customer {customer} are not as expected: nothing is written.")
        return page.good

    def write(self, record: _Record, values: Mapping[str, str]) -> None:
        """Changes a record as it was read. Raises LedgerError."""
        names = {name: getattr(record, attribute) for name, attribute in _KEY}
        headers = {"If-Match": record.metadata.etag} if record.metadata.etag else {}
        self._client.change("PATCH", RECORDS + key(names, Version.V2), msgspec.json.encode(values), headers=headers)


_KEY = (("Customer", "customer"), ("CompanyCode", "company_code"), ("DunningArea", "dunning_area"))


class LevelWriter:
    """Raises the customer's dunning level, and its day, to what a reminder of ours reached; neither is ever lowered."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __call__(self, note: Note) -> str:
        """Before the reminder's text is written. Returns what could not be done, empty where nothing is missing."""
        if not note.step or note.day is None:
            return ""
        records = self._records.of(note.customer)
        if len(records) > 1:
            return f"The dunning level was not written: the customer has {len(records)} dunning areas."
        for each in records:
            try:
                before = day(each.last_dunned_on)
            except ValueUnreadable as error:
                return f"The dunning level was not written: {error}."
            level = str(max(int(each.dunning_level) if each.dunning_level.isdecimal() else 0, min(note.step, _HIGHEST)))
            last = max(before or note.day, note.day)
            if (level, last) != (each.dunning_level, before):
                self._records.write(each, {"DunningLevel": level, "LastDunnedOn": wire_day(last)})
        return ""


class BlockWriter:
    """Sets and takes away our block. `code` is the block's key in the system; empty: none is set."""

    def __init__(
        self, records: Records, code: str, locked: Callable[[CustomerRef], AbstractContextManager[object]]
    ) -> None:
        self._records = records
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
                return work(change, self._records.of(change.customer), done)
            except LedgerConflict:
                continue
        return work(change, self._records.of(change.customer), done)

    def _set(self, change: BlockChange, records: Sequence[_Record], done: list[str]) -> Receipt:
        before = divided(change.before)
        stands = [each for each in records if each.dunning_block]
        for each in records:
            if not each.dunning_block:
                self._records.write(each, {"DunningBlock": self._code})
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
                self._records.write(each, {"DunningBlock": ""})
                done.append(token)
            elif each.dunning_block and token.partition(" (")[2] in areas and token not in divided(change.before):
                others.append(token)
        if others:
            why = f"the ledger says {', '.join(others)} by now"
            return Receipt(key=change.key, outcome=Outcome.IMPOSSIBLE, ledger_id=", ".join(done), reason=why)
        outcome = Outcome.WRITTEN if done else Outcome.ALREADY_THERE
        return Receipt(key=change.key, outcome=outcome, ledger_id=", ".join(done))
