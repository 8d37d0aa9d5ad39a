"""What is asked of the journal entry cube: always one company code, always by key order, never more than is used.

SAP says of this service that it is not made for large extractions; so every read is bounded, and a list that goes on
does so by the key of its last line, never by a number of lines to skip.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from adapters.errors import LedgerUnavailable
from adapters.sap.batch import Call
from adapters.sap.odata import ODataClient, Query, Rows, address, read_rows
from adapters.sap.s4hana.cutting import cut, either, text
from adapters.sap.s4hana.lines import Key
from adapters.sap.s4hana.wire import Line, Sum, properties
from adapters.sap.values import Version, literal, unpadded

ITEMS = "A_OperationalAcctgDocItemCube"
KEY_ORDER = ("FiscalYear", "AccountingDocument", "AccountingDocumentItem")
PER_PART, PER_BATCH = 20, 100
"""Keys in one filter, and reads in one $batch: two thousand documents a round trip."""

R = TypeVar("R", bound=Sum)


class CubeReader:
    """Reads lines of one company code."""

    def __init__(self, client: ODataClient, company_code: str, *, page_size: int = 1000) -> None:
        self._client = client
        self.company_code = company_code
        self._page_size = page_size
        self.open = f"{'CompanyCode eq ' + text(company_code)} and FinancialAccountType eq 'D' and IsCleared eq false"
        self._cleared = (
            f"{'CompanyCode eq ' + text(company_code)} and FinancialAccountType eq 'D' and IsCleared eq true"
        )
        self._all = f"{'CompanyCode eq ' + text(company_code)} and FinancialAccountType eq 'D'"

    def count_open(self) -> int:
        """How many lines on customers are open, by the server's own count."""
        return self._client.count(ITEMS, self.open)

    def open_lines(self, after: tuple[str, str, str] | None = None) -> Iterator[Rows[Line]]:
        """All open lines on customers, by key, beginning after a line (in the server's spelling)."""
        yield from self._by_key(self.open, Line, after)

    def open_credits(self) -> Iterator[Rows[Line]]:
        """Open lines that name an invoice."""
        yield from self._by_key(f"{self.open} and InvoiceReference ne ''", Line)

    def open_sums(self) -> Iterator[Rows[Sum]]:
        """All open lines on customers, with nothing but what is added up."""
        yield from self._by_key(self.open, Sum)

    def entered_since(self, since: date) -> Iterator[Rows[Line]]:
        """Lines of documents that were entered, or edited, on or after a day."""
        entered = f"AccountingDocumentCreationDate ge {_on(since)} or LastChangeDate ge {_on(since)}"
        yield from self._by_key(f"{self._all} and ({entered})", Line)

    def cleared_since(self, since: date) -> Iterator[Rows[Line]]:
        """Lines cleared on or after a day."""
        yield from self._by_key(f"{self._cleared} and ClearingCreationDate ge {_on(since)}", Line)

    def by_keys(self, keys: Collection[Key]) -> Rows[Line]:
        """All lines of the documents of these keys, whatever has become of them; what is not there is left out."""
        documents = sorted({(key.year, key.document) for key in keys})
        return self._many(_document_is(year, number) for year, number in documents)

    def cleared_with(self, lines: Iterable[Line]) -> Rows[Line]:
        """Whatever was cleared together with these."""
        clearings = {(each.clearing_doc_fiscal_year, unpadded(each.clearing_accounting_document)) for each in lines}
        return self._many(
            f"(ClearingDocFiscalYear eq {text(year)} and {either('ClearingAccountingDocument', number)})"
            for year, number in sorted(clearings)
        )

    def naming(self, keys: Collection[Key]) -> Rows[Line]:
        """Open lines that name one of these documents as their invoice."""
        documents = sorted({(key.year, key.document) for key in keys})
        conditions = (
            f"InvoiceReferenceFiscalYear eq {text(year)} and {either('InvoiceReference', number)}"
            for year, number in documents
        )
        return self._many((f"({each})" for each in conditions), "IsCleared eq false and ")

    def open_of(self, customers: Collection[str]) -> Rows[Line]:
        """All open lines of these customers."""
        return self._many((either("Customer", each) for each in sorted(customers)), "IsCleared eq false and ")

    def open_or_cleared_of(self, customers: Collection[str], since: date) -> Rows[Line]:
        """All open lines of these customers, and those that were cleared on or after a day."""
        of_each = [either("Customer", each) for each in sorted(customers)]
        cleared = f"IsCleared eq true and ClearingCreationDate ge {_on(since)} and "
        return self._read([*self._filters(of_each, "IsCleared eq false and "), *self._filters(of_each, cleared)])

    def _many(self, conditions: Iterable[str], before: str = "") -> Rows[Line]:
        """Lines that meet one of many conditions, some conditions a read, many reads a round trip."""
        return self._read(self._filters(conditions, before))

    def _filters(self, conditions: Iterable[str], before: str) -> list[str]:
        return [f"{self._all} and {before}({' or '.join(part)})" for part in cut(conditions, PER_PART)]

    def _read(self, filters: Sequence[str]) -> Rows[Line]:
        good: list[Line] = []
        bad: list[bytes] = []
        for some in cut(filters, PER_BATCH):
            calls = [Call(method="GET", path=self._path(each)) for each in some]
            for call_filter, answer in zip(some, self._client.batch(calls), strict=True):
                if answer is None:
                    raise LedgerUnavailable("A $batch was answered in part.")
                if (error := self._client.error_in(answer)) is not None:
                    raise error
                pages = [read_rows(answer.body, Line)]
                if pages[0].next or pages[0].told >= self._page_size:
                    pages += self._by_key(call_filter, Line, last_of(pages[0]))
                good += [line for page in pages for line in page.good]
                bad += [raw for page in pages for raw in page.bad]
        return Rows(good=good, bad=bad)

    def _path(self, filter_: str) -> str:
        query = Query(filter=filter_, select=properties(Line), order=KEY_ORDER, top=self._page_size)
        return address(ITEMS, query.options(Version.V2))

    def _by_key(self, filter_: str, kind: type[R], after: tuple[str, str, str] | None = None) -> Iterator[Rows[R]]:
        """Pages by key: each begins after the last line of the one before, however many lines were asked for."""
        while True:
            here = f"{filter_} and {_after(after)}" if after else filter_
            query = Query(filter=here, select=properties(kind), order=KEY_ORDER, top=self._page_size)
            page = self._client.rows(ITEMS, kind, query)
            yield page
            if page.told == 0 or (page.is_last and page.told < self._page_size):
                return
            after = last_of(page)


class _Spelled(msgspec.Struct, rename="pascal"):
    fiscal_year: str
    accounting_document: str
    accounting_document_item: str


def last_of(page: Rows[R]) -> tuple[str, str, str]:
    """The key of a page's last readable line, in the server's spelling and order; of its last one where none is.

    What cannot be read and comes after it is told again with the next page. Raises LedgerUnavailable for no key.
    """
    try:
        told = msgspec.json.decode(page.bad[-1], type=_Spelled) if not page.good else page.good[-1]
    except msgspec.DecodeError:
        raise LedgerUnavailable("A page of nothing but lines that cannot be read, and their keys neither.") from None
    return (told.fiscal_year, told.accounting_document, told.accounting_document_item)


def _after(key: tuple[str, str, str]) -> str:
    """The lines that follow a key in its order."""
    year, document, item = (text(each) for each in key)
    same_document = f"AccountingDocument eq {document} and AccountingDocumentItem gt {item}"
    same_year = f"AccountingDocument gt {document} or ({same_document})"
    return f"(FiscalYear gt {year} or (FiscalYear eq {year} and ({same_year})))"


def _document_is(year: str, number: str) -> str:
    return f"(FiscalYear eq {text(year)} and {either('AccountingDocument', number)})"


def _on(value: date) -> str:
    return literal(value, Version.V2)
