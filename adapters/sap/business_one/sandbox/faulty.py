"""What faults look like at Business One: sessions that end, errors of its own, and pages of the proxy before it."""

from enum import StrEnum

from adapters.sandbox.faults import Rule
from adapters.sap.business_one.sandbox.app import BusinessOneSandbox
from adapters.sap.business_one.sandbox.wire import V2, Answer, Refused

_HTML = b"<html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"


class BusinessOneFault(StrEnum):
    """The faults of this dialect; `adapters.sandbox.faults.Timing` has those of the connection."""

    EXPIRED = "expired_session"  # the sessions have ended, all of them
    FAULT = "fault"  # an error; code=, status=, dialect=v1|v2
    HTML = "html"  # a page of the balancer's; status=
    EMPTY = "empty"  # nothing but a status; status=


def answer_for(app: BusinessOneSandbox, rule: Rule) -> Answer | None:
    """The answer that a fault puts in place of the real one; None for one that is not known."""
    options = rule.options
    dialect = options.get("dialect", V2)
    if rule.fault == BusinessOneFault.EXPIRED:
        app.sessions.expire()
        return Refused(401, 301, "Invalid session or session already timeout.").answer(dialect)
    if rule.fault == BusinessOneFault.FAULT:
        code, status = int(options.get("code", "-5002")), int(options.get("status", "400"))
        return Refused(status, code, options.get("detail", "Internal error")).answer(dialect)
    if rule.fault == BusinessOneFault.HTML:
        return Answer(int(options.get("status", "503")), _HTML, "text/html")
    return Answer(int(options.get("status", "500"))) if rule.fault == BusinessOneFault.EMPTY else None
