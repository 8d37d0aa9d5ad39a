"""JSON as Intuit writes it: amounts as numbers with their decimals, instants with the company's offset, faults."""

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

Json: TypeAlias = dict[str, Any]
_encoder = msgspec.json.Encoder(decimal_format="number")
_CENT = Decimal("0.01")
_TOO_MUCH = Decimal(10) ** 11


def encode(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """JSON bytes; a `Decimal` becomes a number with the decimals it has."""
    return _encoder.encode(value)


def decode(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value in JSON bytes, with `Decimal` for every number that has decimals. Raises `ValueError`."""
    return json.loads(body, parse_float=Decimal)


def amount(value: Decimal) -> Decimal | int:
    """An amount as Intuit writes it: `337.50`, and plain `0` for nothing."""
    if not value:
        return 0
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and exponent < -2 else value.quantize(_CENT)


def as_decimal(value: object, field: str) -> Decimal:
    """An amount from a request: a number, or a string of one. Raises `Refused` (2080) for anything else."""
    if value in (None, ""):
        return Decimal(0)
    try:
        given = Decimal(str(value))
    except InvalidOperation as error:
        raise Refused("2080", f"Invalid value for {field}: {value}", element=field) from error
    if not given.is_finite() or abs(given) >= _TOO_MUCH:
        raise Refused("2080", f"Invalid value for {field}: {value}", element=field)
    return given


def as_amount(value: object, field: str) -> Decimal:
    """An amount of money from a request, to the cent."""
    return as_decimal(value, field).quantize(_CENT)


def offset_time(at: datetime, zone: ZoneInfo) -> str:
    """`2026-05-04T10:11:12-07:00`."""
    return at.astimezone(zone).isoformat(timespec="seconds")


def body_time(at: datetime, zone: ZoneInfo) -> str:
    """The top-level `time` of an answer, with milliseconds."""
    return at.astimezone(zone).isoformat(timespec="milliseconds")


_MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Transaction cannot be linked",
    "1040": "Batch size exceeded",
    "1050": "Content type is not supported",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2050": "String length specified does not match the supported length",
    "2080": "Invalid value",
    "2210": "Email Address does not conform to the syntax rules of RFC 822",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "4002": "Error processing query",
    "5010": "Stale Object Error",
    "6000": "A business validation error has occurred while processing your request",
    "6030": "File too large",
    "6050": "Attachments are not supported for this type",
    "6070": "Amount calculation incorrect in the request",
    "6140": "Duplicate Document Number Error",
    "6210": "Account Period Closed",
    "6240": "Duplicate Name Exists Error",
    "6250": "Invalid Customer",
}
_NOT_FOUND = (
    "Object Not Found : Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
NAME_TAKEN = "The name supplied already exists. : null"
_STALE = (
    "Stale Object Error : You and somebody else were working on this at the same time. "
    "Somebody else finished before you did, so your work was not saved."
)


class Refused(Exception):
    """A request that Intuit refuses, with the code of its fault."""

    def __init__(self, code: str, detail: str = "", *, element: str = "", status: int = 400) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail or _MESSAGES.get(code, "")
        self.element = element
        self.status = status

    def fault(self) -> Json:
        """The upper-case form, as it stands in bodies and in batch items."""
        error: Json = {
            "Message": _MESSAGES.get(self.code, "An application error has occurred"),
            "Detail": self.detail,
            "code": self.code,
        }
        if self.element:
            error["element"] = self.element
        kind = "SystemFault" if self.status >= 500 else "ValidationFault"
        return {"Error": [error], "type": kind}


def not_found() -> Refused:
    """610, as the recordings have it."""
    return Refused("610", _NOT_FOUND)


def stale() -> Refused:
    """5010, as the recordings have it."""
    return Refused("5010", _STALE)


def gateway_fault(code: str, message: str, detail: str, at: datetime, *, kind: str = "AUTHENTICATION") -> bytes:
    """The lower-case form of the gateway, with all its nulls."""
    error = {"message": message, "detail": detail, "code": code, "element": None}
    return encode(
        {
            "warnings": None,
            "intuitObject": None,
            "fault": {"error": [error], "type": kind},
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": int(at.timestamp() * 1000),
            "status": None,
            "cdcresponse": [],
        },
    )


def xml_fault(code: str, message: str, *, at: datetime, zone: ZoneInfo, kind: str = "SERVICE") -> bytes:
    """The XML form, which comes even to those who accept only JSON."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="{body_time(at, zone)}">'
        f'<Fault type="{kind}"><Error code="{code}"><Message>{message}</Message></Error></Fault></IntuitResponse>'
    ).encode()
