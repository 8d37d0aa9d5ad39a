"""S/4HANA's books rendered beforehand: open lines of journal entries, and the partners' seven entity sets."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.sap_mix import HOME, SapMix, Sort, milliseconds
from tests.bench.sap_server import Answer
from tests.bench.sync_books import Rows, write_rows

COMPANY = "1710"
YEAR = "2026"
DOCUMENT, CUSTOMER, PLACE = 1_800_000_000, 10_000_000, 500_000
_ROOT = "https://s4.example.com/sap/opu/odata/sap"
_ITEMS = "A_OperationalAcctgDocItemCube"
_AFTER = re.compile(r"AccountingDocument gt '(\d+)'")


class S4HanaBooks:
    """The rows of every entity set, and how a read is answered from them."""

    def __init__(self, folder: Path, items: int) -> None:
        self._mix = render(folder, items)
        self._counts = _counts(self._mix)
        self._rows = {name: Rows(folder, name, count) for name, count in self._counts.items()}

    def answer(self, method: str, path: str, options: dict[str, str], body: bytes) -> Answer:
        """The answer to a read, to the fetching of a token, or to a count."""
        del method, body
        entity = path.rpartition("/")[2]
        filter_ = options.get("$filter", "")
        if entity == "$count":
            return Answer([str(self._mix.items).encode()], "text/plain")
        if entity not in (_ITEMS, *_KEYS):  # the service itself
            return Answer([b'{"d":{"EntitySets":[]}}'], headers="x-csrf-token: bench\r\n")
        if "ge datetime" in filter_:  # nothing happened since
            return _page(b"")
        if entity == _ITEMS:
            return _page(self._items(filter_, int(options.get("$top", "1000"))))
        return _page(self._of(entity, filter_))

    def _items(self, filter_: str, top: int) -> bytes | memoryview:
        after = int(found[1]) - DOCUMENT if (found := _AFTER.search(filter_)) else 0
        if "InvoiceReference ne ''" in filter_:
            first = after // 100
            return self._rows["credits"].run(first, first + top)
        if keys := _numbers("InvoiceReference", filter_):
            return self._some([key - DOCUMENT - 1 + 40 for key in keys if (key - DOCUMENT - 1) % 100 == 59])
        if customers := _numbers("Customer", filter_):
            return self._some([item for each in customers for item in self._mix.of_customer(each - CUSTOMER - 1)])
        if not found and (keys := _numbers("AccountingDocument", filter_)):
            return self._some([key - DOCUMENT - 1 for key in keys])
        return self._rows["items"].run(after, after + top)

    def _some(self, items: list[int]) -> bytes:
        return b",".join(self._rows["items"].run(each, each + 1) for each in items)

    def _of(self, entity: str, filter_: str) -> bytes:
        name, base = _KEYS[entity]
        return b",".join(self._rows[entity].run(each - base - 1, each - base) for each in _numbers(name, filter_))


def _numbers(name: str, filter_: str) -> list[int]:
    """The numbers that a property is to be, each once whatever spelling it is asked for in."""
    return sorted({int(each) for each in re.findall(rf"\b{name} eq '(\d+)'", filter_)})


def _page(rows: bytes | memoryview) -> Answer:
    return Answer([b'{"d":{"results":[', rows, b"]}}"])


def _counts(mix: SapMix) -> dict[str, int]:
    return {"items": mix.items, "credits": mix.items // 100, **dict.fromkeys(_KEYS, mix.customers)}


def render(folder: Path, items: int) -> SapMix:
    """Writes the books into `folder`, unless they are there."""
    mix = SapMix(items)
    if not (folder / "rendered").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_rows(folder, "items", (_line(mix, item) for item in range(items)))
        write_rows(folder, "credits", (_line(mix, item) for item in range(99, items, 100)))
        for name in _KEYS:
            write_rows(folder, name, _partners(mix, name))
        (folder / "rendered").touch()
    return mix


def _row(service: str, entity: str, key: str, **told: str) -> str:
    uri = f"{_ROOT}/{service}/{entity}({key})"
    meta = f'"__metadata":{{"id":"{uri}","uri":"{uri}","type":"{service}.{entity}Type"}}'
    return "{" + ",".join([meta, *(f'"{name}":{text}' for name, text in told.items())]) + "}"


def _text(value: object) -> str:
    return f'"{value}"'


def _line(mix: SapMix, item: int) -> str:
    sort, number = mix.sort(item), DOCUMENT + 1 + item
    issued, due = (f'"/Date({milliseconds(on)})/"' for on in (mix.issued(item), mix.due(item)))
    credit, cents = sort is Sort.CREDIT, mix.cents(item)
    sign = "" if sort is Sort.INVOICE else "-"
    key = f"CompanyCode='{COMPANY}',FiscalYear='{YEAR}',AccountingDocument='{number}',AccountingDocumentItem='1'"
    return _row(
        "API_OPLACCTGDOCITEMCUBE_SRV",
        _ITEMS,
        key,
        CompanyCode=_text(COMPANY),
        FiscalYear=_text(YEAR),
        AccountingDocument=_text(number),
        AccountingDocumentItem='"1"',
        FinancialAccountType='"D"',
        SpecialGLCode='""',
        Customer=_text(CUSTOMER + 1 + mix.owner(item)),
        PostingDate=issued,
        DocumentDate=issued,
        TransactionCurrency=_text(HOME),
        AmountInTransactionCurrency=f'"{sign}{cents // 100}.{cents % 100:02}0"',
        IsReversed="false",
        IsReversal="false",
        AccountingDocumentType={Sort.INVOICE: '"RV"', Sort.CREDIT: '"DG"', Sort.PAYMENT: '"DZ"'}[sort],
        IsCleared="false",
        ClearingCreationDate="null",
        ClearingAccountingDocument='""',
        ClearingDocFiscalYear='"0000"',
        DocumentReferenceID=_text(f"90{item:08}"),
        BillingDocument=_text(f"90{item:08}"),
        AccountingDocumentCreationDate=issued,
        CreationTime=_text(f"PT{item % 24:02}H{item % 60:02}M{item * 7 % 60:02}S"),
        LastChangeDate="null",
        DueCalculationBaseDate=issued,
        NetDueDate=due,
        DunningLevel='"0"',
        LastDunningDate="null",
        DunningBlockingReason='""',
        PaymentBlockingReason='""',
        PaymentMethod='""',
        InvoiceReference=_text(DOCUMENT + 1 + mix.named(item) if credit else ""),
        InvoiceReferenceFiscalYear=_text(YEAR if credit else "0000"),
        InvoiceItemReference='"1"' if credit else '"0"',
        DocumentItemText=_text(f"Order {item}, as agreed by phone"),
    )


def _partners(mix: SapMix, entity: str) -> Iterator[str]:
    for customer in range(mix.customers):
        number, place = CUSTOMER + 1 + customer, PLACE + 1 + customer
        told = {name: _text(text) for name, text in _TOLD[entity](number, place).items()}
        yield _row("API_BUSINESS_PARTNER", entity, f"'{number}'", **told)


_KEYS: dict[str, tuple[str, int]] = {
    "A_Customer": ("Customer", CUSTOMER),
    "A_CustomerCompany": ("Customer", CUSTOMER),
    "A_CustomerDunning": ("Customer", CUSTOMER),
    "A_BusinessPartner": ("Customer", CUSTOMER),
    "A_BusinessPartnerAddress": ("BusinessPartner", CUSTOMER),
    "A_AddressEmailAddress": ("AddressID", PLACE),
    "A_BPContactToFuncAndDept": ("BusinessPartnerCompany", CUSTOMER),
}

_TOLD: dict[str, Callable[[int, int], dict[str, object]]] = {
    "A_Customer": lambda number, _: {"Customer": number, "CustomerName": f"Harbor Lane Trading {number}"},
    "A_CustomerCompany": lambda number, _: {
        "Customer": number,
        "CompanyCode": COMPANY,
        "AccountingClerk": "AB",
        "AccountingClerkInternetAddress": "clerk@seller.example",
        "AlternativePayerAccount": "",
        "CustomerHeadOffice": "",
        "PaymentBlockingReason": "",
        "PaymentMethodsList": "",
        "CustomerAccountNote": "",
    },
    "A_CustomerDunning": lambda number, _: {
        "Customer": number,
        "CompanyCode": COMPANY,
        "DunningArea": "",
        "DunningProcedure": "0001",
        "DunningBlock": "",
        "DunningLevel": "0",
    },
    "A_BusinessPartner": lambda number, _: {
        "BusinessPartner": number,
        "Customer": number,
        "BusinessPartnerFullName": f"Harbor Lane Trading {number}",
        "CorrespondenceLanguage": "EN",
        "Language": "",
        "CreationDate": "/Date(1735689600000)/",
        "LastChangeDate": "/Date(1767225600000)/",
        "LastChangeTime": "PT10H11M12S",
    },
    "A_BusinessPartnerAddress": lambda number, place: {
        "BusinessPartner": number,
        "AddressID": place,
        "PostalCode": f"{number % 99999:05}",
        "Country": "US",
        "Region": "CA",
        "Language": "EN",
    },
    "A_AddressEmailAddress": lambda number, place: {
        "AddressID": place,
        "Person": "",
        "OrdinalNumber": "1",
        "EmailAddress": f"accounts{number}@harbor-lane.example",
    },
    "A_BPContactToFuncAndDept": lambda number, _: {
        "BusinessPartnerCompany": number,
        "BusinessPartnerPerson": number + 90_000_000,
        "ContactPersonFunction": "",
        "ContactPersonDepartment": "0003",
        "EmailAddress": f"payables{number}@harbor-lane.example",
    },
}
