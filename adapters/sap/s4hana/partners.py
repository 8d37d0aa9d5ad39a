"""Customers: who they are, how they are dunned, where they are written to. API_BUSINESS_PARTNER, many in a $batch."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Generic, TypeVar

import msgspec

from adapters.documents import Customer, Problem, customer_problem
from adapters.errors import LedgerUnavailable
from adapters.sap.batch import Call
from adapters.sap.odata import ODataClient, Query, address, read_rows
from adapters.sap.rows import Rows
from adapters.sap.s4hana.cutting import cut, either, text
from adapters.sap.s4hana.dunning import told_block
from adapters.sap.s4hana.wire import (
    Contact,
    CustomerCompany,
    Dunning,
    Email,
    Partner,
    PartnerAddress,
    Row,
    properties,
)
from adapters.sap.s4hana.wire import Customer as CustomerRow
from adapters.sap.values import Version, day, instant, literal, unpadded

R = TypeVar("R", bound=Row)

PER_FILTER, PER_BATCH = 20, 100
"""Numbers in one filter, and reads in one $batch."""
AT_ONCE = 1000
"""Customers that are read together, in four round trips: sets by customer, what hangs on their partners, addresses."""
_LANGUAGES = {"EN": "en", "DE": "de", "FR": "fr", "ES": "es", "E": "en", "D": "de", "F": "fr", "S": "es"}


@dataclass(frozen=True, slots=True)
class Told:
    """Customers, and those of which something cannot be read."""

    customers: tuple[Customer, ...]
    problems: tuple[Problem, ...]


class PartnerReader:
    """Reads customers as one company code sees them."""

    def __init__(self, client: ODataClient, company_code: str) -> None:
        self._client = client
        self._company_code = company_code

    def customers(self, numbers: Collection[str]) -> Told:
        """These customers and their head offices, with addresses and blocks; one that is not there is left out, and
        so is one of which a row cannot be read: half of what a customer is might say that it may be reminded.
        """
        found: dict[str, Customer] = {}
        broken: dict[str, str] = {}
        wanted = set(numbers)
        asked: set[str] = set()
        while wanted:
            for some in cut(sorted(wanted), AT_ONCE):
                whole, bad = self._some(some)
                found |= {each.ref: each for each in whole}
                broken |= bad
            asked |= wanted
            wanted = {each.parent for each in found.values() if each.parent} - asked
        return Told(tuple(found.values()), tuple(map(_unreadable, broken, broken.values())))

    def changed_since(self, since: date) -> list[str]:
        """Customers whose master data changed on or after a day; one never changed has only its day of creation."""
        on = literal(since, Version.V2)
        filter_ = f"Customer ne '' and (LastChangeDate ge {on} or CreationDate ge {on})"
        query = Query(filter=filter_, select=("BusinessPartner", "Customer"), order=("BusinessPartner",))
        pages = self._client.pages("A_BusinessPartner", Partner, query, size=1000)
        changed: list[str] = []
        for page in pages:
            changed += [unpadded(each.customer) for each in page.good]
            changed += filter(None, (_told_in(raw, "Customer") for raw in page.bad))
        return changed

    def _some(self, numbers: Sequence[str]) -> tuple[list[Customer], dict[str, str]]:
        """Customers, and by number the entity of which a row of theirs cannot be read."""
        of_company = f" and CompanyCode eq {text(self._company_code)}"
        heads = _Ask("A_Customer", CustomerRow, "Customer", numbers)
        companies = _Ask("A_CustomerCompany", CustomerCompany, "Customer", numbers, of_company)
        dunnings = _Ask("A_CustomerDunning", Dunning, "Customer", numbers, of_company)
        partners = _Ask("A_BusinessPartner", Partner, "Customer", numbers)
        self._read(heads, companies, dunnings, partners)
        refs = {unpadded(each.business_partner) for each in partners.found}
        places = _Ask("A_BusinessPartnerAddress", PartnerAddress, "BusinessPartner", refs)
        persons = _Ask("A_BPContactToFuncAndDept", Contact, "BusinessPartnerCompany", refs)
        self._read(places, persons)
        mails = _Ask("A_AddressEmailAddress", Email, "AddressID", {each.address_id for each in places.found})
        self._read(mails)
        by = _Found(companies.found, dunnings.found, partners.found, places.found, mails.found, persons.found)
        broken = heads.broken | companies.broken | dunnings.broken | partners.broken
        by_partner = places.broken | persons.broken
        for place in places.found:
            if (entity := mails.broken.get(unpadded(place.address_id))) is not None:
                by_partner[unpadded(place.business_partner)] = entity
        for number, partner in by.partners.items():
            if (entity := by_partner.get(unpadded(partner.business_partner))) is not None:
                broken[number] = entity
        whole = [(unpadded(each.customer), each) for each in heads.found]
        return [by.customer(number, each) for number, each in whole if number not in broken], broken

    def _read(self, *asks: "_Ask[Any]") -> None:
        """Reads rows of some entity sets, as many of them in a round trip as fit."""
        reads = [(ask, read) for ask in asks for read in ask.calls()]
        for some in cut(reads, PER_BATCH):
            answers = self._client.batch([read.call for _, read in some])
            for (ask, read), answer in zip(some, answers, strict=True):
                if answer is None:
                    raise LedgerUnavailable("A $batch was answered in part.")
                if (error := self._client.error_in(answer)) is not None:
                    raise error
                ask.take(read, answer.body, self._client)


@dataclass(slots=True)
class _Ask(Generic[R]):
    """Rows of an entity set whose property `name` is one of these numbers, and what was found of them."""

    entity: str
    kind: type[R]
    name: str
    numbers: Collection[str]
    more: str = ""  # what they must meet besides, beginning with "and"
    found: list[R] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)  # the number of each row that cannot be read, and the entity

    def calls(self) -> "Iterator[_Read]":
        """The reads, some numbers in each."""
        for some in cut(sorted(set(self.numbers)), PER_FILTER):
            filter_ = " or ".join(either(self.name, number) for number in some)
            query = Query(filter=f"({filter_}){self.more}", select=properties(self.kind))
            yield _Read(Call(method="GET", path=address(self.entity, query.options(Version.V2))), some)

    def take(self, read: "_Read", body: bytes, client: ODataClient) -> None:
        """Takes an answer's rows in, and those of the pages that follow it."""
        rows = read_rows(body, self.kind)
        self._add(read, rows)
        while rows.next:
            rows = read_rows(client.get(rows.next), self.kind)
            self._add(read, rows)

    def _add(self, read: "_Read", rows: Rows[R]) -> None:
        """A row that does not even say whose it is may be of any of those that were asked about."""
        self.found += rows.good
        for raw in rows.bad:
            number = _told_in(raw, self.name)
            self.broken |= dict.fromkeys([number] if number else map(unpadded, read.numbers), self.entity)


@dataclass(frozen=True, slots=True)
class _Read:
    """A read, and the numbers it asks about."""

    call: Call
    numbers: Sequence[str]


def _told_in(raw: bytes, name: str) -> str:
    """A number that a row says although it cannot be read; empty where it does not."""
    try:
        told = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get(name, msgspec.Raw(b'""'))
        return unpadded(msgspec.json.decode(told, type=str))
    except msgspec.DecodeError:
        return ""


class _Found:
    """What was told of some customers, by customer."""

    def __init__(
        self,
        companies: Iterable[CustomerCompany],
        dunnings: Iterable[Dunning],
        partners: Iterable[Partner],
        places: Iterable[PartnerAddress],
        mails: Iterable[Email],
        persons: Iterable[Contact],
    ) -> None:
        self.companies = {unpadded(each.customer): each for each in companies}
        self.partners = {unpadded(each.customer): each for each in partners}
        self.dunnings: dict[str, list[Dunning]] = {}
        for area in dunnings:
            self.dunnings.setdefault(unpadded(area.customer), []).append(area)
        self.places = {unpadded(each.business_partner): each for each in places}
        self.mails: dict[str, list[Email]] = {}
        for mail in mails:
            self.mails.setdefault(unpadded(mail.address_id), []).append(mail)
        self.persons: dict[str, list[Contact]] = {}
        for person in persons:
            self.persons.setdefault(unpadded(person.business_partner_company), []).append(person)

    def customer(self, number: str, row: CustomerRow) -> Customer:
        """One customer of all that was told."""
        partner = self.partners.get(number, Partner(business_partner=number))
        ref = unpadded(partner.business_partner)
        place = self.places.get(ref, PartnerAddress(business_partner=ref, address_id=""))
        company = self.companies.get(number)
        areas = self.dunnings.get(number, [])
        head = unpadded(company.customer_head_office) if company else ""
        dunned = [on for on in (day(area.last_dunned_on) for area in areas) if on is not None]
        language = partner.correspondence_language or place.language or partner.language
        return Customer(
            ref=number,
            name=partner.business_partner_full_name or row.customer_name or number,
            parent=head or None,
            bill_with_parent=bool(head),
            active=not (
                row.deletion_indicator
                or partner.business_partner_is_blocked
                or (company is not None and company.deletion_indicator)
            ),
            emails=self._emails(ref, place),
            language=_LANGUAGES.get(language.upper(), language.lower()),
            country=place.country,
            region=place.region,
            postcode=place.postal_code,
            note=company.customer_account_note if company else "",
            block=told_block(areas),
            last_dunned=max(dunned, default=None),
            remark=_remark(company),
            dunned_by=", ".join(sorted({area.dunning_procedure for area in areas if area.dunning_procedure})),
            version=_version(row, partner, place, company, areas, self._emails(ref, place)),
            updated_at=instant(partner.last_change_date),
        )

    def _emails(self, ref: str, place: PartnerAddress) -> tuple[str, ...]:
        """The company's own addresses, the default one first; contact persons' where it has none."""
        own = [each for each in self.mails.get(unpadded(place.address_id), []) if not each.person]
        own.sort(key=lambda each: (not each.is_default_email_address, each.ordinal_number))
        told = [each.email_address for each in own] or [each.email_address for each in self.persons.get(ref, [])]
        return tuple(dict.fromkeys(each.strip() for each in told if "@" in each))


def _remark(company: CustomerCompany | None) -> str:
    """What else SAP says of how a customer pays: it holds nothing, and a person may want to know it."""
    if company is None:
        return ""
    said = []
    if company.payment_blocking_reason:
        said.append(f"payment block {company.payment_blocking_reason}")
    if company.alternative_payer_account:
        said.append(f"{unpadded(company.alternative_payer_account)} pays for this customer")
    return ", ".join(said)


def _unreadable(number: str, entity: str) -> Problem:
    return customer_problem(number, f"Customer {number} cannot be read: a row of {entity} is not what it should be.")


def _version(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:16]
