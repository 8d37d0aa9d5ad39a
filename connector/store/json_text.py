"""JSON as the store spells and reads it: by msgspec, which is many times quicker than the standard library.

What msgspec refuses (half a surrogate pair, a whole number beyond 64 bits) the standard library spells and reads.
"""

import json
from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder().encode
_ENCODE_SORTED = msgspec.json.Encoder(order="sorted").encode
_DECODE: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def encode(value: object) -> str:
    """For a column of JSON."""
    try:
        return _ENCODE(value).decode()
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value)


def encode_sorted(value: object) -> str:
    """One spelling: sorted keys, no spaces, characters as they are. A lone surrogate stays one."""
    try:
        return _ENCODE_SORTED(value).decode()
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def decode(text: str | bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """What a column of JSON holds."""
    try:
        return _DECODE.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)
