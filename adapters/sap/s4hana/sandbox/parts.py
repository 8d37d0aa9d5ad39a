"""$batch of OData version 2: the parts of a request, each a whole request of its own, and their answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from urllib.parse import parse_qsl, unquote

from adapters.sap.s4hana.sandbox.wire import Answer, Refused

_PARSER = BytesParser(policy=policy.HTTP)
_END = "\r\n"
_MARK = "ejjeeffe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One request. `path` is relative to the service."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    content_id: str = ""


def parts_of(content_type: str, body: bytes) -> Iterator[Part | Sequence[Part]]:
    """The parts in order; a changeset is a list of its own. Raises `Refused` for what is no batch."""
    message = _PARSER.parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise Refused(400, "/IWFND/CM_MGW/002", "The request is no multipart/mixed message")
    for each in message.iter_parts():
        yield [_part(inner) for inner in each.iter_parts()] if each.is_multipart() else _part(each)


def _part(message: Message) -> Part:
    content = message.get_payload(decode=True)
    head, _, body = (content if isinstance(content, bytes) else b"").lstrip(b"\r\n").partition(b"\r\n\r\n")
    line, *rest = head.decode("utf-8", "replace").split(_END)
    words = line.split()
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        raise Refused(400, "/IWFND/CM_MGW/003", f"'{line[:60]}' is no request line")
    pairs = (each.partition(":") for each in rest if ":" in each)
    path, _, query = words[1].partition("?")
    length = next(
        (int(text) for name, _, text in (each.partition(":") for each in rest) if name.lower() == "content-length"),
        None,
    )
    return Part(
        method=words[0],
        path=unquote(path.rpartition("/sap/opu/odata/sap/")[2] if "/sap/opu/" in path else path),
        params=dict(parse_qsl(query, keep_blank_values=True)),
        headers={name.strip().lower(): text.strip() for name, _, text in pairs},
        body=body if length is None else body[:length],
        content_id=str(message.get("Content-ID", "")),
    )


def answered(answers: Sequence[Answer | Sequence[tuple[str, Answer]]]) -> Answer:
    """The answer to a batch: 202, with a part for each of these. A list is a changeset's, with content ids."""
    out: list[bytes] = []
    for number, each in enumerate(answers):
        out.append(f"--{_MARK}{_END}".encode())
        if isinstance(each, Answer):
            out.append(_written(each, ""))
            continue
        inner = f"{_MARK}_{number}"
        out.append(f"Content-Type: multipart/mixed; boundary={inner}{_END * 2}".encode())
        for content_id, answer in each:
            out += [f"--{inner}{_END}".encode(), _written(answer, content_id)]
        out.append(f"--{inner}--{_END}".encode())
    out.append(f"--{_MARK}--{_END}".encode())
    return Answer(202, b"".join(out), f"multipart/mixed; boundary={_MARK}")


def _written(answer: Answer, content_id: str) -> bytes:
    named = f"content-id: {content_id}{_END}" if content_id else ""
    head = (
        f"Content-Type: application/http{_END}Content-Transfer-Encoding: binary{_END}{named}{_END}"
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}{_END}"
        f"Content-Type: {answer.content_type}{_END}Content-Length: {len(answer.body)}{_END}"
    )
    more = "".join(f"{name}: {text}{_END}" for name, text in answer.headers)
    return (head + more + _END).encode() + answer.body + _END.encode()


_REASONS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found"}
