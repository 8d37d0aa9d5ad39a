"""A small good world: a month of fourteen customers, played by hand, in the files that the demo writes."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email.policy import SMTP
from pathlib import Path
from typing import Any

from tests.judge.chain import chained
from tests.judge.small_books import SmallBooks
from tests.judge.small_service import DAY_OFF, OUTAGE, STEPS, SmallService, works

START, END = date(2026, 3, 2), date(2026, 3, 31)
_CADENCE = """
name = "standard"
list_not_due = false
[rules]
min_gap_days = 5
weekly_cap = 2
monthly_cap = 5
escalate_days = 3
"""


def _at(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def _march(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def _customers(books: SmallBooks) -> None:
    long_ago = datetime(2025, 6, 1, tzinfo=UTC)
    for ident, name, language in (
        ("1", "Prompt Ltd", "en"),
        ("2", "Spät & Söhne GmbH", "de"),
        ("3", "Parts SARL", "fr"),
        ("4", "Word Keepers", "en"),
        ("5", "Word Breakers", "en"),
        ("6", "Disputed Ltd", "en"),
        ("7", "Two Currencies Inc", "en"),
        ("8", "Some Credit Co", "de"),
        ("9", "Covered Co", "en"),
        ("10", "Parent AG", "en"),
        ("12", "Names Another", "en"),
        ("13", "Early Bird", "en"),
        ("14", "Paused plc", "en"),
    ):
        books.customer(ident, name, f"ap@c{ident}.example", long_ago, language=language)
    books.customer("11", "Child of Parent", "ap@c11.example", long_ago, parent="10", bill_with_parent=True)
    books.customer("10", "Parent AG", "ap@c10.example, cfo@c10.example", long_ago)


def _invoices(books: SmallBooks) -> None:
    def bill(ident: str, customer: str, amount: str, due: date, currency: str = "EUR", **more: object) -> None:
        books.enter(f"invoice:{ident}", customer, amount, currency, _at(due - timedelta(days=30)), due, **more)

    bill("1001", "1", "100.00", date(2026, 3, 13))
    bill("1002", "2", "1250.00", date(2026, 2, 20))
    bill("1003", "3", "2400.50", date(2026, 2, 24))
    bill("1004", "4", "400.00", date(2026, 2, 23))
    bill("1005", "5", "500.00", date(2026, 2, 20))
    bill("1006", "6", "600.00", date(2026, 2, 18))
    bill("1007", "7", "700.00", date(2026, 2, 19))
    bill("1017", "7", "70.00", date(2026, 2, 20), "USD")
    bill("1008", "8", "800.00", date(2026, 2, 20))
    bill("1018", "8", "20.00", date(2026, 3, 28))
    bill("1009", "9", "90.00", date(2026, 2, 20))
    bill("1010", "10", "1000.00", date(2026, 2, 23))
    bill("1011", "11", "110.00", date(2026, 2, 25))
    bill("1012", "12", "120.00", date(2026, 2, 20), bill_email="office@agency.example")
    bill("1013", "13", "130.00", date(2026, 3, 11))
    bill("1014", "14", "140.00", date(2026, 2, 20))
    books.enter("credit_memo:2008", "8", "-150.00", "EUR", _at(date(2026, 2, 25)), date(2026, 2, 25))
    books.enter("payment:2009", "9", "-95.00", "EUR", _at(date(2026, 2, 25)), date(2026, 2, 25))


def _script(books: SmallBooks, service: SmallService) -> dict[datetime, Callable[[], None]]:
    """What customers and people do, and when."""
    return {
        _march(2, 6): lambda: service.pause("14", date(2026, 3, 2), date(2026, 3, 13), _march(2, 6)),
        _march(4): lambda: service.promise("p4", "4", "400.00", date(2026, 3, 12), ["invoice:1004#1"], _march(4)),
        _march(5): lambda: service.promise("p5", "5", "500.00", date(2026, 3, 10), ["invoice:1005#1"], _march(5)),
        _march(6): lambda: service.dispute("d6", "6", "invoice:1006#1", "100.00", _march(6)),
        _march(10): lambda: books.pay("3003", "3", "400.50", "EUR", _march(10), i1003="400.50"),
        _march(11): lambda: books.pay("3004", "4", "400.00", "EUR", _march(11), i1004="400.00"),
        _march(12): lambda: books.pay("3001", "1", "100.00", "EUR", _march(12), i1001="100.00"),
        _march(20): lambda: books.pay("3002", "2", "1250.00", "EUR", _march(20), i1002="1250.00"),
        _march(23): lambda: books.pay("3010", "10", "250.00", "EUR", _march(23), i1010="250.00"),
    }


def play() -> tuple[SmallBooks, SmallService, dict[str, Any]]:
    """The month, and its closing table."""
    books = SmallBooks()
    service = SmallService(books)
    _customers(books)
    _invoices(books)
    script = _script(books, service)
    figures: dict[str, Any] = {"open_at_start": books.open_totals()}
    for number in range((END - START).days + 1):
        day = START + timedelta(days=number)
        for happens in (at for at in script if at.date() == day and at.hour < 8):
            script[happens]()
        if works(day) and day not in OUTAGE:
            service.morning(day)
        for happens in (at for at in script if at.date() == day and at.hour >= 8):
            script[happens]()
        totals = books.open_totals()
        service.log(
            _at(day, 21), "reconciled", "", "company", day=day.isoformat(), state="agrees", ours=totals, theirs=totals
        )
    states = [each["state"] for each in service.promises.values()]
    figures |= {
        "open_at_end": books.open_totals(),
        "reminders_sent": len({mail["X-Duecourse-Reminder"] for mail in service.mails}),
        "promises_kept": states.count("kept"),
        "promises_broken": states.count("broken"),
        "notes": sum(change["entity"] == "note" for change in books.changes),
        "reconciled_days": 30,
        "days": 30,
    }
    return books, service, figures


def _channel(step_id: str) -> str:
    return "call" if step_id == "call" else "email"


def write(folder: Path) -> None:
    """Plays the month and writes what the judge reads."""
    books, service, figures = play()
    (folder / "mails").mkdir(parents=True)
    (folder / "cadences").mkdir()
    for number, mail in enumerate(service.mails, start=1):
        (folder / "mails" / f"{number:04}.eml").write_bytes(mail.as_bytes(policy=SMTP))
    write_lines(folder / "books.jsonl", books.changes)
    write_lines(folder / "audit.jsonl", chained(service.rows))
    steps = "".join(f'[[step]]\nid = "{ident}"\nday = {day}\nchannel = "{_channel(ident)}"\n' for ident, day in STEPS)
    (folder / "cadences" / "standard.toml").write_text(_CADENCE + steps, encoding="utf-8")
    (folder / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
    company = {
        "name": "Small & Sons",
        "zone": "Europe/Berlin",
        "country": "DE",
        "home_currency": "EUR",
        "start": START.isoformat(),
        "end": END.isoformat(),
        "holidays": [DAY_OFF.isoformat()],
        "outage_days": sorted(day.isoformat() for day in OUTAGE),
        "default_cadence": "standard",
        "fresh_seconds": 60,
    }
    (folder / "company.json").write_text(json.dumps(company), encoding="utf-8")


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
