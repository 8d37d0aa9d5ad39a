"""Writing: notes, and tasks for promises; each once, whatever is lost on the way."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from adapters.ledger import Entry, EntryKind, Outcome, Receipt
from adapters.marker import find_marker, marker
from adapters.sap.business_one.sandbox.wire import Refused
from adapters.sap.business_one.settings import Settings
from tests.contract.business_one_connection import BusinessOneConnection, writes
from tests.contract.ledgers import START
from tests.contract.lively import bill, customer


def entry(key: str, owner: str, *documents: str, **fields: object) -> Entry:
    told: dict[str, Any] = {"kind": EntryKind.REMINDER, "text": "Reminder sent.", "happened_at": START, **fields}
    return Entry(key=key, customer=owner, documents=documents, **told)


def post(here: BusinessOneConnection, *entries: Entry) -> list[Receipt]:
    return [receipt for batch in here.ledger.compose(entries) for receipt in here.ledger.post(batch)]


def activities(here: BusinessOneConnection) -> list[dict[str, Any]]:
    return list(here.face.activities.rows("v2"))


def of(here: BusinessOneConnection, key: str) -> dict[str, Any]:
    return next(each for each in activities(here) if find_marker(each["Notes"]) == key)


def blocked(here: BusinessOneConnection, invoice: str) -> str:
    return str(here.face._lists["Invoices"].one(invoice, "v2")["BlockDunning"])


def test_a_note_is_an_activity_on_the_customer_linked_to_the_first_document(here: BusinessOneConnection) -> None:
    owner = customer(here)
    invoices = [bill(here, owner), bill(here, owner)]
    (receipt,) = post(here, entry("reminder:7", owner, *(here.ref("invoice", each) for each in invoices)))
    (row,) = activities(here)
    assert receipt.ledger_id == str(row["ActivityCode"])
    assert (row["CardCode"], row["ActivityProperty"], row["DocType"], row["DocEntry"]) == (
        owner,
        "cn_Note",
        "13",
        invoices[0],
    )
    assert row["Notes"].splitlines() == ["Reminder sent.", marker("reminder:7")]


def test_details_hold_the_first_line_cut_to_the_field_and_notes_the_whole_text(here: BusinessOneConnection) -> None:
    line = "Zahlungserinnerung " + "ä" * 150
    post(here, entry("reminder:1", customer(here), text=f"{line}\nSecond line."))
    (row,) = activities(here)
    assert len(row["Details"]) == 100
    assert row["Details"].endswith("…")
    assert row["Notes"] == f"{line}\nSecond line.\n{marker('reminder:1')}"


def test_a_lost_answer_is_unknown_and_the_same_batch_writes_no_second_note(here: BusinessOneConnection) -> None:
    owner = customer(here)
    (batch,) = here.ledger.compose([entry("reminder:1", owner), entry("reminder:2", owner)])
    here.lose_next_answer()
    assert {each.outcome for each in here.ledger.post(batch)} == {Outcome.UNKNOWN}
    assert {each.outcome for each in here.ledger.post(batch)} == {Outcome.ALREADY_THERE}
    assert len(activities(here)) == 2


def test_a_note_of_two_of_which_one_is_there_writes_the_other(here: BusinessOneConnection) -> None:
    owner = customer(here)
    post(here, entry("reminder:1", owner))
    assert [each.outcome for each in post(here, entry("reminder:1", owner), entry("reminder:2", owner))] == [
        Outcome.ALREADY_THERE,
        Outcome.WRITTEN,
    ]


def test_the_marker_may_also_stand_in_a_field_of_the_tenants() -> None:
    here = BusinessOneConnection(settings=Settings(zone="America/Los_Angeles", marker_field="U_Duecourse"))
    owner = customer(here)
    (batch,) = here.ledger.compose([entry("reminder:1", owner)])
    here.lose_next_answer()
    here.ledger.post(batch)
    here.transport.calls.clear()
    assert [each.outcome for each in here.ledger.post(batch)] == [Outcome.ALREADY_THERE]
    assert of(here, "reminder:1")["U_Duecourse"] == "reminder:1"
    (search,) = here.transport.calls
    assert "U_Duecourse%20eq%20'reminder:1'" in str(search.url)
    here.books.close()


def test_a_batch_that_stops_at_the_first_failure_goes_on_after_it(here: BusinessOneConnection) -> None:
    owner = customer(here)
    receipts = post(here, entry("reminder:1", owner), entry("reminder:2", "nobody"), entry("reminder:3", owner))
    assert [each.outcome for each in receipts] == [Outcome.WRITTEN, Outcome.IMPOSSIBLE, Outcome.WRITTEN]
    assert "Invalid Business Partner" in receipts[1].reason
    assert [find_marker(each["Notes"]) for each in activities(here)] == ["reminder:1", "reminder:3"]
    assert [writes(call) for call in here.transport.calls].count(True) == 2


def test_a_document_that_is_refused_leaves_the_note_on_the_customer(here: BusinessOneConnection) -> None:
    owner = customer(here)
    first, second = post(here, entry("reminder:1", owner, "invoice:999"), entry("reminder:2", owner))
    assert (first.outcome, second.outcome) == (Outcome.WRITTEN, Outcome.WRITTEN)
    assert of(here, "reminder:1")["DocType"] == "-1"


def test_trouble_of_the_servers_own_in_a_part_is_unknown(here: BusinessOneConnection) -> None:
    owner = customer(here)
    create = here.face.activities.create

    def broken(given: dict[str, Any], dialect: str) -> dict[str, Any]:
        if "reminder:2" in str(given["Notes"]):
            raise Refused(500, -1, "Internal error")
        return create(given, dialect)

    here.face.activities.create = broken  # type: ignore[method-assign]
    receipts = post(here, *(entry(f"reminder:{at}", owner) for at in (1, 2, 3)))
    assert [each.outcome for each in receipts] == [Outcome.WRITTEN, Outcome.UNKNOWN, Outcome.WRITTEN]


def promise(owner: str) -> Entry:
    made = {"kind": EntryKind.PROMISE_MADE, "day": date(2026, 11, 20), "text": "Promised 10.10 for 20 November."}
    return entry("promise:1", owner, **made)


@pytest.mark.parametrize("kind", [EntryKind.PROMISE_KEPT, EntryKind.PROMISE_BROKEN, EntryKind.PROMISE_WITHDRAWN])
def test_a_promise_is_a_task_with_its_day_and_closed_when_it_ends(here: BusinessOneConnection, kind: EntryKind) -> None:
    owner = customer(here)
    post(here, promise(owner))
    task = of(here, "promise:1")
    assert (task["ActivityProperty"], task["EndDueDate"], task["Closed"]) == ("cn_Task", "2026-11-20", "tNO")
    here.clock.later(days=40)
    end = entry("end:1", owner, kind=kind, about="promise:1", text="Over.", happened_at=START + timedelta(days=40))
    post(here, end)
    assert of(here, "promise:1")["Closed"] == "tYES"
    assert of(here, "end:1")["ActivityProperty"] == "cn_Note"


def test_a_promise_whose_task_somebody_deleted_ends_all_the_same(here: BusinessOneConnection) -> None:
    owner = customer(here)
    post(here, promise(owner))
    end = entry("end:1", owner, kind=EntryKind.PROMISE_KEPT, about="promise:1")
    (batch,) = here.ledger.compose([end, entry("reminder:9", owner)])

    def delete(request: httpx.Request) -> None:
        if writes(request):
            here.transport.before = lambda _: None
            here.books.change_note(str(of(here, "promise:1")["ActivityCode"]), deleted=True)

    here.transport.before = delete
    assert [each.outcome for each in here.ledger.post(batch)] == [Outcome.WRITTEN] * 2
    assert len(activities(here)) == 2


def test_a_task_that_cannot_be_closed_for_a_moment_leaves_the_entry_for_another_time(
    here: BusinessOneConnection,
) -> None:
    owner = customer(here)
    post(here, promise(owner))
    change = here.face.activities.change

    def busy(ident: str, given: dict[str, Any]) -> None:
        here.face.activities.change = change  # type: ignore[method-assign]
        raise Refused(500, -1, "Internal error")

    here.face.activities.change = busy  # type: ignore[method-assign]
    end = entry("end:1", owner, kind=EntryKind.PROMISE_KEPT, about="promise:1")
    assert [each.outcome for each in post(here, end, entry("reminder:9", owner))] == [Outcome.UNKNOWN, Outcome.WRITTEN]
    assert len(activities(here)) == 2
    assert [each.outcome for each in post(here, end)] == [Outcome.WRITTEN]
    assert of(here, "promise:1")["Closed"] == "tYES"


def test_a_batch_keeps_what_each_entry_needs(here: BusinessOneConnection) -> None:
    owner = customer(here)
    (batch,) = here.ledger.compose([promise(owner)])
    (told,) = msgspec.json.decode(batch.body)
    assert (told["key"], told["due"], told["at"]) == ("promise:1", "2026-11-20", "2026-11-02")
    assert Decimal(len(batch.request_id)) == 32
