"""Foreign text made safe to show: what a ledger or a mail holds, on one line and of bounded length."""

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # parts of emoji and of several scripts
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%]{1,2000}")


def one_line(text: str, limit: int = 120) -> str:
    """`text` without line breaks, control and direction characters, blanks joined, at most `limit` characters."""
    text = text[: 4 * limit]
    if not text.isprintable():
        text = "".join(map(_shown, text))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf" and char not in _JOINERS:
        return ""  # bidirectional overrides and zero-width characters disguise what stands there
    return " " if category[0] in "CZ" and category != "Cf" else char


def lines_of(text: str, limit: int = 12) -> list[str]:
    """The lines of a text that the owner wrote, each made safe; blank ones left out, at most `limit`."""
    return [line for line in map(one_line, text.splitlines()[:limit]) if line]


def web_address(text: str) -> str:
    """`text` if it is an http(s) address that can stand in a mail as it is, else nothing."""
    return text if _WEB_ADDRESS.fullmatch(text) else ""
