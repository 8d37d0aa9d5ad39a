"""HTTP without a network: requests go straight to the sandbox's app, with the faults of a bad line.

The sandbox is served on a port for whoever wants that (`adapters.sandbox.server`); a year of a company asks it some
ten thousand times, and there a call costs ten times as much.
"""

from collections.abc import Callable
from random import Random
from threading import Lock

import httpx

from adapters.quickbooks.sandbox import QuickBooksFault, QuickBooksSandbox
from adapters.quickbooks.sandbox.faulty import answer_for
from adapters.sandbox.faults import Rule, Timing

_FAULTS = (
    *(Rule(fault=QuickBooksFault.THROTTLE),) * 2,
    Rule(fault=QuickBooksFault.THROTTLE, options={"retry_after": "20"}),
    Rule(fault=QuickBooksFault.GATEWAY, options={"code": "3200", "status": "401"}),
    Rule(fault=QuickBooksFault.FAULT, options={"code": "10000", "status": "500"}),
    Rule(fault=QuickBooksFault.HTML, options={"status": "502"}),
    Rule(fault=QuickBooksFault.EMPTY, options={"status": "503"}),
    Rule(fault=QuickBooksFault.EXPIRED, options={"all": "true"}),
    *(Rule(fault=each) for each in (Timing.CUT_BEFORE, Timing.CUT_DURING, Timing.CUT_AFTER) for _ in range(2)),
)


class Wire(httpx.BaseTransport):
    """Carries calls to the app. `trouble` faults are drawn for the next calls; `down`: nobody answers at all."""

    def __init__(self, app: QuickBooksSandbox, rng: Random) -> None:
        self._app = app
        self._rng = rng
        self._lock = Lock()
        self.alive: Callable[[], None] = lambda: None
        self.trouble = 0
        self.down = False
        self.calls = 0
        self.faults = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One call."""
        with self._lock:
            self.alive()
            self.calls += 1
            if self.down:
                raise httpx.ConnectError("nobody is there", request=request)
            rule = self._struck(request.url.path)
            if rule is None:
                return self._answered(request)
            self.faults += 1
            return self._spoilt(rule, request)

    def _struck(self, path: str) -> Rule | None:
        if self.trouble <= 0 or not path.startswith("/v3/") or self._rng.random() < 0.5:
            return None
        self.trouble -= 1
        return self._rng.choice(_FAULTS)

    def _spoilt(self, rule: Rule, request: httpx.Request) -> httpx.Response:
        if rule.fault == Timing.CUT_BEFORE:
            raise httpx.ReadError("cut before anything was done", request=request)
        if rule.fault in set(Timing):
            self._answered(request)
            raise httpx.RemoteProtocolError("cut before the answer was whole", request=request)
        instead = answer_for(self._app, rule)
        if instead is None:
            return self._answered(request)
        headers = [("content-type", instead.content_type), *instead.headers]
        return httpx.Response(instead.status, headers=headers, content=instead.body, request=request)

    def _answered(self, request: httpx.Request) -> httpx.Response:
        params = dict(request.url.params.multi_items())
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._app.answer(request.method, request.url.path, params, headers, request.read())
        told = [("content-type", answer.content_type), *answer.headers]
        return httpx.Response(answer.status, headers=told, content=answer.body, request=request)
