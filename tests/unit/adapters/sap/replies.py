"""Batch answers as a service writes them, and what a service reads in a batch: an independent reading of the bytes."""

from collections.abc import Sequence
from email import message_from_bytes


def http_answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """An answer as it stands in a part."""
    named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): text for name, text in headers.items()}}
    lines = [f"HTTP/1.1 {status} As: told", *(f"{name}: {text}" for name, text in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def multipart_reply(
    parts: Sequence[bytes | tuple[str, bytes]], *, mark: str = "reply", content_id: bool = False
) -> bytes:
    """A whole answer; a tuple is a changeset's own content type and body."""
    out = []
    for at, part in enumerate(parts, 1):
        kind, content = ("application/http", part) if isinstance(part, bytes) else part
        head = f"--{mark}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n"
        head += f"Content-ID: {at}\r\n" if content_id else ""
        out.append(head.encode() + b"\r\n" + content + b"\r\n")
    return b"".join(out) + f"--{mark}--\r\n".encode()


def contents(content_type: str, body: bytes) -> list[bytes]:
    """What each call's part holds, those of changesets among them, as Python's own mail reader sees it."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    found = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    return [each for each in found if isinstance(each, bytes)]
