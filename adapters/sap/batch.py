"""$batch: many calls in one request, multipart/mixed (both versions) or JSON (version 4 alone).

Calls of one changeset are done all or not at all, and a changeset that failed answers once for all its calls. A service
may stop at the first part that fails: parts without an answer come back as None, and were not done.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser
from itertools import groupby

import httpx
import msgspec

from adapters.errors import LedgerUnavailable

_PARSER = BytesParser(policy=policy.HTTP)
_END = "\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One part: a read, or (with a `changeset`) a change. `path` is relative to the service, with its query."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    changeset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A part's answer."""

    status: int
    headers: httpx.Headers
    body: bytes


def multipart(calls: Sequence[Call]) -> tuple[str, bytes]:
    """Content type and body. The same calls make the same bytes."""
    mark = hashlib.sha256(repr(calls).encode()).hexdigest()[:16]
    outer = f"batch_{mark}"
    out: list[bytes] = []
    for number, members in groupby(enumerate(calls, 1), key=lambda each: each[1].changeset):
        if number is None:
            for _, call in members:
                out += [f"--{outer}{_END}".encode(), *_part(call, None)]
        else:
            inner = f"changeset_{mark}_{number}"
            out.append(f"--{outer}{_END}Content-Type: multipart/mixed; boundary={inner}{_END * 2}".encode())
            for place, call in members:
                out += [f"--{inner}{_END}".encode(), *_part(call, str(place))]
            out.append(f"--{inner}--{_END}".encode())
    out.append(f"--{outer}--{_END}".encode())
    return f"multipart/mixed; boundary={outer}", b"".join(out)


def _part(call: Call, content_id: str | None) -> Iterator[bytes]:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    head += [f"Content-ID: {content_id}"] if content_id else []
    named = {"Accept": "application/json", **call.headers}
    if call.body:
        named |= {"Content-Type": "application/json", "Content-Length": str(len(call.body))}
    lines = [*head, "", f"{call.method} {call.path} HTTP/1.1", *(f"{name}: {text}" for name, text in named.items())]
    yield (_END.join(lines) + _END * 2).encode()
    yield call.body + _END.encode()


def read_multipart(content_type: str, body: bytes, calls: Sequence[Call]) -> list[Answer | None]:
    """An answer for each call, in order. Raises LedgerUnavailable for what is no such answer."""
    message = _PARSER.parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise LedgerUnavailable("A $batch was not answered with its parts.")
    parts = list(message.iter_parts())
    found: list[Answer | None] = []
    at = 0
    for number, members in groupby(calls, key=lambda each: each.changeset):
        group = list(members)
        if number is None:
            answers = [_answer(part) for part in parts[at : at + len(group)]]
            at += len(group)
            found += [*answers, *[None] * (len(group) - len(answers))]
        else:
            found += _of_changeset(parts[at] if at < len(parts) else None, len(group))
            at += 1
    return found


def _of_changeset(part: Message | None, size: int) -> list[Answer | None]:
    if part is None:
        return [None] * size
    if not part.is_multipart():
        return [_answer(part)] * size
    answers: list[Answer | None] = [_answer(each) for each in part.iter_parts()]  # type: ignore[attr-defined]
    if len(answers) == 1:
        return answers * size  # one answer that says why none was done
    return [*answers[:size], *[None] * (size - len(answers))]


def _answer(part: Message) -> Answer:
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    head, _, body = raw.lstrip(b"\r\n").partition(b"\r\n\r\n")
    line, _, rest = head.partition(b"\r\n")
    words = line.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise LedgerUnavailable("A part of a $batch answer is no answer.")
    pairs = (each.split(b":", 1) for each in rest.split(b"\r\n") if b":" in each)
    headers = httpx.Headers([(name.strip(), text.strip()) for name, text in pairs])
    return Answer(status=int(words[1]), headers=headers, body=body.rstrip(b"\r\n"))


class _Response(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"")


class _Responses(msgspec.Struct):
    responses: list[_Response]


def as_json(calls: Sequence[Call]) -> tuple[str, bytes]:
    """Content type and body of a version 4 batch in JSON."""
    requests: list[dict[str, object]] = [
        {
            "id": str(at),
            "method": call.method,
            "url": call.path,
            "headers": {"Accept": "application/json", "Content-Type": "application/json", **call.headers},
            **({"atomicityGroup": f"g{call.changeset}"} if call.changeset is not None else {}),
            **({"body": msgspec.Raw(call.body)} if call.body else {}),
        }
        for at, call in enumerate(calls, 1)
    ]
    return "application/json", msgspec.json.encode({"requests": requests})


def read_json(body: bytes, calls: Sequence[Call]) -> list[Answer | None]:
    """An answer for each call, in order. Raises LedgerUnavailable for what is no such answer."""
    try:
        told = msgspec.json.decode(body, type=_Responses).responses
    except msgspec.DecodeError:
        raise LedgerUnavailable("A $batch was not answered with its parts.") from None
    by_id = {each.id: each for each in told}
    found: list[Answer | None] = []
    for at, call in enumerate(calls, 1):
        each = by_id.get(str(at)) or (by_id.get(f"g{call.changeset}") if call.changeset is not None else None)
        found.append(
            Answer(status=each.status, headers=httpx.Headers(each.headers), body=bytes(each.body)) if each else None
        )
    return found
