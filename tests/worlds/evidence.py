"""What a random world leaves for the judge, written as it comes: only what is new since the last time."""

import json
from collections import Counter
from datetime import date
from importlib.resources import files
from itertools import dropwhile
from pathlib import Path
from typing import Any

import holidays

from adapters.money import Money, sums
from adapters.sandbox.names import WEIGHTS
from connector.bootstrap import BUILTIN_CADENCES
from connector.office import Office
from connector.store import history
from tests.worlds.stage import Stage

_PAGE = 5_000


def _days_off(first: int, last: int) -> dict[str, list[str]]:
    """The public holidays where customers are, by country and region."""
    found = {}
    for country, _ in WEIGHTS:
        known = holidays.list_supported_countries().get(country.code, [])
        for region in country.regions:
            named = region if region in known else None
            days = holidays.country_holidays(country.code, subdiv=named, years=range(first, last + 2))
            found[f"{country.code}-{region}"] = sorted(day.isoformat() for day in days)
    return found


class Evidence:
    """Appends to the files that the judge reads."""

    def __init__(self, out: Path, stage: Stage) -> None:
        self.out = out
        self._stage = stage
        self._books = 0
        self._audit = 0
        self.kinds: Counter[str] = Counter()
        self._states: Counter[str] = Counter()
        self._agreeing: set[str] = set()
        self._open_at_start: dict[str, str] = {}
        for name in ("books.jsonl", "audit.jsonl"):
            (out / name).write_text("", encoding="utf-8")
        folder = out / "cadences"
        folder.mkdir(exist_ok=True)
        for name in BUILTIN_CADENCES:
            text = (files("reminders") / "cadences" / f"{name}.toml").read_text(encoding="utf-8")
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")

    def begin(self, office: Office) -> None:
        """The company, and what is open before the first day."""
        stage, firm = self._stage, self._stage.firm
        self._open_at_start = self._open()
        days = stage.days
        told = {
            "name": firm.name,
            "zone": firm.zone_name,
            "country": firm.country,
            "home_currency": firm.home_currency,
            "start": days[0].isoformat(),
            "end": days[-1].isoformat(),
            "days": [day.isoformat() for day in days],
            "holidays": [day.isoformat() for day in firm.holidays(days[0].replace(year=days[0].year - 1), days[-1])],
            "days_off": _days_off(days[0].year, days[-1].year),
            "outage_days": sorted(day.isoformat() for day in stage.off),
            "default_cadence": "standard",
            "fresh_seconds": office.sending.fresh_seconds,
            "sending_hours": {"opens": office.sending.opens, "closes": office.sending.closes},
        }
        self._write("company.json", told)

    def catch_up(self, office: Office) -> None:
        """Everything that is new in the books and in the service's history."""
        with (self.out / "books.jsonl").open("a", encoding="utf-8") as file:
            while page := self._stage.books.rows.history(self._books, _PAGE):
                for row in page:
                    head = f'{{"seq":{row.seq},"at":"{row.at}","entity":"{row.entity}","id":"{row.id}"'
                    file.write(f'{head},"event":"{row.event}","record":{row.record}}}\n')
                self._books = page[-1].seq
        with office.database.read() as connection:
            new = list(dropwhile(lambda row: row["seq"] <= self._audit, history.export(connection, office.company)))
        with (self.out / "audit.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in new)
        for each in new:
            self._count(each)
        self._audit = new[-1]["seq"] if new else self._audit

    def _count(self, row: dict[str, Any]) -> None:
        self.kinds[row["kind"]] += 1
        if row["kind"] == "promise_judged":
            self._states[row["data"]["state"]] += 1
        if row["kind"] == "reconciled" and row["data"].get("state") == "agrees":
            self._agreeing.add(row["data"]["day"])

    def end(self, reminders: int, last: date) -> dict[str, Any]:
        """The closing figures, after the last day that was played."""
        told = json.loads((self.out / "company.json").read_text(encoding="utf-8"))
        days = [day for day in told["days"] if day <= last.isoformat()]
        self._write("company.json", {**told, "end": days[-1], "days": days})
        kinds, states = self.kinds, self._states
        figures: dict[str, Any] = {
            "open_at_start": self._open_at_start,
            "open_at_end": self._open(),
            "reminders_sent": reminders,
            "promises_made": kinds["promise_made"],
            "promises_kept": states["kept"],
            "promises_partly_kept": states["partly_kept"],
            "promises_broken": states["broken"],
            "promises_overtaken": states["overtaken"],
            "disputes_flagged": kinds["dispute_flagged"],
            "disputes_opened": kinds["dispute_opened"],
            "notes": kinds["entry_written"],
            "days": len(days),
        }
        self._write("figures.json", figures)
        return figures

    def _open(self) -> dict[str, str]:
        totals = sums(Money.of(each.open, each.currency) for each in self._stage.books.documents() if each.open)
        return {currency: str(money.amount) for currency, money in sorted(totals.items())}

    def _write(self, name: str, value: dict[str, Any]) -> None:
        text = json.dumps(value, indent=1, ensure_ascii=False)
        (self.out / name).write_text(f"{text}\n", encoding="utf-8")
