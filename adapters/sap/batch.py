"""$batch: many calls in one request, multipart/mixed (both versions) or JSON (version 4 alone).

Calls of one changeset are done all or not at all, and a changeset that failed answers once for all its calls. A service
may stop at the first part that fails: parts without an answer come back as None, and were not done.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import httpx
import msgspec

from adapters.errors import LedgerUnavailable
from adapters.sap.values import UNREADABLE

_END = "\r\n"
_BOUNDARY = re.compile(r"""multipart/mixed\s*;.*?boundary=(?:"([^"]+)"|([^\s;,"]+))""", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d\S*[ \t]+(\d{3})(?!\d)")
_LENGTH = re.compile(r"[0-9]{1,12}")
_UNREADABLE = "A $batch was not answered with its parts."


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
    named = {"Accept": "application/json"}
    if call.body:
        named |= {"Content-Type": "application/json", "Content-Length": str(len(call.body))}
    named |= call.headers
    lines = [*head, "", f"{call.method} {call.path} HTTP/1.1", *(f"{name}: {text}" for name, text in named.items())]
    yield (_END.join(lines) + _END * 2).encode()
    yield call.body + _END.encode()


@dataclass(frozen=True, slots=True)
class _Part:
    headers: httpx.Headers
    content: bytes


def read_multipart(content_type: str, body: bytes, calls: Sequence[Call]) -> list[Answer | None]:
    """An answer for each call, in order. Raises LedgerUnavailable for what is no such answer."""
    told = iter(_parts(content_type, body))
    found: list[Answer | None] = []
    for changeset, members in groupby(enumerate(calls, 1), key=lambda each: each[1].changeset):
        places = [str(place) for place, _ in members]
        if changeset is None:
            found += [_answer(part) if (part := next(told, None)) else None for _ in places]
        else:
            found += _of_changeset(part, places) if (part := next(told, None)) else [None] * len(places)
    if next(told, None) is not None:
        raise LedgerUnavailable(_UNREADABLE)
    return found


def _parts(content_type: str, body: bytes) -> list[_Part]:
    """The parts, byte for byte. Without the line that ends them all, the answer was cut on its way."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise LedgerUnavailable(_UNREADABLE)
    mark = b"--" + re.escape((boundary[1] or boundary[2]).encode())  # first, so that the search is for plain bytes
    pieces = re.split(mark + rb"(?<![^\n]" + mark + rb")(?=--|[ \t]*\r?\n)", body)[1:]
    end = next((at for at, piece in enumerate(pieces) if piece.startswith(b"--")), None)
    if end is None:
        raise LedgerUnavailable("A $batch answer was cut.")
    return [_Part(*_head_and_rest(piece.removesuffix(b"\n").removesuffix(b"\r"))) for piece in pieces[:end]]


def _head_and_rest(raw: bytes) -> tuple[httpx.Headers, bytes]:
    head, *rest = _BLANK_LINE.split(raw, maxsplit=1)
    pairs = (line.partition(b":") for line in head.splitlines()[1:])
    return httpx.Headers([(name.strip(), text.strip()) for name, colon, text in pairs if colon]), b"".join(rest)


def _of_changeset(part: _Part, places: Sequence[str]) -> Sequence[Answer]:
    """The answers of a changeset's calls, which may come in any order. A single error is the answer of all."""
    kind = part.headers.get("content-type", "")
    inner = _parts(kind, part.content) if kind.casefold().startswith("multipart/") else [part]
    answers = [_answer(each) for each in inner]
    if len(answers) == 1 and answers[0].status >= 400:
        return answers * len(places)
    if len(answers) != len(places):
        raise LedgerUnavailable(_UNREADABLE)
    named = {
        each.headers.get("content-id") or told.headers.get("content-id"): told
        for each, told in zip(inner, answers, strict=True)
    }
    return [named[place] for place in places] if set(named) == set(places) else answers


def _answer(part: _Part) -> Answer:
    raw = part.content.lstrip(b"\r\n")
    status = _STATUS.match(raw)
    if status is None:
        raise LedgerUnavailable("A part of a $batch answer is no answer.")
    headers, body = _head_and_rest(raw)
    length = headers.get("content-length", "")
    size = int(length) if _LENGTH.fullmatch(length) else 0
    rest = body[size:]  # many end a body with more lines than they count, and some count characters
    return Answer(status=int(status[1]), headers=headers, body=body if rest.strip(b"\r\n") else body[:size])


class _Response(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"")


class _Responses(msgspec.Struct):
    responses: list[_Response]


def as_json(calls: Sequence[Call]) -> tuple[str, bytes]:
    """Content type and body of a version 4 batch in JSON; the calls' own bodies are JSON, too."""
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
        told = {each.id: _of(each) for each in msgspec.json.decode(body, type=_Responses).responses}
    except UNREADABLE:
        raise LedgerUnavailable(_UNREADABLE) from None
    groups = [None if call.changeset is None else told.get(f"g{call.changeset}") for call in calls]
    return [told.get(str(at)) or group for at, group in enumerate(groups, 1)]


def _of(response: _Response) -> Answer:
    headers = httpx.Headers(response.headers, encoding="utf-8")
    return Answer(status=response.status, headers=headers, body=bytes(response.body))
