"""One clock for the whole world: books, customers and service live by it."""

from datetime import datetime, timedelta
from threading import Lock


class WorldTime:
    """A `connector.clock.Clock`, and what the sandbox sets. Sleeping moves it on; it never runs backwards."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._lock = Lock()

    def __call__(self) -> datetime:
        """This instant, aware UTC."""
        return self._now

    def now(self) -> datetime:
        """This instant, aware UTC."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Moves on to `instant`; one that has passed changes nothing."""
        with self._lock:
            self._now = max(self._now, instant)

    def sleep(self, seconds: float) -> None:
        """Moves on by this many seconds."""
        with self._lock:
            self._now += timedelta(seconds=max(0.0, seconds))
