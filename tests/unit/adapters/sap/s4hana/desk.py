"""A clerk's hand in the journal entries themselves, for what no books of ours would do."""

from datetime import date
from decimal import Decimal

from adapters.money import Money
from adapters.sap.s4hana.sandbox import S4HanaSettings
from adapters.sap.s4hana.sandbox.entries import Head, Line, Number
from tests.contract.ledgers import START
from tests.contract.replica import Replica
from tests.contract.s4hana_connection import S4HanaConnection, key_of

ISSUED, DUE, TODAY = date(2026, 9, 1), date(2026, 10, 1), START.date()


class Desk(S4HanaConnection):
    """S/4HANA with one customer, "1", in whose account lines are posted by hand."""

    def __init__(self, settings: S4HanaSettings | None = None, *, page_size: int = 4) -> None:
        super().__init__(settings, page_size=page_size)
        self.books.add_customer("Alder Creek Brewing", emails="ap@alder.example")
        self.entries = self.face.sets.entries
        self.replica = Replica(self.ledger)

    def post(
        self, kind: str, *amounts: str, currency: str = "USD", customer: str = "1", special: str = "", **head: str
    ) -> list[Line]:
        """Posts a document of one line for each amount."""
        told = Head(kind=kind, customer=customer, currency=currency, on=ISSUED, **head)  # type: ignore[arg-type]
        return self.entries.post(told, [Decimal(each) for each in amounts], self.clock.now(), due=DUE, special=special)

    def clear(self, *lines: Line, by: Number | None = None) -> Number:
        return self.entries.clear(lines, self.clock.now(), by)

    def sync(self, *, whole: bool = False) -> dict[str, Money]:
        """What is open after reading what is new."""
        self.replica.sync(whole=whole)
        return self.replica.open


def ref(line: Line, kind: str = "invoice") -> str:
    return f"{kind}:{key_of(line)}"


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")
