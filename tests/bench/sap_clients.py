"""What fetches from SAP's server, each in a process of its own: `… sap_clients NAME LEDGER PORT ITEMS FOLDER`.

`ours` is the product's first sync on a store of its own, with everything mapped, checked and stored. `bare` sends the
very requests that it sent, one after the other as it did, and throws the answers away; `tuned` keeps the items in them.
`fresh` reads a thousand invoices afresh, in a session that is open. Each prints what it cost as one JSON object.
"""

import json
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import httpx

from tests.bench.sap_mix import PER_CUSTOMER, SapMix, Sort
from tests.bench.sync_clients import measured

INVOICES = 1000
REQUESTS = "requests.json"

Cost = dict[str, Any]


def asked(port: int) -> list[list[str]]:
    """What the server was asked since it was asked that last: method, target, content type and body."""
    told: list[list[str]] = httpx.get(f"http://127.0.0.1:{port}/bench/asked", timeout=60).json()
    return told


def _answers(port: int, folder: Path) -> Iterator[tuple[str, bytes]]:
    """What the server answers to the requests of our first sync, one after the other as it sent them."""
    requests: list[list[str]] = json.loads((folder / REQUESTS).read_bytes())
    with httpx.Client(timeout=60) as client:
        for method, target, kind, body in requests:
            headers = {"Content-Type": kind} if kind else {}
            url = f"http://127.0.0.1:{port}{target}"
            yield target, client.request(method, url, headers=headers, content=body.encode() or None).content


def bare(ledger: str, port: int, items: int, folder: Path) -> Cost:
    """The same pages, thrown away."""
    del ledger, items
    return measured(lambda: {"bytes": sum(len(body) for _, body in _answers(port, folder))})


def tuned(ledger: str, port: int, items: int, folder: Path) -> Cost:
    """The same pages, the items in them stored as plainly as can be."""
    del ledger
    from tests.bench.sap_tuned import store

    told = measured(lambda: store(_answers(port, folder), folder / "tuned.db"))
    assert told["documents"] >= items * 98 // 100, told
    return told


def ours(ledger: str, port: int, items: int, folder: Path) -> Cost:
    """The product's first sync."""
    from connector.sync import sync
    from tests.bench.sap_office import sap_office

    office = sap_office(ledger, port, folder)

    def read() -> Cost:
        done = sync(office)
        return {"documents": done.documents, "customers": done.customers, "problems": done.problems}

    told = measured(read)
    assert told["documents"] >= items, told
    assert told["customers"] == SapMix(items).customers, told
    assert not told["problems"], told
    requests = asked(port)
    (folder / REQUESTS).write_text(json.dumps(requests))
    return told | {"calls": len(requests)}


def fresh(ledger: str, port: int, items: int, folder: Path) -> Cost:
    """A thousand invoices afresh, of a hundred customers and of a thousand."""
    from tests.bench.sap_office import sap_office

    office = sap_office(ledger, port, folder)
    with office.database.read() as connection:
        cursor = office.row(connection).cursor
    assert cursor is not None
    mix, found = SapMix(items), Cost()
    office.ledger.fresh([_ref(ledger, 0)], [_customer(ledger, mix.owner(0))], cursor)
    for most in (PER_CUSTOMER, 1):
        wanted = _invoices(mix, most)
        customers = {_customer(ledger, mix.owner(each)) for each in wanted}
        asked(port)
        page = office.ledger.fresh([_ref(ledger, each) for each in wanted], customers, cursor)
        assert {_ref(ledger, each) for each in wanted} <= {each.ref for each in page.documents}
        assert customers == {each.ref for each in page.customers}
        found[str(len(customers))] = len(asked(port))
    return found


def _invoices(mix: SapMix, most: int) -> list[int]:
    """A thousand invoices, as many of each customer as there are, or at most so many."""
    of_each = ([item for item in mix.of_customer(each) if mix.sort(item) is Sort.INVOICE] for each in count())
    return list(islice((item for some in of_each for item in some[:most]), INVOICES))


def _ref(ledger: str, item: int) -> str:
    if ledger == "s4hana":
        from tests.bench.s4hana_books import DOCUMENT, YEAR

        return f"invoice:{YEAR}/{DOCUMENT + 1 + item}/1"
    return f"invoice:{item + 1}"


def _customer(ledger: str, customer: int) -> str:
    if ledger == "s4hana":
        from tests.bench.s4hana_books import CUSTOMER

        return str(CUSTOMER + 1 + customer)
    from tests.bench.business_one_books import card_code

    return card_code(customer)


CLIENTS = {each.__name__: each for each in (ours, bare, tuned, fresh)}


def main(name: str, ledger: str, port: str, items: str, folder: str) -> None:
    """Prints what one client's work cost."""
    json.dump(CLIENTS[name](ledger, int(port), int(items), Path(folder)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
