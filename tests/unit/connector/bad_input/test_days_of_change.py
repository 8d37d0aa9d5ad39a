"""Days on which clocks, years and calendars change: what is asked for counts the company's own days."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.contract.databases import SqliteDatabases
from tests.unit.connector.bad_input.trade import Trade

NEW_YORK = ZoneInfo("America/New_York")

CASES = {
    "the year ends": ("America/New_York", date(2026, 12, 28), datetime(2027, 1, 5, 18, tzinfo=UTC), 8),
    "a leap day lies between": ("America/New_York", date(2028, 2, 28), datetime(2028, 3, 7, 18, tzinfo=UTC), 8),
    "due on a leap day": ("America/New_York", date(2028, 2, 29), datetime(2028, 3, 7, 18, tzinfo=UTC), 7),
    "clocks go forward": ("America/New_York", date(2027, 3, 10), datetime(2027, 3, 17, 18, tzinfo=UTC), 7),
    "clocks go back": ("America/New_York", date(2026, 10, 28), datetime(2026, 11, 4, 18, tzinfo=UTC), 7),
    "fourteen hours ahead it is tomorrow": (
        "Pacific/Kiritimati",
        date(2026, 10, 12),
        datetime(2026, 11, 2, 18, tzinfo=UTC),
        22,
    ),
    "eleven hours behind it is today": (
        "Pacific/Pago_Pago",
        date(2026, 10, 12),
        datetime(2026, 11, 2, 18, tzinfo=UTC),
        21,
    ),
}


@contextmanager
def _trade(folder: Path, databases: SqliteDatabases, zone: str, at: datetime) -> Iterator[Trade]:
    trade = Trade(folder, databases.new_url(), at=at - timedelta(days=60), zone=zone)
    yield trade
    trade.close()


@pytest.mark.parametrize("name", CASES)
def test_days_past_due_are_the_companys_days(tmp_path: Path, sqlite_databases: SqliteDatabases, name: str) -> None:
    zone, due, at, days = CASES[name]
    with _trade(tmp_path, sqlite_databases, zone, at) as trade:
        trade.bill(trade.customer(), due=due)
        trade.begin(at)
        trade.day()
        [mail] = trade.mails
        assert f"due {due:%b} {due.day}, {due.year}, {days} days past due" in mail.text
        assert trade.tell("reconcile")["state"] == "agrees"


@pytest.mark.parametrize("sunday", [date(2027, 3, 14), date(2026, 11, 1)], ids=["forward", "back"])
def test_around_a_change_of_clocks_a_letter_goes_once_and_in_business_hours(
    tmp_path: Path, sqlite_databases: SqliteDatabases, sunday: date
) -> None:
    began = datetime(sunday.year, sunday.month, sunday.day, 0, 30, tzinfo=UTC) - timedelta(days=1)
    with _trade(tmp_path, sqlite_databases, "America/New_York", began) as trade:
        trade.bill(trade.customer(), due=sunday - timedelta(days=14))
        trade.begin(began)
        left: list[datetime] = []
        for _ in range(72):
            before = len(trade.mails)
            trade.day()
            left += [trade.clock.now().astimezone(NEW_YORK)] * (len(trade.mails) - before)
            trade.clock.advance(timedelta(hours=1))
        [once] = left
        assert 8 <= once.hour < 18
        assert once.date() == sunday + timedelta(days=1)
