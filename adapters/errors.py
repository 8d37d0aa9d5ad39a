"""What can go wrong with a ledger, sorted by what the caller should do.

LedgerError
├── LedgerUnavailable(retry_after)   wait, then do the same again
│   └── LedgerOutOfQuota(until)      the month's calls are used up: stop reading until then
├── LedgerAuthExpired                stop this company's jobs and ask a person to reconnect
├── LedgerRejected(code)             never send this again; tell why
├── LedgerConflict                   read again, then retry
└── LedgerSuspicious                 what was read cannot be true: apply nothing, pause, ask a person
"""

from datetime import datetime, timedelta


class LedgerError(Exception):
    """The base of all; its text is one clear sentence without secrets."""


class LedgerUnavailable(LedgerError):
    """The ledger did not answer, or asked us to wait. `retry_after` is how long, where it said so."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, sent: bool = True) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        #: False only where it is certain that the request never reached the ledger.
        self.sent = sent


class LedgerOutOfQuota(LedgerUnavailable):
    """No more calls until `until` (aware UTC)."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, sent=False)
        self.until = until


class LedgerAuthExpired(LedgerError):
    """The connection was withdrawn or has expired: reconnect."""


class LedgerRejected(LedgerError):
    """The ledger understood and refused; the same request will be refused again."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class LedgerConflict(LedgerError):
    """Somebody changed the object meanwhile: read it again and retry."""


class LedgerSuspicious(LedgerError):
    """A read that cannot be true (everything closed at once, a kind suddenly empty)."""
