"""A residual item: what a payment left of an invoice, as a document of its own. It goes on where the invoice stood.

The ledger closed the invoice as it posted the rest, so nothing is asked of anybody: position, promises, disputes and
pauses go over in the transaction that brings the second of the two, in whichever order they come. What was paid of the
invoice still counts for a promise, which therefore speaks of both. Where the rest is reversed, all of it goes back.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection, RowMapping, select, update

from adapters.documents import DocumentRef, document_of, item_ref
from connector import carrying
from connector.apply import Happening, What
from connector.carrying import Pair
from connector.office import Office
from connector.store import books
from connector.store.tables import document, item

_SPEAKS = ("open", "broken", "kept", "partly_kept", "overtaken")


def go_on(office: Office, connection: Connection, happenings: Sequence[Happening]) -> None:
    """Carries over to the rests that these changes tell of, or whose invoices they close."""
    pairs = {each.subject: each.detail for each in happenings if each.what is What.RESIDUAL}
    closed = {document_of(each.subject) for each in happenings if each.what is What.SETTLED}
    pairs |= books.residuals_of(connection, office.company, closed | pairs.keys())  # a rest may come closed itself
    for rest in _first_things_first(pairs):
        _carry(office, connection, pairs[rest], rest)


def _first_things_first(pairs: dict[DocumentRef, DocumentRef]) -> Iterable[DocumentRef]:
    """The rests, each after that which it is the rest of: a rest may itself be paid in part."""
    done: set[DocumentRef] = set()
    for rest in pairs:
        chain: list[DocumentRef] = []
        at = rest
        while at in pairs and at not in done and at not in chain:
            chain.append(at)
            at = pairs[at]
        yield from reversed(chain)
        done |= set(chain)


def _carry(office: Office, connection: Connection, gone: DocumentRef, rest: DocumentRef) -> None:
    """Everything goes over from a closed invoice; while it is open with us, its closing is waited for."""
    before = carrying.load_item(connection, office.company, item_ref(gone))
    after = carrying.load_item(connection, office.company, item_ref(rest))
    if before is None or after is None or before["open_minor"] > 0:
        return
    pair = Pair(gone=before["ref"], new=after, by="duecourse")
    _carry_all(office, connection, pair, _customer(connection, office.company, gone))
    known = _seen(connection, office.company, gone)
    _backdate(connection, office.company, rest, before, known)


def give_back(office: Office, connection: Connection, rest: DocumentRef) -> None:
    """A rest was reversed: the invoice that it came of is open again, or will be, and stands where the rest stood."""
    row = books.rows_by_ref(connection, document, office.company, [rest]).get(rest)
    if row is None or not row["replaces"]:
        return
    back = carrying.load_item(connection, office.company, item_ref(row["replaces"]))
    if back is not None:
        pair = Pair(gone=item_ref(rest), new=back, by="duecourse")
        own = carrying.steps_of(connection, office.company, pair.to)
        begins_anew = bool(own) and own[0]["cycle"] != back["cycle"]  # its payment was returned: no position counts
        _carry_all(office, connection, pair, row["account"], position=not begins_anew)


def _carry_all(office: Office, connection: Connection, pair: Pair, customer: str, *, position: bool = True) -> None:
    steps = carrying.steps_of(connection, office.company, pair.gone, leaving=True) if position else []
    if steps and _is_free(office, connection, pair):
        carrying.carry_position(office, connection, pair, steps)
    carrying.carry_promises(office, connection, pair, states=_SPEAKS, both=True)
    carrying.carry_disputes(office, connection, pair)
    carrying.carry_holds(office, connection, pair, customer)
    touched = books.accounts_of_items(connection, office.company, [pair.to])
    books.touch_accounts(connection, office.company, touched, office.today())


def _is_free(office: Office, connection: Connection, pair: Pair) -> bool:
    """Whether nothing is leaving about the new item just now, which would then have begun a ladder of its own."""
    try:
        carrying.withdraw_planned(office, connection, pair.to)
    except carrying.StillLeaving:
        return False
    return True


def _customer(connection: Connection, company: str, ref: DocumentRef) -> str:
    where = (document.c.company == company) & (document.c.ref == ref)
    return str(connection.scalar(select(document.c.account).where(where)) or "")


def _seen(connection: Connection, company: str, ref: DocumentRef) -> date | None:
    where = (document.c.company == company) & (document.c.ref == ref)
    return connection.scalar(select(document.c.first_seen).where(where))


def _backdate(
    connection: Connection, company: str, rest: DocumentRef, before: RowMapping, first_seen: date | None
) -> None:
    """The rest is no new invoice to the customer: it has been in the books as long as the one it came of, and the end
    of that one's ladder was the end of its own.
    """
    told = {"known_since": before["known_since"], "escalated_on": before["escalated_on"]}
    where = (item.c.company == company) & (item.c.ref == item_ref(rest))
    connection.execute(update(item).where(where).values(**told))
    if first_seen is not None:
        connection.execute(
            update(document).where(document.c.company == company, document.c.ref == rest).values(first_seen=first_seen)
        )
