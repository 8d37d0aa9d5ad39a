"""What Tryton's account_dunning takes for so many overdue lines; run by the Python in which Tryton is installed.

python tryton_peer.py LINES: prints one line of JSON, seconds of CPU for each step. Its database is SQLite in memory,
which spares it every wait for a disk. Everything is asked for through Tryton's public interface.
"""

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

os.environ.setdefault("DB_NAME", ":memory:")
os.environ.setdefault("TRYTOND_DATABASE_URI", "sqlite://")

from proteus import Model  # the database must be named before
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.pool import Pool
from trytond.tests.tools import activate_modules
from trytond.transaction import Transaction

LINES_EACH = 5
LEVEL_DAYS = (5, 20, 40)
_AT_ONCE = 500
_USER = 1


def set_up() -> tuple[int, int]:
    """A company with a chart of accounts and a procedure of three levels. Returns the ids of procedure and company."""
    activate_modules("account_dunning", create_company, create_chart)
    fiscalyear = create_fiscalyear()
    fiscalyear.click("create_period")
    procedure = Model.get("account.dunning.procedure")(name="Three levels")
    for number, days in enumerate(LEVEL_DAYS, start=1):
        level = procedure.levels.new()
        level.sequence = number
        level.overdue = dt.timedelta(days)
    procedure.save()
    return procedure.id, get_company().id


def within(company: int, work: Callable[..., Any]) -> Any:  # noqa: ANN401 - whatever the work gives
    """Does the work in one transaction, and commits it."""
    extras = {"_lock_tables": ["account_journal_period"]}
    with Transaction().start(":memory:", _USER, context={"company": company}, **extras) as transaction:
        done = work()
        transaction.commit()
    return done


def load(lines: int, procedure: int, company: int) -> dt.date:
    """So many open lines, all overdue from the same day on, which is told."""
    accounts = {name: account.id for name, account in get_accounts().items()}
    pool = Pool(":memory:")

    def parties() -> list[int]:
        wanted = [{"name": f"Customer {nth}", "dunning_procedure": procedure} for nth in range(lines // LINES_EACH)]
        return [each.id for each in pool.get("party.party").create(wanted)]

    def first_period() -> tuple[int, dt.date, int]:
        [period] = pool.get("account.period").search([], order=[("start_date", "ASC")], limit=1)
        [journal] = pool.get("account.journal").search([("code", "=", "REV")], limit=1)
        return period.id, period.start_date, journal.id

    customers = within(company, parties)
    period, day, journal = within(company, first_period)
    amount = Decimal(100)

    def move(nth: int) -> dict[str, Any]:
        credit = {"account": accounts["revenue"], "credit": amount, "debit": Decimal(0)}
        debit = {"account": accounts["receivable"], "debit": amount, "credit": Decimal(0)}
        owed = debit | {"party": customers[nth // LINES_EACH], "maturity_date": day}
        return {"period": period, "journal": journal, "date": day, "lines": [("create", [credit, owed])]}

    for start in range(0, lines, _AT_ONCE):
        wanted = [move(nth) for nth in range(start, min(start + _AT_ONCE, lines))]
        within(company, partial(pool.get("account.move").create, wanted))
    first_day: dt.date = day
    return first_day


def timed(company: int, work: Callable[[], Any]) -> float:
    """Seconds of CPU for the work, its transaction included."""
    began = time.process_time()
    within(company, work)
    return time.process_time() - began


def main(lines: int) -> dict[str, float]:
    """Loads the lines, and does what a company does with them on three days."""
    procedure, company = set_up()
    day = load(lines, procedure, company)
    dunning = Pool(":memory:").get("account.dunning")

    def run(days: int) -> float:
        return timed(company, lambda: dunning.generate_dunnings(date=day + dt.timedelta(days)))

    first = run(LEVEL_DAYS[0] + 1)
    process = timed(company, lambda: dunning.process(dunning.search([("state", "=", "draft")])))
    nothing_due = run(LEVEL_DAYS[0] + 2)
    saved = within(company, lambda: dunning.search([("state", "=", "waiting")], count=True))
    return {"first": first, "process": process, "nothing_due": nothing_due, "saved": saved}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]))) + "\n")
