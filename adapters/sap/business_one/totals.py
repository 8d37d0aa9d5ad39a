"""The ledger's own totals: what stands on each customer's account (CurrentAccountBalance), in that account's currency.

An account that holds all currencies is told in local currency alone. There the foreign documents are told in their own
currencies, and what is left of the balance without them stands in the local one: a difference shows there. What a
partner owes that stands on its father's account is moved to it. Down-payment requests are not posted, and in neither.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from adapters.documents import CustomerRef, Document
from adapters.errors import LedgerUnavailable
from adapters.ledger import Totals, dated_after
from adapters.money import Money
from adapters.sap.business_one import wire
from adapters.sap.business_one.changes import FROM_INVOICES, OPEN, open_list
from adapters.sap.business_one.documents import CREDIT_NOTE, PAYMENT, is_ignored, ref_of
from adapters.sap.business_one.gathering import Gathered, Gatherer
from adapters.sap.business_one.partners import CUSTOMERS, is_consolidated
from adapters.sap.business_one.reads import PER_PART, Asked, Reader, cut, on, quoted
from adapters.sap.business_one.settings import MULTI

_INVOICES: tuple[type[wire.Row], ...] = (wire.Invoice, wire.CreditNote, wire.DownPayment)
Sums = dict[CustomerRef, dict[str, Money]]


def read_totals(reader: Reader, gatherer: Gatherer, day: date, now: Callable[[], datetime]) -> Totals:
    """Open totals per customer and currency on a day. Raises LedgerError."""
    read_at = now()
    asked = Asked(kind=wire.Balance, filter=CUSTOMERS)
    rows = {row.card_code: row for page in reader.pages(asked) for row in page.rows.good}
    currencies = reader.currencies()
    sums: Sums = defaultdict(dict)
    for code, row in rows.items():
        _add(sums, code, currencies.money(row.current_account_balance, row.currency if row.currency != MULTI else None))
    reading = _Reading(reader, gatherer, {code: row.currency or "" for code, row in rows.items()})
    multi = {code for code, row in rows.items() if row.currency == MULTI}
    for document, local in reading.foreign(multi):
        _add(sums, document.customer, document.open)
        _add(sums, document.customer, -currencies.money(local, None))
    moved = {code: row.father_card or "" for code, row in rows.items() if is_consolidated(row)}
    for document in reading.moved(moved):
        _add(sums, document.customer, document.open)
        _add(sums, moved[document.customer], -document.open)
    later = reading.after(day)
    for document in later:
        _add(sums, document.customer, -document.open)
    said = ["down-payment requests"]
    said += [f"{dated_after(day)}: {len(later)}"] if later else []
    return Totals(on=day, read_at=read_at, by_customer=dict(sums), leaves_out=tuple(said))


def _add(sums: Sums, who: CustomerRef, value: Money) -> None:
    own = sums.setdefault(who, {})
    own[value.currency] = own.get(value.currency, Money.zero(value.currency)) + value


class _Reading:
    """Reads the documents that balances alone do not tell apart."""

    def __init__(self, reader: Reader, gatherer: Gatherer, currencies: Mapping[str, str]) -> None:
        self._reader = reader
        self._gatherer = gatherer
        self._currencies = currencies  # of partners, by their codes

    def moved(self, fathers: Mapping[str, str]) -> list[Document]:
        """What is open of these partners, and stands on their fathers' accounts."""
        if not fathers:
            return []
        gathered = self._invoices(fathers)
        lines = self._gatherer.fetch_open(gathered, {code: self._currencies.get(code, "") for code in fathers.values()})
        self._gatherer.fetch(gathered, {line.key for line in lines if line.key.type == PAYMENT})
        return [each for each in self._whole(gathered) if each.customer in fathers]

    def foreign(self, partners: Collection[str]) -> list[tuple[Document, Decimal]]:
        """What is open on these accounts in other than local currency, with its amount in local currency."""
        if not partners:
            return []
        gathered = self._invoices(partners)
        lines = self._gatherer.fetch_open(gathered, dict.fromkeys(partners, MULTI))
        self._gatherer.fetch(gathered, {line.key for line in lines if line.key.type not in FROM_INVOICES})
        local = {ref_of(line.key): line.amount for line in lines}
        for key, row in gathered.rows.items():
            if isinstance(row, wire.Invoice) and not is_ignored(row):
                amount = row.doc_total - row.paid_to_date
                is_credit = key.type != CREDIT_NOTE and row.doc_total < 0
                ref = ref_of(key, is_credit=is_credit)
                local[ref] = -amount if key.type == CREDIT_NOTE else amount
        home = self._reader.currencies().name(None)
        return [
            (each, local.get(each.ref, Decimal(0)))
            for each in self._whole(gathered)
            if each.open.currency != home and each.customer in partners
        ]

    def after(self, day: date) -> list[Document]:
        """What is open of documents dated later."""
        later: list[Asked[wire.Row]] = [
            Asked(kind=kind, filter=f"{open_list(kind).filter} and DocDate gt {on(day)}") for kind in _INVOICES
        ]
        payments = f"DocType eq 'rCustomer' and Cancelled eq 'tNO' and DocDate gt {on(day)}"
        entries = f"ReferenceDate gt {on(day)} and OriginalJournal eq 'ttJournalEntry'"
        later += [Asked(kind=wire.Payment, filter=payments), Asked(kind=wire.JournalEntry, filter=entries)]
        gathered = Gathered()
        for kind, rows in self._reader.all_of(later).items():
            gathered.take(kind, rows)
        return [each for each in self._whole(gathered) if each.open]

    def _invoices(self, partners: Collection[str]) -> Gathered:
        gathered = Gathered()
        lists = [
            Asked(kind=kind, filter=f"{OPEN} and ({_any(some)})")
            for some in cut(sorted(partners), PER_PART)
            for kind in _INVOICES
        ]
        for kind, rows in self._reader.all_of(lists).items():
            gathered.take(kind, rows)
        return gathered

    def _whole(self, gathered: Gathered) -> list[Document]:
        made = self._gatherer.documents(gathered)
        if gathered.problems:
            raise LedgerUnavailable(f"The totals cannot be told: {gathered.problems[0].text}")
        return made


def _any(codes: Collection[str]) -> str:
    return " or ".join(f"CardCode eq {quoted(code)}" for code in codes)
