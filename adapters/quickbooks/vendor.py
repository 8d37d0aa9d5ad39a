"""python-quickbooks over our client: its own objects work with it (`Invoice.get(130, qb=VendorClient(client))`).

Pay links are asked for with it. A room of its own, which a sync never enters: the vendor's library brings an HTTP
and an OAuth library with it, and they take a tenth of a second to load.
"""

from collections.abc import Mapping
from typing import Any, Self

import httpx
from quickbooks.client import QuickBooks
from quickbooks.exceptions import QuickbooksException
from quickbooks.objects.invoice import Invoice

from adapters.errors import LedgerUnavailable
from adapters.quickbooks.client import MINOR_VERSION, QuickBooksClient


class VendorClient(QuickBooks):  # type: ignore[misc]  # the vendor's library is untyped
    """The vendor's client without its global state; raises the errors of adapters.errors alone."""

    def __new__(cls, client: QuickBooksClient) -> Self:
        """As the vendor wants it: fields are set before `__init__`."""
        made: Self = super().__new__(cls, company_id=client.realm, minorversion=MINOR_VERSION, use_decimal=True)
        return made

    def __init__(self, client: QuickBooksClient) -> None:
        self.session = client  # the vendor asks only whether there is one
        self._client = client

    @property
    def api_url(self) -> str:
        """The base of every address, `…/v3`."""
        return self._client.api_url

    def process_request(
        self,
        request_type: str,
        url: str,
        headers: Mapping[str, str] | str = "",
        params: Mapping[str, Any] | str = "",
        data: str | bytes | Mapping[str, Any] = "",
    ) -> httpx.Response:
        """The vendor's single door: what its objects ask goes through ours."""
        return self._client.process_request(request_type, url, headers, params, data)


def invoice_link(client: QuickBooksClient, ident: str) -> str:
    """Where this invoice can be paid online; empty where nowhere. Raises any `LedgerError`."""
    try:
        found = Invoice.get(ident, qb=VendorClient(client), params={"include": "invoiceLink"})
    except QuickbooksException as error:
        raise LedgerUnavailable("QuickBooks gave an answer that cannot be read.") from error
    except (KeyError, TypeError, AttributeError) as error:  # an answer without the invoice, or not in its shape
        raise LedgerUnavailable(f"QuickBooks' answer does not tell invoice {ident}.") from error
    link = getattr(found, "InvoiceLink", None)
    return link if isinstance(link, str) else ""
