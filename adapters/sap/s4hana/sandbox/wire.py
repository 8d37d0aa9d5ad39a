"""How values stand in answers: days as `/Date(ms)/`, amounts and numbers as text, nothing as an initial value.

A row is a mapping of property names to Python values: text, bool, Decimal, date, datetime (a time of day of its day)
and None. Which of its texts are numbers that fill their field is known here, too.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias
from xml.sax.saxutils import escape

Value: TypeAlias = str | bool | Decimal | date | time | None
Row: TypeAlias = Mapping[str, Value]

FILLED: Mapping[str, int] = {
    "AccountingDocument": 10,
    "AccountingDocumentItem": 3,
    "AddressID": 10,
    "AlternativePayerAccount": 10,
    "BranchAccount": 10,
    "BusinessPartner": 10,
    "BusinessPartnerCompany": 10,
    "BusinessPartnerPerson": 10,
    "ClearingAccountingDocument": 10,
    "Customer": 10,
    "CustomerHeadOffice": 10,
    "InvoiceItemReference": 3,
    "InvoiceReference": 10,
    "OrdinalNumber": 3,
    "Person": 10,
    "ReverseDocument": 10,
}
"""Properties whose digits are filled with zeros in the database (ALPHA, NUMC), and to which length."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Answer(NamedTuple):
    """A status, a body and what else stands in the headers."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """An answer with an error: its status, SAP's code and words."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code
        self.words = words

    def answer(self, service: str = "", transaction: str = "") -> Answer:
        """The envelope that SAP Gateway puts around it."""
        inner = {
            "application": {"component_id": "FI-FIO-AR", "service_namespace": "/SAP/", "service_id": service},
            "transactionid": transaction,
            "errordetails": [
                {"code": self.code, "message": self.words, "propertyref": "", "severity": "error", "target": ""}
            ],
        }
        error = {"code": self.code, "message": {"lang": "en", "value": self.words}, "innererror": inner}
        return Answer(self.status, encode({"error": error}))


def encode(value: object) -> bytes:
    """As JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def canonical(name: str, value: str) -> str:
    """The text as the database holds it, for comparison."""
    length = FILLED.get(name)
    return value.zfill(length) if length and value.isdigit() else value


def shown(name: str, value: Value, *, filled: bool) -> object:
    """A value as JSON has it."""
    if isinstance(value, str):
        return canonical(name, value) if filled else value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        at = datetime.combine(value, time(0), UTC)
        return f"/Date({int((at - _EPOCH) / timedelta(milliseconds=1))})/"
    if isinstance(value, time):
        return f"PT{value.hour:02}H{value.minute:02}M{value.second:02}S"
    return value


def as_atom(name: str, value: Value, *, filled: bool) -> str:
    """A property of an Atom entry."""
    if value is None:
        return f'<d:{name} m:null="true"/>'
    if isinstance(value, date):
        text: object = f"{value.isoformat()}T00:00:00"
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = shown(name, value, filled=filled)
    return f"<d:{name}>{escape(str(text))}</d:{name}>"
