"""Is cash posted? The rhythm in which customer payments are entered, and its silence (rules, section 4)."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import Connection, select

from connector.clock import zone
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
    posted_until: date | None  # the last entry, or what a person said
    last_whole_day: date  # today itself is not over
    usual_days: int | None  # working days of silence that are usual; None: no rhythm is known
    calendar: WorkingDays

    @property
    def silent_days(self) -> int:
        """Whole working days since cash was posted."""
        return self.calendar.between(self.posted_until, self.last_whole_day) if self.posted_until else 0

    @property
    def is_silent(self) -> bool:
        """Whether nobody seems to post cash, and no person has said otherwise."""
        if self.usual_days is None or self.posted_until is None:
            return False
        return self.calendar.more_than(self.usual_days, self.posted_until, self.last_whole_day)


def cash_on(row: CompanyRow, calendar: WorkingDays, today: date) -> Cash:
    """How things stand on `today`."""
    return Cash(
        last_entered=row.cash_posted_until,
        posted_until=posted_until(row),
        last_whole_day=today - timedelta(days=1),
        usual_days=row.cash_silence_days,
        calendar=calendar,
    )


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


def note_cash(office: Office, connection: Connection, *, news: bool) -> None:
    """Remembers the last day on which a payment was entered, and the usual rhythm.

    Without `news` from the ledger neither is looked for again: the payments of sixty days are many in a large book.
    """
    row = office.row(connection)
    last, usual = row.cash_posted_until, row.cash_silence_days
    if news:
        days = _days_of_entry(office, connection)
        last = max((day for day in days if day <= office.today()), default=last)
        usual = rhythm(days, office.calendar) or usual  # silence itself ends no rhythm
    said = office.cadence(None).rules.cash_posted_within
    companies.change(
        connection,
        office.company,
        cash_posted_until=last,
        cash_silence_days=usual if said is None else said,
    )


def _days_of_entry(office: Office, connection: Connection) -> list[date]:
    """The company's days on which payments were entered lately."""
    here = zone(office.zone)
    instants = connection.scalars(
        select(document.c.created_at).where(
            document.c.company == office.company,
            document.c.kind == "payment",
            document.c.total_minor != 0,  # a zero payment only joins a credit to an invoice
            document.c.created_at >= office.now() - timedelta(days=RHYTHM_DAYS),
        ),
    )
    return sorted({each.astimezone(here).date() for each in instants if each})
