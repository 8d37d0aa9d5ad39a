"""Ten thousand invoices of one customer: one message that a person can read, right to the cent, in linear work."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from sqlalchemy import event

from adapters.documents import DocumentKind
from adapters.sandbox.records import Document
from connector import deliver, outbox, remind
from tests.contract.databases import KINDS
from tests.unit.connector.bad_input.trade import MONDAY, Trade

FEW, MANY = 1_000, 10_000
CENTS = Decimal("10.01")


@dataclass
class Played:
    """A day on which one customer is asked for so many invoices, and what each part of it took."""

    trade: Trade
    invoices: int
    seconds: dict[str, float] = field(default_factory=dict)  # of CPU
    statements: dict[str, int] = field(default_factory=dict)
    calls: int = 0  # of the ledger, from the decision to the note

    def __post_init__(self) -> None:
        owner = self.trade.customer("Big & Co", "ap@big.example")
        self.trade.books.load_documents(self._documents(owner))
        self.trade.clock.advance(MONDAY - self.trade.clock.now())
        self._measure("sync", lambda: self.trade.tell("sync"))
        self.trade.tell("mode", "automatic", "--yes")
        office = self.trade.office
        before = len(self.trade.transport.calls)
        self._measure("decide", lambda: remind.remind(office))
        self._measure("deliver", lambda: deliver.deliver(office))
        self._measure("note", lambda: outbox.post_notes(office))
        self.calls = len(self.trade.transport.calls) - before

    def _documents(self, owner: str) -> Iterator[Document]:
        for number in range(self.invoices):
            yield Document(
                kind=DocumentKind.INVOICE,
                id=self.trade.books.new_document_id(),
                number=f"26-{number:05}",
                customer=owner,
                currency="USD",
                total=CENTS,
                open=CENTS,
                issue_date=date(2026, 8, 20),
                due_date=date(2026, 9, 20) + timedelta(days=number % 20),
                bill_email="ap@big.example",
                delivery="sent",
                created_at=self.trade.clock.now() + timedelta(seconds=number),
                updated_at=self.trade.clock.now() + timedelta(seconds=number),
            )

    def _measure(self, name: str, work: Callable[[], object]) -> None:
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        engine = self.trade.service.database.engine
        event.listen(engine, "before_cursor_execute", count)
        began = process_time()
        work()
        self.seconds[name] = process_time() - began
        event.remove(engine, "before_cursor_execute", count)
        self.statements[name] = counted


@dataclass
class Both:
    """The same day with few and with many."""

    few: Played
    many: Played


@pytest.fixture(scope="module", params=KINDS)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Played once for each database: it is the largest day in these tests."""
    databases: Any = request.getfixturevalue(f"{request.param}_databases")
    trades = [Trade(Path(tmp_path_factory.mktemp("many")), databases.new_url()) for _ in range(2)]
    yield Both(few=Played(trades[0], FEW), many=Played(trades[1], MANY))
    for each in trades:
        each.close()


def test_there_is_one_message_of_a_size_that_every_mailbox_takes(both: Both) -> None:
    [mail] = both.many.trade.mails
    assert len(mail.data) < 100_000  # above this, mail programs cut a message off
    assert str(mail.read["Subject"]).startswith("10000 open invoices, USD 100,100.00: ")


def test_the_list_is_cut_with_a_clear_sentence_and_the_totals_are_those_of_all(both: Both) -> None:
    [mail] = both.many.trade.mails
    listed = [line for line in mail.text.splitlines() if line.startswith("- Invoice")]
    assert len(listed) == 100
    assert "- and 9900 more, USD 99,099.00 together: a short reply, and we send you the whole list" in mail.text
    assert "Subtotal: USD 100,100.00" in mail.text
    assert "To be paid: USD 100,100.00" in mail.text
    assert mail.text.count("Pay online") == 20


def test_what_is_listed_is_what_has_been_due_longest(both: Both) -> None:
    [mail] = both.many.trade.mails
    listed = [line for line in mail.text.splitlines() if line.startswith("- Invoice")]
    assert all("43 days past due" in line for line in listed)


def test_the_note_fits_its_field_says_the_whole_and_hangs_on_as_much_as_it_may(both: Both) -> None:
    [note] = both.many.trade.books.notes()
    assert len(note.text) <= 2_000
    assert note.text.splitlines()[0].startswith("Reminder 1 sent Nov 2, 2026: USD 100,100.00")
    assert "+9980" in note.text
    assert len(note.links) == 100


def test_every_invoice_takes_its_step_listed_or_not_and_none_is_asked_for_again(both: Both) -> None:
    trade = both.many.trade
    [why] = trade.tell("why", "Big & Co")
    assert len(why["items"]) == MANY
    assert {each["last_step"] for each in why["items"]} == {"first on 2026-11-02 (sent)"}
    trade.next_day()
    trade.day()
    assert len(trade.mails) == 1
    assert trade.tell("reconcile")["state"] == "agrees"


def test_ten_times_the_invoices_take_no_more_than_some_twenty_times_the_work(both: Both) -> None:
    """What grew with the square would take a hundred times as much."""
    for part in ("sync", "decide", "deliver"):
        assert both.many.seconds[part] < 25 * both.few.seconds[part], part
        assert both.many.statements[part] <= 12 * both.few.statements[part], part
    assert both.many.statements["note"] == both.few.statements["note"]


def test_the_ledger_is_asked_once_for_each_thousand_not_once_for_each_invoice(both: Both) -> None:
    assert both.many.calls <= both.few.calls + (MANY - FEW) // 1_000
    assert both.many.calls <= 40
