"""Sync: pulls pages from the ledger, applies them, and checkpoints, each page in one transaction.

In the first read of all, in which nothing is news that must be acted on, a few pages share one. A crash resumes behind
the last page that was committed; a page applied twice changes nothing. A whole read closes nothing by absence: what
it did not list is asked for by key, and only the ledger's answer counts (design: the port).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.documents import DocumentKind
from adapters.errors import LedgerError, LedgerSuspicious
from adapters.ledger import Page
from connector import dunned
from connector.aftermath import act_on, look_at_notes
from connector.apply import Applied, LifeRules, apply_pages
from connector.cash import note_cash
from connector.clock import zone
from connector.collecting import large_blocks_returned, seldom_collected
from connector.office import CompanyPaused, Office
from connector.store import books, companies, history, listings

#: A whole sweep of the open documents is made when the last one is older than this.
SWEEP_EVERY = timedelta(hours=20)
#: A read that would close more than this many open documents of a kind, and more than this share, is not believed.
SUSPICIOUS_COUNT = 20
SUSPICIOUS_SHARE = 10
#: So many pages of the first read are committed at once.
TOGETHER = 4

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Synced:
    """What a sync did."""

    pages: int = 0
    documents: int = 0
    customers: int = 0
    problems: int = 0
    accounts: int = 0


def sync(office: Office, *, whole: bool = False, believe: bool = False, progress: Progress | None = None) -> Synced:
    """Brings the store up to the ledger's state. Raises LedgerError and `CompanyPaused`.

    `whole` also sweeps all open documents; the first sync reads the whole books anyway. `progress` is told how many
    documents were read and how many are expected. `believe`: a person says that a suspicious read is right.
    """
    with office.database.read() as connection:
        row = office.row(connection)
    if row.paused_because:
        raise CompanyPaused(row.paused_because)
    done = Synced()
    large_blocks_returned()
    with seldom_collected():
        changes = office.ledger.changes(row.cursor, whole=whole and row.cursor is not None)
        for pages in _together(changes, 1 if row.first_read_done else TOGETHER):
            last = pages[-1]
            if last.complete:
                _ask_for_missing(office, last, done, believe=believe)
            if row.first_read_done and not believe:
                _check_believable(office, last)
            _count(done, pages, _apply(office, pages, checkpoint=True))
            if progress:
                progress(last.done, last.expected)
    _finish(office, whole=whole or row.cursor is None, done=done, wanted=row.sync_wanted_at)
    return done


def _together(pages: Iterable[Page], most: int) -> Iterator[Sequence[Page]]:
    """The pages, as many together as are applied in one transaction; the last of a whole read stands alone.

    Where the ledger breaks off, what it told before is given first.
    """
    some: list[Page] = []
    try:
        for page in pages:
            if some and page.complete:
                yield some
                some = []
            some.append(page)
            if len(some) == most:
                yield some
                some = []
    except LedgerError:
        if some:
            yield some
        raise
    if some:
        yield some


def apply_fresh(office: Office, page: Page) -> Applied:
    """Applies what `Ledger.fresh` read, without moving the cursor."""
    return _apply(office, [page], checkpoint=False)


def _apply(office: Office, pages: Sequence[Page], *, checkpoint: bool) -> Applied:
    with office.database.write("apply page") as connection:
        applied = apply_pages(
            connection,
            office.company,
            pages,
            today=office.today(),
            now=office.now(),
            life=life_rules(office),
        )
        act_on(office, connection, applied)
        if checkpoint:
            for page in pages:
                _remember_listed(office, connection, page)
            companies.change(connection, office.company, cursor=pages[-1].cursor)
    return applied


def _remember_listed(office: Office, connection: Connection, page: Page) -> None:
    """What a whole read listed is known until its last page is applied, also by whoever resumes it."""
    if page.whole_read and page.last:
        listings.forget(connection, office.company)
    elif page.whole_read:
        listings.note(connection, office.company, page.whole_read, {each.ref for each in page.documents})


def life_rules(office: Office) -> LifeRules:
    """The life of an item, as the default cadence's rules have it."""
    rules = office.cadence(None).rules
    return LifeRules(
        reopen_days=rules.reopen_days,
        quiet_days=rules.min_gap_days,
        follow_bill_email=rules.follow_bill_email,
        zone=zone(office.zone),
    )


def _count(done: Synced, pages: Sequence[Page], applied: Applied) -> None:
    done.pages += len(pages)
    done.documents += applied.documents
    done.customers += applied.customers
    done.problems += sum(len(page.problems) for page in pages)
    done.accounts += len(applied.accounts)


def _ask_for_missing(office: Office, page: Page, done: Synced, *, believe: bool) -> None:
    """The last page of a whole read: what is open with us and was not listed is asked for by key.

    Raises LedgerSuspicious, having applied nothing, where too much would close at once.
    """
    if page.whole_read is None:
        return
    listed = {each.ref for each in page.documents}
    with office.database.read() as connection:
        unlisted = listings.unlisted(connection, office.company, page.scope, page.whole_read)
        missing = [ref for ref in unlisted if ref not in listed]
        row = office.row(connection)
    if not missing:
        return
    answer = office.ledger.fresh(missing, (), row.cursor or page.cursor)
    if not believe:
        _check_believable(office, answer)
    _count(done, [answer], _apply(office, [answer], checkpoint=False))


def _check_believable(office: Office, page: Page) -> None:
    """Raises LedgerSuspicious, and pauses the company, where too much that is open with us would be gone at once."""
    gone = [each.ref for each in page.tombstones if not each.is_customer]
    gone += [each.ref for each in page.documents if each.voided]
    if len(gone) <= SUSPICIOUS_COUNT:
        return
    with office.database.read() as connection:
        vanishing = books.count_open_among(connection, office.company, gone)
        open_before = books.count_open(connection, office.company, [kind.value for kind in DocumentKind])
    if vanishing <= SUSPICIOUS_COUNT or vanishing * 100 <= open_before * SUSPICIOUS_SHARE:
        return
    _pause(office, f"{vanishing} of {open_before} open documents would vanish at once.")
    raise LedgerSuspicious(
        f"The ledger says that {vanishing} of {open_before} open documents are gone. Nothing was changed and no "
        "reminder leaves: look into the ledger; if it is right, run `duecourse resume --company` and then "
        "`duecourse sync --believe`.",
    )


def _pause(office: Office, because: str) -> None:
    with office.database.write("pause company") as connection:
        pause_company(office, connection, because)


def pause_company(office: Office, connection: Connection, because: str) -> None:
    """Stops the company's jobs until a person has looked; `because` is one sentence for that person."""
    companies.change(connection, office.company, paused_because=because)
    history.record(
        connection,
        office.company,
        at=office.now(),
        actor="duecourse",
        kind="company_paused",
        subject=office.company,
        data={"because": because},
    )


def _finish(office: Office, *, whole: bool, done: Synced, wanted: datetime | None) -> None:
    """`wanted`: the call that this sync answers; one that came meanwhile is answered by the next."""
    now = office.now()
    with office.database.write("finish sync") as connection:
        note_cash(office, connection, news=whole or done.documents > 0)
        if not office.row(connection).first_read_done:
            look_at_notes(office, connection)
            dunned.wait_for_all(office, connection)
        changes: dict[str, object] = {"synced_at": now, "first_read_done": True}
        if office.row(connection).sync_wanted_at == wanted:
            changes["sync_wanted_at"] = None
        if whole:
            changes["swept_at"] = now
        companies.change(connection, office.company, **changes)
        if done.documents or done.customers or whole:
            history.record(
                connection,
                office.company,
                at=now,
                actor="duecourse",
                kind="synced",
                subject=office.company,
                data={"documents": done.documents, "customers": done.customers, "problems": done.problems},
            )
