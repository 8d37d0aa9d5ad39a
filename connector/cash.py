"""Is cash posted? The rhythm in which customer payments are entered, and its silence (rules, section 4)."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import Connection, select

from connector.office import Office
from connector.store import companies
from connector.store.companies import CompanyRow
from connector.store.tables import document
from reminders.working_days import WorkingDays

#: The rhythm is taken from this many days.
RHYTHM_DAYS = 60
#: Without a rhythm (too few days on which anything was entered), silence says nothing.
FEWEST_DAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cash:
    """What is known about posted cash on a day."""

    last_entered: date | None
    silent_days: int  # working days since then, or since a person said that cash is posted
    usual_days: int | None  # how long a silence is usual; None: no rhythm is known

    @property
    def is_silent(self) -> bool:
        """Whether nobody seems to post cash, and no person has said otherwise."""
        return self.usual_days is not None and self.silent_days > self.usual_days


def cash_on(row: CompanyRow, calendar: WorkingDays, today: date) -> Cash:
    """How things stand on `today`. Only whole days of silence count: today itself is not over."""
    since = posted_until(row)
    yesterday = today - timedelta(days=1)
    silent = calendar.between(since, yesterday) if since and since < yesterday else 0
    return Cash(last_entered=row.cash_posted_until, silent_days=silent, usual_days=row.cash_silence_days)


def posted_until(row: CompanyRow) -> date | None:
    """The day up to which cash is posted: the last entry, or what a person said."""
    days = [day for day in (row.cash_posted_until, row.cash_released_on) if day]
    return max(days) if days else None


def rhythm(days: list[date], calendar: WorkingDays) -> int | None:
    """The silence that is still usual, in working days: the 90th percentile between entries, and one more."""
    if len(days) < FEWEST_DAYS:
        return None
    gaps = sorted(calendar.between(before, after) for before, after in pairwise(days))
    return gaps[min(len(gaps) - 1, (len(gaps) * 9) // 10)] + 1


def note_cash(office: Office, connection: Connection) -> None:
    """Remembers the last day on which a payment was entered, and the usual rhythm."""
    from connector.clock import zone

    today = office.today()
    here = zone(office.zone)
    since = office.now() - timedelta(days=RHYTHM_DAYS)
    instants = connection.scalars(
        select(document.c.created_at).where(
            document.c.company == office.company,
            document.c.kind == "payment",
            document.c.total_minor != 0,  # a zero payment only joins a credit to an invoice
            document.c.created_at >= since,
        ),
    )
    days = sorted({each.astimezone(here).date() for each in instants if each})
    row = office.row(connection)
    last = max((day for day in days if day <= today), default=row.cash_posted_until)
    companies.change(
        connection,
        office.company,
        cash_posted_until=last,
        cash_silence_days=_usual(office, days) or row.cash_silence_days,  # silence itself ends no rhythm
    )


def _usual(office: Office, days: list[date]) -> int | None:
    """The silence that is usual: what the cadence says, else the company's own rhythm."""
    said = office.cadence(None).rules.cash_posted_within
    return rhythm(days, office.calendar) if said is None else said
