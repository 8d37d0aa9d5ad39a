"""Reading and writing objects, whoever asks: a single call, a query, or an item of a batch."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters.quickbooks.sandbox.attachables import Attachables
from adapters.quickbooks.sandbox.company_info import CompanyInfo
from adapters.quickbooks.sandbox.context import Context, refused
from adapters.quickbooks.sandbox.customer_list import Customers
from adapters.quickbooks.sandbox.entity import Entity, day_of
from adapters.quickbooks.sandbox.journals import JournalEntries
from adapters.quickbooks.sandbox.lists import (
    Accounts,
    Deposits,
    Estimates,
    Items,
    PaymentMethods,
    Preferences,
    RefundReceipts,
    SalesReceipts,
    Terms,
    Vendors,
)
from adapters.quickbooks.sandbox.payments import Payments
from adapters.quickbooks.sandbox.query import compiled, parse
from adapters.quickbooks.sandbox.sales import CreditMemos, Invoices
from adapters.quickbooks.sandbox.shapes import check_shape
from adapters.quickbooks.sandbox.wire import Json, Refused
from adapters.sandbox.records import BooksError, Document
from adapters.sandbox.store import Row

_CLASSES: tuple[type[Entity[Any]], ...] = (
    Customers,
    Invoices,
    Payments,
    CreditMemos,
    JournalEntries,
    Attachables,
    Terms,
    Items,
    PaymentMethods,
    Vendors,
    Accounts,
    Estimates,
    SalesReceipts,
    RefundReceipts,
    Deposits,
    Preferences,
    CompanyInfo,
)


class Operations:
    """All entities of the company, by their name in any spelling of capitals."""

    def __init__(self, context: Context) -> None:
        self.context = context
        if context.settings.visible_after > timedelta(0):
            context.books.rows.lag_from_now()
        self.entities: dict[str, Entity[Any]] = {cls.name.lower(): cls(context) for cls in _CLASSES}

    def entity(self, name: str) -> Entity[Any]:
        """The entity with this name. Raises `Refused` (500) where there is none."""
        found = self.entities.get(name.lower())
        if found is None:
            raise Refused("500", f"Operation Could not find resource for relative : /{name} is not supported.")
        return found

    def read(self, name: str, ident: str, params: Mapping[str, str]) -> Json:
        """`{"Invoice": {…}}`; with `include=invoiceLink` an invoice has its page to pay."""
        entity = self.entity(name)
        with self.context.books.lock:
            return {entity.name: self._shown(entity, ident, params)}

    def _shown(self, entity: Entity[Any], ident: str, params: Mapping[str, str]) -> Json:
        made = entity.get(ident)
        if isinstance(entity, Invoices) and "invoicelink" in params.get("include", "").lower():
            link = entity.link(self.context.books.document(f"invoice:{ident}"))
            made |= {"InvoiceLink": link} if link else {}
        return made

    def write(self, name: str, body: Json, params: Mapping[str, str], operation: str = "") -> Json:
        """Creates, updates, voids or deletes, as `operation`, or the body's own Id, says."""
        entity = self.entity(name)
        check_shape(body)
        wanted = operation or params.get("operation", "")
        if params.get("include") == "void":
            wanted = "void"
        with self.context.books.lock:
            try:
                if wanted == "delete":
                    record = entity.current(body)
                    self._check_period(record, {})
                    entity.delete(record)
                    return {entity.name: {"domain": "QBO", "status": "Deleted", "Id": record.id}}
                return {entity.name: self._shown(entity, self._written(entity, body, params, wanted), params)}
            except BooksError as error:
                raise refused(error) from error

    def _written(self, entity: Entity[Any], body: Json, params: Mapping[str, str], wanted: str) -> str:
        if wanted == "void":
            record = entity.current(body)
            self._check_period(record, {})
            entity.void(record)
            return str(record.id)
        if not body.get("Id"):
            self._check_period(None, body)
            return entity.create(body, params)
        record = entity.current(body)
        self._check_period(record, body)
        if body.get("SyncToken") is None:
            raise Refused("2020", "Required parameter SyncToken is missing in the request", element="SyncToken")
        entity.update(record, body, sparse=body.get("sparse") is True or body.get("sparse") == "true")
        return str(record.id)

    def _check_period(self, record: object, body: Json) -> None:
        """Refuses (6210) what would change a transaction dated on or before the day the books were closed."""
        preferences = self.context.listed("preferences", ident="1")
        closed = (preferences.extra.get("AccountingInfoPrefs") or {}).get("BookCloseDate") if preferences else None
        if not closed:
            return
        standing = record.issue_date if isinstance(record, Document) else None
        days = [str(standing) if standing else "", day_of(body, "TxnDate")]
        if any(day and day <= str(closed) for day in days):
            raise Refused(
                "6210", f"The account period has closed and the account books cannot be updated through {closed}"
            )

    def query(self, text: str, params: Mapping[str, str] | None = None) -> Json:
        """The body of a `QueryResponse`."""
        statement = parse(text)
        entity = self.entities.get(statement.entity.lower())
        if entity is None:
            raise Refused("4000", f"QueryParserError: Unknown entity {statement.entity}")
        statement = entity.prepare(statement)
        found = compiled(
            statement,
            kind=entity.kind,
            fields=entity.fields,
            zone=self.context.zone,
            default_order=entity.default_order,
            hides=entity.hides_inactive,
        )
        with self.context.books.lock:
            self._catch_up()
            rows = self.context.books.rows
            if statement.count:
                return {"totalCount": rows.count(found.condition, found.values, lagging=True)}
            page = rows.select(
                found.condition, found.values, order=found.order, limit=found.limit, offset=found.offset, lagging=True
            )
            objects = self._rendered(entity, list(page), params or {})
        if not objects:
            return {}
        return {entity.name: objects, "startPosition": max(statement.start, 1), "maxResults": len(objects)}

    def _rendered(self, entity: Entity[Any], page: list[Row], params: Mapping[str, str]) -> list[Json]:
        poisoned = self.context.poisoned
        if poisoned and any((entity.name, row.id) in poisoned for row in page):
            raise Refused("4002", "Error processing query: To email address entered is invalid")
        if "invoicelink" in params.get("include", "").lower():
            return [self._shown(entity, row.id, params) for row in page]
        return [entity.render(row) for row in page]

    def changes(self, names: str, since: int) -> list[Json]:
        """One `QueryResponse` body for each entity asked for: what changed since that second, capped in all."""
        left = self.context.settings.cdc_objects
        answers: list[Json] = []
        with self.context.books.lock:
            self._catch_up()
            for name in names.split(","):
                entity = self.entity(name.strip())
                if not entity.in_cdc:
                    raise Refused(
                        "4001", f"QueryValidationError: {entity.name} is not supported by change data capture"
                    )
                where, values = "kind = ? AND updated >= ?", (entity.kind, since)
                rows = list(self.context.books.rows.select(where, values, order="updated, n", limit=left, lagging=True))
                left -= len(rows)
                answers.append(self._changed(entity, rows))
        return answers

    def _changed(self, entity: Entity[Any], rows: list[Row]) -> Json:
        if not rows:
            return {}
        if any((entity.name, row.id) in self.context.poisoned for row in rows):
            raise Refused("4002", "Error processing query: To email address entered is invalid")
        objects = [entity.stub(row) if row.deleted else entity.render(row) for row in rows]
        return {entity.name: objects, "startPosition": 1, "maxResults": len(objects), "totalCount": len(objects)}

    def _catch_up(self) -> None:
        delay = self.context.settings.visible_after
        if delay > timedelta(0):
            self.context.books.rows.catch_up(int((self.context.now() - delay).timestamp()))
