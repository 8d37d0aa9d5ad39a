"""How often QuickBooks may be called, per company and shared by all processes, and what a month of calls has cost.

Intuit allows 500 requests a minute, 10 a second and 40 batches a minute per company, and meters successful reads
against a monthly budget. We stay below. The rules are pure functions of a `Standing`; keeping it, so that two
processes never change it at once, is the `QuotaStore`'s part.
"""

import threading
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec

from adapters.errors import LedgerOutOfQuota

T = TypeVar("T")

MONTHLY_BUDGET = 500_000
LONGEST_CALL = timedelta(seconds=130)  # a place is free again after this, whatever became of its process
THROTTLED_FOR = timedelta(minutes=10)  # so long nothing but 429: out of quota
PROBE_EVERY = timedelta(hours=1)

_SECOND, _MINUTE, _SOON = 1_000, 60_000, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a company may be called: a little less than Intuit allows."""

    per_second: int = 8
    per_minute: int = 450
    batches_per_minute: int = 40
    at_once: int = 10


_PACE = Pace()


class CallKind(StrEnum):
    """What a call costs: reads are metered, writes are free, a batch of writes counts on its own scale too."""

    READ = "read"
    WRITE = "write"
    BATCH = "batch"


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a company stands with its limits. Instants are milliseconds of the epoch."""

    calls: tuple[int, ...] = ()  # the last calls, planned ones included
    batches: tuple[int, ...] = ()
    places: dict[str, int] = {}  # who is calling now, and until when at the longest
    turn: int = 0  # numbers the places
    not_before: int = 0
    throttled_since: int = 0
    out_until: int = 0
    probe_at: int = 0
    metered: dict[str, int] = {}  # "2026-11" -> successful reads

    def encode(self) -> str:
        """As text, for a store."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, text: str) -> "Standing":
        """From `encode`; an empty text is a company that never called."""
        return msgspec.json.decode(text, type=cls) if text else cls()


class QuotaStore(Protocol):
    """Keeps one `Standing` per company."""

    def update(self, company: str, change: Callable[[Standing], tuple[Standing, T]]) -> T:
        """Replaces the company's standing by what `change` makes of it, as one step for all processes.

        `change` is pure and may be run again. What it raises is raised, and the standing stays.
        """
        ...


class MemoryQuota:
    """A `QuotaStore` for one process."""

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}
        self._lock = threading.Lock()

    def update(self, company: str, change: Callable[[Standing], tuple[Standing, T]]) -> T:
        """See `QuotaStore`."""
        with self._lock:
            self._standings[company], result = change(self._standings.get(company, Standing()))
            return result


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to call after `wait` seconds. Without a `place` all are taken: wait, and ask again."""

    wait: float
    place: str = ""


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _slot(log: tuple[int, ...], at: int, limit: int, window: int) -> int:
    """The first instant from `at` on at which `window` holds fewer than `limit` of the log."""
    return max(at, log[-limit] + window) if len(log) >= limit else at


def _noted(log: tuple[int, ...], at: int, keep: int) -> tuple[int, ...]:
    longer = list(log)
    insort(longer, at)
    return tuple(longer[-keep:])


def enter(standing: Standing, now: datetime, kind: CallKind, pace: Pace = _PACE) -> tuple[Standing, Permit]:
    """Takes a place and a slot. Raises `LedgerOutOfQuota` for a read while the quota is empty, but for one an hour."""
    at = _ms(now)
    standing = _probe(standing, now) if kind is CallKind.READ else standing
    places = {place: until for place, until in standing.places.items() if until > at}
    if len(places) >= pace.at_once:
        return standing, Permit(_SOON / 1000)
    slot = max(at, standing.not_before)
    slot = _slot(standing.calls, slot, pace.per_second, _SECOND)
    slot = _slot(standing.calls, slot, pace.per_minute, _MINUTE)
    batches = standing.batches
    if kind is CallKind.BATCH:
        slot = _slot(batches, slot, pace.batches_per_minute, _MINUTE)
        batches = _noted(batches, slot, pace.batches_per_minute)
    place = str(standing.turn)
    places[place] = slot + _ms_of(LONGEST_CALL)
    calls = _noted(standing.calls, slot, pace.per_minute)
    taken = msgspec.structs.replace(standing, calls=calls, batches=batches, places=places, turn=standing.turn + 1)
    return taken, Permit((slot - at) / 1000, place)


def _ms_of(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)


def _probe(standing: Standing, now: datetime) -> Standing:
    at = _ms(now)
    if at >= standing.out_until:
        return standing
    if at < standing.probe_at:
        until = _instant(standing.out_until)
        raise LedgerOutOfQuota(
            f"QuickBooks answers no more reads of this company; out of quota until {until:%Y-%m-%d %H:%M} UTC.",
            until=_instant(standing.probe_at),
        )
    return msgspec.structs.replace(standing, probe_at=at + _ms_of(PROBE_EVERY))


def left(standing: Standing, permit: Permit) -> Standing:
    """The place is free again."""
    places = {place: until for place, until in standing.places.items() if place != permit.place}
    return msgspec.structs.replace(standing, places=places)


def answered(standing: Standing, now: datetime, kind: CallKind) -> Standing:
    """A call succeeded: reads are counted, and a read shows that there is quota again."""
    if kind is not CallKind.READ:
        return msgspec.structs.replace(standing, throttled_since=0)
    month = f"{now:%Y-%m}"
    metered = {**standing.metered, month: standing.metered.get(month, 0) + 1}
    return msgspec.structs.replace(standing, metered=metered, throttled_since=0, out_until=0, probe_at=0)


def throttled(standing: Standing, now: datetime, wait: timedelta, budget: int) -> Standing:
    """A call was answered 429: nobody calls before `wait` is over; too many of these, and the quota is empty."""
    at = _ms(now)
    since = standing.throttled_since or at
    changed = msgspec.structs.replace(
        standing, throttled_since=since, not_before=max(standing.not_before, at + _ms_of(wait))
    )
    spent = standing.metered.get(f"{now:%Y-%m}", 0) > budget
    if not spent and at - since < _ms_of(THROTTLED_FOR):
        return changed
    probe_at = at + _ms_of(PROBE_EVERY)
    until = _ms(_next_month(now)) if spent else probe_at
    return msgspec.structs.replace(changed, out_until=until, probe_at=probe_at)


def _next_month(now: datetime) -> datetime:
    later = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    return later.replace(hour=0, minute=0, second=0, microsecond=0)


class Limits:
    """One company's limits, over a store and a clock."""

    def __init__(
        self,
        company: str,
        store: QuotaStore,
        *,
        now: Callable[[], datetime],
        monthly_budget: int = MONTHLY_BUDGET,
        pace: Pace | None = None,
    ) -> None:
        self._company = company
        self._store = store
        self._now = now
        self._budget = monthly_budget
        self._pace = pace or Pace()

    def enter(self, kind: CallKind) -> Permit:
        """See `enter` above."""
        now = self._now()
        return self._store.update(self._company, lambda standing: enter(standing, now, kind, self._pace))

    def leave(self, permit: Permit, kind: CallKind, *, success: bool = False, wait: timedelta | None = None) -> None:
        """A call is over: it succeeded, was throttled (`wait`: for how long), or neither."""
        now = self._now()

        def change(standing: Standing) -> tuple[Standing, None]:
            after = left(standing, permit)
            if success:
                after = answered(after, now, kind)
            elif wait is not None:
                after = throttled(after, now, wait, self._budget)
            return after, None

        self._store.update(self._company, change)

    def metered(self, month: str) -> int:
        """Successful reads in a month (`"2026-11"`, UTC)."""
        return self._standing().metered.get(month, 0)

    def out_of_quota_until(self) -> datetime | None:
        """Until when nothing is read, or None while there is quota."""
        standing = self._standing()
        return _instant(standing.out_until) if standing.out_until > _ms(self._now()) else None

    def _standing(self) -> Standing:
        return self._store.update(self._company, lambda standing: (standing, standing))
