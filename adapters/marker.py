"""Our marker: how an entry that we wrote is recognised in any ledger, whatever else was lost.

A note ends with a last line `[duecourse:<key>]`; a line in a shared field ends with the same words.
"""

import re
from collections.abc import Sequence

_MARKER = re.compile(r"\[duecourse:([^\]\s]+)\]")
_CUT = "…"


def marker(key: str) -> str:
    """The marker of the entry with this key."""
    return f"[duecourse:{key}]"


def mark(text: str, key: str, length: int) -> str:
    """`text` with the marker as its last line, at most `length` characters; only the text is ever cut short.

    A text that ends with this marker already keeps it once. Raises `ValueError` where the marker alone is too long.
    """
    return _join(text, "\n", marker(key), length)


def mark_line(text: str, key: str, length: int) -> str:
    """`text` as one line that ends with the marker, at most `length` characters."""
    return _join(" ".join(text.split()), " ", marker(key), length)


def _join(text: str, between: str, ending: str, length: int) -> str:
    body = text.strip().removesuffix(ending).rstrip()
    room = length - len(ending) - len(between)
    if room < len(_CUT):
        raise ValueError(f"{length} characters hold no marker of {len(ending)}.")
    if len(body) > room:
        body = body[: room - len(_CUT)].rstrip() + _CUT
    return f"{body}{between}{ending}" if body else ending


def find_marker(text: str) -> str | None:
    """The key of the last marker in `text`, or None: a note that a person wrote."""
    found = find_markers(text)
    return found[-1] if found else None


def find_markers(text: str) -> Sequence[str]:
    """The keys of all markers in `text`, first to last."""
    return _MARKER.findall(text)


def marker_lines_removed(text: str) -> str:
    """`text` without the lines that are ours: what people wrote."""
    if "[duecourse:" not in text:
        return text
    return "\n".join(line for line in text.splitlines() if not _MARKER.search(line))
