import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import httpx
import msgspec
import pytest
import respx

from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from adapters.ledger import Batch, Entry, EntryKind, Outcome, Receipt
from adapters.marker import find_markers
from adapters.money import Money
from adapters.quickbooks.private_notes import FIELD_LENGTH, with_lines
from tests.contract.ledgers import QuickBooksConnection
from tests.unit.adapters.quickbooks.office import COMPANY, START, Office

BATCH = f"{COMPANY}/batch"


def entry(key: str, *documents: str, customer: str = "20", neutral: str = "") -> Entry:
    return Entry(
        key=key,
        kind=EntryKind.REMINDER,
        customer=customer,
        documents=documents,
        text="Second reminder sent to amy@example.com.",
        neutral_text=neutral,
        happened_at=START,
        amount=Money.of(10, "USD"),
    )


def written(part: str, ident: str) -> dict[str, object]:
    return {"bId": part, "Attachable": {"Id": ident, "SyncToken": "0"}}


def faulty(part: str, code: str) -> dict[str, object]:
    error = {"Message": "No", "Detail": f"No, because {code}", "code": code}
    return {"bId": part, "Fault": {"Error": [error], "type": "ValidationFault"}}


def answering(*parts: dict[str, object]) -> httpx.Response:
    return httpx.Response(200, json={"BatchItemResponse": list(parts), "time": "2026-11-02T01:00:00-08:00"})


@pytest.fixture
def office() -> Office:
    return Office()


def post(office: Office, batch: Batch, *answers: httpx.Response | Exception) -> tuple[Sequence[Receipt], respx.Route]:
    with respx.mock:
        route = respx.post(BATCH)
        route.side_effect = list(answers)
        return office.ledger.post(batch), route


def test_a_batch_is_what_intuit_asks_for(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1", "invoice:130", "journal:55.0", "journal:55.1")])
    (part,) = json.loads(batch.body)["BatchItemRequest"]
    assert (part["bId"], part["operation"]) == ("1", "create")
    assert part["Attachable"]["AttachableRef"] == [
        {"EntityRef": {"type": kind, "value": ident}, "IncludeOnSend": False}
        for kind, ident in (("Customer", "20"), ("Invoice", "130"), ("JournalEntry", "55"))
    ]
    assert part["Attachable"]["Note"].endswith("\n[duecourse:reminder:1]")
    assert len(batch.request_id) <= 36


def test_thirty_notes_make_a_batch_and_part_ids_stay_short(office: Office) -> None:
    batches = office.ledger.compose([entry(f"reminder:{at}") for at in range(61)])
    assert [len(batch.members) for batch in batches] == [30, 30, 1]
    assert max(len(part) for batch in batches for part, _ in batch.members) <= 10


def test_the_stored_bytes_are_what_is_sent(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1")])
    _, route = post(office, batch, answering(written("1", "5000000000000503624")))
    request = route.calls.last.request
    assert request.content == batch.body
    assert request.url.params["requestid"] == batch.request_id


def test_each_part_has_its_own_outcome_in_whatever_order_they_come(office: Office) -> None:
    (batch,) = office.ledger.compose([entry(f"reminder:{at}") for at in range(4)])
    receipts, _ = post(office, batch, answering(faulty("4", "10000"), faulty("2", "2050"), written("1", "77")))
    assert [(each.key, each.outcome, each.ledger_id) for each in receipts] == [
        ("reminder:0", Outcome.WRITTEN, "77"),
        ("reminder:1", Outcome.IMPOSSIBLE, ""),
        ("reminder:2", Outcome.UNKNOWN, ""),
        ("reminder:3", Outcome.UNKNOWN, ""),
    ]
    assert "because 2050" in receipts[1].reason


def test_an_answer_that_never_comes_is_unknown_after_the_same_bytes_were_tried_again(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1")])
    receipts, route = post(office, batch, *[httpx.ReadTimeout("slow")] * 4)
    assert [each.outcome for each in receipts] == [Outcome.UNKNOWN]
    assert {call.request.content for call in route.calls} == {batch.body}


def test_throttling_alone_leaves_the_batch_unsent(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1")])
    with pytest.raises(LedgerUnavailable) as raised:
        post(office, batch, *[httpx.Response(429)] * 4)
    assert not raised.value.sent


def test_throttling_after_a_lost_answer_leaves_it_unknown(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1")])
    receipts, _ = post(office, batch, httpx.ReadTimeout("slow"), *[httpx.Response(429)] * 3)
    assert [each.outcome for each in receipts] == [Outcome.UNKNOWN]


def test_a_connection_withdrawn_stops_everything(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1")])
    body = {"Fault": {"Error": [{"Message": "No", "code": "3100"}], "type": "AuthorizationFault"}}
    with pytest.raises(LedgerAuthExpired):
        post(office, batch, httpx.Response(403, json=body))


@pytest.mark.parametrize(("code", "outcome"), [("1040", Outcome.IMPOSSIBLE), ("600", Outcome.UNKNOWN)])
def test_a_batch_refused_as_a_whole_is_told_for_each_member(office: Office, code: str, outcome: Outcome) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1"), entry("reminder:2")])
    body = {"Fault": {"Error": [{"Message": "No", "code": code}], "type": "ValidationFault"}}
    receipts, _ = post(office, batch, httpx.Response(400, json=body))
    assert [each.outcome for each in receipts] == [outcome] * 2


@pytest.mark.parametrize("answer", [httpx.Response(200, text="{"), httpx.Response(200, json={"time": "x"})])
def test_an_answer_that_cannot_be_read_is_no_answer(office: Office, answer: httpx.Response) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1")])
    receipts, _ = post(office, batch, answer)
    assert [each.outcome for each in receipts] == [Outcome.UNKNOWN]


def test_a_note_whose_invoice_is_gone_is_sent_to_the_customer_under_an_id_of_its_own(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1", "invoice:130")])
    receipts, route = post(office, batch, answering(faulty("1", "6000")), answering(written("1", "88")))
    assert (receipts[0].outcome, receipts[0].ledger_id) == (Outcome.WRITTEN, "88")
    first, second = (call.request for call in route.calls)
    assert first.url.params["requestid"] != second.url.params["requestid"]
    (part,) = json.loads(second.content)["BatchItemRequest"]
    assert [each["EntityRef"]["type"] for each in part["Attachable"]["AttachableRef"]] == ["Customer"]
    assert find_markers(part["Attachable"]["Note"]) == ["reminder:1"]


def test_a_customer_that_is_gone_makes_its_note_impossible(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1", "invoice:130")])
    receipts, _ = post(office, batch, answering(faulty("1", "6000")), answering(faulty("1", "610")))
    assert receipts[0].outcome is Outcome.IMPOSSIBLE


def test_a_lost_answer_of_the_second_try_is_unknown(office: Office) -> None:
    (batch,) = office.ledger.compose([entry("reminder:1", "invoice:130")])
    receipts, _ = post(office, batch, answering(faulty("1", "610")), *[httpx.ConnectError("down")] * 4)
    assert receipts[0].outcome is Outcome.UNKNOWN


# --- lines in the invoice's own note -----------------------------------------------------------------------------


@pytest.fixture
def here() -> Iterator[QuickBooksConnection]:
    made = QuickBooksConnection(note_field="private_note")
    yield made
    made.books.close()


class Desk:
    """A company that wants our lines in its invoices' notes."""

    def __init__(self, here: QuickBooksConnection) -> None:
        self.here = here
        self.customer = here.books.add_customer("Amy", emails="a@example.com")
        self.calls = here.transport.calls

    def bill(self, memo: str = "PO 77") -> str:
        books, day = self.here.books, date(2026, 10, 1)
        return books.bill(self.customer, Money.of(10, "USD").amount, issue_date=day, due_date=day, memo=memo)

    def post(self, *entries: Entry) -> list[Receipt]:
        return [receipt for batch in self.here.ledger.compose(entries) for receipt in self.here.ledger.post(batch)]

    def entry(self, key: str, *invoices: str) -> Entry:
        documents = tuple(f"invoice:{each}" for each in invoices)
        return entry(key, *documents, customer=self.customer, neutral="Reminder sent 2 Nov 2026")

    def memo(self, invoice: str) -> str:
        return self.here.books.document(invoice).memo


@pytest.fixture
def desk(here: QuickBooksConnection) -> Desk:
    return Desk(here)


def test_a_neutral_line_is_put_after_what_people_wrote(desk: Desk) -> None:
    invoice = desk.bill()
    (receipt,) = desk.post(desk.entry("reminder:1", invoice))
    assert (receipt.outcome, receipt.ledger_id) == (Outcome.WRITTEN, f"invoice:{invoice}")
    assert desk.memo(invoice) == "PO 77\nReminder sent 2 Nov 2026 [duecourse:reminder:1]"
    assert desk.here.books.notes() == []


def test_only_that_field_is_written(desk: Desk) -> None:
    invoice = desk.bill()
    desk.post(desk.entry("reminder:1", invoice))
    (request,) = [call for call in desk.calls if call.url.path.endswith("/batch")]
    (part,) = json.loads(request.content)["BatchItemRequest"]
    assert part["operation"] == "update"
    assert set(part["Invoice"]) == {"Id", "SyncToken", "sparse", "PrivateNote"}


def test_several_entries_on_one_invoice_all_find_their_place(desk: Desk) -> None:
    invoice, other = desk.bill(), desk.bill("")
    desk.post(desk.entry("reminder:1", invoice, other), desk.entry("call:2", invoice))
    assert find_markers(desk.memo(invoice)) == ["reminder:1", "call:2"]
    assert find_markers(desk.memo(other)) == ["reminder:1"]


def test_a_line_that_is_there_is_not_written_again(desk: Desk) -> None:
    invoice = desk.bill()
    asked = desk.entry("reminder:1", invoice)
    desk.post(asked)
    (again,) = desk.post(asked)
    assert again.outcome in {Outcome.WRITTEN, Outcome.ALREADY_THERE}
    assert find_markers(desk.memo(invoice)) == ["reminder:1"]


def test_somebody_elses_change_meanwhile_is_read_again_and_kept(desk: Desk) -> None:
    invoice = desk.bill()

    def overtake(request: httpx.Request) -> None:
        if request.url.path.endswith("/batch"):
            desk.here.transport.before = lambda _: None
            desk.here.books.change_document(invoice, memo="PO 78, says Jane")

    desk.here.transport.before = overtake
    (receipt,) = desk.post(desk.entry("reminder:1", invoice))
    assert receipt.outcome is Outcome.WRITTEN
    assert desk.memo(invoice) == "PO 78, says Jane\nReminder sent 2 Nov 2026 [duecourse:reminder:1]"


def test_an_invoice_that_is_voided_or_deleted_meanwhile_sends_the_note_to_the_customer(desk: Desk) -> None:
    voided, deleted = desk.bill(), desk.bill()
    desk.here.books.void("invoice", voided)
    desk.here.books.delete("invoice", deleted)
    receipts = desk.post(desk.entry("reminder:1", voided), desk.entry("reminder:2", deleted))
    assert [each.outcome for each in receipts] == [Outcome.WRITTEN] * 2
    notes = desk.here.books.notes()
    assert [find_markers(note.text) for note in notes] == [["reminder:1"], ["reminder:2"]]
    assert all(("customer", desk.customer) in note.links for note in notes)


def test_a_closed_period_makes_it_an_attachable(desk: Desk) -> None:
    invoice = desk.bill()

    def closed(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if b'"PrivateNote"' not in request.content:
            return response
        return answering(faulty(json.loads(request.content)["BatchItemRequest"][0]["bId"], "6210"))

    desk.here.transport.after = closed
    (receipt,) = desk.post(desk.entry("reminder:1", invoice))
    assert receipt.outcome is Outcome.WRITTEN
    assert [find_markers(note.text) for note in desk.here.books.notes()] == [["reminder:1"]]


def test_entries_without_a_neutral_line_are_attachables(desk: Desk) -> None:
    desk.post(entry("promise_made:1", f"invoice:{desk.bill()}", customer=desk.customer))
    assert len(desk.here.books.notes()) == 1


@pytest.mark.parametrize("parts", [[], [faulty("1", "10000")]])
def test_a_part_that_is_not_answered_for_is_unknown(desk: Desk, parts: list[dict[str, object]]) -> None:
    invoice = desk.bill()

    def swallow(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return answering(*parts) if request.url.path.endswith("/batch") else response

    desk.here.transport.after = swallow
    (receipt,) = desk.post(desk.entry("reminder:1", invoice))
    assert receipt.outcome is Outcome.UNKNOWN


def test_an_invoice_that_cannot_even_be_read_leaves_the_line_unsent(desk: Desk) -> None:
    invoice = desk.bill()
    desk.here.lose_next_read()
    with pytest.raises(LedgerUnavailable) as raised:
        desk.post(desk.entry("reminder:1", invoice))
    assert not raised.value.sent
    assert desk.memo(invoice) == "PO 77"


def test_a_lost_answer_is_unknown_and_the_line_is_found_by_its_marker(desk: Desk) -> None:
    invoice = desk.bill()
    desk.here.lose_next_answer()
    (receipt,) = desk.post(desk.entry("reminder:1", invoice))
    assert receipt.outcome is Outcome.UNKNOWN
    found = list(desk.here.ledger.posted([desk.customer], START.date()))
    assert [(each.key, each.ledger_id) for each in found] == [("reminder:1", f"invoice:{invoice}")]


@pytest.mark.parametrize("count", [1, 40, 80])
def test_a_full_field_loses_our_oldest_lines_and_never_a_persons(count: int) -> None:
    lines = [f"Reminder {at} [duecourse:reminder:{at}] " + "x" * 60 for at in range(count)]
    theirs = "PO 77\nJane: call first"
    made = with_lines("\n".join([theirs, *lines]), ["New [duecourse:reminder:new]"])
    assert made is not None
    assert len(made) <= FIELD_LENGTH
    assert made.startswith(theirs)
    keys = find_markers(made)
    assert keys == [f"reminder:{at}" for at in range(count - len(keys) + 1, count)] + ["reminder:new"]


def test_a_field_full_of_what_people_wrote_takes_no_line() -> None:
    assert with_lines("x" * FIELD_LENGTH, ["New [duecourse:reminder:new]"]) is None


def test_the_bytes_of_a_batch_follow_from_its_entries(desk: Desk) -> None:
    entries = [desk.entry("reminder:1", "5"), entry("reply:2")]
    compose: Callable[[Sequence[Entry]], Sequence[Batch]] = desk.here.ledger.compose
    assert compose(entries) == compose(entries)
    assert len(desk.calls) == 0
    assert [key for batch in compose(entries) for _, key in batch.members] == ["reminder:1", "reply:2"]
    assert all(msgspec.json.decode(batch.body) for batch in compose(entries))
