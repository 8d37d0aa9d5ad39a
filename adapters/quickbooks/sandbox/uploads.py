"""Multipart bodies of /upload, as lenient as the real one: any line ends, missing file names, base64 or plain parts."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from typing import NamedTuple

from adapters.quickbooks.sandbox.wire import Json, Refused, decode

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


class Part(NamedTuple):
    """One part of a multipart body."""

    name: str
    headers: dict[str, str]
    content: bytes


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """The parts of a body. Raises `Refused` (1050) where it is no multipart body."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Refused("1050", "Content-Type must be multipart/form-data with a boundary")
    pieces = body.split(b"--" + found.group(1).encode())
    return [_part(piece) for piece in pieces[1:] if not piece.startswith(b"--") and piece.strip()]


def _part(piece: bytes) -> Part:
    head, content = [*re.split(rb"\r?\n\r?\n", piece.lstrip(b"\r\n"), maxsplit=1), b""][:2]
    lines = head.decode("utf-8", "replace").splitlines()
    headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    named = re.search(r'name="([^"]*)"', headers.get("content-disposition", ""))
    content = content.removesuffix(b"\n").removesuffix(b"\r")
    if headers.get("content-transfer-encoding", "").lower() == "base64":
        try:
            content = b64decode(content)
        except NotBase64 as error:
            raise Refused("2080", "A part that says base64 is none") from error
    return Part(named.group(1) if named else "", headers, content)


def files_in(parts: list[Part]) -> list[tuple[Json, Part]]:
    """Each file with its metadata, joined by the number at the end of the parts' names."""
    metadata = {_number(part): part for part in parts if part.name.startswith("file_metadata")}
    found = []
    for part in parts:
        if part.name.startswith("file_content"):
            told = metadata.get(_number(part))
            try:
                facts = decode(told.content) if told else {}
            except ValueError as error:
                raise Refused("2010", "file_metadata is no JSON") from error
            found.append((facts, part))
    return found


def _number(part: Part) -> int:
    return int(re.sub(r"\D", "", part.name) or 0)
