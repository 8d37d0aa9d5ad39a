"""Where reading stopped: the instant from which changes are read again, the highest numbers seen, a whole read under
way.
"""

from datetime import date, datetime, timedelta

import msgspec

from adapters.errors import LedgerRejected
from adapters.sap.business_one.settings import Settings

OVERLAP = timedelta(hours=2)
"""How far back changes are read again: the server's clock need not be ours, and what is saved now may be seen later."""
UNSURE = timedelta(days=2)
"""The same where the server's zone is not known."""
NUMBERS = 20
"""How many numbers below the highest are read again: two that are saved at once may be seen in either order."""


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a cursor holds, opaque outside."""

    since: datetime  # everything that changed before it was read
    highest: dict[str, int] = {}  # the highest number seen, by entity set
    whole: str = ""  # the id of a whole read under way
    began: datetime | None = None  # when that one began
    phase: int = 0  # the list that is being read
    after: str = ""  # the last key of it, as it stands in a filter
    unreadable: list[str] = []
    done: int = 0
    expected: int = 0

    def encode(self) -> str:
        """As text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, cursor: str) -> "State":
        """From text. Raises LedgerRejected for what is none of ours."""
        try:
            return msgspec.json.decode(cursor, type=cls)
        except msgspec.DecodeError as error:
            raise LedgerRejected("This cursor is none of Business One's.", code="cursor") from error

    def begin_whole(self, company: str, at: datetime) -> None:
        """Plans a read of everything that is open."""
        self.whole, self.began = f"{company}-{at:%Y%m%dT%H%M%S}", at
        self.phase, self.after, self.unreadable, self.done = 0, "", [], 0

    def end_whole(self) -> None:
        """All lists were read."""
        self.whole, self.began, self.phase, self.after = "", None, 0, ""
        self.unreadable, self.done, self.expected = [], 0, 0

    def from_instant(self, settings: Settings) -> datetime:
        """The instant from which changes are read."""
        return self.since - (OVERLAP if settings.zone else UNSURE)

    def from_day(self, settings: Settings) -> date:
        """The server's day of it."""
        return settings.local_day(self.from_instant(settings))

    def beyond(self, entity: str) -> int:
        """Numbers above it are read again."""
        return max(self.highest.get(entity, 0) - NUMBERS, 0)

    def saw(self, entity: str, number: int) -> None:
        """Notes a number that was read."""
        self.highest[entity] = max(self.highest.get(entity, 0), number)
