"""Whole reads and broken ones: nothing is closed by absence or lost by a crash, nothing unlikely is believed."""

import pytest

from adapters.documents import Problem
from adapters.errors import LedgerSuspicious, LedgerUnavailable
from connector.office import CompanyPaused
from connector.store import companies, tables
from connector.store.engine import NoBoundaries
from connector.sync import TOGETHER
from tests.unit.connector.books.house import COMPANY, House


def _many(house: House, number: int) -> list[str]:
    return [house.ledger.bill(f"{300 + n}", "20", "10.00", house.in_days(10)) for n in range(number)]


def test_the_first_read_takes_the_whole_books_and_ends_with_a_mark(house: House) -> None:
    refs = _many(house, 7)
    house.ledger.page_size = 3
    house.read()
    assert set(house.open_totals()) == set(refs)
    assert house.row.first_read_done
    assert house.row.swept_at == house.row.synced_at == house.clock.now()


def test_a_read_that_breaks_off_goes_on_where_it_stopped(house: House) -> None:
    refs = _many(house, 7)
    house.ledger.page_size = 2
    house.ledger.breaks_after = 2
    with pytest.raises(LedgerUnavailable):
        house.read()
    assert len(house.open_totals()) == 4
    assert not house.row.first_read_done
    cursor = house.row.cursor
    assert cursor is not None
    told = [page.documents for page in house.ledger._pages(cursor, whole=True)]
    assert {each.ref for page in told for each in page} == set(refs[4:])
    house.read()
    assert set(house.open_totals()) == set(refs)
    assert house.row.first_read_done


class Commits(NoBoundaries):
    """Counts the commits that apply pages, and refuses one of them."""

    def __init__(self, refused: int = 0) -> None:
        self.applied = 0
        self._refused = refused

    def before(self, name: str) -> None:
        self.applied += name == "apply page"
        if name == "apply page" and self.applied == self._refused:
            raise RuntimeError("the power is gone")


def test_a_crash_in_the_first_read_costs_a_few_pages_and_loses_nothing(house: House) -> None:
    refs = _many(house, 7)
    house.ledger.page_size = 1
    house.database.boundaries = Commits(refused=2)
    with pytest.raises(RuntimeError):
        house.read()
    assert set(house.open_totals()) == set(refs[:TOGETHER])
    house.database.boundaries = NoBoundaries()
    house.read()
    assert set(house.open_totals()) == set(refs)


def test_pages_that_bring_news_are_applied_one_by_one(connected: House) -> None:
    _many(connected, 7)
    connected.ledger.page_size = 1
    connected.database.boundaries = commits = Commits()
    connected.read()
    assert commits.applied >= 7


def test_stamps_survive_a_read_that_was_resumed(connected: House) -> None:
    refs = _many(connected, 6)
    connected.read()
    connected.ledger.page_size = 2
    connected.ledger.breaks_after = 2
    with pytest.raises(LedgerUnavailable):
        connected.read(whole=True)
    connected.ledger.asked.clear()
    connected.read(whole=True)
    assert connected.ledger.asked == []  # each had been listed, before the break or after it
    assert set(connected.open_totals()) == set(refs)


def test_rows_inserted_and_paid_while_a_read_was_broken_off_are_not_lost(connected: House) -> None:
    refs = _many(connected, 6)
    connected.read()
    connected.ledger.page_size = 2
    connected.ledger.breaks_after = 2
    with pytest.raises(LedgerUnavailable):
        connected.read(whole=True)
    new = connected.ledger.bill("290", "20", "5.00", connected.in_days(3))  # it would have stood on the first page
    connected.ledger.receive("900", "20", "10.00", {refs[0]: "10.00"})
    connected.read(whole=True)
    assert set(connected.open_totals()) == {new, *refs[1:]}


def test_what_a_whole_read_did_not_list_is_asked_for_by_key_and_stays_open_where_the_ledger_says_so(
    connected: House,
) -> None:
    refs = _many(connected, 3)
    connected.read()
    hidden = connected.ledger.documents[refs[1]]
    listed = connected.page(
        documents=tuple(connected.ledger.documents[ref] for ref in (refs[0], refs[2])),
        scope=frozenset(["invoice"]),
        whole_read="read-9",
        complete=True,
        cursor=connected.row.cursor,
    )
    connected.ledger.changes = lambda since, *, whole=False: iter([listed])  # type: ignore[method-assign]  # one page lost
    connected.read(whole=True)
    assert connected.ledger.asked == [hidden.ref]
    assert set(connected.open_totals()) == set(refs)


def test_what_a_whole_read_did_not_list_is_closed_by_the_ledger_s_answer_alone(connected: House) -> None:
    refs = _many(connected, 4)
    connected.read()
    connected.ledger.delete(refs[0])
    connected.ledger.void(refs[1])
    connected.ledger.receive("900", "20", "10.00", {refs[2]: "10.00"})
    listed = connected.page(
        documents=(connected.ledger.documents[refs[3]],),
        scope=frozenset(["invoice"]),
        whole_read="read-9",
        complete=True,
        cursor=connected.row.cursor,
    )
    connected.ledger.changes = lambda since, *, whole=False: iter([listed])  # type: ignore[method-assign]  # changes lost
    connected.read(whole=True)
    assert connected.ledger.asked == refs[:3]
    assert set(connected.open_totals()) == {refs[3]}
    gone = {row["ref"]: row["gone"] for row in connected.rows(tables.document)}
    assert [gone[ref] for ref in refs] == ["deleted", "voided", None, None]


def test_a_read_of_one_kind_says_nothing_about_another(connected: House) -> None:
    connected.ledger.credit("700", "20", "5.00", connected.today)
    connected.read()
    page = connected.page(scope=frozenset(["invoice"]), whole_read="read-9", complete=True, cursor=connected.row.cursor)
    connected.ledger.changes = lambda since, *, whole=False: iter([page])  # type: ignore[method-assign]  # invoices only
    connected.read(whole=True)
    assert connected.ledger.asked == []
    assert connected.open_totals() == {"credit_memo:700": -500}


def test_a_half_forbidden_scope_is_never_complete(connected: House) -> None:
    refs = _many(connected, 30)
    connected.read()
    connected.ledger.forbidden = set(refs[:15])
    connected.read(whole=True)
    assert connected.ledger.asked == []
    assert set(connected.open_totals()) == set(refs)


def test_a_scope_with_an_unreadable_row_is_never_complete(connected: House) -> None:
    refs = _many(connected, 3)
    connected.read()
    connected.ledger.unreadable = [Problem(ref=refs[0], kind="invoice", text="Invoice 300 cannot be read.")]
    connected.ledger.forbidden = {refs[0]}
    connected.read(whole=True)
    assert connected.problems() == {refs[0]}
    assert connected.ledger.asked == []
    assert set(connected.open_totals()) == set(refs)


def _vanish(house: House, number: int, *, of: int) -> list[str]:
    """So many invoices are gone from the ledger, which tells it only to who asks."""
    refs = _many(house, of)
    house.read()
    for ref in refs[:number]:
        house.ledger.delete(ref)
    house.ledger.gone.clear()
    return refs


def test_a_read_that_would_close_too_much_pauses_and_applies_nothing(connected: House) -> None:
    refs = _vanish(connected, 21, of=60)
    with pytest.raises(LedgerSuspicious, match="21 of 60"):
        connected.read(whole=True)
    assert set(connected.open_totals()) == set(refs)
    assert connected.row.paused_because == "21 of 60 open documents would vanish at once."
    assert len(connected.history("company_paused")) == 1
    with pytest.raises(CompanyPaused):
        connected.read(whole=True)


def test_a_person_may_believe_it(connected: House) -> None:
    refs = _vanish(connected, 21, of=60)
    with pytest.raises(LedgerSuspicious):
        connected.read(whole=True)
    with connected.database.write("resume") as connection:
        companies.change(connection, COMPANY, paused_because=None)
    connected.read(whole=True, believe=True)
    assert set(connected.open_totals()) == set(refs[21:])


def test_a_read_that_would_void_too_much_is_not_believed_either(connected: House) -> None:
    refs = _many(connected, 60)
    connected.read()
    for ref in refs[:21]:
        connected.ledger.void(ref)
    listed = connected.page(
        documents=tuple(connected.ledger.documents[ref] for ref in refs[21:]),
        scope=frozenset(["invoice"]),
        whole_read="read-9",
        complete=True,
        cursor=connected.row.cursor,
    )
    connected.ledger.changes = lambda since, *, whole=False: iter([listed])  # type: ignore[method-assign]  # changes lost
    with pytest.raises(LedgerSuspicious, match="21 of 60"):
        connected.read(whole=True)
    assert set(connected.open_totals()) == set(refs)


@pytest.mark.parametrize(("number", "of"), [(20, 60), (25, 251)])
def test_few_or_a_small_share_are_believed(connected: House, number: int, of: int) -> None:
    refs = _vanish(connected, number, of=of)
    connected.read(whole=True)
    assert set(connected.open_totals()) == set(refs[number:])
    assert connected.row.paused_because is None


def test_many_that_were_paid_are_no_suspicion(connected: House) -> None:
    refs = _many(connected, 30)
    connected.read()
    for number, ref in enumerate(refs):
        connected.ledger.receive(f"9{number:02}", "20", "10.00", {ref: "10.00"})
    connected.read(whole=True)
    assert connected.open_totals() == {}
    assert connected.row.paused_because is None


def test_a_crash_between_pages_resumes_at_the_cursor_of_the_last_page(connected: House) -> None:
    refs = _many(connected, 5)
    connected.ledger.page_size = 2
    connected.ledger.breaks_after = 1
    synced = connected.row.synced_at
    connected.wait(minutes=5)
    with pytest.raises(LedgerUnavailable):
        connected.read()
    assert set(connected.open_totals()) == set(refs[:2])
    assert connected.row.synced_at == synced  # it did not end
    assert [page.documents[0].ref for page in connected.ledger._pages(connected.row.cursor, whole=False)] == refs[2::2]
    connected.read()
    assert set(connected.open_totals()) == set(refs)


def test_a_wish_that_came_while_reading_is_answered_by_the_next_read(connected: House) -> None:
    pages = connected.ledger.changes

    def called_meanwhile(since: str | None, *, whole: bool = False) -> object:
        for page in pages(since, whole=whole):
            with connected.database.write("webhook") as connection:
                companies.change(connection, COMPANY, sync_wanted_at=connected.clock.now())
            yield page

    connected.ledger.changes = called_meanwhile  # type: ignore[method-assign,assignment]  # a webhook in between
    connected.read()
    assert connected.row.sync_wanted_at == connected.clock.now()
    connected.ledger.changes = pages  # type: ignore[method-assign]  # as it was
    connected.read()
    assert connected.row.sync_wanted_at is None


def test_a_paused_company_is_not_read(connected: House) -> None:
    with connected.database.write("pause") as connection:
        companies.change(connection, COMPANY, paused_because="Reconnect.")
    reads = connected.ledger.reads
    with pytest.raises(CompanyPaused, match="Reconnect"):
        connected.read()
    assert connected.ledger.reads == reads
