"""The clients that are compared, each in a process of its own: `tests.bench.sync_clients NAME PORT INVOICES FOLDER`.

`bare` fetches the pages and throws them away. `tuned` is written by hand for this one job: httpx, msgspec and sqlite3,
each invoice one row. `vendor` is python-quickbooks, page by page, with its own objects. `ours` is the product's sync on
a store of its own, with everything mapped, checked and stored; `again` is a whole read of the same, `quiet` a sync in
which nothing changed. Each prints what it cost as one JSON object.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench.machine import peak_rss
from tests.bench.sync_books import Mix

AT_ONCE = 10
VENDOR_PAGES = 5

Cost = dict[str, Any]


def measured(work: Callable[[], Cost]) -> Cost:
    """What `work` tells, with its seconds of wall and CPU time, and the most memory that this process ever held."""
    wall, cpu = time.perf_counter(), time.process_time()
    told = work()
    told |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "rss": peak_rss()}
    return told


def _bodies(port: int, statements: list[str]) -> Iterator[bytes]:
    import httpx

    url = f"http://127.0.0.1:{port}/v3/company/1/query?minorversion=75"
    with httpx.Client(timeout=60) as client, ThreadPoolExecutor(AT_ONCE) as pool:

        def fetch(statement: str) -> bytes:
            return client.post(url, content=statement, headers={"Content-Type": "application/text"}).content

        ahead = 2 * AT_ONCE
        waiting = [pool.submit(fetch, statement) for statement in statements[:ahead]]
        for number in range(len(statements)):
            yield waiting.pop(0).result()
            if number + ahead < len(statements):
                waiting.append(pool.submit(fetch, statements[number + ahead]))


def bare(port: int, invoices: int, _: Path) -> Cost:
    """The pages, thrown away."""
    statements = Mix(invoices).statements()
    return measured(lambda: {"bytes": sum(len(body) for body in _bodies(port, statements)), "calls": len(statements)})


def tuned(port: int, invoices: int, folder: Path) -> Cost:
    """The pages, stored as plainly as can be."""
    from tests.bench.sync_tuned import store

    return measured(lambda: store(_bodies(port, Mix(invoices).statements()), folder / "tuned.db"))


def vendor(port: int, invoices: int, _: Path) -> Cost:
    """A few pages of invoices as python-quickbooks' own objects, one after another."""
    from quickbooks.client import QuickBooks
    from quickbooks.objects.invoice import Invoice
    from requests_oauthlib import OAuth2Session

    client = QuickBooks(company_id="1", minorversion=75)
    client.api_url_v3 = f"http://127.0.0.1:{port}/v3"
    client.session = OAuth2Session("app", token={"access_token": "access"})
    pages = min(VENDOR_PAGES, -(-invoices // 1000))

    def read() -> Cost:
        found = 0
        for page in range(pages):
            found += len(Invoice.where("Balance > '0'", start_position=page * 1000 + 1, max_results=1000, qb=client))
        return {"pages": pages, "invoices": found}

    return measured(read)


def ours(port: int, invoices: int, folder: Path) -> Cost:
    """The product's first sync."""
    from connector.sync import sync
    from tests.bench.sync_office import furnish, written_rows

    office, calls = furnish(port, folder)
    told = measured(lambda: {"documents": sync(office).documents})
    assert told["documents"] >= invoices
    return told | {"calls": calls(), "written": written_rows(folder)}


def again(port: int, invoices: int, folder: Path) -> Cost:
    """The whole books once more, from nothing, into a store that has them."""
    del invoices
    from connector.store import companies
    from connector.sync import sync
    from tests.bench.sync_office import COMPANY, furnish, watch_rows, written_rows

    office, calls = furnish(port, folder)
    watch_rows(folder)
    with office.database.write("forget the cursor") as connection:
        companies.change(connection, COMPANY, cursor=None)
    told = measured(lambda: {"documents": sync(office).documents})
    swept = measured(lambda: {"documents": sync(office, whole=True).documents})
    return told | {"calls": calls(), "written": written_rows(folder), "swept": swept}


def quiet(port: int, invoices: int, folder: Path) -> Cost:
    """Nothing changed."""
    del invoices
    from connector.sync import sync
    from tests.bench.sync_office import furnish

    office, calls = furnish(port, folder)
    before = calls()
    return measured(lambda: {"documents": sync(office).documents}) | {"calls": calls() - before}


CLIENTS = {each.__name__: each for each in (bare, tuned, vendor, ours, again, quiet)}


def main(name: str, port: str, invoices: str, folder: str) -> None:
    """Prints what one client's work cost."""
    json.dump(CLIENTS[name](int(port), int(invoices), Path(folder)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
