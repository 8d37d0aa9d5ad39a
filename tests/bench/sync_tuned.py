"""A client written by hand for one job: what msgspec and sqlite3 need at least to keep an invoice."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec


class _Ref(msgspec.Struct, gc=False, frozen=True):
    value: str = ""


class _Email(msgspec.Struct, gc=False, frozen=True):
    address: str = msgspec.field(name="Address", default="")


class _Meta(msgspec.Struct, gc=False, frozen=True):
    created: str = msgspec.field(name="CreateTime", default="")
    updated: str = msgspec.field(name="LastUpdatedTime", default="")


class _Row(msgspec.Struct, gc=False, frozen=True, rename="pascal"):
    id: str
    sync_token: str = ""
    meta_data: _Meta = _Meta()
    doc_number: str = ""
    txn_date: str = ""
    due_date: str = ""
    customer_ref: _Ref = _Ref()
    currency_ref: _Ref = _Ref()
    total_amt: Decimal = Decimal(0)
    balance: Decimal = Decimal(0)
    bill_email: _Email = _Email()
    display_name: str = ""
    primary_email_addr: _Email = _Email()


class _Answer(msgspec.Struct, gc=False, frozen=True):
    response: dict[str, msgspec.Raw] = msgspec.field(name="QueryResponse")


_ROWS = msgspec.json.Decoder(list[_Row])
_ANSWER = msgspec.json.Decoder(_Answer)
_COLUMNS = "kind, id, version, created, updated, number, issued, due, customer, currency, total, balance, email"


def store(bodies: Iterator[bytes], path: Path) -> dict[str, Any]:
    """Stores every page in one transaction, one row each; as durable as our own store."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"CREATE TABLE row ({_COLUMNS}, PRIMARY KEY (kind, id)) WITHOUT ROWID")
    database.execute("CREATE INDEX row_customer ON row (customer)")
    insert = f"INSERT OR REPLACE INTO row VALUES ({', '.join('?' * len(_COLUMNS.split(',')))})"
    stored = 0
    for body in bodies:
        for kind, raw in _ANSWER.decode(body).response.items():
            rows = _ROWS.decode(raw)
            database.execute("BEGIN IMMEDIATE")
            database.executemany(insert, [_values(kind, row) for row in rows])
            database.execute("COMMIT")
            stored += len(rows)
    database.close()
    return {"documents": stored}


def _values(kind: str, row: _Row) -> tuple[object, ...]:
    return (
        kind,
        row.id,
        row.sync_token,
        row.meta_data.created,
        row.meta_data.updated,
        row.doc_number or row.display_name,
        row.txn_date,
        row.due_date,
        row.customer_ref.value,
        row.currency_ref.value,
        int(row.total_amt * 100),
        int(row.balance * 100),
        row.bill_email.address or row.primary_email_addr.address,
    )
