"""Answers like a SAP service from books rendered beforehand: `python -m tests.bench.sap_server LEDGER FOLDER ITEMS`.

Prints its port, then serves until its input ends. What it was asked is told at /bench/asked, so that another client can
fetch the very same pages. Pages are slices of memory handed to the socket: what is measured is the client.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

ASKED = "/bench/asked"
_MARK = "batch_0123456789"
_PART = re.compile(rb"^GET (\S+) HTTP/1\.1\r$", re.MULTILINE)


class Answer(NamedTuple):
    """A body in parts, and what else stands in the head."""

    parts: list[bytes | memoryview]
    kind: str = "application/json;charset=utf-8"
    headers: str = ""

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return sum(len(each) for each in self.parts)


class Books(Protocol):
    """The books of one ledger: how a call is answered from them."""

    def answer(self, method: str, path: str, options: dict[str, str], body: bytes) -> Answer:
        """The answer to one call; `path` with no query."""
        ...


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    target: str
    kind: str
    body: str


def answer(books: Books, asked: Asked) -> Answer:
    """The answer to a request, which may hold many reads."""
    told = urlsplit(asked.target)
    if not told.path.endswith("/$batch"):
        return books.answer(asked.method, told.path, dict(parse_qsl(told.query)), asked.body.encode())
    parts: list[bytes | memoryview] = []
    for target in _PART.findall(asked.body.encode()):
        one = urlsplit(target.decode())
        found = books.answer("GET", one.path, dict(parse_qsl(one.query)), b"")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {found.kind}\r\nContent-Length: {found.length}\r\n\r\n"
        part = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        parts += [f"--{_MARK}\r\n{part}{head}".encode(), *found.parts, b"\r\n"]
    parts.append(f"--{_MARK}--\r\n".encode())
    return Answer(parts, f"multipart/mixed; boundary={_MARK}")


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests come one after another."""

    def __init__(self, books: Books, asked: list[Asked]) -> None:
        self._books, self._asked = books, asked
        self._came = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = bytes(self._came).partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not end or len(body) < int(length[1] if length else 0):
            return
        self._came.clear()
        kind = re.search(rb"(?i)\r\ncontent-type: ([^\r]+)", head)
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        if target == ASKED:
            found = Answer([json.dumps(self._asked).encode()])
            self._asked.clear()
        else:
            asked = Asked(method, target, kind[1].decode() if kind else "", body.decode())
            self._asked.append(asked)
            found = answer(self._books, asked)
        said = f"HTTP/1.1 200 OK\r\nContent-Type: {found.kind}\r\nContent-Length: {found.length}\r\n{found.headers}\r\n"
        self._transport.write(said.encode())
        self._transport.writelines(found.parts)


def books_of(ledger: str, folder: Path, items: int) -> Books:
    """The books of a ledger, rendered where they are not there yet."""
    if ledger == "s4hana":
        from tests.bench.s4hana_books import S4HanaBooks

        return S4HanaBooks(folder, items)
    from tests.bench.business_one_books import BusinessOneBooks

    return BusinessOneBooks(folder, items)


async def serve(books: Books) -> None:
    """Serves until standard input ends."""
    loop = asyncio.get_running_loop()
    asked: list[Asked] = []
    server = await loop.create_server(lambda: Connection(books, asked), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(books_of(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
