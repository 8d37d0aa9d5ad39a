"""Answers like Intuit's API from books rendered beforehand: `python -m tests.bench.sync_server FOLDER INVOICES DELAY`.

Prints its port, then serves until its input ends. Each answer waits `DELAY` seconds, at most ten at once; the others
queue. A page is two slices of memory handed to the socket: what is measured on the other side is the client.
"""

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.bench.sync_books import HOME, Rows, render

AT_ONCE = 10

_SELECT = re.compile(
    r"SELECT (?P<what>\*|COUNT\(\*\)) FROM (?P<entity>\w+)(?: WHERE (?P<where>.*?))?"
    r"(?: ORDER ?BY (?P<order>[\w. ]+?))?(?: STARTPOSITION (?P<start>\d+))?(?: MAXRESULTS (?P<size>\d+))?",
    re.IGNORECASE,
)
_BOUND = re.compile(r"MetaData\.\w+ (>=|<) '([^']+)'")
_IDS = re.compile(r"Id IN \(([^)]*)\)")
_COMPANY = f'{{"CurrencyPrefs":{{"MultiCurrencyEnabled":true,"HomeCurrency":{{"value":"{HOME}"}}}},"Id":"1"}}'


class Books:
    """The rows of every kind, and how a statement is answered from them."""

    def __init__(self, folder: Path, invoices: int) -> None:
        self.rows = {name: Rows(folder, name, count) for name, count in render(folder, invoices).counts.items()}
        self._places: dict[str, dict[str, int]] = {}

    def query(self, statement: str) -> list[bytes | memoryview]:
        """The parts of the answer's body."""
        match = _SELECT.fullmatch(statement.strip())
        assert match is not None, statement
        entity, where = match["entity"], match["where"] or ""
        if entity == "Account":
            return [
                b'{"QueryResponse":{"Account":[{"Id":"84","Name":"A/R","AccountType":"Accounts Receivable"}]},',
                _time(),
            ]
        name = entity if entity != "Invoice" else f"Invoice.{'closed' if '<=' in where else 'open'}"
        if ids := _IDS.search(where):
            return _page(entity, self._by_id(entity, re.findall(r"\d+", ids[1])))
        rows, low, high = self.rows[name], 0, self.rows[name].count
        for sign, moment in _BOUND.findall(where):
            place = rows.at(datetime.fromisoformat(moment))
            low, high = (max(low, place), high) if sign == ">=" else (low, min(high, place))
        if match["what"] != "*":
            return [b'{"QueryResponse":{"totalCount":%d},' % max(high - low, 0), _time()]
        start = low + int(match["start"] or 1) - 1
        return _page(entity, rows.run(start, min(start + int(match["size"] or 100), high)))

    def _by_id(self, entity: str, ids: list[str]) -> bytes:
        names = [name for name in self.rows if name.partition(".")[0] == entity]
        found = [bytes(self.rows[name].run(at, at + 1)) for name in names for at in self._of(name, ids)]
        return b",".join(found)

    def _of(self, name: str, ids: list[str]) -> list[int]:
        if name not in self._places:
            rows = self.rows[name]
            told = (json.loads(bytes(rows.run(row, row + 1)))["Id"] for row in range(rows.count))
            self._places[name] = {ident: row for row, ident in enumerate(told)}
        places = self._places[name]
        return [places[ident] for ident in ids if ident in places]


def _time() -> bytes:
    return f'"time":"{datetime.now(UTC).isoformat(timespec="milliseconds")}"}}'.encode()


def _page(entity: str, rows: bytes | memoryview) -> list[bytes | memoryview]:
    if not len(rows):
        return [b'{"QueryResponse":{},', _time()]
    return [f'{{"QueryResponse":{{"{entity}":['.encode(), rows, b"]},", _time()]


def _changes(target: str) -> list[bytes | memoryview]:
    entities = parse_qs(urlsplit(target).query)["entities"][0].split(",")
    return [b'{"CDCResponse":[{"QueryResponse":[', ",".join("{}" for _ in entities).encode(), b"]}],", _time()]


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests come one after another."""

    def __init__(self, books: Books, delay: float, places: asyncio.Semaphore) -> None:
        self._books, self._delay, self._places = books, delay, places
        self._came = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not end or len(body) < int(length[1] if length else 0):
            return
        self._came = b""
        task = asyncio.get_running_loop().create_task(self._answer(head.split(b" ", 2)[1].decode(), body.decode()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, target: str, body: str) -> None:
        async with self._places:
            if self._delay:
                await asyncio.sleep(self._delay)
            path = urlsplit(target).path
            if path.endswith("/query"):
                asked = body or parse_qs(urlsplit(target).query)["query"][0]
                parts = self._books.query(asked)
            elif path.endswith("/cdc"):
                parts = _changes(target)
            else:
                parts = [b'{"Preferences":' + _COMPANY.encode() + b",", _time()]
            length = sum(len(part) for part in parts)
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: %d\r\n\r\n"
                % length
            )
            self._transport.writelines(parts)


async def serve(folder: Path, invoices: int, delay: float) -> None:
    """Serves until standard input ends."""
    books, places = Books(folder, invoices), asyncio.Semaphore(AT_ONCE)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(books, delay, places), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
