"""The bytes of an answer: texts in them that cannot be kept are mended, and what is no data at all is said so.

A name cut in the middle of an emoji leaves half a surrogate pair behind, and old imports leave NUL characters and
bytes that are no UTF-8. JSON allows the first two, no database takes them, and one such text would stop every page that
it stands on: each becomes U+FFFD, as in a terminal.
"""

import re
from typing import TypeVar

import msgspec

from adapters.errors import LedgerUnavailable

T = TypeVar("T")

_ESCAPED = re.compile(
    rb"\\\\"  # a backslash of its own: what follows it is no escape
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000)",  # half a pair, or NUL
)
_HALF = 6


def mended(body: bytes) -> bytes:
    """`body` with U+FFFD for each half of a surrogate pair, each NUL and each byte that is no UTF-8."""
    if not body.isascii():
        body = body.decode("utf-8", "replace").encode()
    return _ESCAPED.sub(_replaced, body) if b"\\" in body and b"\\u" in body else body  # one byte is found faster


def _replaced(found: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if len(found[0]) == _HALF else found[0]


def decoded(body: bytes | msgspec.Raw, kind: type[T]) -> T:
    """The answer as `kind`. Raises `LedgerUnavailable` where it is no data, or data of another shape."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise LedgerUnavailable("QuickBooks gave an answer that cannot be read.") from error
