"""What faults look like at Intuit: XML 429s, four shapes of faults, HTML from the gateway."""

from enum import StrEnum

from adapters.quickbooks.sandbox.app import QuickBooksSandbox
from adapters.quickbooks.sandbox.context import Context
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
    context, options = app.context, rule.options
    code = options.get("code", "")
    match rule.fault:
        case QuickBooksFault.THROTTLE:
            return _throttle(context, options.get("retry_after", ""))
        case QuickBooksFault.FAULT | QuickBooksFault.FAULT_200:
            status = 200 if rule.fault == QuickBooksFault.FAULT_200 else int(options.get("status", "400"))
            fault = Refused(code or "6000", options.get("detail", ""), status=status).fault()
            return Answer(status, encode({"Fault": fault, "time": body_time(app.now(), context.zone)}))
        case QuickBooksFault.GATEWAY:
            return _gateway(app, code or "3200", int(options.get("status", "401")))
        case QuickBooksFault.XML:
            body = xml_fault(code or "3001", options.get("detail", "message=Failed"), at=app.now(), zone=context.zone)
            return Answer(int(options.get("status", "500")), body, "application/xml")
        case QuickBooksFault.HTML:
            return Answer(int(options.get("status", "502")), _HTML, "text/html")
        case QuickBooksFault.EMPTY:
            return Answer(int(options.get("status", "503")), b"", "text/plain")
        case QuickBooksFault.EXPIRED:
            if options.get("all") == "true":
                app.tokens.expire_access()
            return app.unauthorized()
        case QuickBooksFault.INVALID_GRANT:
            return Answer(400, encode({"error": "invalid_grant"}))
        case QuickBooksFault.POISON:
            context.poisoned.add((options.get("entity", rule.entity), options.get("id", "")))
    return None


def _throttle(context: Context, retry_after: str) -> Answer:
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    body = xml_fault("3001", message, at=context.now(), zone=context.zone)
    return Answer(429, body, "application/xml", (("Retry-After", retry_after),) if retry_after else ())


def _gateway(app: QuickBooksSandbox, code: str, status: int) -> Answer:
    name = "ApplicationAuthorizationFailed" if code == "3100" else "AuthenticationFailed"
    message = f"message={name}; errorCode=00{code}; statusCode={status}"
    kind = "AUTHORIZATION" if code == "3100" else "AUTHENTICATION"
    return Answer(status, gateway_fault(code, message, "", app.now(), kind=kind), "application/json")
