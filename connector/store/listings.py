"""What a whole read has listed so far: one compact row a page, so that a resumed read still knows."""

import json
import zlib
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, delete, select

from adapters.documents import DocumentRef
from connector.store.tables import document, listing
from connector.store.upsert import upsert

#: So many open documents are compared at a time.
CHUNK = 50_000


def note(connection: Connection, company: str, whole_read: str, refs: Collection[DocumentRef]) -> None:
    """Remembers what one page listed."""
    if not refs:
        return
    ordered = sorted(refs)
    row = {
        "company": company,
        "whole_read": whole_read,
        "low": ordered[0],
        "high": ordered[-1],
        "refs": zlib.compress(json.dumps(ordered).encode(), 1),
    }
    upsert(connection, listing, [row])


def forget(connection: Connection, company: str) -> None:
    """The whole read is over."""
    connection.execute(delete(listing).where(listing.c.company == company))


def unlisted(connection: Connection, company: str, scope: Collection[str], whole_read: str) -> Iterator[DocumentRef]:
    """Open documents of these kinds that a whole read did not list: to be asked for by key.

    Some are held at a time, beside one page's listing: pages list by age and refs sort as text, so that most pages can
    name some of any, and each is opened once for all of these.
    """
    where = (listing.c.company == company) & (listing.c.whole_read == whole_read)
    pages = connection.execute(select(listing.c.low, listing.c.high).where(where)).all()
    for some in _open(connection, company):
        left = {ref for ref in some if ref.partition(":")[0] in scope}
        first, last = min(some), max(some)
        for low, high in pages:
            if left and low <= last and high >= first:
                page = where & (listing.c.low == low) & (listing.c.high == high)
                listed: bytes = connection.execute(select(listing.c.refs).where(page)).scalar_one()
                left.difference_update(json.loads(zlib.decompress(listed)))
        yield from sorted(left)


def _open(connection: Connection, company: str) -> Iterator[list[DocumentRef]]:
    """Every open document, some at a time, in the order of the primary key."""
    after = ""
    while True:
        where = (document.c.company == company) & (document.c.ref > after) & (document.c.open_minor != 0)
        some = list(connection.scalars(select(document.c.ref).where(where).order_by(document.c.ref).limit(CHUNK)))
        if some:
            yield some
        if len(some) < CHUNK:
            return
        after = some[-1]
