"""Books rendered beforehand, as QuickBooks Online tells them: each kind's rows in one file, ready to be cut into pages.

Of `n` invoices four fifths are open. There is about one customer and one payment for every ten of them, a credit memo
for every hundred, and there are twenty journal entries. A twentieth of the customers
is billed with its parent; one invoice in fifty names an address that is none of its customer's own.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from mmap import ACCESS_READ, mmap
from pathlib import Path

PAGE = 1000
JOURNALS = 20
BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
SPAN = timedelta(days=180)
HOME = "USD"

_MONEY = f'"CurrencyRef":{{"value":"{HOME}","name":"United States Dollar"}}'
_ADDRESS = (
    '{"Id":"%d","Line1":"%d Finch St.","City":"Bayshore","Country":"USA","CountrySubDivisionCode":"CA",'
    '"PostalCode":"%05d","Lat":"37.5848","Long":"-122.4106"}'
)


@dataclass(frozen=True, slots=True)
class Mix:
    """How many rows of each kind the books of `invoices` invoices hold."""

    invoices: int

    @property
    def closed(self) -> int:
        """Invoices paid in full."""
        return self.invoices * 207 // 1000

    @property
    def counts(self) -> dict[str, int]:
        """Rows by the name of their file."""
        return {
            "Customer": self.invoices * 97 // 1000,
            "Invoice.open": self.invoices - self.closed,
            "CreditMemo": self.invoices // 110,
            "Payment": self.invoices * 107 // 1000,
            "JournalEntry": JOURNALS,
            "Invoice.closed": self.closed,
        }

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    def statements(self) -> list[str]:
        """One statement for each page of the books, as a client that knows their sizes would ask."""
        return [
            f"SELECT * FROM {name.partition('.')[0]}{_WHERE[name]} ORDERBY MetaData.CreateTime "
            f"STARTPOSITION {start} MAXRESULTS {PAGE}"
            for name, rows in self.counts.items()
            for start in range(1, rows + 1, PAGE)
        ]


_WHERE = {
    "Customer": " WHERE Active IN (true, false)",
    "Invoice.open": " WHERE Balance > '0'",
    "CreditMemo": "",
    "Payment": "",
    "JournalEntry": "",
    "Invoice.closed": " WHERE Balance <= '0' AND TxnDate >= '2025-01-01'",
}


class Rows:
    """One kind's rows in the order of their creation: any run of them is one slice of the file."""

    def __init__(self, folder: Path, name: str, count: int) -> None:
        self.count = count
        self._offsets = array("Q")
        with (folder / f"{name}.offsets").open("rb") as file:
            self._offsets.fromfile(file, count + 1)
        with (folder / f"{name}.rows").open("rb") as file:
            self._bytes = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ)) if count else memoryview(b"")

    def run(self, start: int, stop: int) -> memoryview:
        """The rows `start` to `stop` with commas between them."""
        stop = min(stop, self.count)
        return self._bytes[self._offsets[start] : self._offsets[stop] - 1] if start < stop else self._bytes[:0]

    def at(self, moment: datetime) -> int:
        """The first row created at `moment` or later."""
        return bisect_left(range(self.count), moment, key=lambda row: created(row, self.count))


def created(row: int, count: int) -> datetime:
    """When the row of this place was made: evenly spread, to the second."""
    return BEGIN + timedelta(seconds=int(SPAN.total_seconds() * row / max(count, 1)))


def render(folder: Path, invoices: int) -> Mix:
    """Writes the books into `folder`, unless they are there."""
    mix = Mix(invoices)
    done = folder / "rendered"
    if done.exists():
        return mix
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in _RENDERED.items():
        write_rows(folder, name, rows(mix))
    done.touch()
    return mix


def write_rows(folder: Path, name: str, rows: Iterable[str]) -> None:
    """Writes one kind's rows, in their order, so that `Rows` can cut them."""
    offsets = array("Q", [0])
    with (folder / f"{name}.rows").open("wb") as file:
        for row in rows:
            offsets.append(offsets[-1] + file.write(f"{row},".encode()))
    (folder / f"{name}.offsets").write_bytes(offsets.tobytes())


def _stamps(row: int, count: int) -> str:
    made = created(row, count)
    return (
        f'"MetaData":{{"CreateTime":"{made:%Y-%m-%dT%H:%M:%S}+00:00",'
        f'"LastUpdatedTime":"{made + timedelta(hours=30):%Y-%m-%dT%H:%M:%S}+00:00"}}'
    )


def _head(ident: int, version: int, row: int, count: int) -> str:
    return f'"domain":"QBO","sparse":false,"Id":"{ident}","SyncToken":"{version}",{_stamps(row, count)}'


def _customers(mix: Mix) -> Iterator[str]:
    count = mix.counts["Customer"]
    for row in range(count):
        parent = f',"ParentRef":{{"value":"{row}"}},"BillWithParent":true,"Job":true' if row % 20 == 19 else ""
        name = f"Harbor Lane Trading {row}"
        yield (
            f'{{"Taxable":true,"BillAddr":{_ADDRESS % (row, row, row % 99999)},"Notes":"",'
            f'"Balance":{row % 977}.50,"BalanceWithJobs":{row % 977}.50,{_MONEY},"PreferredDeliveryMethod":"Email"'
            f'{parent},{_head(row + 1, 3, row, count)},"FullyQualifiedName":"{name}","CompanyName":"{name}",'
            f'"DisplayName":"{name}","PrintOnCheckName":"{name}","Active":true,'
            f'"PrimaryPhone":{{"FreeFormNumber":"(650) 555-{row % 10000:04}"}},'
            f'"PrimaryEmailAddr":{{"Address":"{_email(row)}"}}}}'
        )


def _email(customer: int) -> str:
    return f"accounts{customer}@harbor-lane.example"


def _invoices(mix: Mix, name: str) -> Iterator[str]:
    count, closed = mix.counts[name], name == "Invoice.closed"
    customers = max(mix.counts["Customer"], 1)
    for row in range(count):
        number = row * 5 if closed else row + row // 4 + 1
        owner = number * 7919 % customers
        issued = created(row, count)
        lines = number % 4 + 1
        total = f"{100 * lines + number % 89}.{number % 100:02}"
        mail = _email(owner) if number % 50 else f"warehouse{number}@depot.example"
        sent = f"{issued + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+00:00"
        status = f'"EmailStatus":"EmailSent","DeliveryInfo":{{"DeliveryType":"Email","DeliveryTime":"{sent}"}}'
        home = _ADDRESS % (owner, owner, owner % 99999)
        yield (
            '{"AllowIPNPayment":false,"AllowOnlinePayment":false,"AllowOnlineCreditCardPayment":false,'
            f'"AllowOnlineACHPayment":false,{_head(2 * number + 1001, 1, row, count)},'
            '"CustomField":[{"DefinitionId":"1","Name":"Crew #","Type":"StringType"}],'
            f'"DocNumber":"26-{number}","TxnDate":"{issued:%Y-%m-%d}",{_MONEY},"LinkedTxn":[],'
            f'"Line":[{_lines(lines, number)}{{"Amount":{total},"DetailType":"SubTotalLineDetail",'
            f'"SubTotalLineDetail":{{}}}}],"TxnTaxDetail":{{"TotalTax":0}},'
            f'"CustomerRef":{{"value":"{owner + 1}","name":"Harbor Lane Trading {owner}"}},'
            f'"CustomerMemo":{{"value":"Thank you for your business and have a great day!"}},'
            f'"BillAddr":{home},"ShipAddr":{home},'
            f'"SalesTermRef":{{"value":"3","name":"Net 30"}},"DueDate":"{issued + timedelta(days=30):%Y-%m-%d}",'
            f'"TotalAmt":{total},"ApplyTaxAfterDiscount":false,"PrintStatus":"NeedToPrint",{status},'
            f'"BillEmail":{{"Address":"{mail}"}},"PrivateNote":"Order {number}, as agreed by phone.",'
            f'"Balance":{0 if closed else total}}}'
        )


def _lines(lines: int, number: int) -> str:
    return "".join(
        f'{{"Id":"{line}","LineNum":{line},"Description":"Weekly gardening service, crew {number % 17}",'
        f'"Amount":100.00,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":"{line}",'
        '"name":"Services"},"UnitPrice":50,"Qty":2,"ItemAccountRef":{"value":"45","name":"Landscaping Services"},'
        '"TaxCodeRef":{"value":"NON"}}},'
        for line in range(1, lines + 1)
    )


def _payments(mix: Mix) -> Iterator[str]:
    count, customers = mix.counts["Payment"], max(mix.counts["Customer"], 1)
    for row in range(count):
        number = row * 10
        owner, left = number * 7919 % customers, 25 if row % 40 == 0 else 0
        total = 100 + row % 300
        yield (
            f'{{"CustomerRef":{{"value":"{owner + 1}","name":"Harbor Lane Trading {owner}"}},'
            f'"DepositToAccountRef":{{"value":"4"}},"PaymentRefNum":"{row}","TotalAmt":{total + left}.00,'
            f'"UnappliedAmt":{left},"ProcessPayment":false,{_head(2 * row + 1000, 0, row, count)},'
            f'"TxnDate":"{created(row, count):%Y-%m-%d}",{_MONEY},"Line":[{{"Amount":{total}.00,"LinkedTxn":'
            f'[{{"TxnId":"{2 * number + 1001}","TxnType":"Invoice"}}],"LineEx":{{"any":[]}}}}]}}'
        )


def _credits(mix: Mix) -> Iterator[str]:
    count, customers = mix.counts["CreditMemo"], max(mix.counts["Customer"], 1)
    for row in range(count):
        owner = row * 13 % customers
        yield (
            f'{{"RemainingCredit":{row % 2 * 10},"Balance":{row % 2 * 10},'
            f"{_head(20_000_009 + 2 * row, 0, row, count)},"
            f'"DocNumber":"C{row}","TxnDate":"{created(row, count):%Y-%m-%d}",{_MONEY},"Line":[],'
            f'"CustomerRef":{{"value":"{owner + 1}"}},"TotalAmt":10.00,"BillEmail":{{"Address":"{_email(owner)}"}}}}'
        )


def _journals(mix: Mix) -> Iterator[str]:
    count = mix.counts["JournalEntry"]
    for row in range(count):
        yield (
            f'{{{_head(30_000_000 + row, 0, row, count)},"DocNumber":"J{row}",{_MONEY},'
            f'"TxnDate":"{created(row, count):%Y-%m-%d}","Line":[{{"Id":"0","Amount":70.00,'
            '"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Debit",'
            f'"Entity":{{"Type":"Customer","EntityRef":{{"value":"{row + 1}"}}}},"AccountRef":{{"value":"84"}}}}}}]}}'
        )


_RENDERED: Mapping[str, Callable[[Mix], Iterator[str]]] = {
    "Customer": _customers,
    "Invoice.open": lambda mix: _invoices(mix, "Invoice.open"),
    "CreditMemo": _credits,
    "Payment": _payments,
    "JournalEntry": _journals,
    "Invoice.closed": lambda mix: _invoices(mix, "Invoice.closed"),
}
