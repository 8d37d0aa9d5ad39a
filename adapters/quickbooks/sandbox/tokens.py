"""The tokens of the sandbox: codes, access tokens that expire, refresh tokens that rotate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from secrets import token_urlsafe

from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.quickbooks.sandbox.wire import Json

_CODE_LIFETIME = timedelta(minutes=10)


class InvalidGrant(Exception):
    """A code or refresh token that is unknown, used, expired or revoked."""


@dataclass(slots=True, kw_only=True)
class _Refresh:
    """One connection's refresh token: the current value, and the one before it while that still works."""

    value: str
    made_at: datetime
    first_at: datetime  # when the person connected: the hard expiry counts from here
    expires_at: datetime
    before: str = ""
    before_until: datetime | None = None
    access: list[str] = field(default_factory=list)


class Tokens:
    """All connections to this company. Not thread-safe: the server asks from one thread."""

    def __init__(self, settings: SandboxSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._codes: dict[str, tuple[datetime, str]] = {}
        self._connections: list[_Refresh] = []
        self._access: dict[str, datetime] = {}
        self._serial = count(1)
        if settings.refresh_token:
            self._connect(settings.refresh_token)

    def code(self, redirect_uri: str) -> str:
        """A code for one exchange, within ten minutes and with the same redirect URI."""
        code = f"AB{next(self._serial):06d}{token_urlsafe(24)}"
        self._codes[code] = (self._now() + _CODE_LIFETIME, redirect_uri)
        return code

    def exchange(self, code: str, redirect_uri: str) -> Json:
        """The first tokens of a connection. Raises `InvalidGrant`."""
        until, registered = self._codes.pop(code, (self._now(), ""))
        if until <= self._now() or registered != redirect_uri:
            raise InvalidGrant
        return self._answer(self._connect(self._new("RT1-")))

    def refresh(self, token: str) -> Json:
        """New tokens; the refresh token itself changes once it is a day old. Raises `InvalidGrant`."""
        now = self._now()
        found = next((each for each in self._connections if token in {each.value, each.before}), None)
        if found is None or found.expires_at <= now or found.first_at + self._settings.hard_lifetime <= now:
            raise InvalidGrant
        if token == found.before and (found.before_until is None or found.before_until <= now):
            raise InvalidGrant
        if token == found.value and now - found.made_at >= self._settings.rotate_after:
            found.before, found.before_until = found.value, now + self._settings.rotation_grace
            found.value, found.made_at = self._new("RT1-"), now
        found.expires_at = now + self._settings.refresh_lifetime
        return self._answer(found)

    def revoke(self, token: str) -> bool:
        """Ends the connection that a refresh or access token belongs to; False where there is none."""
        for each in self._connections:
            if token in {each.value, each.before, *each.access}:
                for access in each.access:
                    self._access.pop(access, None)
                self._connections.remove(each)
                return True
        return False

    def opens(self, access: str) -> bool:
        """Whether this bearer token is valid now."""
        until = self._access.get(access)
        return self._settings.open_door or (until is not None and until > self._now())

    def expire_access(self) -> None:
        """Ends all access tokens at once, as if their hour had passed."""
        self._access.clear()

    def hard_expiry(self, refresh: str) -> int:
        """Seconds until this connection ends whatever happens."""
        found = next(each for each in self._connections if refresh in {each.value, each.before})
        return int((found.first_at + self._settings.hard_lifetime - self._now()).total_seconds())

    def _connect(self, value: str) -> _Refresh:
        now = self._now()
        made = _Refresh(value=value, made_at=now, first_at=now, expires_at=now + self._settings.refresh_lifetime)
        self._connections.append(made)
        return made

    def _new(self, prefix: str) -> str:
        return f"{prefix}{next(self._serial)}-{token_urlsafe(24)}"

    def _answer(self, connection: _Refresh) -> Json:
        access = self._new("eyJ")
        self._access[access] = self._now() + self._settings.access_lifetime
        connection.access.append(access)
        return {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": int(self._settings.access_lifetime.total_seconds()),
            "refresh_token": connection.value,
            "x_refresh_token_expires_in": int((connection.expires_at - self._now()).total_seconds()),
        }
