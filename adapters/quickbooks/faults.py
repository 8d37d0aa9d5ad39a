"""What QuickBooks says when it does not do what we asked, in its four shapes, sorted into our errors.

The shapes: `{"Fault": …}` (also within a 200), the gateway's lower-case `{"fault": …}`, XML even where JSON was
asked for, and the gateway's HTML or nothing at all. The codes are Intuit's (developer.intuit.com, error codes).
"""

import html
import re
from datetime import timedelta

import msgspec

from adapters.errors import LedgerAuthExpired, LedgerConflict, LedgerError, LedgerRejected, LedgerUnavailable
from adapters.http import redact

NOT_FOUND = "610"
UNREADABLE_ROW = "4002"
TOKEN_EXPIRED = frozenset(["3200", "3201"])
WITHDRAWN = "3100"
SUSPENDED = "6190"
THROTTLED = "3001"
STALE = "5010"
TROUBLE = frozenset(["5000", "10000"])

THROTTLE_WAIT = timedelta(seconds=60)


class FaultError(msgspec.Struct, kw_only=True):
    """One error of a fault; `element` names the field at fault, where there is one."""

    message: str | None = msgspec.field(name="Message", default=None)
    detail: str | None = msgspec.field(name="Detail", default=None)
    code: str | None = None
    element: str | None = None


class Fault(msgspec.Struct, kw_only=True):
    """A fault as QuickBooks gives it: at least one error, and a type."""

    errors: list[FaultError] = msgspec.field(name="Error", default_factory=list)
    type: str | None = None

    @property
    def code(self) -> str:
        """The first error's code without leading zeros, or an empty string."""
        return ((self.errors[0].code or "") if self.errors else "").lstrip("0")

    @property
    def sentence(self) -> str:
        """What QuickBooks said, in one line without secrets, and its code."""
        said = ""
        if self.errors:
            first = self.errors[0]
            message, detail = first.message or "", first.detail or ""
            said = detail if message and message in detail else ": ".join(part for part in (message, detail) if part)
        said = " ".join(redact(said).split())[:300].rstrip(" .") or "it gave no reason"
        return f"{said} (code {self.code})" if self.code else said


class _GatewayError(msgspec.Struct, kw_only=True):
    message: str | None = None
    detail: str | None = None
    code: str | None = None
    element: str | None = None


class _GatewayFault(msgspec.Struct, kw_only=True):
    error: list[_GatewayError] = []
    type: str | None = None


class _Reply(msgspec.Struct, kw_only=True):
    upper: Fault | None = msgspec.field(name="Fault", default=None)
    lower: _GatewayFault | None = msgspec.field(name="fault", default=None)


_REPLY = msgspec.json.Decoder(_Reply)
_END = 32_768  # a fault beside a page of rows stands before or after all of them
_XML_ERROR = re.compile(r"<Error\b(?P<traits>[^>]*)>(?P<inner>.*?)</Error>", re.DOTALL)
_XML_CODE = re.compile(r'\bcode="([^"]*)"')
_XML_TEXT = r"<{0}>(.*?)</{0}>"


def read_fault(body: bytes) -> Fault | None:
    """The fault that `body` tells at its top level, in any of the shapes that have words; None where it tells none."""
    start = body[:64].lstrip()[:1]
    if start == b"<":
        return _from_xml(body.decode("utf-8", "replace"))
    ends = body if len(body) <= 2 * _END else body[:_END] + body[-_END:]
    if start != b"{" or (b'"Fault"' not in ends and b'"fault"' not in ends):
        return None
    try:
        reply = _REPLY.decode(body)
    except msgspec.DecodeError:
        return None
    if reply.upper is not None:
        return reply.upper
    if reply.lower is None:
        return None
    errors = [FaultError(message=e.message, detail=e.detail, code=e.code, element=e.element) for e in reply.lower.error]
    return Fault(errors=errors, type=reply.lower.type)


def _from_xml(text: str) -> Fault | None:
    errors = []
    for found in _XML_ERROR.finditer(text):
        code = _XML_CODE.search(found["traits"])
        errors.append(
            FaultError(
                message=_xml_text("Message", found["inner"]),
                detail=_xml_text("Detail", found["inner"]),
                code=code[1] if code else None,
            )
        )
    return Fault(errors=errors, type="SERVICE") if errors else None


def _xml_text(tag: str, inner: str) -> str | None:
    found = re.search(_XML_TEXT.format(tag), inner, re.DOTALL)
    return html.unescape(found[1].strip()) if found else None


def error_of(fault: Fault | None, status: int, *, wait: timedelta | None = None) -> LedgerError:
    """The error that says what to do about an answer with `status` and `fault` (None: HTML, or nothing).

    `wait` is what the answer asked us to wait; a throttled call without it waits a minute.
    """
    code = fault.code if fault else ""
    said = fault.sentence if fault else f"HTTP {status} without a reason"
    if code == THROTTLED or (fault is not None and "ThrottleExceeded" in fault.sentence) or status == 429:
        return LedgerUnavailable("QuickBooks asks us to slow down.", retry_after=wait or THROTTLE_WAIT, sent=False)
    if code == WITHDRAWN or code in TOKEN_EXPIRED or status == 401:
        return LedgerAuthExpired(f"QuickBooks no longer accepts this connection: {said}. Connect the company again.")
    if code == SUSPENDED:
        return LedgerAuthExpired(f"This company's QuickBooks subscription has lapsed: {said}.")
    if code == STALE:
        return LedgerConflict(f"Somebody else changed it meanwhile: {said}.")
    if code in TROUBLE or status >= 500:
        return LedgerUnavailable(f"QuickBooks is in trouble: {said}.", retry_after=wait)
    return LedgerRejected(f"QuickBooks refused: {said}.", code=code or str(status))
