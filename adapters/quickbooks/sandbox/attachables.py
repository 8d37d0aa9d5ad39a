"""Attachables: notes on customers and documents, and files that were uploaded."""

from collections.abc import Mapping
from typing import Any, ClassVar

from adapters.quickbooks.sandbox.entity import (
    STAMPS,
    Entity,
    reference,
    text,
    unmodelled,
    writable,
)
from adapters.quickbooks.sandbox.properties import PROPERTIES
from adapters.quickbooks.sandbox.query import Field, Statement
from adapters.quickbooks.sandbox.wire import Json, Refused
from adapters.sandbox.records import BooksError, Note
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.store import Row

_KINDS = {
    "customer": "customer",
    "invoice": "invoice",
    "payment": "payment",
    "creditmemo": "credit_memo",
    "journalentry": "journal_entry",
    "estimate": "estimate",
    "salesreceipt": "sales_receipt",
    "refundreceipt": "refund_receipt",
    "deposit": "deposit",
    "vendor": "vendor",
    "item": "item",
}
_NAMES = {
    "customer": "Customer",
    "invoice": "Invoice",
    "payment": "Payment",
    "credit_memo": "CreditMemo",
    "journal_entry": "JournalEntry",
    "estimate": "Estimate",
    "sales_receipt": "SalesReceipt",
    "refund_receipt": "RefundReceipt",
    "deposit": "Deposit",
    "vendor": "Vendor",
    "item": "Item",
}
_PROPERTIES = PROPERTIES["attachable"]
_TYPE = "attachableref.entityref.type"
_VALUE = "attachableref.entityref.value"
_KEPT = "_sent_along"  # which of the references go out with their document
MAX_BYTES = 100 * 1024 * 1024


class Attachables(Entity[Note]):
    """Attachable."""

    name = "Attachable"
    kind = "note"
    record = Note
    known = _PROPERTIES.known
    in_cdc = False
    fields: ClassVar[dict[str, Field]] = {
        **STAMPS,
        "note": Field("json_extract(body, '$.text')"),
        "filename": Field("json_extract(body, '$.extra.FileName')"),
        "contenttype": Field("json_extract(body, '$.extra.ContentType')"),
        "attachableref": Field("name", sorts=False),  # what `prepare` makes of the two below
        _TYPE: Field("name", sorts=False),
        _VALUE: Field("name", sorts=False),
    }

    def prepare(self, statement: Statement) -> Statement:
        """Joins the conditions on type and value of a reference: both mean the same reference."""
        wanted: dict[str, str] = {}
        rest = []
        for name, operator, values in statement.conditions:
            if name.lower() in {_TYPE, _VALUE}:
                if operator != "=":
                    raise Refused("4001", f"QueryValidationError: Property {name} is only queryable with =")
                wanted[name.lower()] = values[0]
            else:
                rest.append((name, operator, values))
        if not wanted:
            return statement
        kind = _KINDS.get(wanted[_TYPE].lower(), "?") if _TYPE in wanted else "%"
        pattern = f"%;{kind}:{wanted.get(_VALUE, '%')};%"
        conditions = (*rest, ("AttachableRef", "LIKE", (pattern,)))
        return Statement(
            entity=statement.entity,
            count=statement.count,
            conditions=conditions,
            order=statement.order,
            start=statement.start,
            limit=statement.limit,
        )

    def render(self, row: Row) -> Json:
        """The note with its references."""
        note = Shelf.decode(Note, row)
        along = note.extra.get(_KEPT, [])
        made: Json = {name: value for name, value in note.extra.items() if name != _KEPT}
        made |= self.context.envelope(note)
        if note.text:
            made["Note"] = note.text
        made["AttachableRef"] = [
            {
                "EntityRef": {"value": ident, "type": _NAMES.get(kind, kind)},
                "IncludeOnSend": bool(along[at]) if at < len(along) else False,
            }
            for at, (kind, ident) in enumerate(note.links)
        ]
        if "FileName" in made and "Size" in made:
            made["FileAccessUri"] = f"/v3/company/{self.context.settings.realm_id}/download/{note.id}"
            made["TempDownloadUri"] = f"https://sandbox.invalid/attachments/{note.id}"
        return made

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - no create option applies
        """Writes a note. Raises `Refused` (2050, 6000, 6050)."""
        return self.keep(body, {})

    def keep(self, body: Json, facts: Mapping[str, Any]) -> str:
        """Writes a note or a file's record; `facts` are what the upload itself tells (size, type)."""
        self.check(body)
        note = text(body, "Note", 2000)
        text(body, "FileName", 1000)
        if not note and not body.get("FileName"):
            raise Refused("2020", "Required parameter Note or FileName is missing in the request", element="Note")
        links, along = self._links(body)
        extra = {**unmodelled(body, _PROPERTIES.computed), **facts, **({_KEPT: along} if any(along) else {})}
        return self.books.write_note(note, links, extra)

    def _links(self, body: Json) -> tuple[list[tuple[str, str]], list[bool]]:
        links, along = [], []
        for each in body.get("AttachableRef") or []:
            target = each.get("EntityRef") or {}
            named, ident = str(target.get("type") or ""), reference(each, "EntityRef")
            kind = _KINDS.get(named.lower())
            if kind is None:
                raise Refused("6050", f"Attachments are not supported for {named or 'a reference without a type'}.")
            self._exists(kind, ident, named)
            links.append((kind, ident))
            along.append(bool(each.get("IncludeOnSend")))
        return links, along

    def _exists(self, kind: str, ident: str, named: str) -> None:
        row = self.books.rows.get(kind, ident)
        if row is None or row.deleted:
            raise Refused(
                "6000",
                f"Business Validation Error: The entity {named} {ident} that you are trying to link does not exist. "
                f"{named} {ident}",
                element="",
            )

    def update(self, record: Note, body: Json, *, sparse: bool) -> None:
        """Changes a note's text and references."""
        self.check(body)
        changes: dict[str, Any] = {"extra": self._merged(record, body, sparse=sparse)}
        if not sparse or "Note" in body:
            changes["text"] = text(body, "Note", 2000)
        if not sparse or "AttachableRef" in body:
            links, along = self._links(body)
            changes["links"] = tuple(links)
            changes["extra"] |= {_KEPT: along} if any(along) else {}
        self.books.change_note(record.id, **changes)

    @staticmethod
    def _merged(record: Note, body: Json, *, sparse: bool) -> dict[str, Any]:
        kept: dict[str, Any] = {
            name: record.extra[name] for name in ("Size", "ContentType", "FileName") if name in record.extra
        }
        return {**kept, **writable(body, record.extra, _PROPERTIES.computed, sparse=sparse)}

    def delete(self, record: Note) -> None:
        """Removes the note."""
        try:
            self.books.change_note(record.id, deleted=True)
        except BooksError as error:
            raise Refused("610", str(error)) from error
