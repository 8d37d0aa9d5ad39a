"""What is left out of a customer's account, and why: asked for on demand, with no filter of ours but the customer.

Everything that is open, whatever its company code and kind of account, and what was reversed, which is cleared by then.
"""

from collections import defaultdict
from collections.abc import Iterator

from adapters.documents import CustomerRef
from adapters.ledger import Omitted
from adapters.money import Money, MoneyError, sums
from adapters.sap.odata import ODataClient, Query
from adapters.sap.s4hana.cutting import either
from adapters.sap.s4hana.lines import LeftOut, is_void, left_out, money_of
from adapters.sap.s4hana.reads import ITEMS, KEY_ORDER
from adapters.sap.s4hana.wire import Sum, properties
from adapters.sap.values import ValueUnreadable, unpadded

_ORDER = ("CompanyCode", *KEY_ORDER)
_NAMED = 10  # documents that are named of each reason


def read_omitted(client: ODataClient, company_code: str, customer: CustomerRef, *, size: int) -> list[Omitted]:
    """The open and the reversed lines of a customer that are no receivables of this company code, by reason.

    Raises LedgerError.
    """
    amounts: dict[str, list[Money]] = defaultdict(list)
    documents: dict[str, list[str]] = defaultdict(list)
    for line in _lines(client, customer, size):
        why = left_out(line, company_code)
        if why is None:
            continue
        said = f"{why.value} {line.special_gl_code}" if why is LeftOut.SPECIAL_GL else why.value
        said += f" {line.company_code}" if why is LeftOut.OTHER_COMPANY else ""
        documents[said].append(unpadded(line.accounting_document))
        try:
            amounts[said].append(money_of(line))
        except (ValueUnreadable, MoneyError):
            continue  # it is counted and named, and its amount is not
    return [
        Omitted(
            reason=said,
            lines=len(found),
            amounts=tuple(sums(amounts[said]).values()),
            documents=tuple(dict.fromkeys(found))[:_NAMED],
        )
        for said, found in sorted(documents.items())
    ]


def _lines(client: ODataClient, customer: CustomerRef, size: int) -> Iterator[Sum]:
    """Each line once; what is cleared only where it was reversed."""
    states = (
        "IsCleared eq false",
        "IsCleared eq true and IsReversed eq true",
        "IsCleared eq true and IsReversal eq true",
    )
    seen: set[tuple[str, str, str, str]] = set()
    for state in states:
        query = Query(filter=f"{either('Customer', customer)} and {state}", select=properties(Sum), order=_ORDER)
        for page in client.pages(ITEMS, Sum, query, size=size):
            for line in page.good:
                key = (line.company_code, line.fiscal_year, line.accounting_document, line.accounting_document_item)
                if key not in seen and (state == states[0] or is_void(line)):
                    seen.add(key)
                    yield line
