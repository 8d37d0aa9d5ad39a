"""Who may come in, and the tokens against forged requests: one belongs to a session, and both expire."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from itertools import count

from adapters.sap.s4hana.sandbox.settings import S4HanaSettings
from adapters.sap.s4hana.sandbox.wire import Answer

COOKIE = "SAP_SESSIONID_S4H_100"
_HEADER = "X-CSRF-Token"


class Sessions:
    """The sessions of one system."""

    def __init__(self, settings: S4HanaSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._serial = count(1)
        self._until: dict[str, datetime] = {}

    def lets_in(self, headers: Mapping[str, str]) -> bool:
        """Whether user and password are right, where the system asks for them."""
        if not self._settings.user:
            return True
        pair = base64.b64encode(f"{self._settings.user}:{self._settings.password}".encode()).decode()
        return headers.get("authorization", "") == f"Basic {pair}"

    def expire(self) -> None:
        """Ends all sessions: their tokens are refused from now on."""
        self._until.clear()

    def fetched(self, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """The headers that give a token and its session's cookie; none where nobody asked for one."""
        if headers.get("x-csrf-token", "").lower() != "fetch":
            return ()
        session = self._session(headers)
        if session not in self._until or self._until[session] <= self._now():
            session = sha256(f"session {next(self._serial)}".encode()).hexdigest()[:32]
        self._until[session] = self._now() + timedelta(minutes=self._settings.token_minutes)
        cookie = f"{COOKIE}={session}; path=/; HttpOnly"
        return ((_HEADER, _token(session)), ("Set-Cookie", cookie))

    def trusts(self, headers: Mapping[str, str]) -> bool:
        """Whether a change comes with the token of its session."""
        session = self._session(headers)
        until = self._until.get(session)
        return until is not None and until > self._now() and headers.get("x-csrf-token", "") == _token(session)

    @staticmethod
    def distrust() -> Answer:
        """What a change without its token gets."""
        return Answer(403, b"CSRF token validation failed", "text/plain;charset=utf-8", ((_HEADER, "Required"),))

    @staticmethod
    def stranger() -> Answer:
        """What one who is not let in gets: a page."""
        page = b"<html><head><title>Logon Error Message</title></head><body>Anmeldung fehlgeschlagen</body></html>"
        return Answer(401, page, "text/html;charset=utf-8", (("WWW-Authenticate", 'Basic realm="SAP NetWeaver"'),))

    @staticmethod
    def _session(headers: Mapping[str, str]) -> str:
        try:
            told = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        return told[COOKIE].value if COOKIE in told else ""


def _token(session: str) -> str:
    return base64.b64encode(sha256(session.encode()).digest()[:18]).decode()
