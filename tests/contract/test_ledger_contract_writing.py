"""What every ledger must keep when it is written to: no entry lost, none doubled."""

import pytest

from adapters.errors import LedgerUnavailable
from adapters.ledger import Entry, EntryKind, Outcome
from adapters.marker import find_marker
from tests.contract.ledgers import START, Connection, Trait
from tests.contract.lively import TODAY, bill, customer
from tests.contract.replica import Replica


def entry(key: str, owner: str, *documents: str, text: str = "Reminder sent.") -> Entry:
    return Entry(key=key, kind=EntryKind.REMINDER, customer=owner, documents=documents, text=text, happened_at=START)


def notes(here: Connection) -> list[str | None]:
    return [find_marker(note.text) for note in here.books.notes()]


def test_an_entry_becomes_a_note_on_its_customer(here: Connection) -> None:
    owner = customer(here)
    asked = entry("reminder:7", owner, here.ref("invoice", bill(here, owner)), text="Zahlungserinnerung, 20,20 €")
    (batch,) = here.ledger.compose([asked])
    (receipt,) = here.ledger.post(batch)
    assert (receipt.key, receipt.outcome) == ("reminder:7", Outcome.WRITTEN)
    (note,) = here.books.notes()
    assert here.ledger_id(note) == receipt.ledger_id
    first, last = note.text.splitlines()
    assert first == "Zahlungserinnerung, 20,20 €"
    assert last.endswith("[duecourse:reminder:7]")
    assert ("customer", owner) in note.links


@pytest.mark.needs(Trait.LINKS)
def test_a_note_hangs_on_the_documents_it_is_about(here: Connection) -> None:
    owner = customer(here)
    invoices = [bill(here, owner), bill(here, owner)]
    asked = entry("reminder:7", owner, *(here.ref("invoice", each) for each in invoices))
    here.ledger.post(here.ledger.compose([asked])[0])
    (note,) = here.books.notes()
    assert set(note.links) == {("customer", owner), *(("invoice", each) for each in invoices)}


def test_the_same_entries_make_the_same_bytes(here: Connection) -> None:
    owner = customer(here)
    entries = [entry(f"reminder:{at}", owner) for at in range(70)]
    batches = here.ledger.compose(entries)
    assert list(batches) == list(here.ledger.compose(entries))
    assert [key for batch in batches for _, key in batch.members] == [each.key for each in entries]
    assert max(len(batch.members) for batch in batches) <= here.ledger.capabilities.posts_per_batch
    assert len({batch.request_id for batch in batches}) == len(batches)


def test_a_text_too_long_is_cut_and_keeps_its_marker(here: Connection) -> None:
    owner = customer(here)
    here.ledger.post(here.ledger.compose([entry("reminder:1", owner, text="x" * 5000)])[0])
    (note,) = here.books.notes()
    assert len(note.text) == here.ledger.capabilities.note_length
    assert find_marker(note.text) == "reminder:1"


def test_a_batch_sent_again_writes_nothing_twice(here: Connection) -> None:
    (batch,) = here.ledger.compose([entry(f"reminder:{at}", customer(here, f"C{at}")) for at in range(3)])
    first, second = here.ledger.post(batch), here.ledger.post(batch)
    assert notes(here) == ["reminder:0", "reminder:1", "reminder:2"]
    assert [each.ledger_id for each in first] == [each.ledger_id for each in second]


def test_a_lost_answer_is_unknown_and_the_entry_is_found_by_its_marker(here: Connection) -> None:
    owner = customer(here)
    (batch,) = here.ledger.compose([entry("reminder:1", owner), entry("reminder:2", owner)])
    here.lose_next_answer()
    assert [each.outcome for each in here.ledger.post(batch)] == [Outcome.UNKNOWN] * 2
    found = list(here.ledger.posted([owner], TODAY))
    assert sorted(each.key for each in found) == ["reminder:1", "reminder:2"]
    assert {each.ledger_id for each in found} == {here.ledger_id(note) for note in here.books.notes()}


def test_a_batch_that_never_arrived_is_said_to_be_unsent(here: Connection) -> None:
    owner = customer(here)
    (batch,) = here.ledger.compose([entry("reminder:1", owner)])
    here.lose_next_write()
    with pytest.raises(LedgerUnavailable) as raised:
        here.ledger.post(batch)
    assert not raised.value.sent
    assert list(here.ledger.posted([owner], TODAY)) == []
    here.ledger.post(batch)
    assert notes(here) == ["reminder:1"]


@pytest.mark.needs(Trait.LINKS, Trait.DELETION)
def test_a_note_about_a_deleted_invoice_goes_to_the_customer_alone(here: Connection) -> None:
    owner = customer(here)
    kept, deleted = bill(here, owner), bill(here, owner)
    here.books.delete("invoice", deleted)
    entries = [
        entry("reminder:1", owner, here.ref("invoice", kept), here.ref("invoice", deleted)),
        entry("reminder:2", owner, here.ref("invoice", kept)),
    ]
    receipts = here.ledger.post(here.ledger.compose(entries)[0])
    assert [(each.key, each.outcome) for each in receipts] == [
        ("reminder:1", Outcome.WRITTEN),
        ("reminder:2", Outcome.WRITTEN),
    ]
    links = {find_marker(note.text): note.links for note in here.books.notes()}
    assert links["reminder:1"] == (("customer", owner),)
    assert ("invoice", kept) in links["reminder:2"] or Trait.LINKS not in here.traits


def test_posted_finds_our_notes_only_and_only_the_recent_ones(here: Connection) -> None:
    owner = customer(here)
    here.books.write_note("Jane called, no marker.", [("customer", owner)])
    here.ledger.post(here.ledger.compose([entry("reminder:1", owner)])[0])
    here.clock.later(days=10)
    here.ledger.post(here.ledger.compose([entry("reminder:2", owner)])[0])
    assert [each.key for each in here.ledger.posted([owner], here.clock.now().date())] == ["reminder:2"]
    assert sorted(each.key for each in here.ledger.posted([owner], TODAY)) == ["reminder:1", "reminder:2"]


def test_our_own_note_is_no_change_of_any_document(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    here.clock.later(hours=1)
    replica.sync()
    replica.changed.clear()
    here.ledger.post(here.ledger.compose([entry("reminder:1", owner, here.ref("invoice", invoice))])[0])
    replica.sync()
    assert replica.changed == []


def test_the_company_tells_its_name_and_currency(here: Connection) -> None:
    bill(here, customer(here))
    company = here.ledger.company()
    assert (company.name, company.home_currency, company.multicurrency) == ("Sandbox Company", "USD", True)


@pytest.mark.needs(Trait.ZONE)
def test_the_company_proposes_its_time_zone(here: Connection) -> None:
    assert here.ledger.company().zone
