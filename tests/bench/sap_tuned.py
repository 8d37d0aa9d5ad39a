"""A client written by hand for one job: what msgspec and sqlite3 need at least to keep an item, each one row."""

import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec


class _Line(msgspec.Struct, gc=False, frozen=True, rename="pascal"):
    """Of S/4HANA."""

    fiscal_year: str
    accounting_document: str
    accounting_document_item: str
    document_reference_id: str = msgspec.field(name="DocumentReferenceID")
    document_date: str
    net_due_date: str
    customer: str
    transaction_currency: str
    amount_in_transaction_currency: str
    invoice_reference: str
    accounting_document_type: str

    def values(self) -> tuple[object, ...]:
        key = f"{self.fiscal_year}/{self.accounting_document}/{self.accounting_document_item}"
        minor = int(Decimal(self.amount_in_transaction_currency) * 100)
        who, what = self.customer, self.accounting_document_type
        number, issued, due = self.document_reference_id, self.document_date, self.net_due_date
        return (what, key, number, issued, due, who, self.transaction_currency, minor, minor, self.invoice_reference)


class _Document(msgspec.Struct, gc=False, frozen=True, rename="pascal"):
    """Of Business One: invoices and credit notes."""

    doc_entry: int
    doc_num: int
    card_code: str
    doc_date: str
    doc_due_date: str
    doc_total: Decimal
    paid_to_date: Decimal
    doc_currency: str
    comments: str

    def values(self) -> tuple[object, ...]:
        total, left = int(self.doc_total * 100), int((self.doc_total - self.paid_to_date) * 100)
        who, issued, due = self.card_code, self.doc_date, self.doc_due_date
        return ("", self.doc_entry, self.doc_num, issued, due, who, self.doc_currency, total, left, self.comments)


class _Results(msgspec.Struct, gc=False):
    results: list[_Line]


class _Lines(msgspec.Struct, gc=False):
    d: _Results


class _Documents(msgspec.Struct, gc=False):
    value: list[_Document]


_LINES, _DOCUMENTS = msgspec.json.Decoder(_Lines), msgspec.json.Decoder(_Documents)
_COLUMNS = "kind, id, number, issued, due, customer, currency, total, open, more"


def store(answers: Iterable[tuple[str, bytes]], path: Path) -> dict[str, Any]:
    """Stores the items of every answer (target, body) in one transaction; as durable as our own store.

    Customers, accounts and what is answered in batches are thrown away.
    """
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"CREATE TABLE row ({_COLUMNS}, PRIMARY KEY (kind, id)) WITHOUT ROWID")
    database.execute("CREATE INDEX row_customer ON row (customer)")
    insert = f"INSERT OR REPLACE INTO row VALUES ({', '.join('?' * len(_COLUMNS.split(',')))})"
    for target, body in answers:
        rows = _rows(target, body)
        database.execute("BEGIN IMMEDIATE")
        database.executemany(insert, [row.values() for row in rows])
        database.execute("COMMIT")
    stored = database.execute("SELECT count(*) FROM row").fetchone()[0]
    database.close()
    return {"documents": stored}


def _rows(target: str, body: bytes) -> list[_Line] | list[_Document]:
    if "/A_OperationalAcctgDocItemCube?" in target:
        return _LINES.decode(body).d.results
    if ("/Invoices?" in target or "/CreditNotes?" in target) and "$top" not in target:
        return _DOCUMENTS.decode(body).value
    return []
