"""What is left of the lines on partners' accounts: Business One's own list for reconciling them.

Invoices and credit notes say themselves what was paid of them. Payments and journal entries do not, and can be
reconciled later without a change of their own: for them this list is the ledger's answer. What is not on it is settled.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.sap.business_one import wire
from adapters.sap.business_one.documents import CREDIT_NOTE, DOWN_PAYMENT, INVOICE, JOURNAL, PAYMENT, Key
from adapters.sap.business_one.reads import Service, cut
from adapters.sap.business_one.settings import Settings

PARTNERS = 500
"""Partners in one call."""
_OWN = frozenset([INVOICE, CREDIT_NOTE, DOWN_PAYMENT, PAYMENT])


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """What is left of a line. What is neither invoice, credit note nor payment is a line of a journal entry to us."""

    partner: str
    key: Key
    amount: Decimal  # signed, in the partner's currency


def open_lines(service: Service, settings: Settings, partners: Mapping[str, str], now: datetime) -> list[OpenLine]:
    """All open lines on these partners' accounts, which are given with their currencies. Raises LedgerError.

    Only partners of one currency are asked about together: amounts of several would be told in local currency.
    """
    by_currency: dict[str, list[str]] = defaultdict(list)
    for code, currency in sorted(partners.items()):
        by_currency[currency].append(code)
    found: list[OpenLine] = []
    for codes in by_currency.values():
        for some in cut(codes, PARTNERS):
            found += _ask(service, some, settings.local_day(now).isoformat())
    return found


def _ask(service: Service, partners: Sequence[str], day: str) -> list[OpenLine]:
    """What is open at some partners; half of them at a time where Business One does not take so many together."""
    asked = {
        "InternalReconciliationOpenTransParams": {
            "CardOrAccount": "coaCard",
            "ReconDate": day,
            "InternalReconciliationBPs": [{"BPCode": each} for each in partners],
        }
    }
    try:
        body = service.post("InternalReconciliationsService_GetOpenTransactions", msgspec.json.encode(asked))
    except LedgerRejected:
        if len(partners) == 1:
            raise
        half = len(partners) // 2
        return [*_ask(service, partners[:half], day), *_ask(service, partners[half:], day)]
    try:
        rows = msgspec.json.decode(body, type=wire.OpenRows).rows
    except msgspec.DecodeError as error:
        raise LedgerUnavailable(f"The open transactions cannot be read: {error}.") from error
    return list(_lines(rows or ()))


def _lines(rows: Iterable[wire.OpenRow]) -> Iterable[OpenLine]:
    for row in rows:
        type_ = int(row.src_obj_typ or JOURNAL)
        own = type_ in _OWN and row.src_obj_abs is not None
        key = Key(type_, row.src_obj_abs or 0) if own else Key(JOURNAL, row.trans_id, row.trans_row_id)
        amount = -row.reconcile_amount if row.credit_or_debit == "codCredit" else row.reconcile_amount
        yield OpenLine(partner=row.short_name, key=key, amount=amount)
