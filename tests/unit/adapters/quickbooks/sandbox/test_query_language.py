from datetime import timedelta
from decimal import Decimal

import pytest

from tests.unit.adapters.quickbooks.sandbox.face import DAY, Face


def many(face: Face, count: int) -> list[str]:
    customer = face.customer()
    return [face.invoice(customer, str(10 + at), due_date=DAY + timedelta(days=at)) for at in range(count)]


def test_a_page_holds_100_without_and_1000_with_maxresults_at_most(face: Face) -> None:
    ids = many(face, 1005)
    assert len(face.ids("select * from Invoice")) == 100
    assert face.ids("select * from Invoice orderby Id maxresults 2000") == ids[:1000]
    assert face.ids("select * from Invoice orderby Id startposition 1001 maxresults 1000") == ids[1000:]


def test_startposition_begins_at_one_and_tolerates_zero(face: Face) -> None:
    ids = many(face, 3)
    assert face.ids("select * from Invoice order by Id STARTPOSITION 0 MAXRESULTS 2") == ids[:2]
    assert face.ids("select * from Invoice orderby Id asc maxresults 2 startposition 2") == ids[1:]


def test_the_answer_says_where_it_starts_and_how_many_it_holds(face: Face) -> None:
    many(face, 3)
    found = face.query("select * from Invoice orderby Id startposition 2 maxresults 5")
    assert (found["startPosition"], found["maxResults"], len(found["Invoice"])) == (2, 2, 2)


def test_nothing_found_is_an_empty_object_and_a_count_is_only_a_count(face: Face) -> None:
    assert face.query("select * from Invoice") == {}
    many(face, 2)
    assert face.query("SELECT COUNT(*) FROM Invoice WHERE Balance > '10'") == {"totalCount": 1}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Balance = '10'", [0]),
        ("Balance > '10.5' and Balance <= '12'", [1, 2]),
        ("Balance < 11", [0]),
        ("Id in ('{1}', '{3}')", [1, 3]),
        ("DueDate >= '2026-03-04'", [2, 3]),
        ("TxnDate = '2026-03-02' AND DueDate < '2026-03-03'", [0]),
        ("DocNumber LIKE '100%'", [0, 1, 2, 3]),
        ("DocNumber LIKE '%4'", [3]),
        ("CustomerRef = '1' and Id > '{2}'", [3]),
        ("CustomerRef = '2'", []),
        ("MetaData.LastUpdatedTime >= '2026-03-02T09:00:00-08:00'", [0, 1, 2, 3]),
        ("MetaData.LastUpdatedTime > '2026-03-02T17:00:00Z'", []),
        ("MetaData.CreateTime < '2026-03-02T18:00:01+01:00'", [0, 1, 2, 3]),
    ],
)
def test_conditions_find_what_they_say(face: Face, condition: str, expected: list[int]) -> None:
    ids = many(face, 4)
    statement = f"select * from Invoice where {condition.format(*ids)} orderby Id"
    assert face.ids(statement) == [ids[at] for at in expected]


def test_orders_go_both_ways_and_newest_first_without_one(face: Face) -> None:
    ids = many(face, 3)
    assert face.ids("select * from Invoice orderby DueDate desc") == ids[::-1]
    assert face.ids("select * from Invoice ORDER BY Balance ASC, Id DESC") == ids
    assert face.ids("select * from Invoice") == ids[::-1]


def test_a_credits_balance_is_compared_and_ordered_as_it_is_shown(face: Face) -> None:
    customer = face.customer()
    small, large = (face.books.credit(customer, Decimal(amount), on=DAY) for amount in ("5", "50"))
    assert face.ids("select * from CreditMemo where Balance > '10'") == [large]
    assert face.ids("select * from CreditMemo where Balance <= '5.00'") == [small]
    assert face.ids("select * from CreditMemo orderby Balance") == [small, large]


def test_quotes_and_backslashes_are_escaped(face: Face) -> None:
    names = ["O'Neil", "Back\\slash", "Robertson & Associates", "Grün 🚲", "50%_off"]
    ids = {name: face.customer(name) for name in names}
    for name, ident in ids.items():
        escaped = name.replace("\\", "\\\\").replace("'", "\\'")
        assert face.ids(f"select * from Customer where DisplayName = '{escaped}'") == [ident]
    assert face.ids("select * from Customer where DisplayName LIKE '%_off'") == [ids["50%_off"]]


def test_a_quote_that_is_not_escaped_is_no_way_in(face: Face) -> None:
    face.customer()
    assert face.refusal("POST", "query", b"select * from Customer where DisplayName = 'x' OR Active = 'y'") == "4000"


def test_inactive_entries_are_hidden_unless_asked_about(face: Face) -> None:
    here, gone = face.customer("Here"), face.customer("Gone")
    face.books.deactivate_customer(gone)
    assert face.ids("select * from Customer") == [here]
    assert set(face.ids("select * from Customer where Active IN (true, false)")) == {here, gone}
    assert face.ids("select * from Customer where Active = false") == [gone]
    assert face.query("select count(*) from Customer") == {"totalCount": 1}


def test_customers_come_by_name(face: Face) -> None:
    last, first = face.customer("zebra"), face.customer("Ant")
    assert face.ids("select * from Customer") == [first, last]


def test_the_email_filter_misses_addresses_with_a_plus_sign(face: Face) -> None:
    plain = face.customer("Plain", emails="a@x.example")
    face.customer("Plus", emails="a+b@x.example")
    assert face.ids("select * from Customer where PrimaryEmailAddr = 'a@x.example'") == [plain]
    assert face.ids("select * from Customer where PrimaryEmailAddr = 'a+b@x.example'") == []


def test_column_lists_are_read_and_ignored(face: Face) -> None:
    ident = face.customer()
    (found,) = face.query("select Id, DisplayName from Customer")["Customer"]
    assert (found["Id"], found["Active"]) == (ident, True)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select * from Invoice where Balance != '0'", "4000"),
        ("select * from Invoice where Balance > '0' OR Id = '1'", "4000"),
        ("select * from Invoice where NOT Balance = '0'", "4000"),
        ("select * from Invoice, Customer", "4000"),
        ("select * from Nothing", "4000"),
        ("select * from Invoice where", "4000"),
        ("select * from Invoice where Id = 'open", "4000"),
        ("select * from Invoice group by Id", "4000"),
        ("update Invoice", "4000"),
        ("", "4000"),
        ("select * from Invoice maxresults x", "4000"),
        ("select * from Invoice maxresults 0", "4001"),
        ("select * from Invoice where Nothing = '1'", "4001"),
        ("select * from Invoice where TotalAmt > '1'", "4001"),
        ("select * from Invoice where PrivateNote = 'x'", "4001"),
        ("select * from Payment where UnappliedAmt > '0'", "4001"),
        ("select * from Invoice orderby CustomerRef", "4001"),
        ("select * from Invoice where Balance > 'much'", "4001"),
        ("select * from Invoice where DueDate = 'soon'", "4001"),
        ("select * from Customer where BalanceWithJobs > '0'", "4001"),
    ],
)
def test_what_is_no_query_gets_its_fault(face: Face, statement: str, code: str) -> None:
    assert face.refusal("POST", "query", statement.encode()) == code
    assert face.refusal("GET", "query", query=statement) == code


def test_maxresults_zero_is_told_in_intuits_words(face: Face) -> None:
    _, answer = face.call("POST", "query", b"select * from Invoice maxresults 0")
    assert "value 0 is too small. Min allowed value is 1" in answer["Fault"]["Error"][0]["Detail"]


def test_pages_drift_when_a_row_leaves_the_filter_between_them(face: Face) -> None:
    ids = many(face, 4)
    statement = "select * from Invoice where Balance > '0' orderby Id startposition {} maxresults 2"
    first = face.ids(statement.format(1))
    face.books.pay("1", Decimal(10), on=DAY, apply={ids[0]: Decimal(10)})
    assert first + face.ids(statement.format(3)) == [ids[0], ids[1], ids[3]]
