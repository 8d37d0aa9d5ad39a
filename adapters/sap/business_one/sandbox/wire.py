"""How the Service Layer writes: JSON with blanks before its colons, floats, and errors in both dialects' shapes."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]
V1, V2 = "v1", "v2"


class Answer(NamedTuple):
    """A status, a body and what else stands in the headers."""

    status: int
    body: bytes = b""
    content_type: str = "application/json;odata.metadata=minimal;charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """What the Service Layer does not do. `code` is its own number."""

    status: int
    code: int
    message: str

    def answer(self, dialect: str) -> Answer:
        """As the dialect tells it: v1 with a number and nested words, v2 with text alone."""
        if dialect == V1:
            told: Json = {"code": self.code, "message": {"lang": "en-us", "value": self.message}}
        else:
            told = {"code": str(self.code), "message": self.message}
        return Answer(self.status, encode({"error": told}))


def not_found() -> Refused:
    """There is no such row."""
    return Refused(404, -2028, "No matching records found (ODBC -2028)")


def encode(told: Json) -> bytes:
    """JSON as Business One writes it: tabs, and a blank before each colon."""
    return json.dumps(told, indent="\t", separators=(",", " : "), ensure_ascii=False, default=float).encode()


def number(amount: Decimal) -> float:
    """An amount as a double, `0.0` for nothing."""
    return float(amount)


def yes(truth: bool) -> str:
    """`tYES` or `tNO`."""
    return "tYES" if truth else "tNO"


def day(on: date | None, dialect: str) -> str | None:
    """A day: with a midnight in v2."""
    if on is None:
        return None
    return on.isoformat() if dialect == V1 else f"{on.isoformat()}T00:00:00Z"


def clock(at: datetime) -> str:
    """A time of day."""
    return at.strftime("%H:%M:%S")
