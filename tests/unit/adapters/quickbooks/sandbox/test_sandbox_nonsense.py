"""Whatever is sent, the sandbox answers as Intuit would: an object or a fault, never a crash."""

from decimal import Decimal

from hypothesis import event, given, settings
from hypothesis import strategies as st

from adapters.quickbooks.sandbox.wire import Json
from adapters.sandbox.store import unscaled
from tests.unit.adapters.quickbooks.sandbox.face import DAY, Face

NAMES = ["Id", "SyncToken", "sparse", "Active", "Line", "CustomerRef", "TotalAmt", "TxnDate", "DueDate", "DocNumber"]
NAMES += [
    "PrivateNote",
    "BillEmail",
    "EmailStatus",
    "Deposit",
    "LinkedTxn",
    "DisplayName",
    "ParentRef",
    "Notes",
    "Note",
]
NAMES += ["AttachableRef", "EntityRef", "Name", "DueDays", "CurrencyRef", "SalesTermRef", "TxnTaxDetail", "BillAddr"]
INNER = ["Amount", "DetailType", "SalesItemLineDetail", "UnitPrice", "Qty", "TxnId", "TxnType", "value", "type"]
INNER += ["JournalEntryLineDetail", "PostingType", "AccountRef", "Entity", "Address", "LinkedTxn", "EntityRef"]
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2000),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=3),
    st.sampled_from(["1", "2", "", "Invoice", "2026-03-02", "a@x.example", "SalesItemLineDetail", "JournalEntry"]),
    st.sampled_from(["NaN", "1e999", "9" * 30, "Debit", "Credit", "JournalEntryLineDetail", "Customer", "x" * 5000]),
    st.text(max_size=5),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(INNER), inner, max_size=4)),
    max_leaves=8,
)
LINE = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
SIDES = [
    {
        "Amount": 9,
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {
            "PostingType": posting,
            "AccountRef": {"value": account},
            "Entity": {"Type": "Customer", "EntityRef": {"value": "1"}},
        },
    }
    for posting, account in (("Debit", "5"), ("Credit", "7"))
]
PAYING = {"Amount": 5, "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}
SOUND: list[tuple[str, Json]] = [
    ("customer", {"DisplayName": "New"}),
    ("customer", {"Id": "1", "SyncToken": "0", "sparse": True, "DisplayName": "Renamed"}),
    ("invoice", {"CustomerRef": {"value": "1"}, "Line": [LINE]}),
    ("invoice", {"Id": "1", "SyncToken": "1", "sparse": True, "PrivateNote": "x"}),
    ("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 20, "Line": [PAYING]}),
    ("payment", {"Id": "2", "SyncToken": "1", "sparse": True, "Line": []}),
    ("creditmemo", {"CustomerRef": {"value": "1"}, "Line": [LINE]}),
    ("journalentry", {"Line": SIDES}),
    ("attachable", {"Note": "x", "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": "1"}}]}),
    ("term", {"Name": "Net 8", "DueDays": 8}),
    ("estimate", {"CustomerRef": {"value": "1"}, "Line": [LINE]}),
]
TWISTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2)
CALLS = st.tuples(st.sampled_from(SOUND), TWISTS, st.sampled_from(["", "", "", "void", "delete"]))
CONDITIONS = st.sampled_from(
    ["Id = '1'", "Balance > '0'", "DocNumber like '%1'", "Id in ('1', '2')", "DueDate < '2030-01-01'"]
)
TAILS = st.sampled_from(["orderby Id", "ORDER BY Balance desc, Id", "startposition 1", "maxresults 5", "maxresults 0"])
STATEMENTS = st.tuples(
    st.lists(CONDITIONS | st.text(max_size=6), max_size=3).map(" and ".join),
    st.lists(TAILS | st.sampled_from(["where", "'", "group by Id", "\\"]), max_size=3).map(" ".join),
).map(lambda parts: f"where {parts[0]} {parts[1]}" if parts[0] else parts[1])


def busy() -> Face:
    face = Face()
    customer = face.customer()
    invoice = face.invoice(customer)
    face.books.pay(customer, Decimal(40), on=DAY, apply={invoice: Decimal(30)})
    return face


def agrees(face: Face) -> None:
    """The books still balance."""
    for customer in face.books.customers():
        row = face.books.rows.get("customer", customer.id)
        assert row is not None
        assert unscaled(row.open or 0) == face.books.balance(customer.id, customer.currency)


@settings(max_examples=150, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=6))
def test_any_body_is_answered_and_the_books_still_balance(calls: list[tuple[tuple[str, Json], Json, str]]) -> None:
    face = busy()
    for (entity, sound), twists, operation in calls:
        params = {"operation": operation} if operation else {}
        status, answer = face.call("POST", entity, {**sound, **twists}, **params)
        event(f"answered {status}")
        assert (status == 200) == ("Fault" not in answer)
        assert status in {200, 400}
    for name in ("Customer", "Invoice", "Payment", "CreditMemo", "JournalEntry", "Attachable", "Term", "Estimate"):
        face.query(f"select * from {name}")
    face.get("reports/AgedReceivableDetail")
    agrees(face)
    face.books.close()


@settings(max_examples=300, deadline=None)
@given(STATEMENTS)
def test_any_statement_is_answered(statement: str) -> None:
    face = busy()
    status, answer = face.call("POST", "query", f"select * from Invoice {statement}".encode())
    event(f"answered {status}")
    assert "QueryResponse" in answer if status == 200 else answer["Fault"]["Error"][0]["code"] in {"4000", "4001"}
    face.books.close()
