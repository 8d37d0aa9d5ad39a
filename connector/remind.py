"""Remind: looks at the accounts whose day has come, decides, and saves the decisions with their reasons.

The cost of a day is what is due that day: only accounts whose `look_on` has come are loaded. Deciding is pure
(reminders.cadence); the same function serves the plan, the simulation and the re-decision before a message leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import structlog
from sqlalchemy import Connection, RowMapping, bindparam, select

from connector.accounts import load_accounts
from connector.cancelling import cancel_reminders
from connector.cash import cash_on
from connector.collecting import no_cycles
from connector.decisions import Reminded, Saving
from connector.office import CompanyPaused, Office
from connector.planning import Judged
from connector.store import reminders
from connector.store.companies import CompanyRow
from connector.store.tables import account
from reminders.cadence import decide

log = structlog.get_logger()

CHUNK = 250  # decided and saved in one transaction: larger ones only take more memory


def plan(office: Office, accounts: Sequence[str] | None = None) -> Iterator[Judged]:
    """What would be decided today, without writing anything: for the accounts whose day has come, or for these."""
    today = office.today()
    if accounts is None:
        with office.database.read() as connection:
            accounts = due_accounts(connection, office.company, today)
    for refs in _chunks(sorted(accounts)):
        with office.database.read() as connection:
            judged = judge(office, connection, office.row(connection), refs, today)
        yield from judged


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
    with office.database.read() as connection:
        due = due_accounts(connection, office.company, today)
    cash = cash_on(row, office.calendar, today)
    for refs in _chunks(due):
        if office.today() != today:
            break
        with no_cycles(), office.database.write("save decisions") as connection:
            live = reminders.live_accounts(connection, office.company, refs)
            still = due_accounts(connection, office.company, today, among=refs)
            saving = Saving(office, connection, row, cash, approved, done)
            undecided = [ref for ref in still if ref not in live]
            saving.save(judge(office, connection, row, undecided, today, saving.broken))
    return done


_DUE = select(account.c.ref).where(account.c.company == bindparam("company"), account.c.look_on <= bindparam("today"))
_STILL_DUE = _DUE.where(account.c.ref.in_(bindparam("refs", expanding=True)))


def due_accounts(connection: Connection, company: str, today: date, *, among: Sequence[str] | None = None) -> list[str]:
    """The accounts whose day has come; `among` these, where another process may have looked at some meanwhile.

    All at once and in no order: a limit by ref would have the database walk all accounts in the order of their refs.
    """
    of: dict[str, object] = {"company": company, "today": today}
    if among is None:
        return sorted(connection.scalars(_DUE, of))
    return sorted(connection.scalars(_STILL_DUE, {**of, "refs": list(among)}))


def _chunks(refs: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(refs), CHUNK):
        yield refs[start : start + CHUNK]


def _decide_again(office: Office, today: date, done: Reminded) -> dict[str, RowMapping]:
    """What was planned or approved before today is decided again. Returns what a person had approved, by account."""
    with office.database.write("decide again") as connection:
        stale = reminders.stale(connection, office.company, today)
        accounts = {row["id"]: row["account"] for row in stale}
        cancel_reminders(office, connection, accounts, "planned on an earlier day: decided again")
    done.decided_again = len(stale)
    return {row["account"]: row for row in stale if row["approved_by"]}
