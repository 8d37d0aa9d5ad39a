"""$batch: parts done one after the other, up to the first that fails; a changeset is done whole or not at all."""

import re
from collections.abc import Callable, Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import cast
from uuid import uuid4

from adapters.sap.business_one.sandbox.wire import V1, Answer, Refused

Call = Callable[[str, str, dict[str, str], bytes], tuple[Answer, Callable[[], None] | None]]
_REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found"}
_REQUEST = re.compile(rb"^(GET|POST|PATCH|DELETE|PUT) (\S+) HTTP/1\.1\r?\n")


def answer_batch(headers: dict[str, str], body: bytes, call: Call, dialect: str) -> Answer:
    """The answers of all parts that were done. Raises Refused for what is no batch."""
    outer = f"batchresponse_{uuid4()}"
    out: list[bytes] = []
    for part in _parts(headers.get("content-type", ""), body):
        if part.is_multipart():
            told, failed = _changeset(list(cast("list[Message]", part.get_payload())), call)
        else:
            answer, _ = _one(part, call)
            told, failed = _rendered(answer, None), answer.status >= 400
        out.append(f"--{outer}\r\n".encode() + told)
        if failed:
            break
    out.append(f"--{outer}--\r\n".encode())
    status = 202 if dialect == V1 else 200
    return Answer(status, b"".join(out), f"multipart/mixed;boundary={outer}")


def _parts(content_type: str, body: bytes) -> list[Message]:
    message = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise Refused(400, -1000, "Invalid batch request body")
    return list(message.iter_parts())


def _changeset(parts: list[Message], call: Call) -> tuple[bytes, bool]:
    """All answers of a changeset, or the one of the part that failed, with the others taken back."""
    inner = f"changesetresponse_{uuid4()}"
    out: list[bytes] = []
    undo: list[Callable[[], None]] = []
    for part in parts:
        ident = part.get("Content-ID")
        if ident is None:
            return _rendered(Refused(400, -1000, "Content-ID is missing in the changeset").answer("v2"), None), True
        answer, back = _one(part, call)
        if answer.status >= 400:
            for each in reversed(undo):
                each()
            return _rendered(answer, None), True
        undo += [back] if back else []
        out.append(f"--{inner}\r\n".encode() + _rendered(answer, str(ident)))
    body = b"".join(out) + f"--{inner}--\r\n".encode()
    return f"Content-Type: multipart/mixed;boundary={inner}\r\n\r\n".encode() + body, False


def _one(part: Message, call: Call) -> tuple[Answer, Callable[[], None] | None]:
    raw = cast("bytes", part.get_payload(decode=True)).lstrip()
    found = _REQUEST.match(raw)
    if found is None:
        raise Refused(400, -1000, "Invalid request in the batch")
    head, _, body = raw[found.end() :].partition(b"\r\n\r\n")
    pairs = (line.partition(b":") for line in head.split(b"\r\n") if b":" in line)
    headers = {name.decode().strip().lower(): value.decode().strip() for name, _, value in pairs}
    return call(found[1].decode(), found[2].decode(), headers, body.rstrip(b"\r\n"))


def _rendered(answer: Answer, ident: str | None) -> bytes:
    lines: Iterator[str] = (f"{name}: {value}" for name, value in answer.headers)
    head = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *([f"Content-ID: {ident}"] if ident else []),
        "",
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        *lines,
        "",
        "",
    ]
    return "\r\n".join(head).encode() + answer.body + b"\r\n"
