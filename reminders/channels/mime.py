"""The few pieces of MIME that a mail of ours needs, as ASCII: headers and quoted-printable text (RFC 5322, 2045, 2047).

Values come in clean: single lines without control characters, addresses already parsed.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Sequence

_LINE = 76  # characters; 78 are recommended, 998 allowed
_BYTES_PER_WORD = 42  # so that an encoded word stays under the 75 characters that it may have
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


def folded(name: str, pieces: Sequence[str], between: str = "") -> str:
    """A header whose pieces stand on one line where they fit, else on continued ones."""
    lines, line = [], f"{name}:"
    for number, piece in enumerate(pieces):
        text = piece + (between if number < len(pieces) - 1 else "")
        if len(line) + 1 + len(text) > _LINE and len(line) > len(name) + 1:
            lines.append(line)
            line = ""
        line = f"{line} {text}"
    return "\r\n".join([*lines, line])


def words(text: str) -> list[str]:
    """`text` as pieces of a header: its own words, or encoded ones where it is not plain ASCII."""
    if text.isascii() and "=?" not in text:
        return text.split(" ")
    chunks, chunk = [], b""
    for char in text:
        encoded = char.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > _BYTES_PER_WORD:
            chunks.append(chunk)
            chunk = b""
        chunk += encoded
    return [f"=?utf-8?b?{b64encode(each).decode('ascii')}?=" for each in (*chunks, chunk)]


def mailbox(name: str, address: str) -> str:
    """`Name <address>`, the name quoted or encoded where it must be."""
    if not name:
        return address
    if not name.isascii() or "=?" in name:
        shown = "\r\n ".join(words(name))
    elif _ATOMS.fullmatch(name):
        shown = name
    else:
        shown = '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'
    return f"{shown} <{address}>"


def text_part(subtype: str, text: str) -> bytes:
    """A text as a MIME part, in UTF-8 and quoted-printable."""
    body = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    if not body.endswith(b"\r\n"):
        body += b"\r\n"  # also tells b2a_qp which line ends to use
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode("ascii") + b2a_qp(body, istext=True)
