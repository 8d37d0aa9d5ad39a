"""The world's time: a clock that can be set, and an agenda of what happens at which instant.

Instants are aware UTC. Two entries of the same instant happen in the order in which they were noted, so that one seed
always gives one world.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

Act: TypeAlias = Callable[[], None]


class SettableClock(Protocol):
    """A clock that tells an aware UTC instant and can be moved forward."""

    def __call__(self) -> datetime:
        """The present instant, aware UTC."""
        ...

    def set(self, instant: datetime) -> None:
        """Moves the clock to `instant`."""
        ...


class WorldClock:
    """The plainest settable clock. Raises `ValueError` for a naive instant."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self.set(start)

    def __call__(self) -> datetime:
        """The present instant, aware UTC."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Moves the clock to `instant`."""
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no time zone.")
        self._now = instant


@dataclass(order=True, slots=True)
class _Entry:
    at: datetime
    order: int
    act: Act = field(compare=False)
    cash: bool = field(compare=False)


class Agenda:
    """What is going to happen, played in the order of time. An act may note further ones."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock
        self._entries: list[_Entry] = []
        self._noted = 0

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, at: datetime, act: Act, *, cash: bool = False) -> None:
        """Notes `act` for the instant `at`. `cash` marks the posting of a customer's payment."""
        self._noted += 1
        heapq.heappush(self._entries, _Entry(at, self._noted, act, cash))

    def play(self, until: datetime, *, post_cash: bool = True) -> None:
        """Lets everything before `until` happen, each at its own instant, or now where that has passed.

        Without `post_cash` the customers' payments stay in the agenda: nobody is there to enter them.
        """
        waiting: list[_Entry] = []
        while self._entries and self._entries[0].at < until:
            entry = heapq.heappop(self._entries)
            if entry.cash and not post_cash:
                waiting.append(entry)
                continue
            self._clock.set(max(self._clock(), entry.at))
            entry.act()
        for entry in waiting:
            heapq.heappush(self._entries, entry)
