"""A hand-made company's books: customers, invoices, payments, credits and notes, with the history of every change."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any


class SmallBooks:
    """The books of the small world. Amounts are signed from the customer's side, as the sandbox writes them."""

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []
        self.customers: dict[str, dict[str, Any]] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self._notes = 0

    def customer(self, ident: str, name: str, emails: str, at: datetime, **more: object) -> None:
        """Enters a customer."""
        record = {
            "id": ident,
            "name": name,
            "emails": emails,
            "parent": None,
            "bill_with_parent": False,
            "active": True,
            "note": "",
            "merged_into": None,
            "country": "DE",
            "language": "en",
            **more,
        }
        self.customers[ident] = record
        self._changed(at, "customer", "create", record)

    def enter(
        self, ref: str, customer: str, amount: str, currency: str, at: datetime, due: date, **more: object
    ) -> dict[str, Any]:
        """Enters a document of which all is open; credits are negative."""
        kind, ident = ref.split(":")
        record = {
            "kind": kind,
            "id": ident,
            "number": ident,
            "customer": customer,
            "currency": currency,
            "total": amount,
            "open": amount,
            "issue_date": at.date().isoformat(),
            "due_date": due.isoformat(),
            "created_at": _z(at),
            "voided": False,
            "deleted": False,
            "bill_email": "",
            "memo": "",
            "delivery": "sent",
            "sent_at": None,
            "allocations": [],
            **more,
        }
        self.documents[ref] = record
        self._changed(at, kind, "create", record)
        return record

    def pay(self, ident: str, customer: str, amount: str, currency: str, at: datetime, **targets: str) -> None:
        """Enters a payment and sets it against invoices (`i1002="50.00"`); the rest stays unapplied."""
        record = self.enter(f"payment:{ident}", customer, f"-{amount}", currency, at, at.date())
        for number, share in targets.items():
            invoice = self.documents[f"invoice:{number.removeprefix('i')}"]
            invoice["open"] = str(Decimal(invoice["open"]) - Decimal(share))
            record["open"] = str(Decimal(record["open"]) + Decimal(share))
            record["allocations"].append({"target": f"invoice:{invoice['id']}", "amount": share})
            self._changed(at, "invoice", "update", invoice)
        self._changed(at, "payment", "update", record)

    def note(self, text: str, links: list[str], at: datetime) -> None:
        """Writes a note."""
        self._notes += 1
        record = {
            "id": str(9000 + self._notes),
            "text": text,
            "links": [dict(zip(("kind", "id"), link.split(":"), strict=True)) for link in links],
            "created_at": _z(at),
            "deleted": False,
        }
        self._changed(at, "note", "create", record)

    def open_of(self, currency: str) -> Decimal:
        """What is open in a currency, credits taken off."""
        return sum(
            (Decimal(each["open"]) for each in self.documents.values() if each["currency"] == currency), Decimal()
        )

    def open_totals(self) -> dict[str, str]:
        """The same for every currency."""
        return {each: str(self.open_of(each)) for each in sorted({one["currency"] for one in self.documents.values()})}

    def _changed(self, at: datetime, entity: str, event: str, record: dict[str, Any]) -> None:
        snapshot = json.loads(json.dumps(record))
        change = {"at": _z(at), "entity": entity, "id": record["id"], "event": event, "record": snapshot}
        self.changes.append({"seq": len(self.changes) + 1, **change})


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
