"""Serves a dialect's app on a local port, in a thread of its own, with faults, and keeps a log of its calls."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from adapters.sandbox.faults import Faults, Rule, Timing

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
_DROP = "drop_connection"
_START_SECONDS = 10


class Faulty(Protocol):
    """An answer that a dialect gives instead of its own."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def body(self) -> bytes:
        """The body."""
        ...

    @property
    def content_type(self) -> str:
        """The Content-Type."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """More headers."""
        ...


class Dialect(Protocol):
    """A ledger's face: an ASGI app that also knows what its own faults look like."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        ...

    def faulty(self, rule: Rule) -> Faulty | None:
        """The answer that a fault replaces its own with; None where it only changes the books' mood."""
        ...

    def is_metered(self, method: str, path: str) -> bool:
        """Whether a successful call counts against a quota."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that the server answered, or cut off (status 0)."""

    at: datetime
    method: str
    path: str
    query: str
    status: int
    metered: bool
    fault: str = ""


class _Droppable(H11Protocol):
    """uvicorn's protocol, which also lets the app abort its connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed through
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
            await inner({**scope, _DROP: self.transport.abort}, receive, send)

        self.app = app


class _Door:
    """The ASGI app that the server runs: reads the body, lets faults strike, logs the call."""

    def __init__(self, dialect: Dialect, faults: Faults, now: Callable[[], datetime], calls: list[Call]) -> None:
        self._dialect = dialect
        self._faults = faults
        self._now = now
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, as a fault says where one strikes."""
        body = await _whole(receive)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        asked = body + b" " + scope["query_string"].replace(b"%20", b" ").replace(b"+", b" ")
        rule = self._faults.strike(scope["method"], scope["path"], headers, asked)
        answer = _Answer()
        if rule is not None and rule.fault == Timing.CUT_BEFORE:
            self._log(scope, 0, rule)
            await _drop(scope, receive)
            return
        if rule is not None and rule.fault == Timing.SLOW:
            await asyncio.sleep(float(rule.options.get("seconds", "1")))
        instead = None if rule is None or rule.fault in set(Timing) else self._dialect.faulty(rule)
        if instead is not None:
            answer.take(instead)
        else:
            await self._dialect(scope, _replayed(body), answer.send)
        cut = rule is not None and rule.fault in {Timing.CUT_DURING, Timing.CUT_AFTER}
        self._log(scope, 0 if cut else answer.status, rule)
        if cut:
            if rule is not None and rule.fault == Timing.CUT_DURING:
                await answer.give(send, half=True)
            await _drop(scope, receive)
            return
        await answer.give(send)

    def _log(self, scope: Scope, status: int, rule: Rule | None) -> None:
        method, path = scope["method"], scope["path"]
        self._calls.append(
            Call(
                at=self._now(),
                method=method,
                path=path,
                query=scope["query_string"].decode("latin-1"),
                status=status,
                metered=200 <= status < 300 and self._dialect.is_metered(method, path),
                fault=rule.fault if rule else "",
            )
        )


class _Answer:
    """An answer kept back until it is clear whether it may leave."""

    def __init__(self) -> None:
        self.status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""

    async def send(self, message: Message) -> None:
        """Takes the app's messages."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._headers = list(message["headers"])
        else:
            self._body += message.get("body", b"")

    def take(self, instead: Faulty) -> None:
        """Takes a dialect's fault."""
        self.status = instead.status
        told = (("content-type", instead.content_type), *instead.headers, ("content-length", str(len(instead.body))))
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in told]
        self._body = instead.body

    async def give(self, send: Send, *, half: bool = False) -> None:
        """Lets the answer leave, or only its first half."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers})
        body = self._body[: len(self._body) // 2] if half else self._body
        await send({"type": "http.response.body", "body": body, "more_body": half})


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _drop(scope: Scope, receive: Receive) -> None:
    """Ends the connection without an answer, and waits until it is gone."""
    await asyncio.sleep(0)  # what was already given to the transport leaves first
    scope[_DROP]()
    while (await receive())["type"] != "http.disconnect":
        pass


class Sandbox:
    """A running sandbox: `with Sandbox(dialect, now=…) as sandbox: sandbox.url`.

    `calls` is the log; `faults` are set with `sandbox.faults.add(Rule(…))`.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        now: Callable[[], datetime],
        port: int = 0,
        host: str = "127.0.0.1",
        faults: Faults | None = None,
    ) -> None:
        self.dialect = dialect
        self.faults = faults or Faults(now)
        self.calls: list[Call] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # so that it sends at once
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        config = uvicorn.Config(
            _Door(dialect, self.faults, now, self.calls),
            http=_Droppable,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Quiet(config)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox", daemon=True)

    def start(self) -> Self:
        """Begins to answer. Raises `RuntimeError` where the server does not come up."""
        self._thread.start()
        if not self._server.up.wait(_START_SECONDS):
            raise RuntimeError(f"The sandbox did not come up on {self.url}.")
        return self

    def stop(self) -> None:
        """Stops answering, and waits for the thread."""
        self._server.should_exit = True
        self._thread.join()
        with suppress(OSError):
            self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self) -> None:
        """Waits until the server ends (a person's Ctrl-C)."""
        while self._thread.is_alive():
            self._thread.join(0.5)


class _Quiet(uvicorn.Server):
    """uvicorn's server, which says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, and says so."""
        await super().startup(sockets)
        self.up.set()
