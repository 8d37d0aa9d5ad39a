"""Business partners as customers: their addresses, their family, and what keeps Business One from dunning them.

A partner whose payments are consolidated (FatherType cPayments_sum) is billed with its father: its invoices stand on
the father's account.
"""

from datetime import date
from hashlib import sha256

import msgspec

from adapters.documents import Customer, Problem, customer_problem
from adapters.sap.business_one import wire
from adapters.sap.business_one.documents import addresses
from adapters.sap.business_one.settings import MULTI, Currencies, Settings
from adapters.sap.values import ValueUnreadable, day

CUSTOMERS = "CardType eq 'cCustomer'"
PAYMENTS = "cPayments_sum"
_LANGUAGES = {
    2: "es",
    3: "en",
    5: "pl",
    6: "en",
    7: "es",
    8: "en",
    9: "de",
    11: "da",
    12: "nb",
    13: "it",
    14: "hu",
    16: "nl",
    17: "fi",
    18: "el",
    19: "pt",
    20: "sv",
    21: "en",
    22: "fr",
    23: "es",
    24: "ru",
    25: "es",
    26: "cs",
    27: "sk",
    29: "pt",
    30: "ja",
    31: "tr",
}
"""Business One's numbers of its languages (BoSuppLangs)."""


def customer_of(row: wire.Partner, currencies: Currencies, settings: Settings) -> Customer:
    """A partner as a customer."""
    own = {what: wire.own_field(row, name) for name, what in settings.partner_fields.items()}
    emails = addresses(own.get("emails", "")) or _emails(row)
    return Customer(
        ref=row.card_code,
        name=row.card_name or row.card_code,
        parent=row.father_card or None,
        bill_with_parent=is_consolidated(row),
        active=not wire.yes(row.frozen),
        emails=emails,
        phone=own.get("phone") or row.phone1 or "",
        language=own.get("language") or _LANGUAGES.get(row.language_code or 0, ""),
        country=row.country or "",
        region=row.bill_to_state or "",
        postcode=row.zip_code or "",
        currency="" if row.currency == MULTI else currencies.name(row.currency),
        customer_type=own.get("customer_type", ""),
        delivery_method=own.get("delivery_method", ""),
        note=own.get("note") or row.free_text or "",
        block="BlockDunning" if wire.yes(row.block_dunning) else "",
        last_dunned=_day(row.dunning_date),
        version=sha256(repr(row).encode()).hexdigest()[:16],
        created_at=settings.instant(row.create_date, None),
        updated_at=settings.instant(row.update_date, row.update_time),
    )


def unreadable_partner(raw: bytes) -> Problem:
    """A partner that is not what it should be."""
    told = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("CardCode", msgspec.Raw(b'""'))
    code = msgspec.json.decode(told)
    return customer_problem(str(code), f"Customer {code} cannot be read: a property is not what it should be.")


def is_consolidated(row: wire.Partner | wire.Balance) -> bool:
    """Whether what the partner owes stands on its father's account."""
    return bool(row.father_card) and row.father_type == PAYMENTS


def _day(told: str | None) -> date | None:
    """A day that only informs: one that cannot be read is none."""
    try:
        return day(told)
    except ValueUnreadable:
        return None


def _emails(row: wire.Partner) -> tuple[str, ...]:
    """The partner's own addresses; where it has none, its contact person's, then those of all active ones."""
    own = addresses(row.email_address or "")
    if own:
        return own
    active = [each for each in row.contact_employees or () if each.active in (None, wire.YES)]
    usual = [each for each in active if each.name and each.name == row.contact_person]
    return next((found for some in (usual, active) if (found := _of(some))), ())


def _of(contacts: list[wire.Contact]) -> tuple[str, ...]:
    return addresses(";".join(each.e_mail or "" for each in contacts))
