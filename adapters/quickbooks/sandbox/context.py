"""What every entity of the sandbox needs: the books, the settings, and Intuit's way to write references."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.quickbooks.sandbox.wire import NAME_TAKEN, Json, Refused, not_found, offset_time
from adapters.sandbox.books import Books
from adapters.sandbox.records import BooksError, ListEntry, Stamped

_CURRENCIES = {
    "AUD": "Australian Dollar",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "JPY": "Japanese Yen",
    "USD": "United States Dollar",
}
_CODES = {"customer": "6250", "name": "6240", "amount": "6000", "currency": "6000", "document": "610", "note": "610"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The company as the face sees it."""

    books: Books
    settings: SandboxSettings
    now: Callable[[], datetime]
    zone: ZoneInfo
    poisoned: set[tuple[str, str]] = field(default_factory=set)  # (entity, id): pages that hold one fail with 4002

    def time(self, at: datetime) -> str:
        """An instant with the company's offset."""
        return offset_time(at, self.zone)

    def time_of(self, second: int) -> str:
        """A whole second since 1970 with the company's offset."""
        return self.time(datetime.fromtimestamp(second, UTC))

    def today(self) -> date:
        """The company's day."""
        return self.now().astimezone(self.zone).date()

    def customer_ref(self, ident: str) -> Json:
        """`{value, name}` of a customer; one that was merged away keeps its id alone."""
        try:
            return {"value": ident, "name": self.books.customer(ident).name}
        except BooksError:
            return {"value": ident}

    @staticmethod
    def currency_ref(code: str) -> Json:
        """`{value, name}` of a currency."""
        return {"value": code, "name": _CURRENCIES.get(code, code)}

    def listed(self, kind: str, *, ident: str = "", name: str = "") -> ListEntry | None:
        """An entry of a list, by id or by name."""
        with self.books.lock:
            if ident:
                found = self.books.shelf.find(ListEntry, kind, ident)
                return None if found is None or found.deleted else found
            return next(self.books.shelf.each(ListEntry, kind, "name = ?", (name,)), None)

    def envelope(self, record: Stamped) -> Json:
        """The fields that every object begins with."""
        return {
            "domain": "QBO",
            "sparse": False,
            "Id": record.id,
            "SyncToken": str(record.version),
            "MetaData": {
                "CreateTime": self.time(record.created_at),
                "LastUpdatedTime": self.time(record.updated_at),
            },
        }


def refused(error: BooksError) -> Refused:
    """What the books would not take, as Intuit's fault."""
    code = _CODES.get(error.code, "6000")
    if code == "610":
        return not_found()
    detail = {"6000": f"Business Validation Error: {error}", "6240": NAME_TAKEN}.get(code, str(error))
    return Refused(code, detail)
