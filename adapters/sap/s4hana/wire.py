"""What S/4HANA tells, as it stands on the wire: the properties we read, under their own names.

Services and names: API_OPLACCTGDOCITEMCUBE_SRV (journal entry items) and API_BUSINESS_PARTNER, both OData V2. Numbers
come as strings, initial values as empty strings, "0" or "0000", days as `/Date(ms)/`.
"""

from functools import cache

import msgspec

CUBE = "API_OPLACCTGDOCITEMCUBE_SRV"
PARTNERS = "API_BUSINESS_PARTNER"
ATTACHMENTS = "API_CV_ATTACHMENT_SRV"


class Row(msgspec.Struct, kw_only=True, rename="pascal"):
    """A row with its properties in SAP's spelling."""


class Sum(Row):
    """As much of a journal entry's line as adding up takes. Amounts are signed: a debit is positive."""

    company_code: str
    fiscal_year: str
    accounting_document: str
    accounting_document_item: str
    financial_account_type: str = ""
    special_gl_code: str = msgspec.field(name="SpecialGLCode", default="")
    customer: str = ""
    posting_date: str | None = None
    document_date: str | None = None
    transaction_currency: str = ""
    amount_in_transaction_currency: str | float = "0"
    is_reversed: bool = False
    is_reversal: bool = False


class Line(Sum):
    """One line of a journal entry (A_OperationalAcctgDocItemCube)."""

    accounting_document_type: str = ""
    is_cleared: bool = False
    clearing_creation_date: str | None = None
    clearing_accounting_document: str = ""
    clearing_doc_fiscal_year: str = ""
    document_reference_id: str = msgspec.field(name="DocumentReferenceID", default="")
    billing_document: str = ""
    accounting_document_creation_date: str | None = None
    creation_time: str | None = None
    last_change_date: str | None = None
    due_calculation_base_date: str | None = None
    net_due_date: str | None = None
    dunning_level: str = ""
    last_dunning_date: str | None = None
    dunning_blocking_reason: str = ""
    payment_blocking_reason: str = ""
    payment_method: str = ""
    invoice_reference: str = ""
    invoice_reference_fiscal_year: str = ""
    invoice_item_reference: str = ""
    document_item_text: str = ""


class Customer(Row):
    """A_Customer."""

    customer: str
    customer_name: str = ""
    posting_is_blocked: bool = False
    deletion_indicator: bool = False


class CustomerCompany(Row):
    """A_CustomerCompany: the customer in one company code."""

    customer: str
    company_code: str
    accounting_clerk: str = ""
    accounting_clerk_internet_address: str = ""
    alternative_payer_account: str = ""
    customer_head_office: str = ""
    payment_blocking_reason: str = ""
    payment_methods_list: str = ""
    customer_account_note: str = ""
    deletion_indicator: bool = False


class Dunning(Row):
    """A_CustomerDunning: one dunning area of a customer in a company code."""

    customer: str
    company_code: str
    dunning_area: str = ""
    dunning_procedure: str = ""
    dunning_block: str = ""
    dunning_level: str = ""
    last_dunned_on: str | None = None


class Partner(Row):
    """A_BusinessPartner."""

    business_partner: str
    customer: str = ""
    business_partner_full_name: str = ""
    correspondence_language: str = ""
    language: str = ""
    business_partner_is_blocked: bool = False
    creation_date: str | None = None
    last_change_date: str | None = None
    last_change_time: str | None = None


class PartnerAddress(Row):
    """A_BusinessPartnerAddress."""

    business_partner: str
    address_id: str = msgspec.field(name="AddressID")
    postal_code: str = ""
    country: str = ""
    region: str = ""
    language: str = ""


class Email(Row):
    """A_AddressEmailAddress; `person` is empty for the company's own."""

    address_id: str = msgspec.field(name="AddressID")
    person: str = ""
    ordinal_number: str = ""
    is_default_email_address: bool = False
    email_address: str = ""


class Contact(Row):
    """A_BPContactToFuncAndDept: a contact person's function and address."""

    business_partner_company: str
    business_partner_person: str = ""
    contact_person_function: str = ""
    contact_person_department: str = ""
    email_address: str = ""


class CompanyText(Row):
    """A_CustomerCompanyText: a long text on a customer in a company code."""

    customer: str
    company_code: str
    language: str
    long_text_id: str = msgspec.field(name="LongTextID")
    long_text: str = ""


@cache
def properties(kind: type[Row]) -> tuple[str, ...]:
    """The names of what we read of such a row, for `$select`."""
    return tuple(each.encode_name for each in msgspec.structs.fields(kind))
