"""The new words of a mail: its text, less what it quotes and the signature, as far as that can be told cheaply.

One pass over at most `LONGEST_TEXT` characters, line by line, without regular expressions that could run long. In
doubt a line is kept: a person reads it.
"""

import codecs
import html
from collections.abc import Iterator
from email.message import Message

LONGEST_TEXT = 64_000  # characters
_LONGEST_HTML = 256_000
_MOST_PARTS = 200

_QUOTE_INTRODUCTIONS = (  # how the line before a quotation begins, and how it ends
    ("on ", ("wrote:", "writes:")),
    ("am ", ("schrieb:",)),
    ("am ", (":",)),
    ("le ", ("a écrit :", "a écrit:", "a écrit\u00a0:")),
    ("el ", ("escribió:", "escribio:")),
)
_SEPARATORS = (
    *("-----original message", "-----ursprüngliche nachricht", "-----message d'origine", "-----message d’origine"),
    *("-----mensaje original", "________________________________", "-------- forwarded message"),
)
_OUTLOOK = (("from:", "sent:"), ("von:", "gesendet:"), ("de :", "envoyé :"), ("de:", "enviado"), ("de:", "envoyé"))
_NO_CHARSETS = {"punycode", "idna", "unicode_escape", "raw-unicode-escape", "unicode-escape", "raw_unicode_escape"}
_TIDY = {0: None, 0xA0: " "}
_BLOCKS = {"br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3", "table"}


def text_of(mail: Message) -> str:
    """The first plain text of `mail` that is no attachment, else the first HTML as text, else nothing."""
    first_html = ""
    for part, _ in zip(mail.walk(), range(_MOST_PARTS), strict=False):
        kind = part.get_content_type()
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if kind == "text/plain":
            return _decoded(part, 4 * LONGEST_TEXT)[:LONGEST_TEXT]
        if kind == "text/html" and not first_html:
            first_html = _decoded(part, _LONGEST_HTML)
    return without_tags(first_html)[:LONGEST_TEXT]


def _decoded(part: Message, limit: int) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    text = payload[:limit].decode(_charset(str(part.get_param("charset", "utf-8"))), "replace")
    text = text.encode("utf-8", "replace").decode()  # some codecs make halves of characters
    return text.translate(_TIDY).replace("\r\n", "\n").replace("\r", "\n")


def _charset(name: str) -> str:
    """The codec for a charset; UTF-8 for an unknown one and for those that are no mail's and may run long."""
    try:
        codec = codecs.lookup(name).name
        b"x".decode(codec)  # some codecs do not make text
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if codec in _NO_CHARSETS else codec


def without_tags(page: str) -> str:
    """The words of a page of HTML. One pass; what is not closed ends the reading."""
    page = page[:_LONGEST_HTML]
    return html.unescape("".join(_words(page))).translate(_TIDY)


def _words(page: str) -> Iterator[str]:
    at = 0
    while (start := page.find("<", at)) >= 0:
        yield page[at:start]
        closing = "-->" if page.startswith("<!--", start) else ">"
        end = page.find(closing, start)
        if end < 0:
            return
        name = page[start + 1 : min(end, start + 20)].strip("/ ").split(" ", 1)[0].lower()
        at = end + len(closing)
        if name in _BLOCKS:
            yield "\n"
        elif name in {"style", "script", "title"} and page[start + 1] != "/":
            at = page.find("</", at)
            if at < 0:
                return
    yield page[at:]


def new_words(text: str) -> str:
    """`text` without quoted lines, the line that introduces them, Outlook's copy below, and the signature."""
    kept: list[str] = []
    lines = [line.rstrip() for line in text[:LONGEST_TEXT].split("\n")]
    for number, line in enumerate(lines):
        if line == "--" or _begins_a_copy(lines, number):
            break
        if not line.startswith(">") and not _introduces(lines, number):
            kept.append(line)
    words = "\n".join(_without_gaps(kept)).strip()
    return words or "\n".join(_without_gaps(lines)).strip()


def _without_gaps(lines: list[str]) -> Iterator[str]:
    """The lines with runs of blank ones made one."""
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line


def _introduces(lines: list[str], number: int) -> bool:
    """Whether this line, or this and the next (or the one before), say that a quotation follows."""
    line = lines[number].strip()
    if not line or len(line) > 300:
        return False
    following = lines[number + 1].strip() if number + 1 < len(lines) else ""
    before = lines[number - 1].strip() if number else ""
    return (
        _is_introduction(line)
        or (not line.endswith(":") and len(following) < 300 and _is_introduction(f"{line} {following}"))
        or (
            not before.endswith(":")
            and line.endswith(":")
            and len(before) < 300
            and _is_introduction(f"{before} {line}")
        )
    )


def _is_introduction(line: str) -> bool:
    folded = line.casefold()
    return any(
        folded.startswith(start) and folded.endswith(ends) and _says_so(folded, start)
        for start, ends in _QUOTE_INTRODUCTIONS
    )


def _says_so(folded: str, start: str) -> bool:
    return start != "am " or " schrieb" in folded


def _begins_a_copy(lines: list[str], number: int) -> bool:
    line = lines[number].strip().casefold()[:80]
    if line.startswith(_SEPARATORS):
        return True
    following = [each.strip().casefold()[:20] for each in lines[number + 1 : number + 4]]
    return any(
        line.startswith(first) and any(each.startswith(second) for each in following) for first, second in _OUTLOOK
    )
