"""Login, Logout, and sessions that end when nobody calls: B1SESSION without a path, ROUTEID beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from adapters.sap.business_one.sandbox.wire import Answer, Json, Refused, encode


@dataclass(slots=True)
class Sessions:
    """The sessions of one server. `minutes` is how long one lives without a call."""

    now: Callable[[], datetime]
    company: str
    user: str
    password: str
    minutes: int = 30
    logins: int = 0
    alive: dict[str, datetime] = field(default_factory=dict)

    def login(self, given: Json) -> Answer:
        """Opens a session. Raises Refused."""
        asked = (given.get("CompanyDB"), given.get("UserName"), given.get("Password"))
        if asked != (self.company, self.user, self.password):
            raise Refused(401, 100000027, "Login failed")
        self.logins += 1
        ident = str(uuid4())
        self.alive[ident] = self.now()
        told = {"SessionId": ident, "Version": "1000280", "SessionTimeout": self.minutes}
        cookies = (("Set-Cookie", f"B1SESSION={ident};HttpOnly;"), ("Set-Cookie", "ROUTEID=.node1; path=/b1s"))
        return Answer(200, encode(told), headers=cookies)

    def logout(self, headers: Mapping[str, str]) -> Answer:
        """Ends a session."""
        self.check(headers)
        self.alive.pop(_cookies(headers).get("B1SESSION", ""), None)
        return Answer(204)

    def check(self, headers: Mapping[str, str]) -> None:
        """Lets a call pass and renews its session. Raises Refused where there is none."""
        ident = _cookies(headers).get("B1SESSION", "")
        last = self.alive.get(ident)
        if last is None or self.now() - last > timedelta(minutes=self.minutes):
            self.alive.pop(ident, None)
            raise Refused(401, 301, "Invalid session or session already timeout.")
        self.alive[ident] = self.now()

    def expire(self) -> None:
        """Ends all sessions at once."""
        self.alive.clear()


def _cookies(headers: Mapping[str, str]) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs}
