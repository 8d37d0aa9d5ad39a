"""What faults look like at Intuit: XML 429s, four shapes of faults, HTML from the gateway."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from adapters.quickbooks.sandbox.app import QuickBooksSandbox
from adapters.quickbooks.sandbox.oauth import Answer
from adapters.quickbooks.sandbox.wire import Refused, body_time, encode, gateway_fault, xml_fault
from adapters.sandbox.faults import Rule

_HTML = b"<html><head><title>Bad Gateway</title></head><body><h1>The server could not be reached</h1></body></html>"


class QuickBooksFault(StrEnum):
    """The faults of this dialect; `adapters.sandbox.faults.Timing` has those of the connection."""

    THROTTLE = "throttle"  # XML 429; retry_after=SECONDS adds the header
    FAULT = "fault"  # upper-case JSON; code=, status=
    FAULT_200 = "fault_200"  # the same within a 200
    GATEWAY = "gateway_fault"  # lower-case JSON; code=, status=
    XML = "xml_fault"  # XML; code=, status=
    HTML = "html"  # HTML from the gateway; status=
    EMPTY = "empty"  # nothing but a status; status=
    EXPIRED = "expired_token"  # the access token has expired, all of them with all=true
    INVALID_GRANT = "invalid_grant"  # the token endpoint refuses
    POISON = "poison"  # pages holding the row fail with 4002; entity=, id=


def answer_for(app: QuickBooksSandbox, rule: Rule) -> Answer | None:
    """The answer that a fault puts in place of the real one; None where it only changes how later calls fare."""
    if rule.fault == QuickBooksFault.POISON:
        app.poison(rule.options.get("entity", rule.entity), rule.options.get("id", ""))
        return None
    shape = _SHAPES.get(rule.fault)
    return shape(app, rule.options) if shape else None


def _json(app: QuickBooksSandbox, options: Mapping[str, str]) -> Answer:
    status = int(options.get("status", "400"))
    fault = Refused(options.get("code", "6000"), options.get("detail", ""), status=status).fault()
    return Answer(status, encode({"Fault": fault, "time": body_time(app.now(), app.context.zone)}))


def _gateway(app: QuickBooksSandbox, options: Mapping[str, str]) -> Answer:
    code, status = options.get("code", "3200"), int(options.get("status", "401"))
    name, kind = ("Authorization", "AUTHORIZATION") if code == "3100" else ("Authentication", "AUTHENTICATION")
    message = f"message={name}Failed; errorCode=00{code}; statusCode={status}"
    return Answer(status, gateway_fault(code, message, "", app.now(), kind=kind), "application/json")


def _xml(app: QuickBooksSandbox, options: Mapping[str, str]) -> Answer:
    told = options.get("detail", "message=Failed")
    body = xml_fault(options.get("code", "3001"), told, at=app.now(), zone=app.context.zone)
    return Answer(int(options.get("status", "500")), body, "application/xml")


def _throttle(app: QuickBooksSandbox, options: Mapping[str, str]) -> Answer:
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    made = _xml(app, {"status": "429", "detail": message})
    wait = options.get("retry_after", "")
    return made._replace(headers=(("Retry-After", wait),)) if wait else made


def _expired(app: QuickBooksSandbox, options: Mapping[str, str]) -> Answer:
    if options.get("all") == "true":
        app.tokens.expire_access()
    return app.unauthorized()


_SHAPES: dict[str, Callable[[QuickBooksSandbox, Mapping[str, str]], Answer]] = {
    QuickBooksFault.THROTTLE: _throttle,
    QuickBooksFault.FAULT: _json,
    QuickBooksFault.FAULT_200: lambda app, options: _json(app, {**options, "status": "200"}),
    QuickBooksFault.GATEWAY: _gateway,
    QuickBooksFault.XML: _xml,
    QuickBooksFault.HTML: lambda _, options: Answer(int(options.get("status", "502")), _HTML, "text/html"),
    QuickBooksFault.EMPTY: lambda _, options: Answer(int(options.get("status", "503")), b"", "text/plain"),
    QuickBooksFault.EXPIRED: _expired,
    QuickBooksFault.INVALID_GRANT: lambda _app, _options: Answer(400, encode({"error": "invalid_grant"})),
}
