"""A face over books on a clock that tests move, called without a server."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from adapters.quickbooks.sandbox import QuickBooksSandbox, SandboxSettings
from adapters.quickbooks.sandbox.wire import decode, encode
from adapters.sandbox.books import Books

Value: TypeAlias = Any
"""A JSON value, whose shape the tests state."""

DAY = date(2026, 3, 2)
START = datetime(2026, 3, 2, 17, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Moves by that much of a timedelta."""
        self.at += timedelta(**by)


class Face:
    """Calls as a client would make them; `D` amounts, bodies as Python values."""

    def __init__(self, settings: SandboxSettings | None = None, **company: Value) -> None:
        self.clock = Clock()
        self.books = Books(now=self.clock, **company)
        self.app = QuickBooksSandbox(self.books, settings=settings or SandboxSettings(open_door=True))

    def call(self, method: str, path: str, body: Value = None, **params: str) -> tuple[int, Value]:
        """Status and body of one call."""
        raw = body if isinstance(body, bytes) else encode(body) if body is not None else b""
        answer = self.app.answer(method, f"/v3/company/1/{path}", params, {}, raw)
        is_json = answer.content_type.startswith("application/json")
        return answer.status, decode(answer.body) if is_json else answer.body

    def get(self, path: str, **params: str) -> Value:
        """The body of a GET that succeeds."""
        status, body = self.call("GET", path, **params)
        assert status == 200, body
        return body

    def post(self, path: str, body: Value, **params: str) -> Value:
        """The body of a POST that succeeds."""
        status, answer = self.call("POST", path, body, **params)
        assert status == 200, answer
        return answer

    def query(self, statement: str) -> Value:
        """The QueryResponse of a statement that is understood."""
        return self.post("query", statement.encode())["QueryResponse"]

    def ids(self, statement: str) -> list[str]:
        """The ids that a statement finds, in its order."""
        found = self.query(statement)
        return [each["Id"] for values in found.values() if isinstance(values, list) for each in values]

    def refusal(self, method: str, path: str, body: Value = None, **params: str) -> str:
        """The code of the fault that a call gets."""
        status, answer = self.call(method, path, body, **params)
        assert status == 400, answer
        return str(answer["Fault"]["Error"][0]["code"])

    def customer(self, name: str = "Anna", **fields: Value) -> str:
        """A customer of the books."""
        return self.books.add_customer(name, **{"emails": "anna@x.example", **fields})

    def invoice(self, customer: str, amount: str = "100", **fields: Value) -> str:
        """An invoice of the books, due in thirty days."""
        days = {"issue_date": DAY, "due_date": DAY + timedelta(days=30)}
        return self.books.bill(customer, Decimal(amount), **{**days, **fields})

    def read(self, name: str, ident: str) -> Value:
        """One object."""
        (made,) = (value for key, value in self.get(f"{name}/{ident}").items() if key != "time")
        return made
