"""What faults look like at SAP: Gateway's errors, a proxy's page, a token that has expired."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from adapters.sandbox.faults import Rule
from adapters.sap.s4hana.sandbox.app import S4HanaSandbox
from adapters.sap.s4hana.sandbox.wire import Answer, Refused

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


class S4HanaFault(StrEnum):
    """The faults of this dialect; `adapters.sandbox.faults.Timing` has those of the connection."""

    BUSY = "busy"  # 503; retry_after=SECONDS
    THROTTLE = "throttle"  # 429; retry_after=SECONDS
    FAULT = "fault"  # an envelope; status=, code=, words=
    HTML = "html"  # a proxy's page; status=
    LOCKED = "locked"  # somebody is editing the customer (423)
    FORBIDDEN = "forbidden"  # no authorisation: a 403 that no token cures
    CSRF = "csrf"  # all sessions end; the call is then answered as usual


def answer_for(app: S4HanaSandbox, rule: Rule) -> Answer | None:
    """The answer that a fault puts in place of the real one; None where it only changes how calls fare."""
    shape = _SHAPES.get(rule.fault)
    return shape(app, rule.options) if shape else None


def _waiting(status: int, options: Mapping[str, str]) -> Answer:
    wait = options.get("retry_after", "")
    answer = Refused(status, "/IWFND/CM_COS/033", "The server is too busy").answer()
    return answer._replace(headers=(("Retry-After", wait),) if wait else ())


def _expired(app: S4HanaSandbox) -> None:
    app.sessions.expire()


def _fault(options: Mapping[str, str]) -> Answer:
    code, words = options.get("code", "SY/530"), options.get("words", "An exception was raised")
    return Refused(int(options.get("status", "500")), code, words).answer()


_SHAPES: dict[str, Callable[[S4HanaSandbox, Mapping[str, str]], Answer | None]] = {
    S4HanaFault.BUSY: lambda _, options: _waiting(503, options),
    S4HanaFault.THROTTLE: lambda _, options: _waiting(429, options),
    S4HanaFault.FAULT: lambda _, options: _fault(options),
    S4HanaFault.HTML: lambda _, options: Answer(int(options.get("status", "502")), _HTML, "text/html"),
    S4HanaFault.LOCKED: lambda _a, _o: Refused(423, "R1/063", "Customer is being edited by user MILLER").answer(),
    S4HanaFault.FORBIDDEN: lambda _a, _o: Refused(403, "/IWFND/CM_CONSUMER/101", "No authorization").answer(),
    S4HanaFault.CSRF: lambda app, _: _expired(app),
}
