"""What works in a system, and what its administrator still has to grant: by reading alone, nothing is written.

Each service and each entity that Duecourse uses is asked for one row. Communication scenarios: SAP_COM_0303 for journal
entry items (README of @sap/cloud-sdk-vdm-accounting-document-service), SAP_COM_0008 for business partners.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from adapters.errors import LedgerAuthExpired, LedgerError, LedgerRejected
from adapters.sap.odata import ODataClient, Query
from adapters.sap.s4hana.attachments import names_on, object_key
from adapters.sap.s4hana.cases import DISPUTES, PROMISES, Case
from adapters.sap.s4hana.cutting import text
from adapters.sap.s4hana.reads import ITEMS
from adapters.sap.s4hana.wire import (
    CompanyText,
    Contact,
    Customer,
    CustomerCompany,
    Dunning,
    Email,
    Line,
    Partner,
    PartnerAddress,
    Row,
    properties,
)

_ITEMS_TODO = (
    "S/4HANA Cloud: a communication arrangement for SAP_COM_0303 with our user; on premise: activate "
    "API_OPLACCTGDOCITEMCUBE_SRV (/IWFND/MAINT_SERVICE) and grant its display to our user."
)
_PARTNERS_TODO = (
    "S/4HANA Cloud: a communication arrangement for SAP_COM_0008 with our user; on premise: activate "
    "API_BUSINESS_PARTNER (/IWFND/MAINT_SERVICE) and grant it to our user."
)
_ATTACHMENT_TODO = (
    "S/4HANA Cloud: a communication arrangement for SAP_COM_0002, whose attachments of journal entries these are; on "
    "premise: activate API_CV_ATTACHMENT_SRV (/IWFND/MAINT_SERVICE) and grant it to our user. Or leave "
    "DUECOURSE_S4HANA__ATTACH_TO_ITEMS out."
)
_CASES_TODO = "DUECOURSE_S4HANA__PROMISES_URL is to name a service as docs/sap.md describes it, or to be left out."
_TEXT_TODO = (
    "Name a long text of customers in a company code that is in your text configuration: DUECOURSE_S4HANA__TEXT_ID, "
    "and its language DUECOURSE_S4HANA__TEXT_LANGUAGE. That we may write it shows with the first note."
)


class Works(StrEnum):
    """How a check ended."""

    YES = "works"
    NO = "missing"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: what for, how it ended, what was found or is to be done."""

    name: str
    works: Works
    said: str


def probe(
    items: ODataClient,
    partners: ODataClient,
    company_code: str,
    *,
    text_id: str,
    language: str,
    attachments: ODataClient | None = None,
    cases: ODataClient | None = None,
) -> list[Check]:
    """Every check, in order; one that fails stops no other. Raises LedgerUnavailable where nobody answers."""
    return [
        *_entity(items, ITEMS, Line, "journal entry items", _ITEMS_TODO),
        _company(items, company_code),
        *_entity(partners, "A_Customer", Customer, "customers", _PARTNERS_TODO),
        *_entity(partners, "A_CustomerCompany", CustomerCompany, "customers in company codes", _PARTNERS_TODO),
        *_entity(partners, "A_BusinessPartner", Partner, "business partners", _PARTNERS_TODO),
        *_entity(partners, "A_BusinessPartnerAddress", PartnerAddress, "addresses", _PARTNERS_TODO),
        *_entity(partners, "A_AddressEmailAddress", Email, "e-mail addresses", _PARTNERS_TODO),
        *_entity(partners, "A_BPContactToFuncAndDept", Contact, "contact persons", _PARTNERS_TODO),
        *_entity(partners, "A_CustomerDunning", Dunning, "dunning records", _PARTNERS_TODO),
        _dunned(partners, company_code),
        _texts(partners, company_code, text_id, language),
        *([_attached(items, attachments, company_code)] if attachments is not None else []),
        *(_cases(cases) if cases is not None else []),
    ]


def _checked(name: str, todo: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except LedgerAuthExpired:
        raise
    except LedgerRejected as error:
        return Check(name=name, works=Works.NO, said=f"{error} {todo}")
    except LedgerError as error:
        return Check(name=name, works=Works.UNSURE, said=str(error))


def _entity(client: ODataClient, entity: str, kind: type[Row], name: str, todo: str) -> Iterator[Check]:
    def look() -> Check:
        page = client.rows(entity, kind, Query(select=properties(kind), top=1))
        if page.bad:
            return Check(name=name, works=Works.NO, said=f"{entity} is not as expected: it cannot be read.")
        return Check(name=name, works=Works.YES, said=entity if page.told else f"{entity} is there, and empty")

    yield _checked(name, todo, look)


def _company(items: ODataClient, company_code: str) -> Check:
    def look() -> Check:
        filter_ = f"CompanyCode eq {text(company_code)} and FinancialAccountType eq 'D' and IsCleared eq false"
        number = items.count(ITEMS, filter_)
        works = Works.YES if number else Works.UNSURE
        return Check(
            name="open items", works=works, said=f"{number} open customer lines in company code {company_code}"
        )

    return _checked("open items", _ITEMS_TODO, look)


def _dunned(partners: ODataClient, company_code: str) -> Check:
    def look() -> Check:
        number = partners.count("A_CustomerDunning", f"CompanyCode eq {text(company_code)} and DunningProcedure ne ''")
        if not number:
            return Check(name="SAP's own dunning", works=Works.YES, said="no customer has a dunning procedure")
        said = (
            f"{number} customers have a dunning procedure: SAP's dunning run may write to them as well. Their "
            "reminders wait until `duecourse resume CUSTOMER`, or for all of them `duecourse resume --dunned`"
        )
        return Check(name="SAP's own dunning", works=Works.UNSURE, said=said)

    return _checked("SAP's own dunning", _PARTNERS_TODO, look)


def _texts(partners: ODataClient, company_code: str, text_id: str, language: str) -> Check:
    name = f"text {text_id} in {language}"

    def look() -> Check:
        filter_ = (
            f"CompanyCode eq {text(company_code)} and Language eq {text(language)} and LongTextID eq {text(text_id)}"
        )
        page = partners.rows("A_CustomerCompanyText", _TextKey, Query(filter=filter_, select=_KEYS, top=1))
        if page.told:
            return Check(name=name, works=Works.YES, said="some customer has it already")
        return Check(name=name, works=Works.UNSURE, said=f"no customer has it yet. {_TEXT_TODO}")

    return _checked(name, _TEXT_TODO, look)


def _attached(items: ODataClient, attachments: ODataClient, company_code: str) -> Check:
    """The files of one journal entry are listed; that we may add one shows with the first."""

    def look() -> Check:
        filter_ = f"CompanyCode eq {text(company_code)} and FinancialAccountType eq 'D'"
        select = ("FiscalYear", "AccountingDocument")
        found = items.rows(ITEMS, _Entry, Query(filter=filter_, select=select, top=1)).good
        if not found:
            return Check(name="attachments", works=Works.UNSURE, said="there is no journal entry yet to look at")
        number = len(
            names_on(attachments, object_key(company_code, found[0].accounting_document, found[0].fiscal_year))
        )
        return Check(name="attachments", works=Works.YES, said=f"{number} files on the first journal entry")

    return _checked("attachments", _ATTACHMENT_TODO, look)


def _cases(cases: ODataClient) -> Iterator[Check]:
    """The two sets of the service of one's own; that we may write to them shows with the first promise."""
    for entities in (PROMISES, DISPUTES):

        def look(entities: str = entities) -> Check:
            page = cases.rows(entities, Case, Query(select=("EntryKey", "State"), top=1))
            works = Works.NO if page.bad else Works.YES
            said = f"{entities} is not as docs/sap.md says." if page.bad else entities
            return Check(name=f"own service: {entities}", works=works, said=said)

        yield _checked(f"own service: {entities}", _CASES_TODO, look)


class _Entry(msgspec.Struct, rename="pascal"):
    fiscal_year: str
    accounting_document: str


class _TextKey(msgspec.Struct, rename="pascal"):
    customer: str


_KEYS = tuple(each for each in properties(CompanyText) if each != "LongText")
