"""BlockDunning of a document: set for a dispute, so that Business One's own wizard stays silent too, and cleared again.

Only what we set ourselves is cleared; which that is stands in the dispute's own note.
"""

import re
from collections.abc import Sequence

import msgspec

from adapters.errors import LedgerConflict
from adapters.sap.business_one import wire
from adapters.sap.business_one.documents import CREDIT_NOTE, DOWN_PAYMENT, INVOICE, KIND_OF, Key, key_of
from adapters.sap.odata import ODataClient, Query

_TRIES = 3
_SAID = re.compile(r"BlockDunning set on ([\d/, ]+)\.")
_HELD = frozenset([INVOICE, DOWN_PAYMENT, CREDIT_NOTE])


def can_be_held(documents: Sequence[str]) -> list[Key]:
    """Which of these documents have a dunning block of their own."""
    keys = [key_of(ref) for ref in documents]
    return [key for key in keys if key is not None and key.type in _HELD]


def said(keys: Sequence[Key]) -> str:
    """A sentence for the note; empty for none."""
    return f"BlockDunning set on {', '.join(f'{key.type}/{key.entry}' for key in keys)}." if keys else ""


def read(note: str) -> list[Key]:
    """The documents that a note says were blocked by us."""
    found = _SAID.search(note)
    pairs = [each.strip().split("/") for each in found[1].split(",")] if found else []
    return [Key(int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2 and all(map(str.isdigit, pair))]


def hold(client: ODataClient, key: Key, *, is_set: bool) -> bool:
    """Sets or clears a document's block; False where it stood so already, which was somebody else's doing.

    Raises LedgerConflict where it changes faster than we can write, else LedgerError.
    """
    path = f"{wire.ENTITIES[KIND_OF[key.type]]}({key.entry})"
    wanted = wire.YES if is_set else "tNO"
    for attempt in range(1, _TRIES + 1):
        row = client.one(path, wire.Held, Query(select=("DocEntry", "BlockDunning")))
        if (row.block_dunning or "tNO") == wanted:
            return False
        headers = {"If-Match": row.etag} if row.etag else {}
        try:
            client.change("PATCH", path, msgspec.json.encode({"BlockDunning": wanted}), headers=headers)
        except LedgerConflict:
            if attempt == _TRIES:
                raise
        else:
            return True
    raise AssertionError("the last try ends above")
