"""The books' customers as API_BUSINESS_PARTNER shows them: one business partner each, whose number is another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from adapters.sandbox.records import Customer
from adapters.sap.s4hana.sandbox.wire import Row

_PARTNER, _ADDRESS, _PERSON = 1_000_000, 20_000, 9_000_000
KEYS = {
    "A_Customer": ("Customer",),
    "A_CustomerCompany": ("Customer", "CompanyCode"),
    "A_CustomerDunning": ("Customer", "CompanyCode", "DunningArea"),
    "A_BusinessPartner": ("BusinessPartner",),
    "A_BusinessPartnerAddress": ("BusinessPartner", "AddressID"),
    "A_AddressEmailAddress": ("AddressID", "Person", "OrdinalNumber"),
    "A_BPContactToFuncAndDept": (
        "RelationshipNumber",
        "BusinessPartnerCompany",
        "BusinessPartnerPerson",
        "ValidityEndDate",
    ),
}
_NO_DAY: date | None = None
_FOR_EVER = date(9999, 12, 31)


@dataclass(slots=True)
class Dunning:
    """How a customer is dunned by SAP itself, and what holds that."""

    block: str = ""
    level: str = "0"
    last: date | None = None
    area: str = ""
    procedure: str = ""


class Person(NamedTuple):
    """A contact person of a customer."""

    email: str
    function: str = ""
    department: str = ""


@dataclass(slots=True)
class Extras:
    """What the books do not hold: dunning records and contact persons, by customer."""

    dunnings: dict[str, list[Dunning]] = field(default_factory=dict)
    persons: dict[str, list[Person]] = field(default_factory=dict)

    def dunning(self, customer: str) -> list[Dunning]:
        """A customer's dunning records: one, for the area without a name, unless something else was said."""
        return self.dunnings.setdefault(customer, [Dunning()])


def rows_of(entity: str, customer: Customer, company: str, extras: Extras, zone: ZoneInfo) -> Iterator[Row]:
    """What an entity set shows of one customer."""
    ident = customer.id if customer.id.isdigit() else "0"
    partner, address = str(_PARTNER + int(ident)), str(_ADDRESS + int(ident))
    changed = _day(customer.updated_at, zone) if customer.version else _NO_DAY
    if entity == "A_Customer":
        yield {
            "Customer": customer.id,
            "CustomerName": customer.name[:80],
            "CustomerFullName": customer.name,
            "CustomerAccountGroup": "CUST",
            "PostingIsBlocked": False,
            "DeletionIndicator": not customer.active,
            "CreationDate": _day(customer.created_at, zone),
        }
    elif entity == "A_CustomerCompany":
        yield _company(customer, company)
    elif entity == "A_CustomerDunning":
        for each in extras.dunning(customer.id):
            yield _dunning(each, customer.id, company)
    elif entity == "A_BusinessPartner":
        yield {
            "BusinessPartner": partner,
            "Customer": customer.id,
            "BusinessPartnerCategory": "2",
            "BusinessPartnerFullName": customer.name[:81],
            "BusinessPartnerName": customer.name[:81],
            "CorrespondenceLanguage": customer.language.upper()[:2],
            "Language": "",
            "BusinessPartnerIsBlocked": False,
            "CreationDate": _day(customer.created_at, zone),
            "LastChangeDate": changed,
            "LastChangeTime": customer.updated_at.astimezone(zone).time().replace(microsecond=0),
        }
    elif entity == "A_BusinessPartnerAddress":
        yield {
            "BusinessPartner": partner,
            "AddressID": address,
            "PostalCode": "",
            "Country": customer.country,
            "Region": customer.region,
            "Language": customer.language.upper()[:2],
        }
    elif entity == "A_AddressEmailAddress":
        yield from _emails(customer.emails, address)
    elif entity == "A_BPContactToFuncAndDept":
        yield from _persons(extras.persons.get(customer.id, []), partner, ident)


def _company(customer: Customer, company: str) -> Row:
    return {
        "Customer": customer.id,
        "CompanyCode": company,
        "AccountingClerk": "",
        "AccountingClerkInternetAddress": "",
        "AlternativePayerAccount": "",
        "CustomerHeadOffice": customer.parent if customer.parent and customer.bill_with_parent else "",
        "PaymentBlockingReason": "",
        "PaymentMethodsList": "",
        "PaymentTerms": "",
        "ReconciliationAccount": "12100000",
        "CustomerAccountNote": customer.note[:30],
        "DeletionIndicator": not customer.active,
    }


def _dunning(dunning: Dunning, customer: str, company: str) -> Row:
    return {
        "Customer": customer,
        "CompanyCode": company,
        "DunningArea": dunning.area,
        "DunningProcedure": dunning.procedure,
        "DunningBlock": dunning.block,
        "DunningLevel": dunning.level,
        "LastDunnedOn": dunning.last,
    }


def _emails(typed: str, address: str) -> Iterator[Row]:
    told = [each.strip() for each in typed.replace(";", ",").split(",") if each.strip()]
    for number, email in enumerate(told, 1):
        yield {
            "AddressID": address,
            "Person": "",
            "OrdinalNumber": str(number),
            "IsDefaultEmailAddress": number == 1,
            "EmailAddress": email,
        }


def _persons(persons: list[Person], partner: str, ident: str) -> Iterator[Row]:
    for number, person in enumerate(persons, 1):
        yield {
            "RelationshipNumber": str(number),
            "BusinessPartnerCompany": partner,
            "BusinessPartnerPerson": str(_PERSON + int(ident) * 100 + number),
            "ValidityEndDate": _FOR_EVER,
            "ContactPersonFunction": person.function,
            "ContactPersonDepartment": person.department,
            "EmailAddress": person.email,
        }


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
