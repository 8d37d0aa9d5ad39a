"""QuickBooks calling us: is it really Intuit, and which companies should be synced now?

Only that is read from a call. What changed is asked for by a sync, since calls come twice, late and out of order.
"""

import base64
import binascii
import hashlib
import hmac

import msgspec

from adapters.errors import LedgerRejected

SIGNATURE_HEADER = "intuit-signature"


class _CloudEvent(msgspec.Struct, kw_only=True):
    type: str = ""
    realm: str = msgspec.field(name="intuitaccountid", default="")


class _Notification(msgspec.Struct, kw_only=True):
    realm: str = msgspec.field(name="realmId", default="")


class _OldForm(msgspec.Struct, kw_only=True):
    notifications: list[_Notification] = msgspec.field(name="eventNotifications", default_factory=list)


def is_genuine(body: bytes, signature: str, verifier_token: str) -> bool:
    """Whether `signature` is Intuit's for these raw bytes; compared in constant time, before anything is parsed."""
    expected = hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()
    try:
        given = base64.b64decode(signature.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        given = b""
    return hmac.compare_digest(expected, given) and bool(verifier_token)


def companies(body: bytes) -> frozenset[str]:
    """The realm ids that a call speaks of, as CloudEvents or in the form before them.

    Raises `LedgerRejected` for a body that is neither.
    """
    try:
        if body.lstrip().startswith(b"["):
            events = msgspec.json.decode(body, type=list[_CloudEvent])
            return frozenset(event.realm for event in events if event.realm and event.type.startswith("qbo."))
        old = msgspec.json.decode(body, type=_OldForm)
    except msgspec.DecodeError as error:
        raise LedgerRejected("This is no call of QuickBooks.", code="webhook") from error
    return frozenset(each.realm for each in old.notifications if each.realm)
