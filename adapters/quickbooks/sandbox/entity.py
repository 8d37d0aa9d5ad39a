"""What the entities of the sandbox share: reading, checking the SyncToken, and the fields a client may write."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

from adapters.quickbooks.sandbox.context import Context
from adapters.quickbooks.sandbox.query import Field, Of, Statement
from adapters.quickbooks.sandbox.wire import Json, Refused, not_found, stale
from adapters.sandbox.records import Record
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.store import Row

R = TypeVar("R", bound=Record)
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
ENVELOPE = frozenset(["Id", "SyncToken", "MetaData", "domain", "sparse", "status", "time"])
STAMPS: Mapping[str, Field] = {
    "id": Field("n", Of.ID),
    "metadata.createtime": Field("created", Of.INSTANT),
    "metadata.lastupdatedtime": Field("updated", Of.INSTANT),
}


class Entity(ABC, Generic[R]):
    """One kind of object: `name` in JSON, `kind` in the books' rows."""

    name: ClassVar[str]
    kind: ClassVar[str]
    record: ClassVar[type[Record]]
    fields: ClassVar[Mapping[str, Field]]
    default_order: ClassVar[str] = "n DESC"
    hides_inactive: ClassVar[bool] = False
    known: ClassVar[frozenset[str] | None] = None  # the writable and read-only properties; None: anything goes
    in_cdc: ClassVar[bool] = True

    def __init__(self, context: Context) -> None:
        self.context = context
        self.books = context.books

    def prepare(self, statement: Statement) -> Statement:
        """Rewrites a statement where the rows keep something in another way."""
        return statement

    @abstractmethod
    def render(self, row: Row) -> Json:
        """The object in a row, as Intuit writes it."""

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - what entities override
        """Creates from a client's object; returns the id. Raises `Refused` or `BooksError`."""
        raise Refused("500", f"Operation create on {self.name} is not supported.")

    def update(self, record: R, body: Json, *, sparse: bool) -> None:  # noqa: ARG002 - what entities override
        """Changes a record; a full update nulls what the body leaves out."""
        raise Refused("500", f"Operation update on {self.name} is not supported.")

    def void(self, record: R) -> None:  # noqa: ARG002 - what entities override
        """Voids a record."""
        raise Refused("500", f"Operation void on {self.name} is not supported.")

    def delete(self, record: R) -> None:  # noqa: ARG002 - what entities override
        """Deletes a record."""
        raise Refused("500", f"Operation delete on {self.name} is not supported.")

    def get(self, ident: str) -> Json:
        """The object with this id. Raises `Refused` (610, 2030)."""
        return self.render(self.row(ident))

    def row(self, ident: str) -> Row:
        """The row with this id. Raises `Refused` (610, 2030)."""
        if not ident.isdigit():
            raise Refused("2030", f"Id should be a valid number. Supplied value:{ident}", element="Id")
        found = self.books.rows.get(self.kind, ident)
        if found is None or found.deleted:
            raise not_found()
        return found

    def current(self, body: Json) -> R:
        """The record that a body means, whose SyncToken must be the current one (else 5010)."""
        ident = str(body.get("Id") or "")
        if not ident:
            raise Refused("2020", "Required parameter Id is missing in the request", element="Id")
        row = self.row(ident)
        token = body.get("SyncToken")
        if token is not None and str(token) != str(row.version):
            raise stale()
        return cast("R", Shelf.decode(self.record, row))

    def check(self, body: Json) -> None:
        """Refuses properties that this entity does not have (2010)."""
        if self.known is None:
            return
        for each in body:
            if each not in self.known and each not in ENVELOPE:
                raise Refused(
                    "2010",
                    f'Property Name:Unrecognized field "{each}" (class com.intuit.schema.finance.v3.{self.name}), '
                    f"not marked as ignorable ({len(self.known)} known properties)\n "
                    "specified is unsupported or invalid",
                )

    def stub(self, row: Row) -> Json:
        """What change data capture says of a deleted object."""
        record = Shelf.decode(self.record, row)
        updated = {"LastUpdatedTime": self.context.time(record.updated_at)}
        return {"domain": "QBO", "status": "Deleted", "Id": row.id, "MetaData": updated}


def reference(body: Json, field: str) -> str:
    """The id in a reference such as `CustomerRef`, empty where there is none."""
    found = body.get(field)
    return str(found.get("value") or "") if isinstance(found, dict) else ""


def text(body: Json, field: str, longest: int) -> str:
    """A text of at most `longest` characters. Raises `Refused` (2050)."""
    value = str(body.get(field) or "")
    if len(value) > longest:
        raise Refused(
            "2050",
            f"String length is either shorter or longer than supported by specification. "
            f"Min:0 Max:{longest:,} supported. Supplied length:{len(value):,}",
            element=field,
        )
    return value


def address(body: Json, field: str) -> str:
    """The raw text of an e-mail field, which may hold several addresses. Raises `Refused` (2050, 2210)."""
    found = body.get(field)
    if not isinstance(found, dict):
        return ""
    raw = text(found, "Address", 100)
    if raw and not all(_EMAIL.fullmatch(each.strip()) for each in re.split("[,;]", raw) if each.strip()):
        raise Refused("2210", f"Email Address does not conform to the syntax rules of RFC 822. {raw}", element=field)
    return raw


def unmodelled(body: Json, modelled: frozenset[str]) -> dict[str, Any]:
    """What a client wrote and the books do not know: kept beside the record. Nothing empty is kept."""
    skipped = modelled | ENVELOPE
    return {name: value for name, value in body.items() if name not in skipped and value not in (None, "", {})}


def writable(body: Json, before: Json, modelled: frozenset[str], *, sparse: bool) -> dict[str, Any]:
    """The unmodelled fields after an update: merged into the old ones when sparse, else instead of them."""
    given = unmodelled(body, modelled)
    if not sparse:
        return given
    emptied = {name for name, value in body.items() if value in (None, "", {})}
    return {**{name: value for name, value in before.items() if name not in emptied}, **given}


def day_of(body: Json, field: str) -> str:
    """A date as `YYYY-MM-DD`, whether the client wrote dashes or slashes; empty where there is none."""
    return str(body.get(field) or "").replace("/", "-")[:10]
