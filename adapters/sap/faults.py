"""What an OData service says when it does not do what was asked, in both versions' shapes, sorted into our errors.

Version 2 nests the words (`message: {lang, value}`), version 4 does not; Business One's codes may be numbers. SAP adds
`innererror` with the id of the transaction and, in `errordetails`, what was really wrong. A proxy's page says nothing.
"""

from datetime import timedelta
from typing import Generic, TypeVar

import msgspec

from adapters.errors import LedgerAuthExpired, LedgerConflict, LedgerError, LedgerRejected, LedgerUnavailable
from adapters.http import redact
from adapters.sap.values import UNREADABLE

T = TypeVar("T")

_WAITING = frozenset([408, 423, 425, 429])  # say it again later; 423: somebody is editing it
_NOT_DONE = frozenset([423, 425, 429])  # not 503: a gateway says it of a service that fell silent half way, too


class NotThere(LedgerRejected):
    """There is no such thing in the ledger (404)."""


class _Words(msgspec.Struct):
    value: str | None = None


class _Detail(msgspec.Struct):
    code: str | int | None = None
    message: str | _Words | None = None
    severity: str | None = None


class _Inner(msgspec.Struct):
    transactionid: str | None = None
    errordetails: list[_Detail] | None = None


class _Further(msgspec.Struct):
    innererror: _Inner | None = None
    details: list[_Detail] | None = None


class _Error(msgspec.Struct):
    code: str | int | None = None
    message: str | _Words | None = None


class _Envelope(msgspec.Struct, Generic[T]):
    error: T


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What was said: the code, one line of words, and SAP's transaction id where it gave one."""

    code: str = ""
    words: str = ""
    transaction: str = ""

    @property
    def sentence(self) -> str:
        """One line, without secrets, fit for an error message."""
        words = self.words.rstrip(" .") or "no reason was given"
        marks = [f"code {self.code}"] if self.code else []
        marks += [f"transaction {self.transaction}"] if self.transaction else []
        return f"{words} ({', '.join(marks)})" if marks else words


def read_fault(body: bytes) -> Fault:
    """The fault in a body; an empty one where it is a page, Atom or nothing."""
    error = _decoded(body, _Error)
    if error is None:
        return Fault()
    further = _decoded(body, _Further) or _Further()  # every service has its own idea of these
    inner = further.innererror or _Inner()
    details = [each for each in (inner.errordetails or further.details or ()) if each.severity in (None, "error")]
    said = [_text(error.message), *(_text(each.message) for each in details[:3])]
    return Fault(
        code=_line("" if error.code is None else str(error.code), 60),
        words=_line("; ".join(dict.fromkeys(each for each in said if each)), 300),
        transaction=_line(inner.transactionid or "", 40),
    )


def _decoded(body: bytes, kind: type[T]) -> T | None:
    try:
        error: T = msgspec.json.decode(body, type=_Envelope[kind]).error  # type: ignore[valid-type]
    except UNREADABLE:
        return None
    return error


def _line(text: str, length: int) -> str:
    return " ".join(redact(text).split())[:length]


def _text(message: str | _Words | None) -> str:
    return (message.value or "" if isinstance(message, _Words) else message or "").strip()


def error_of(status: int, fault: Fault, *, where: str, wait: timedelta | None = None) -> LedgerError | None:
    """Our error for an answer; None where it is none. `where` names the service in its sentence."""
    if 200 <= status < 300:
        return None
    said = fault.sentence
    if status in _WAITING or status >= 500:
        return LedgerUnavailable(f"{where} answered {status}: {said}.", retry_after=wait, sent=status not in _NOT_DONE)
    if status in (412, 428):
        return LedgerConflict(f"{where}: somebody else changed it meanwhile: {said}.")
    if status == 401:
        return LedgerAuthExpired(f"{where} did not accept our credentials: {said}.")
    kind, words = _REFUSALS.get(300 if status < 400 else status, (LedgerRejected, "{where} refused: {said}."))
    return kind(words.format(where=where, said=said, status=status), code=fault.code or str(status))


_REFUSALS: dict[int, tuple[type[LedgerRejected], str]] = {
    300: (LedgerRejected, "{where} sent us to another address ({status}): check the address."),
    403: (LedgerRejected, "{where} does not allow this to our user: {said}."),
    404: (NotThere, "{where} has no such thing: {said}."),
}
