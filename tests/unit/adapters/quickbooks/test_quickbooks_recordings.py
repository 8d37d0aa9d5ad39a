"""Real answers of Intuit's, read by the code that reads them in production."""

import msgspec

from adapters.money import Money
from adapters.quickbooks import mapping, wire
from tests.unit.adapters.quickbooks.office import bodies


def home() -> str:
    return "USD"


def test_the_recorded_customers_are_all_read() -> None:
    count, page = (msgspec.json.decode(body, type=wire.QueryReply) for body in bodies("all/customers"))
    rows = page.rows(wire.Customer)
    assert (count.count, len(rows.good), len(rows.bad)) == (41, 41, 0)
    made = {each.ref: each for each in (mapping.customer(row, home) for row in rows.good)}
    assert made["1"].name == "Amy's Bird Sanctuary"
    assert made["1"].balance == Money.of("639.00", "USD")
    assert all(each.created_at and each.version for each in made.values())


def test_the_recorded_void_is_one() -> None:
    before, after = (
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])["Invoice"] for body in bodies("void/invoice")
    )
    open_, voided = (mapping.invoice(msgspec.json.decode(raw, type=wire.Invoice), home) for raw in (before, after))
    assert (open_.voided, open_.open) == (False, Money.of("100.00", "USD"))
    assert (voided.voided, voided.open, voided.version) == (True, Money.zero("USD"), "1")


def test_the_recorded_deletion_is_a_stub() -> None:
    bill, deleted = (
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])["Invoice"] for body in bodies("delete/invoice")
    )
    assert not msgspec.json.decode(bill, type=wire.Invoice).is_stub
    assert msgspec.json.decode(deleted, type=wire.Invoice).is_stub


def test_the_recorded_changes_are_read_part_by_part() -> None:
    (body,) = bodies("cdc/basic")
    reply = msgspec.json.decode(body, type=wire.CdcReply)
    assert reply.fault is None
    assert len(reply.rows(wire.Invoice)) == 0
    assert reply.time is not None
    (parts,) = [outer.parts for outer in reply.response]
    estimates = wire.decode_rows(parts[0]["Estimate"], wire.Transaction)
    assert len(estimates.good) > 0
    assert len(estimates.bad) == 0


def test_the_recorded_batch_has_faults_beside_successes() -> None:
    (body,) = bodies("batch/basic")
    reply = msgspec.json.decode(body, type=wire.BatchReply)
    assert {part.b_id: part.fault.code if part.fault else "" for part in reply.parts} == {
        "bid1": "",
        "bid2": "610",
        "bid3": "5010",
        "bid4": "",
    }


def test_the_recorded_attachment_keeps_its_long_id() -> None:
    (body,) = bodies("attachment/read_attachment")
    row = msgspec.json.decode(
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])["Attachable"], type=wire.Attachable
    )
    assert row.id == "5000000000000503624"
    assert row.attachable_ref is not None
    assert row.attachable_ref[0].entity_ref == wire.Ref(value="75", type="Invoice")
