"""Remind: looks at the accounts whose day has come, decides, and saves the decisions with their reasons.

The cost of a day is what is due that day: only accounts whose `look_on` has come are loaded. Deciding is pure
(reminders.cadence); the same function serves the plan, the simulation and the re-decision before a message leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import structlog
from sqlalchemy import Connection, RowMapping, select

from connector.accounts import load_accounts
from connector.cancelling import cancel_reminder
from connector.cash import cash_on
from connector.decisions import Judged, Reminded, Saving
from connector.office import CompanyPaused, Office
from connector.store import reminders
from connector.store.companies import CompanyRow
from connector.store.tables import account
from reminders.cadence import decide

log = structlog.get_logger()

CHUNK = 500


def plan(office: Office, accounts: Sequence[str] | None = None) -> Iterator[Judged]:
    """What would be decided today, without writing anything: for the accounts whose day has come, or for these."""
    today = office.today()
    last = ""
    while True:
        with office.database.read() as connection:
            row = office.row(connection)
            if accounts is None:
                refs = _due(connection, office.company, today, after=last)
            else:
                refs = sorted(ref for ref in accounts if ref > last)[:CHUNK]
            if not refs:
                return
            judged = judge(office, connection, row, refs, today)
        yield from judged
        last = refs[-1]


def judge(
    office: Office,
    connection: Connection,
    row: CompanyRow,
    refs: Sequence[str],
    today: date,
    broken: Callable[[str], None] | None = None,
) -> list[Judged]:
    """Decides for these accounts. One that cannot be decided is told to `broken` and stops no other."""
    judged = []
    for loaded in load_accounts(office, connection, row, refs, today=today, broken=broken):
        cadence = office.cadence(loaded.cadence)
        try:
            decision = decide(loaded.account, cadence, today, office.calendar)
        except Exception:
            if broken is None:
                raise
            log.exception("an account could not be decided", account=loaded.account.ref, company=office.company)
            broken(loaded.account.ref)
            continue
        judged.append(Judged(loaded=loaded, cadence=cadence, decision=decision))
    return judged


def remind(office: Office) -> Reminded:
    """Decides for every account whose day has come. Raises `CompanyPaused`.

    `today` is fixed once: a run that crosses midnight stops there, and the next one starts anew.
    """
    today, done = office.today(), Reminded()
    with office.database.read() as connection:
        row = office.row(connection)
    if row.paused_because:
        raise CompanyPaused(row.paused_because)
    if not row.first_read_done:
        return done
    approved = _decide_again(office, today, done)
    cash = cash_on(row, office.calendar, today)
    last = ""
    while office.today() == today:
        with office.database.write("save decisions") as connection:
            refs = _due(connection, office.company, today, after=last)
            if not refs:
                break
            live = reminders.live_accounts(connection, office.company, refs)
            saving = Saving(office, connection, row, cash, approved, done)
            undecided = [ref for ref in refs if ref not in live]
            saving.save(judge(office, connection, row, undecided, today, saving.broken))
        last = refs[-1]
    return done


def _due(connection: Connection, company: str, today: date, *, after: str) -> list[str]:
    statement = (
        select(account.c.ref)
        .where(account.c.company == company, account.c.look_on <= today, account.c.ref > after)
        .order_by(account.c.ref)
        .limit(CHUNK)
    )
    return list(connection.scalars(statement))


def _decide_again(office: Office, today: date, done: Reminded) -> dict[str, RowMapping]:
    """What was planned or approved before today is decided again. Returns what a person had approved, by account."""
    with office.database.write("decide again") as connection:
        stale = reminders.stale(connection, office.company, today)
        for row in stale:
            cancel_reminder(office, connection, row["id"], row["account"], "planned on an earlier day: decided again")
    done.decided_again = len(stale)
    return {row["account"]: row for row in stale if row["approved_by"]}
