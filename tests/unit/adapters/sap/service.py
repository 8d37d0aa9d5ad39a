"""A service that answers what it was told to, and remembers what it was asked."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import msgspec

from adapters.http import Http
from adapters.sap.odata import ODataClient
from adapters.sap.values import Version

ROOT = "https://erp.example/sap/opu/odata/sap/API_ITEMS"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

Answering = Callable[[httpx.Request], httpx.Response]


class Item(msgspec.Struct):
    """A row of the tests."""

    Number: str
    Amount: str = ""


class Service:
    """Give it answers with `answers`; one that is a function is asked, the last one is given again and again."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.waits: list[float] = []
        self.said: list[httpx.Response | Exception | Answering] = []
        client = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.http = Http(sleep=self.waits.append, chance=lambda: 0.0, client=client)

    def answers(self, *said: httpx.Response | Exception | Answering) -> None:
        """What it will answer, in order."""
        self.said = list(said)

    def client(self, version: Version = Version.V2, **more: object) -> ODataClient:
        """A client of this service."""
        return ODataClient(ROOT, **{"version": version, "http": self.http, "now": lambda: NOW, **more})  # type: ignore[arg-type]

    @property
    def lines(self) -> list[str]:
        """What it was asked: method, path and query as they went over the wire."""
        return [f"{each.method} {each.url.raw_path.decode()}" for each in self.asked]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(said, Exception):
            raise said
        if callable(said):
            return said(request)
        return httpx.Response(said.status_code, headers=said.headers, content=said.content)


def rows(*numbers: object, link: str | None = None, count: object = None) -> httpx.Response:
    """A page of version 2."""
    told: dict[str, object] = {"results": [{"Number": str(each)} for each in numbers]}
    if link is not None:
        told["__next"] = link
    if count is not None:
        told["__count"] = count
    return httpx.Response(200, json={"d": told})


def rows4(*numbers: object, **annotations: object) -> httpx.Response:
    """A page of version 4; `nextLink` and `count` are its annotations."""
    told = {f"@odata.{name}": value for name, value in annotations.items()}
    return httpx.Response(200, json={**told, "value": [{"Number": str(each)} for each in numbers]})


def fault(status: int, words: str = "No", *, code: str = "X/1", **headers: str) -> httpx.Response:
    """An error of version 2."""
    told = {"error": {"code": code, "message": {"lang": "en", "value": words}}}
    return httpx.Response(status, json=told, headers={name.replace("_", "-"): text for name, text in headers.items()})


TOKEN = httpx.Response(200, headers={"x-csrf-token": "T1", "set-cookie": "SID=a; path=/"}, json={"d": {}})
NEW_TOKEN = httpx.Response(200, headers={"x-csrf-token": "T2"}, json={"d": {}})
EXPIRED = httpx.Response(403, headers={"x-csrf-token": "Required"}, text="CSRF token validation failed")
DONE = httpx.Response(204)
