"""Activities: kept as the books' notes, with the number of the note as ActivityCode."""

from collections.abc import Iterator

from adapters.documents import DocumentKind
from adapters.sandbox.records import BooksError, Note
from adapters.sandbox.shelf import NOTE
from adapters.sap.business_one.sandbox.context import OWN, Context
from adapters.sap.business_one.sandbox.wire import Json, Refused, day, not_found

_KINDS = {
    "13": DocumentKind.INVOICE,
    "14": DocumentKind.CREDIT_MEMO,
    "24": DocumentKind.PAYMENT,
    "203": DocumentKind.INVOICE,
}
_DETAILS = 100
_DEFAULTS: Json = {
    "CardCode": None,
    "Notes": None,
    "Details": None,
    "ActivityProperty": "cn_Conversation",
    "DocType": "-1",
    "DocEntry": None,
    "DocNum": None,
    "EndDueDate": None,
    "Closed": "tNO",
}


class Activities:
    """Activities."""

    entity, key = "Activities", "ActivityCode"

    def __init__(self, context: Context) -> None:
        self._context = context

    def rows(self, dialect: str, after: int = 0) -> Iterator[Json]:
        """All rows by number."""
        del after
        return (self._row(note, dialect) for note in self._context.books.notes())

    def one(self, ident: str, dialect: str) -> Json:
        """One row. Raises Refused."""
        found = self._context.books.shelf.find(Note, NOTE, ident)
        if found is None or found.deleted:
            raise not_found()
        return self._row(found, dialect)

    def create(self, given: Json, dialect: str) -> Json:
        """Writes one. Raises Refused."""
        self._check(given)
        customer = str(given.get("CardCode") or "")
        try:
            self._context.books.customer(customer)
        except BooksError:
            raise Refused(400, -5002, "Invalid Business Partner code") from None
        ident = self._context.books.write_note(
            str(given.get("Notes") or ""), self._links(customer, given), extra={OWN: {**_DEFAULTS, **given}}
        )
        return self.one(ident, dialect)

    def change(self, ident: str, given: Json) -> None:
        """Changes one. Raises Refused."""
        self.one(ident, "v2")
        self._check(given)
        note = self._context.books.shelf.find(Note, NOTE, ident)
        assert note is not None
        text = str(given["Notes"]) if "Notes" in given else note.text
        self._context.books.change_note(ident, text=text, extra={OWN: {**self._context.own(note), **given}})

    def undo(self, ident: str) -> None:
        """Takes one back that was made within a changeset that failed."""
        self._context.books.change_note(ident, deleted=True)

    @staticmethod
    def _check(given: Json) -> None:
        if len(str(given.get("Details") or "")) > _DETAILS:
            raise Refused(400, -5002, "Value too long in property 'Details' of 'Activity'")
        if given.get("Closed", "tNO") not in ("tNO", "tYES"):
            raise Refused(400, -1000, "Enum value of 'Closed' is invalid")

    def _links(self, customer: str, given: Json) -> list[tuple[str, str]]:
        links = [("customer", customer)]
        if given.get("DocType") in _KINDS:
            kind, entry = _KINDS[str(given["DocType"])], str(given.get("DocEntry") or "")
            if not entry.isdigit() or self._context.document(kind, int(entry)) is None:
                raise Refused(400, -2028, "No matching records found (ODBC -2028)")
            links.append((kind.value, entry))
        return links

    def _row(self, note: Note, dialect: str) -> Json:
        customer = next((ident for kind, ident in note.links if kind == "customer"), None)
        made = self._context.local(note.created_at)
        own = {**_DEFAULTS, "CardCode": customer, "ActivityDate": day(made.date(), dialect), **self._context.own(note)}
        return {"ActivityCode": int(note.id), **own, "Notes": note.text}
