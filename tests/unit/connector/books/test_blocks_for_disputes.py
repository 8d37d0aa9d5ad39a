"""Dunning blocks for disputes, over the two SAP ledgers' own faces: set and taken away once, and never our hold."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import cast

import httpx
import pytest

from adapters.documents import item_ref
from adapters.ledger import BlockPlace, Ledger
from connector.blocks import Kept, keep_blocks
from connector.disputes import Contested, open_dispute, resolve_dispute
from connector.jobs import sync_company
from connector.office import Office
from connector.store.engine import Database
from connector.store.tables import ledger_block
from reminders.account import HoldKind
from reminders.holds import Resolution
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.ledgers import Blocking
from tests.contract.s4hana_connection import S4HanaConnection
from tests.unit.connector.books.house import House
from tests.unit.connector.speaking.points import Passed, Points

ISSUED, DUE = date(2026, 9, 12), date(2026, 10, 12)


class Killed(BaseException):
    """The program ends here."""


class Desk:
    """A company on one of SAP's ledgers, read by a house."""

    def __init__(self, house: House, here: Blocking) -> None:
        self.house = house
        self.here = here
        self.is_document = here.ledger.capabilities.blocks is BlockPlace.DOCUMENT
        house.office = self.plain = replace(house.office, ledger=here.ledger)
        self.numbers = count(1)

    def debtor(self) -> tuple[str, str]:
        """A customer with an invoice that is overdue, read."""
        owner = self.here.books.add_customer(f"Debtor {next(self.numbers)}", emails="a@example.com")
        invoice = self.here.books.bill(owner, Decimal("100.00"), issue_date=ISSUED, due_date=DUE)
        self.sync()
        return owner, invoice

    def sync(self) -> None:
        sync_company(self.plain, whole=True)

    def dispute(self, invoice: str) -> str:
        return open_dispute(self.plain, Contested(item=item_ref(self.here.ref("invoice", invoice)), reason="damaged"))

    def resolve(self, dispute: str) -> None:
        resolve_dispute(self.plain, dispute, Resolution.UPHELD)

    def keep(self, office: Office | None = None) -> Kept:
        return keep_blocks(office or self.plain)

    def place(self, owner: str, invoice: str) -> str:
        return self.here.ref("invoice", invoice) if self.is_document else owner

    def state(self, owner: str, invoice: str) -> str:
        (row,) = self.house.rows(ledger_block, ledger_block.c.place == self.place(owner, invoice))
        return str(row["state"])

    def is_held_by_the_ledger(self, owner: str) -> bool:
        return HoldKind.LEDGER_BLOCK in self.house.hold_kinds(owner)

    def killed_at(self, number: int) -> list[str]:
        """Keeps the blocks, and is killed at a point (none for 0). Returns the points that were passed."""

        def kill() -> None:
            raise Killed

        points = Points(kill, number)
        office = replace(self.plain, ledger=cast("Ledger", Passed(self.here.ledger, "ledger", points)))
        self.house.database.boundaries = points
        try:
            self.keep(office)
        except Killed:
            pass
        finally:
            self.house.database.boundaries = Points()
        return points.names


@pytest.fixture(params=[S4HanaConnection, BusinessOneConnection])
def desk(request: pytest.FixtureRequest, database: Database) -> Iterator[Desk]:
    connection = request.param()
    yield Desk(House(database), connection)
    connection.books.close()


def test_a_dispute_sets_the_block_and_its_end_takes_it_away(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    dispute = desk.dispute(invoice)
    assert desk.keep() == Kept(set=1)
    assert desk.here.stands(owner, invoice)
    assert desk.keep() == Kept()
    (event,) = desk.house.history("block_set")
    assert (event["subject"], event["account"]) == (desk.place(owner, invoice), owner)
    desk.resolve(dispute)
    assert desk.keep() == Kept(cleared=1)
    assert (desk.here.stands(owner, invoice), desk.state(owner, invoice)) == ("", "ended")
    assert desk.keep() == Kept()


def test_our_own_block_is_never_a_hold_and_does_not_outlive_the_dispute(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    dispute = desk.dispute(invoice)
    desk.keep()
    desk.sync()
    assert not desk.is_held_by_the_ledger(owner)
    desk.resolve(dispute)
    assert not desk.is_held_by_the_ledger(owner)
    desk.keep()
    assert not desk.is_held_by_the_ledger(owner)
    desk.sync()
    assert not desk.is_held_by_the_ledger(owner)


def test_somebody_elses_block_is_a_hold_that_no_dispute_of_ours_ends(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    desk.here.block_by_hand(owner, invoice)
    stood = desk.here.stands(owner, invoice)
    dispute = desk.dispute(invoice)
    assert desk.keep() == Kept(left=1)
    desk.sync()
    assert desk.is_held_by_the_ledger(owner)
    desk.resolve(dispute)
    assert desk.keep() == Kept()
    desk.sync()
    assert desk.is_held_by_the_ledger(owner)
    assert (desk.here.stands(owner, invoice), desk.state(owner, invoice)) == (stood, "ended")
    assert desk.house.tasks("block_left") == desk.house.tasks("block_refused") == []


def test_a_block_stays_until_the_last_dispute_there_is_over(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    first, second = desk.dispute(invoice), desk.dispute(invoice)
    desk.keep()
    desk.resolve(first)
    assert desk.keep() == Kept()
    assert desk.here.stands(owner, invoice)
    desk.resolve(second)
    assert desk.keep() == Kept(cleared=1)
    assert not desk.here.stands(owner, invoice)


def test_a_later_dispute_sets_it_anew(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    for _ in range(2):
        dispute = desk.dispute(invoice)
        assert desk.keep() == Kept(set=1)
        desk.resolve(dispute)
        assert desk.keep() == Kept(cleared=1)
    assert not desk.here.stands(owner, invoice)


def test_a_block_that_somebody_lifted_meanwhile_is_left_lifted(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    dispute = desk.dispute(invoice)
    desk.keep()
    desk.here.block_by_hand(owner, invoice, lifted=True)
    assert desk.keep() == Kept()
    desk.resolve(dispute)
    assert desk.keep() == Kept(cleared=1)
    assert not desk.here.stands(owner, invoice)


def test_a_dispute_that_is_over_before_the_block_was_set_leaves_none(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    desk.resolve(desk.dispute(invoice))
    assert desk.keep() == Kept()
    assert not desk.here.stands(owner, invoice)


def test_a_lost_answer_is_found_out_later_and_the_block_is_ours(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    dispute = desk.dispute(invoice)
    desk.here.lose_next_block()
    assert desk.keep() == Kept(unknown=1)
    assert desk.keep() == Kept()  # not at once: it may still be on its way
    desk.house.wait(minutes=11)
    assert desk.keep() == Kept(set=1)
    desk.resolve(dispute)
    assert desk.keep() == Kept(cleared=1)
    assert not desk.here.stands(owner, invoice)


def test_setting_it_may_be_killed_at_any_point(desk: Desk) -> None:
    desk.dispute(desk.debtor()[1])
    names = desk.killed_at(0)
    assert {"before ledger.block", "after ledger.block", "after commit intend block"} <= set(names)
    for number in range(1, len(names) + 1):
        owner, invoice = desk.debtor()
        dispute = desk.dispute(invoice)
        assert desk.killed_at(number) == names[:number]
        desk.house.wait(minutes=11)
        desk.keep()
        assert desk.state(owner, invoice) == "set", names[number - 1]
        desk.sync()
        assert not desk.is_held_by_the_ledger(owner)
        desk.resolve(dispute)
        assert desk.keep() == Kept(cleared=1), names[number - 1]
        assert not desk.here.stands(owner, invoice)


def test_taking_it_away_may_be_killed_at_any_point(desk: Desk) -> None:
    desk.keep()
    passed: list[str] = []
    for number in count(0):
        owner, invoice = desk.debtor()
        dispute = desk.dispute(invoice)
        desk.keep()
        desk.resolve(dispute)
        names = desk.killed_at(number)
        passed = passed or names
        if number > len(passed):
            break
        desk.house.wait(minutes=11)
        desk.keep()
        assert (desk.here.stands(owner, invoice), desk.state(owner, invoice)) == ("", "ended"), names[-1]
        desk.sync()
        assert not desk.is_held_by_the_ledger(owner)
    assert {"before ledger.block", "after ledger.block"} <= set(passed)


def test_a_dispute_that_ends_while_it_is_unknown_whether_the_block_arrived_leaves_none(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    dispute = desk.dispute(invoice)
    desk.here.lose_next_block()
    desk.keep()
    desk.resolve(dispute)
    desk.house.wait(minutes=11)
    assert desk.keep() == Kept(cleared=1)
    assert not desk.here.stands(owner, invoice)


def test_two_processes_do_not_both_try(desk: Desk) -> None:
    owner, invoice = desk.debtor()
    desk.dispute(invoice)
    seen: list[Kept] = []
    points = Points()

    def meanwhile() -> None:
        seen.append(desk.keep())

    names = desk.killed_at(0)
    other, second = desk.debtor()
    desk.dispute(second)
    points = Points(meanwhile, names.index("before ledger.block") + 1)
    office = replace(desk.plain, ledger=cast("Ledger", Passed(desk.here.ledger, "ledger", points)))
    desk.house.database.boundaries = points
    try:
        assert desk.keep(office) == Kept(set=1)
    finally:
        desk.house.database.boundaries = Points()
    assert seen == [Kept()]
    assert desk.state(owner, invoice) == desk.state(other, second) == "set"


# -- what only S/4HANA, whose blocks have codes, can show


@pytest.fixture
def coded(desk: Desk) -> Desk:
    if desk.is_document:
        pytest.skip("a block that says only yes or no has no code")
    return desk


def test_where_another_block_stands_by_now_a_task_says_who_must_decide(coded: Desk) -> None:
    owner, invoice = coded.debtor()
    dispute = coded.dispute(invoice)
    coded.keep()
    coded.here.block_by_hand(owner, invoice)
    coded.sync()
    assert coded.is_held_by_the_ledger(owner)
    coded.resolve(dispute)
    assert coded.keep() == Kept(left=1)
    (task,) = coded.house.tasks("block_left")
    assert "the ledger says A by now" in task["text"]
    assert task["account"] == owner
    assert coded.here.stands(owner, invoice) == "A"
    assert coded.keep() == Kept()


def test_ours_is_taken_away_although_the_option_was_switched_off(coded: Desk) -> None:
    owner, invoice = coded.debtor()
    dispute = coded.dispute(invoice)
    coded.keep()
    off = cast("S4HanaConnection", coded.here).another(block_code="")
    coded.plain = replace(coded.plain, ledger=off)
    assert coded.keep() == Kept()
    assert coded.here.stands(owner, invoice) == "Z"
    coded.sync()
    assert not coded.is_held_by_the_ledger(owner)
    coded.resolve(dispute)
    assert coded.keep() == Kept(cleared=1)
    assert coded.here.stands(owner, invoice) == ""


def test_without_the_option_nothing_is_asked_or_written(coded: Desk) -> None:
    owner, invoice = coded.debtor()
    coded.dispute(invoice)
    coded.plain = replace(coded.plain, ledger=cast("S4HanaConnection", coded.here).another(block_code=""))
    assert coded.keep() == Kept()
    assert coded.here.stands(owner, invoice) == ""
    assert coded.house.rows(ledger_block) == []


def test_each_area_is_blocked_by_itself_and_what_stands_in_one_is_left(coded: Desk) -> None:
    owner, invoice = coded.debtor()
    face = cast("S4HanaConnection", coded.here).face
    areas = face.sets.extras.dunning(owner)
    areas.append(type(areas[0])(area="02", block="A"))
    areas.append(type(areas[0])(area="03"))
    dispute = coded.dispute(invoice)
    coded.keep()
    assert [each.block for each in areas] == ["Z", "A", "Z"]
    coded.sync()
    holds = [each.reason for each in coded.house.load(owner).account.holds if each.kind is HoldKind.LEDGER_BLOCK]
    assert holds == ["the ledger blocks reminders: A (area 02)"]
    coded.resolve(dispute)
    assert coded.keep() == Kept(cleared=1)
    assert [each.block for each in areas] == ["", "A", ""]


def test_a_customer_whom_sap_does_not_dun_needs_no_block(coded: Desk) -> None:
    owner, invoice = coded.debtor()
    cast("S4HanaConnection", coded.here).face.sets.extras.dunnings[owner] = []
    coded.dispute(invoice)
    assert coded.keep() == Kept(left=1)
    assert coded.house.tasks("block_refused") == []


def test_a_refused_block_asks_a_person_once(coded: Desk) -> None:
    owner, invoice = coded.debtor()
    here = cast("S4HanaConnection", coded.here)
    fault = {"error": {"code": "R11/100", "message": {"lang": "en", "value": "No authorization"}}}

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(403, json=fault) if request.method == "PATCH" else response

    here.transport.after = refuse
    coded.dispute(invoice)
    assert coded.keep() == Kept(left=1)
    assert coded.keep() == Kept()
    (task,) = coded.house.tasks("block_refused")
    assert "No authorization" in task["text"]
    assert coded.state(owner, invoice) == "not_ours"


def test_an_answer_lost_between_two_areas_leaves_neither_half_set(coded: Desk) -> None:
    owner, invoice = coded.debtor()
    areas = cast("S4HanaConnection", coded.here).face.sets.extras.dunning(owner)
    areas.append(type(areas[0])(area="02"))
    dispute = coded.dispute(invoice)
    coded.here.lose_next_block()
    assert coded.keep() == Kept(unknown=1)
    assert [each.block for each in areas] == ["Z", ""]
    coded.house.wait(minutes=11)
    assert coded.keep() == Kept(set=1)
    assert [each.block for each in areas] == ["Z", "Z"]
    coded.resolve(dispute)
    coded.here.lose_next_block()
    assert coded.keep() == Kept(unknown=1)
    coded.house.wait(minutes=11)
    assert coded.keep() == Kept(cleared=1)
    assert [each.block for each in areas] == ["", ""]
