"""What the service says of itself (`duecourse audit export`): stated reasons, steps taken, promises, disputes, holds.

Nothing here is believed instead of mails, notes and books: the laws compare.
"""

import json
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.judge.amounts import told
from tests.judge.company import ONE_DAY, Company, instant

_GO_ON = ("company_resumed", "reconnected")
_RESTS = {"covered_by_credit", "below_minimum", "no_address"}
_TAKEN = {"reminder_said": "said", "step_lapsed": "lapsed", "step_not_made": "not_made", "step_done": "done"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the history."""

    seq: int
    at: datetime
    day: date
    kind: str
    account: str
    subject: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that an item is said to have taken; `reminder` where a message said it."""

    seq: int
    item: str
    cycle: int
    step_no: int
    step_id: str
    step_day: int
    day: date
    how: str  # said, lapsed, not_made, done, or carried over from the invoice that it replaces
    heard_on: date | None  # the day on which the customer heard it; of a carried one, that of the replaced invoice
    reminder: str
    account: str
    cadence: str
    undone_seq: int | None  # the row that says that the message did not arrive: the step may be asked once more
    undone_on: date | None  # its day

    @property
    def undone(self) -> bool:
        """Whether it turned out later that nobody heard it."""
        return self.undone_seq is not None

    def stands(self, day: date, seq: int | None) -> bool:
        """Whether it counted as taken when a day began, or at a row of that day."""
        if self.undone_seq is None or self.undone_on is None:
            return True
        return self.undone_seq > seq if seq is not None else self.undone_on >= day


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A customer's word. `ended_at` is the instant of its judgement, None while it lives."""

    id: str
    account: str
    currency: str
    amount: Decimal
    day: date
    items: tuple[str, ...]
    made_at: datetime
    ended_at: datetime | None
    state: str
    carried: tuple[tuple[datetime, str, tuple[str, ...]], ...] = ()  # when, which item, and what stands for it now

    def items_at(self, at: datetime) -> tuple[str, ...]:
        """The items it spoke of at an instant."""
        items = list(self.items)
        for when, gone, now in self.carried:
            if when <= at:
                items = [new for each in items for new in (now if each == gone else (each,))]
        return tuple(dict.fromkeys(items))

    def may_speak_of(self, item: str) -> bool:
        """Whether it speaks of an item at some time, or names none."""
        return not self.items or item in self.items or any(item in now for _, _, now in self.carried)

    def lives_at(self, at: datetime) -> bool:
        """Whether it holds at this instant."""
        return self.made_at < at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A contested amount of an item, or a machine's flag of one (`is_flag`). No amount: the whole item."""

    id: str
    account: str
    item: str
    amount: Decimal | None
    opened_at: datetime
    ended_at: datetime | None
    is_flag: bool

    def lives_at(self, at: datetime) -> bool:
        """Whether it is contested at this instant."""
        return self.opened_at < at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A reason to wait that somebody set; `account` empty means the whole company, `items` empty the whole account."""

    id: str
    account: str
    kind: str
    items: tuple[str, ...]
    begins: date
    ends: date | None

    def covers(self, item: str, day: date) -> bool:
        """Whether it holds the item on a day."""
        return (not self.items or item in self.items) and self.begins <= day and (self.ends is None or day <= self.ends)


class Audit:
    """The rows, and the same by what they speak of."""

    def __init__(self, raw: list[dict[str, Any]], company: Company) -> None:
        self._company = company
        self.raw: list[dict[str, Any]] = []
        self.rows: list[Row] = []
        self.by_kind: dict[str, list[Row]] = defaultdict(list)
        self.by_customer: dict[str, list[Row]] = defaultdict(list)  # verdicts left out
        self.verdicts: dict[str, list[Row]] = defaultdict(list)
        self.told_of: dict[str, list[tuple[date, int, str]]] = defaultdict(list)  # the reasons stated for an item
        self.ends_told: dict[str, list[Row]] = defaultdict(list)  # tasks for the end of an item's ladder
        self.add(raw)

    def add(self, raw: list[dict[str, Any]]) -> None:
        """What the service wrote down after all that is known."""
        self.raw += raw
        for each in raw:
            self._sort_in(_row(self._company.names.row(each), self._company))
        self._derive()

    def _sort_in(self, row: Row) -> None:
        self.rows.append(row)
        self.by_kind[row.kind].append(row)
        if row.kind == "verdict":
            insort(self.verdicts[row.account], row, key=lambda each: (each.day, each.seq))
            for item, reason in (row.data.get("items") or {}).items():
                insort(self.told_of[item], (row.day, row.seq, reason))
        else:
            self.by_customer[row.account.partition("|")[0]].append(row)
        if row.kind == "task_opened" and row.data.get("kind") == "escalate":
            for item in row.data.get("items", ()):
                self.ends_told[item].append(row)

    def _derive(self) -> None:
        """What several rows tell together."""
        self.said = {row.subject: row for row in self.by_kind["reminder_said"]}
        own = list(self._taken())
        self.taken = sorted([*own, *self._carried(own)], key=lambda taken: taken.seq)
        self.by_item: dict[str, list[Taken]] = defaultdict(list)
        self.by_reminder: dict[str, list[Taken]] = defaultdict(list)
        for taken in self.taken:
            self.by_item[taken.item].append(taken)
            self.by_reminder[taken.reminder].append(taken)
        self.promises = list(self._promises())
        self.disputes = list(self._disputes())
        self.holds = list(self._holds())
        self.halts = list(self._halts())

    def rested(self, item: str, day: date) -> bool:
        """Whether the last reason stated for an item up to a day was one of the books' own, which is judged by itself.

        Such days count for no distance, as those under a hold do not.
        """
        told = self.told_of.get(item, [])
        place = bisect_left(told, (day + ONE_DAY, 0, ""))
        return place > 0 and told[place - 1][2] in _RESTS

    def is_halted(self, day: date) -> bool:
        """Whether the whole company waited for a person on some part of a day: no job ran."""
        return any(begins <= day and (ends is None or day <= ends) for begins, ends in self.halts)

    def _halts(self) -> Iterator[tuple[date, date | None]]:
        """When the company was stopped, and when it went on."""
        rows = sorted(self.of("company_paused", *_GO_ON), key=lambda row: row.seq)
        for place, row in enumerate(rows):
            if row.kind == "company_paused":
                yield row.day, next((each.day for each in rows[place:] if each.kind in _GO_ON), None)

    def of(self, *kinds: str) -> Iterator[Row]:
        """The rows of these kinds, kind by kind."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    def _taken(self) -> Iterator[Taken]:
        arrived = {row.subject for row in self.of("dispatch_settled") if row.data.get("arrived")}
        arrived |= {row.subject for row in self.of("reminder_said", "dispatch_said") if row.data.get("state") == "sent"}
        undone = {row.data["replaces"]: row for row in self.of("reminder_said") if row.data.get("replaces")}
        settled = (row for row in self.of("dispatch_settled") if row.data.get("arrived") is False)
        undone |= {row.subject: row for row in settled if row.subject not in arrived}
        for kind, how in _TAKEN.items():
            for row in self.by_kind[kind]:
                for step in row.data.get("items") or [row.data]:
                    if isinstance(step, dict) and "item" in step:
                        yield _taken(row, step, how, undone.get(row.subject) if how == "said" else None)

    def _carried(self, own: list[Taken]) -> Iterator[Taken]:
        """Steps that an item took over. That the customer heard them is known from the item that it replaces."""
        heard = {(each.item, each.step_id): each.heard_on for each in own if not each.undone}
        for row in sorted(self.of("position_carried"), key=lambda row: row.seq):
            for step in row.data.get("steps") or ():
                told = {"item": row.subject, "day": row.day.isoformat(), **step}
                heard_on = heard.get((str(row.data.get("gone")), step["step_id"]))
                carried = replace(_taken(row, told, "carried", None), heard_on=heard_on)
                heard[carried.item, carried.step_id] = heard_on
                yield carried

    def _promises(self) -> Iterator[Promise]:
        judged = {row.subject: row for row in self.of("promise_judged")}
        carried: dict[str, list[tuple[datetime, str, tuple[str, ...]]]] = defaultdict(list)
        for row in self.of("promise_carried"):  # of a rest: what came for the invoice was paid on it, too
            gone, new = row.data["from"], row.data["to"]
            carried[row.subject].append((row.at, gone, (gone, new) if row.data.get("both") else (new,)))
        for row in self.of("promise_made"):
            end = judged.get(row.subject)
            yield Promise(
                id=row.subject,
                account=row.account or str(row.data.get("account", "")),
                currency=row.data["currency"],
                amount=told(row.data["amount"], row.data["currency"]),
                day=date.fromisoformat(row.data["day"]),
                items=tuple(row.data.get("items") or ()),
                made_at=row.at,
                ended_at=end.at if end else None,
                state=end.data["state"] if end else "open",
                carried=tuple(carried[row.subject]),
            )

    def _disputes(self) -> Iterator[Dispute]:
        ended: dict[str, datetime] = {row.subject: row.at for row in self.of("dispute_resolved", "dispute_dropped")}
        opened = {row.subject: row for row in self.of("dispute_opened")}
        flagged = {row.subject: row for row in self.of("dispute_flagged")}
        carried: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.of("dispute_carried"), key=lambda row: row.seq):
            carried[row.subject].append(row)
        for row in [*opened.values(), *flagged.values()]:
            is_flag = row.kind == "dispute_flagged"
            amount = row.data.get("amount")
            end = ended.get(row.subject)
            if is_flag and row.subject in opened:
                end = opened[row.subject].at
            stays = Dispute(
                id=row.subject,
                account=row.account,
                item=row.data["item"],
                amount=None if amount is None else told(amount, row.data.get("currency", "")),
                opened_at=row.at,
                ended_at=end,
                is_flag=is_flag,
            )
            for move in carried[row.subject]:  # of one item up to then, of another from then on
                if move.data["from"] == stays.item and (end is None or move.at <= end):
                    yield replace(stays, ended_at=move.at)
                    stays = replace(stays, item=move.data["to"], opened_at=move.at)
            yield stays

    def _holds(self) -> Iterator[Hold]:
        ended = {row.subject: row for row in self.of("hold_ended")}
        for row in self.of("hold_set", "hold_carried"):
            end = ended.get(row.subject)
            ends = row.data.get("ends")
            last = end.day if end else date.fromisoformat(ends) if ends else None
            yield _hold(row, last)
        known = {row.subject for row in self.of("hold_set")}
        for row in ended.values():
            if row.subject not in known:
                yield _hold(row, row.day)


def _row(raw: dict[str, Any], company: Company) -> Row:
    at, data = instant(raw["at"]), raw.get("data") or {}
    return Row(
        seq=int(raw["seq"]),
        at=at,
        day=date.fromisoformat(data["day"]) if raw["kind"] == "verdict" else company.day_of(at),
        kind=raw["kind"],
        account=raw.get("account") or "",
        subject=str(raw.get("subject") or ""),
        data=data,
    )


def _taken(row: Row, step: dict[str, Any], how: str, undone: Row | None) -> Taken:
    told = step.get("day") or row.data.get("day")
    day = date.fromisoformat(told) if told and how != "said" else row.day
    return Taken(
        seq=row.seq,
        item=step["item"],
        cycle=int(step.get("cycle", row.data.get("cycle", 1))),
        step_no=int(step.get("step_no", row.data.get("step_no", 0))),
        step_id=step.get("step_id") or row.data.get("step_id", ""),
        step_day=int(step.get("step_day", row.data.get("step_day", 0))),
        day=day,
        how=how,
        heard_on=day if how in {"said", "done"} else None,
        reminder=row.subject if how == "said" else "",
        account=row.account,
        cadence=row.data.get("cadence", ""),
        undone_seq=undone.seq if undone else None,
        undone_on=undone.day if undone else None,
    )


def _hold(row: Row, last: date | None) -> Hold:
    begins = row.data.get("begins")
    return Hold(
        id=row.subject,
        account=row.account,
        kind=str(row.data.get("kind", "")),
        items=tuple(row.data.get("items") or ()),
        begins=date.fromisoformat(begins) if begins else row.day,
        ends=last,
    )


def load_audit(path: Path, company: Company) -> Audit:
    """Reads `audit.jsonl`."""
    with path.open(encoding="utf-8") as lines:
        return Audit([json.loads(line) for line in lines if line.strip()], company)
