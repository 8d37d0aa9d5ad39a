"""CompanyInfo: who the company is. It is read only here, and the same under every realm id."""

from typing import ClassVar

from adapters.quickbooks.sandbox.context import Context
from adapters.quickbooks.sandbox.entity import STAMPS, Entity
from adapters.quickbooks.sandbox.query import Field
from adapters.quickbooks.sandbox.wire import Json
from adapters.sandbox.records import ListEntry
from adapters.sandbox.store import Row

KIND = "company_info"
_COUNTRIES = {"US": "USA", "DE": "DEU", "FR": "FRA", "GB": "GBR", "ES": "ESP", "CA": "CAN", "CH": "CHE", "AT": "AUT"}


class CompanyInfo(Entity[ListEntry]):
    """CompanyInfo."""

    name = "CompanyInfo"
    kind = KIND
    record = ListEntry
    in_cdc = False
    fields: ClassVar[dict[str, Field]] = {**STAMPS}

    def get(self, ident: str) -> Json:  # noqa: ARG002 - any realm id is this company
        """The company, whatever id is asked for."""
        return self.render(self.row("1"))

    def render(self, row: Row) -> Json:
        """Name, country (ISO 3166-1 alpha-3 in addresses), fiscal year."""
        country = self.books.country
        times = self.context.time_of(row.created)
        where = {"Id": "1", "Country": _COUNTRIES.get(country, country)}
        return {
            "CompanyName": self.books.name,
            "LegalName": self.books.name,
            "CompanyAddr": where,
            "LegalAddr": where,
            "CustomerCommunicationAddr": where,
            "CompanyStartDate": times[:10],
            "FiscalYearStartMonth": "January",
            "Country": country,
            "Email": {"Address": "office@company.example"},
            "WebAddr": {},
            "SupportedLanguages": "en",
            "NameValue": [{"Name": "NeoEnabled", "Value": "true"}, {"Name": "SubscriptionStatus", "Value": "PAID"}],
            "domain": "QBO",
            "sparse": False,
            "Id": "1",
            "SyncToken": str(row.version),
            "MetaData": {"CreateTime": times, "LastUpdatedTime": times},
        }


def plant(context: Context) -> None:
    """Makes the one row that stands for the company."""
    with context.books.lock:
        if context.books.rows.get(KIND, "1") is None:
            context.books.shelf.create(ListEntry(id="1", kind=KIND, name=context.books.name))
