"""Where reading stopped: the day from which what was created and cleared is read again, and a whole read under way."""

from datetime import UTC, date, datetime, timedelta

import msgspec

OVERLAP = timedelta(days=2)
"""Days read again each time: the days of creation and clearing are the server's, and its time of day is not sure."""


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a cursor holds, opaque outside."""

    since: datetime  # the server's time of the last answer that everything before it was read
    whole: str = ""  # the id of a whole read under way
    began: datetime | None = None  # when that one began
    after: tuple[str, str, str] | None = None  # the last line listed, in the server's spelling
    unreadable: list[str] = []
    done: int = 0
    expected: int = 0

    def encode(self) -> str:
        """As text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, cursor: str) -> "State":
        """From text."""
        return msgspec.json.decode(cursor, type=cls)

    def begin_whole(self, company_code: str, at: datetime) -> None:
        """Plans a read of everything that is open."""
        self.whole, self.began, self.after = f"{company_code}-{at:%Y%m%dT%H%M%S}", at, None
        self.unreadable, self.done = [], 0

    def end_whole(self) -> None:
        """What was listed is known; what happened since it began comes next."""
        self.whole, self.began, self.after, self.unreadable, self.done, self.expected = "", None, None, [], 0, 0

    @property
    def from_day(self) -> date:
        """The first day whose creations and clearings are read."""
        return (self.since.astimezone(UTC) - OVERLAP).date()
