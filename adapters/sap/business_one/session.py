"""Business One's session: one login for all threads, renewed once where it has ended, and given back at the end.

The cookie is read from `Set-Cookie` by hand: Business One sends it without a path and with a lone semicolon, which
some cookie jars drop. ROUTEID keeps us on the node that knows the session. A password that was refused is not tried
again for a while: users get locked.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock

import httpx
import msgspec

from adapters.errors import LedgerAuthExpired, LedgerError, LedgerUnavailable
from adapters.http import Http, retry_after
from adapters.sap.faults import read_fault

_COOKIES = ("B1SESSION", "ROUTEID")
PAUSE = timedelta(minutes=15)
"""How long a refused password is left alone."""


class _Login(msgspec.Struct, rename="pascal"):
    session_id: str = ""


class Session:
    """Signs requests in (adapters.sap.signin.SignIn). `root` ends with /b1s/v2 or /b1s/v1; `password` is asked anew."""

    is_session = True

    def __init__(
        self,
        root: str,
        *,
        company: str,
        user: str,
        password: Callable[[], str],
        http: Http,
        now: Callable[[], datetime],
    ) -> None:
        self._root = root.rstrip("/")
        self._company = company
        self._user = user
        self._password = password
        self._http = http
        self._now = now
        self._lock = Lock()
        self._cookie = ""
        self._refused: tuple[str, datetime] | None = None

    def headers(self) -> dict[str, str]:
        """The session's cookie. Raises LedgerAuthExpired where we are not let in, else LedgerUnavailable (not sent)."""
        with self._lock:
            if not self._cookie:
                self._cookie = self._login()
            return {"Cookie": self._cookie}

    def refused(self, headers: dict[str, str]) -> bool:
        """Forgets the session, unless another thread has a newer one already: then that is tried."""
        with self._lock:
            if headers.get("Cookie") == self._cookie:
                self._cookie = ""
        return True

    def close(self) -> None:
        """Logs out, so that nobody waits for our place; a server that does not answer forgets us by itself."""
        with self._lock:
            cookie, self._cookie = self._cookie, ""
        if cookie:
            with suppress(LedgerError):
                self._send("Logout", b"", {"Cookie": cookie})

    def _login(self) -> str:
        password = self._password()
        if self._refused is not None and self._refused[0] == password and self._now() < self._refused[1]:
            raise LedgerAuthExpired(f"Business One refused user {self._user}; this password is not tried again yet.")
        body = msgspec.json.encode({"CompanyDB": self._company, "UserName": self._user, "Password": password})
        try:
            answer = self._http.repeat(lambda: self._send("Login", body, {"Content-Type": "application/json"}))
        except LedgerUnavailable as error:
            error.sent = False  # what the login was for never left
            raise
        if answer.status_code >= 300:
            self._refused = (password, self._now() + PAUSE)
            said = read_fault(answer.content).sentence
            raise LedgerAuthExpired(f"Business One did not let user {self._user} into {self._company}: {said}.")
        cookie = cookie_of(answer)
        if not cookie:
            raise LedgerUnavailable("Business One's login gave no session.", sent=False)
        return cookie

    def _send(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        named = {"Accept": "application/json", "User-Agent": "duecourse", **headers}
        url = f"{self._root}/{path}"
        answer = self._http.send(self._http.client.build_request("POST", url, headers=named, content=body or None))
        if answer.status_code == 429 or answer.status_code >= 500:
            wait = retry_after(answer.headers, self._now())
            said = read_fault(answer.content).sentence
            raise LedgerUnavailable(f"Business One answered {answer.status_code}: {said}.", retry_after=wait)
        return answer


def cookie_of(answer: httpx.Response) -> str:
    """The session's cookies as one header; empty where there is no session."""
    found: dict[str, str] = {}
    for line in answer.headers.get_list("set-cookie"):
        name, _, value = line.partition(";")[0].strip().partition("=")
        if name.upper() in _COOKIES and value:
            found[name.upper()] = value
    if "B1SESSION" not in found:
        with suppress(msgspec.DecodeError):
            if told := msgspec.json.decode(answer.content, type=_Login).session_id:
                found["B1SESSION"] = told
    return "; ".join(f"{name}={found[name]}" for name in _COOKIES if name in found) if "B1SESSION" in found else ""
