"""What goes wrong between us and S/4HANA: links to other hosts, expired tokens, lost answers, two writers at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread

import httpx
import pytest

from adapters.errors import LedgerUnavailable
from adapters.ledger import Batch, Entry, EntryKind, Outcome
from adapters.marker import find_markers
from adapters.sap.s4hana.ledger import S4HanaLedger
from adapters.sap.s4hana.sandbox import S4HanaSettings
from adapters.sap.s4hana.sandbox.texts import Place
from tests.contract.ledgers import START
from tests.contract.s4hana_connection import TEXT_ID
from tests.unit.adapters.sap.s4hana.desk import Desk, ref, usd

PLACE = Place("1", "1710", "EN", TEXT_ID)
ARCHIVE = Place("1", "1710", "EN", "0009")


def batch_of(ledger: S4HanaLedger, *keys: str, text: str = "Reminder sent.") -> Batch:
    entries = [
        Entry(key=key, kind=EntryKind.REMINDER, customer="1", text=f"{text} {key}", happened_at=START) for key in keys
    ]
    return ledger.compose(entries)[0]


def standing(desk: Desk, place: Place = PLACE) -> list[str]:
    return list(find_markers(desk.face.sets.texts.get(place) or ""))


def test_a_link_to_another_host_is_followed_on_ours() -> None:
    desk = Desk(S4HanaSettings(page_size=3, link_host="https://internal.example:44300"), page_size=1000)
    lines = desk.post("DR", *(f"{at}.00" for at in range(1, 12)))
    for at in range(20):
        desk.books.add_customer(f"More {at}")
    assert desk.sync() == {ref(line): usd(str(line.amount)) for line in lines}
    assert len(desk.replica.customers) == 21
    assert {call.url.host for call in desk.transport.calls} == {"sandbox"}
    desk.books.close()


def test_a_server_that_gives_few_rows_at_once_is_read_whole() -> None:
    desk = Desk(S4HanaSettings(page_size=2), page_size=1000)
    (invoice,) = desk.post("DR", "100.00")
    payments = [desk.post("DZ", "-7.00")[0] for _ in range(7)]
    for each in payments:
        each.invoice = invoice
    assert desk.sync() == {ref(invoice): usd("51.00")}
    desk.books.close()


def test_fresh_asks_in_few_round_trips_however_many_customers_there_are() -> None:
    desk = Desk(page_size=500)
    owners = [desk.books.add_customer(f"Customer {at}", emails=f"ap{at}@example.com") for at in range(60)]
    lines = [desk.post("DR", "10.00", customer=each)[0] for each in owners]
    desk.sync()
    desk.transport.calls.clear()
    page = desk.ledger.fresh([ref(each) for each in lines], owners, desk.replica.cursor or "")
    assert {each.ref for each in page.documents} == {ref(each) for each in lines}
    assert {each.emails for each in page.customers} == {(f"ap{at}@example.com",) for at in range(60)}
    # the lines, what names them; customers and partners, what hangs on these, addresses: and a session is open
    assert [call.url.path.rpartition("/")[2] for call in desk.transport.calls] == ["$batch"] * 5


def test_a_token_that_expires_in_the_middle_is_fetched_again(desk: Desk) -> None:
    desk.ledger.post(batch_of(desk.another(), "a"))
    desk.face.sessions.expire()
    (receipt,) = desk.ledger.post(batch_of(desk.another(), "b"))
    assert receipt.outcome is Outcome.WRITTEN
    desk.clock.later(hours=2)  # and so does one that is too old
    desk.ledger.post(batch_of(desk.another(), "c"))
    assert standing(desk) == ["c", "b", "a"]


def test_tokens_expire_while_the_books_are_read(desk: Desk) -> None:
    desk.post("DR", *(f"{at}.00" for at in range(1, 12)))
    for _ in desk.ledger.changes(None):
        desk.face.sessions.expire()


def test_an_answer_lost_after_the_text_was_changed_doubles_nothing(desk: Desk) -> None:
    ledger = desk.another()
    ledger.post(batch_of(ledger, "first"))
    desk.lose_after(lambda request: request.method == "PATCH")
    batch = batch_of(ledger, "second")
    assert [each.outcome for each in ledger.post(batch)] == [Outcome.UNKNOWN]
    assert [each.outcome for each in ledger.post(batch)] == [Outcome.ALREADY_THERE]
    assert standing(desk) == ["second", "first"]
    assert len(desk.books.notes()) == 2


def test_a_text_that_cannot_be_written_is_said_to_be_impossible(desk: Desk) -> None:
    ledger = desk.another()
    entry = Entry(key="x", kind=EntryKind.CALL, customer="99", text="Called.", happened_at=START)
    (receipt,) = ledger.post(ledger.compose([entry])[0])
    assert receipt.outcome is Outcome.IMPOSSIBLE
    assert "99" in receipt.reason


def test_what_people_wrote_into_the_text_stays(desk: Desk) -> None:
    desk.face.sets.texts.create(PLACE, "Jane: pays by cheque.\n\nAsk for Bob.")
    desk.ledger.post(batch_of(desk.another(), "a", "b"))
    text = desk.face.sets.texts.get(PLACE) or ""
    assert text.endswith("\n\nJane: pays by cheque.\n\nAsk for Bob.")
    assert standing(desk) == ["b", "a"]


def test_what_has_grown_too_long_moves_to_the_archive_and_is_still_found(desk: Desk) -> None:
    ledger = desk.another(archive_id=ARCHIVE.text_id, longest=300)
    keys = [f"reminder:{at}" for at in range(12)]
    for key in keys:
        ledger.post(batch_of(ledger, key))
    assert len(desk.face.sets.texts.get(PLACE) or "") <= 300
    assert [*standing(desk), *standing(desk, ARCHIVE)] == keys[::-1]
    assert [each.outcome for each in ledger.post(batch_of(ledger, *keys))] == [Outcome.ALREADY_THERE] * 12
    assert sorted(each.key for each in ledger.posted(["1"], START.date())) == sorted(keys)


def test_an_archive_that_breaks_off_between_its_two_writes_loses_nothing(desk: Desk) -> None:
    ledger = desk.another(archive_id=ARCHIVE.text_id, longest=120)
    for key in ("a", "b"):
        ledger.post(batch_of(ledger, key))

    def die(request: httpx.Request) -> None:
        if request.method == "PATCH" and f"LongTextID='{TEXT_ID}'" in request.url.path:
            assert standing(desk, ARCHIVE) == ["a"]
            raise httpx.ReadTimeout("gone", request=request)

    desk.transport.before = die
    assert [each.outcome for each in ledger.post(batch_of(ledger, "c"))] == [Outcome.UNKNOWN]
    desk.transport.before = lambda _: None
    ledger.post(batch_of(ledger, "c"))
    assert (standing(desk), standing(desk, ARCHIVE)) == (["c", "b"], ["a"])
    assert len(desk.books.notes()) == 3


def test_two_workers_append_to_the_same_text_and_lose_nothing(desk: Desk) -> None:
    lock = Lock()

    @contextmanager
    def locked(_: str) -> Iterator[None]:
        with lock:
            yield

    workers = [desk.another(locked=locked) for _ in range(2)]
    threads = [
        Thread(target=lambda worker=worker, at=at: [worker.post(batch_of(worker, f"{at}.{n}")) for n in range(5)])
        for at, worker in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(standing(desk)) == sorted(f"{at}.{n}" for at in range(2) for n in range(5))


def test_a_text_that_somebody_overwrote_at_once_is_no_entry_written(desk: Desk) -> None:
    def overwrite(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method in {"POST", "PATCH"} and "Text" in request.url.path:
            desk.face.sets.texts.change(PLACE, "Jane: my words alone.")
        return response

    desk.transport.after = overwrite
    (receipt,) = desk.ledger.post(batch_of(desk.another(), "a"))
    assert receipt.outcome is Outcome.UNKNOWN
    desk.transport.after = lambda _, response: response
    assert desk.ledger.post(batch_of(desk.another(), "a"))[0].outcome is Outcome.WRITTEN


def test_an_entry_written_late_is_found_by_the_day_it_was_written(desk: Desk) -> None:
    desk.clock.later(days=30)
    desk.ledger.post(batch_of(desk.another(), "late"))
    assert [each.key for each in desk.ledger.posted(["1"], desk.clock.now().date())] == ["late"]


@pytest.mark.parametrize("breaks", ["amount", "type"])
def test_a_credit_that_cannot_be_read_makes_its_invoice_unsure_and_nothing_else(desk: Desk, breaks: str) -> None:
    (invoice,), (other,) = desk.post("DR", "100.00"), desk.post("DR", "50.00")
    (payment,) = desk.post("DZ", "-30.00")
    payment.invoice = invoice
    desk.face.sets.broken = {(payment.number, payment.item)}
    desk.face.sets.breaks_type = breaks == "type"
    assert desk.sync() == {ref(other): usd("50.00")}
    assert {each.ref for each in desk.replica.problems} == {ref(invoice), ref(payment)}
    assert desk.replica.cursor is not None
    fresh = desk.ledger.fresh([ref(invoice)], ["1"], desk.replica.cursor)
    assert ref(invoice) in {each.ref for each in fresh.problems}
    assert [each.ref for each in fresh.documents] == [ref(other)]


def test_totals_say_how_many_lines_they_could_not_read(desk: Desk) -> None:
    lines = desk.post("DR", *(f"{at}.00" for at in range(1, 10)))
    desk.face.sets.broken = {(lines[3].number, lines[3].item)}
    for breaks in (False, True):
        desk.face.sets.breaks_type = breaks
        totals = desk.ledger.totals(desk.clock.now().date())
        assert totals.leaves_out == ("1 lines that cannot be read",)
        assert totals.by_customer == {"1": {"USD": usd("41.00")}}


def test_totals_are_read_again_where_something_was_posted_meanwhile(desk: Desk) -> None:
    desk.post("DR", *(f"{at}.00" for at in range(1, 10)))
    asked = iter(range(100))

    def post(request: httpx.Request) -> None:
        if "$orderby" in str(request.url) and next(asked) == 1:
            desk.post("DR", "5.00")

    desk.transport.before = post
    with pytest.raises(LedgerUnavailable):
        desk.ledger.totals(desk.clock.now().date())


def test_a_customer_that_is_not_shown_costs_only_itself(desk: Desk) -> None:
    desk.post("DR", "10.00", customer="4242")
    (invoice,) = desk.post("DR", "20.00")
    assert desk.sync()[ref(invoice)] == usd("20.00")
    assert list(desk.replica.customers) == ["1"]


def test_a_document_that_is_not_shown_is_never_closed(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "20.00")
    desk.sync()
    desk.entries.lines.remove(invoice)
    desk.clock.time += timedelta(days=40)
    assert desk.sync(whole=True) == {ref(invoice): usd("20.00")}
    assert {each.ref for each in desk.replica.problems} == {ref(invoice)}
    assert desk.clock.now() > datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("word", ["Odd Ones Limited", "odd@ones.example", "A7"])
def test_a_customer_of_whom_a_row_cannot_be_read_is_named_and_left_as_it_was(desk: Desk, word: str) -> None:
    odd = desk.books.add_customer("Odd Ones Limited", emails="odd@ones.example")
    desk.face.sets.extras.dunning(odd)[0].block = "A7"
    (owed,) = desk.post("DR", "10.00", customer=odd)
    (other,) = desk.post("DR", "20.00")
    desk.sync()
    before = desk.replica.customers[odd]
    assert (before.name, before.emails, before.block) == ("Odd Ones Limited", ("odd@ones.example",), "A7")

    desk.transport.after = _with_a_number_for(word)
    desk.replica.sync(whole=True)
    assert desk.replica.customers[odd] == before
    assert [(each.ref, each.customer) for each in desk.replica.problems] == [(f"customer:{odd}", odd)] * 2  # two reads
    assert "cannot be read" in desk.replica.problems[0].text
    assert desk.replica.open == {ref(owed): usd("10.00"), ref(other): usd("20.00")}
    page = desk.ledger.fresh([ref(owed), ref(other)], [odd, "1"], desk.replica.cursor or "")
    assert [each.customer for each in page.problems] == [odd]
    assert [each.ref for each in page.customers] == ["1"]


def _with_a_number_for(word: str) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    """What should be this word comes as a number that is as long."""
    said = f'"{word}"'.encode()

    def spoil(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        del request
        told = response.read().replace(said, b"7" * len(said))
        return httpx.Response(response.status_code, headers=response.headers, content=told)

    return spoil
