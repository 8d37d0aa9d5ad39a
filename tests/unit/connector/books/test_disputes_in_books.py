"""Disputes and flags: machines flag, people decide; a flag ends by itself, a dispute by a person."""

import pytest

from adapters.ledger import EntryKind
from adapters.money import Money
from connector.disputes import Contested, DisputeRefused, open_dispute, resolve_dispute, review_dispute
from reminders.account import HoldKind
from reminders.holds import Resolution
from tests.unit.connector.books.house import House

FIRST, SECOND = "invoice:130", "invoice:131"
ITEM = f"{FIRST}#1"


@pytest.fixture
def owing(connected: House) -> House:
    """Customer 20 owes 100.00 past due, and 60.00 not yet due."""
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-20))
    connected.ledger.bill("131", "20", "60.00", connected.in_days(10))
    connected.sync()
    return connected


# -- what people do


def test_a_dispute_goes_from_open_over_review_to_resolved_with_a_note_each(owing: House) -> None:
    dispute = open_dispute(owing.office, Contested(item=ITEM, reason="damaged", owner="Ben", day=owing.in_days(9)))
    review_dispute(owing.office, dispute, owner="Cleo")
    assert (owing.dispute(dispute)["state"], owing.dispute(dispute)["owner"]) == ("under_review", "Cleo")
    resolve_dispute(owing.office, dispute, Resolution.UPHELD)
    row = owing.dispute(dispute)
    assert (row["state"], row["resolution"], row["ended_on"]) == ("resolved", "upheld", owing.today)
    opened = f"dispute_opened:{dispute}"
    for kind, about in (
        (EntryKind.DISPUTE_OPENED, None),
        (EntryKind.DISPUTE_REVIEWED, opened),
        (EntryKind.DISPUTE_RESOLVED, opened),
    ):
        (note,) = owing.notes(kind)
        assert (note["about"], note["documents"], note["amount_minor"]) == (about, [FIRST], 10000)
    kinds = [len(owing.history(f"dispute_{each}")) for each in ("opened", "reviewed", "resolved")]
    assert kinds == [1, 1, 1]


def test_a_resolved_dispute_moves_no_more(owing: House) -> None:
    dispute = open_dispute(owing.office, Contested(item=ITEM, reason="damaged"))
    resolve_dispute(owing.office, dispute, Resolution.WITHDRAWN)
    with pytest.raises(DisputeRefused, match="resolved"):
        review_dispute(owing.office, dispute)
    with pytest.raises(DisputeRefused, match="resolved"):
        resolve_dispute(owing.office, dispute, Resolution.CREDITED)


@pytest.mark.parametrize("amount", [Money(-100, "USD"), Money(0, "USD"), Money(100, "EUR")])
def test_a_dispute_of_a_senseless_amount_is_refused(owing: House, amount: Money) -> None:
    with pytest.raises(DisputeRefused, match="must be in USD and above zero"):
        open_dispute(owing.office, Contested(item=ITEM, reason="damaged", amount=amount))


def test_what_is_not_open_or_not_known_cannot_be_disputed(owing: House) -> None:
    owing.ledger.receive("900", "20", "100.00", {FIRST: "100.00"})
    owing.sync()
    with pytest.raises(DisputeRefused, match="not open"):
        open_dispute(owing.office, Contested(item=ITEM, reason="damaged"))
    with pytest.raises(DisputeRefused, match="no item"):
        open_dispute(owing.office, Contested(item="invoice:999#1", reason="damaged"))


def _left_out(house: House) -> int:
    holds = [each for each in house.load("20").account.holds if each.kind is HoldKind.DISPUTE]
    return sum(part.minor for each in holds for part in (each.parts or {}).values())


def test_only_the_disputed_amount_is_left_out_and_never_more_than_is_open(owing: House) -> None:
    open_dispute(owing.office, Contested(item=ITEM, reason="damaged", amount=Money(8000, "USD")))
    assert _left_out(owing) == 8000
    owing.ledger.receive("900", "20", "70.00", {FIRST: "70.00"})
    owing.sync()
    assert _left_out(owing) == 3000


def test_two_disputes_of_one_invoice_leave_out_no_more_than_is_open(owing: House) -> None:
    for reason in ("damaged", "late"):
        open_dispute(owing.office, Contested(item=ITEM, reason=reason, amount=Money(7000, "USD")))
    assert _left_out(owing) == 10000


def test_a_disputed_amount_is_left_out_though_the_invoice_moves_to_another_account(owing: House) -> None:
    open_dispute(owing.office, Contested(item=ITEM, reason="damaged"))
    owing.ledger.change(FIRST, bill_emails=("pay@elsewhere.example",))
    owing.sync()
    assert HoldKind.DISPUTE in owing.hold_kinds("20|pay@elsewhere.example", FIRST)


# -- what a machine sees


def _is_flagged(house: House, invoice: str, by: str) -> None:
    (row,) = house.flags()
    assert (row["item"], row["flagged_by"]) == (f"{invoice}#1", by)
    (task,) = house.tasks("flag")
    assert task["items"] == [f"{invoice}#1"]
    assert HoldKind.FLAG in house.hold_kinds("20", invoice)
    assert house.notes(EntryKind.DISPUTE_OPENED) == []


@pytest.mark.parametrize("note", ["#dispute they call about it", "They say the goods were damaged."])
def test_a_note_on_the_customer_flags_what_is_past_due(owing: House, note: str) -> None:
    owing.ledger.change_customer("20", note=note)
    owing.sync()
    _is_flagged(owing, FIRST, "ledger_note")


def test_a_note_that_names_an_invoice_flags_that_one(owing: House) -> None:
    owing.ledger.change_customer("20", note="#dispute 131")
    owing.sync()
    _is_flagged(owing, SECOND, "ledger_note")


def test_a_number_within_another_number_names_nothing(owing: House) -> None:
    owing.ledger.bill("1301", "20", "5.00", owing.in_days(-3))
    owing.ledger.change_customer("20", note="#dispute 1301")
    owing.sync()
    _is_flagged(owing, "invoice:1301", "ledger_note")


def test_a_note_flags_invoices_that_go_to_another_address_too(owing: House) -> None:
    owing.ledger.change(FIRST, bill_emails=("pay@elsewhere.example",))
    owing.sync()
    owing.ledger.change_customer("20", note="#dispute")
    owing.sync()
    assert HoldKind.FLAG in owing.hold_kinds("20|pay@elsewhere.example", FIRST)


def test_a_harmless_note_flags_nothing(owing: House) -> None:
    owing.ledger.change_customer("20", note="Prefers a call in the morning.")
    owing.sync()
    assert owing.flags() == []


def test_the_same_note_read_again_flags_nothing_more(owing: House) -> None:
    owing.ledger.change_customer("20", note="#dispute")
    owing.sync()
    owing.ledger.change_customer("20", phone="555-0100")
    owing.sync()
    owing.read(whole=True)
    assert len(owing.flags()) == 1
    assert len(owing.tasks("flag")) == 1


def test_a_flag_holds_for_five_working_days_and_ends_by_itself(owing: House) -> None:
    owing.ledger.change_customer("20", note="#dispute")
    owing.sync()
    (row,) = owing.flags()
    assert row["ends_on"] == owing.in_days(7)  # Monday to Monday
    owing.wait(days=6)
    owing.sync()
    assert HoldKind.FLAG in owing.hold_kinds("20", FIRST)
    owing.asleep()
    owing.wait(days=1)
    owing.sync()
    assert HoldKind.FLAG not in owing.hold_kinds("20", FIRST)
    assert owing.dispute(row["id"])["state"] == "dropped"
    assert owing.tasks("flag") == []
    assert owing.awake() == {"20"}


def test_a_person_who_opens_a_dispute_ends_the_flag(owing: House) -> None:
    owing.ledger.change_customer("20", note="#dispute")
    owing.sync()
    open_dispute(owing.office, Contested(item=ITEM, reason="damaged"))
    assert owing.flags() == []
    assert owing.tasks("flag") == []
    assert HoldKind.DISPUTE in owing.hold_kinds("20", FIRST)


def test_a_flag_that_a_person_resolves_was_none_and_leaves_no_note(owing: House) -> None:
    owing.ledger.change_customer("20", note="#dispute")
    owing.sync()
    (row,) = owing.flags()
    with pytest.raises(DisputeRefused, match="flag"):
        review_dispute(owing.office, row["id"])
    resolve_dispute(owing.office, row["id"], Resolution.WITHDRAWN)
    assert owing.dispute(row["id"])["state"] == "dropped"
    assert owing.notes(EntryKind.DISPUTE_RESOLVED) == []


# -- short payments


@pytest.mark.parametrize("rest", ["0.01", "10.00"])
def test_a_small_rest_where_all_else_was_paid_is_flagged(owing: House, rest: str) -> None:
    paid = str((Money.of("100.00", "USD") - Money.of(rest, "USD")).amount)
    owing.ledger.receive("900", "20", paid, {FIRST: paid})
    owing.sync()
    _is_flagged(owing, FIRST, "short_payment")
    assert owing.flags()[0]["amount_minor"] == Money.of(rest, "USD").minor


def test_a_larger_rest_is_a_part_payment_and_no_sign(owing: House) -> None:
    owing.ledger.receive("900", "20", "89.99", {FIRST: "89.99"})
    owing.sync()
    assert owing.flags() == []


def test_a_small_rest_is_no_sign_where_more_is_past_due(owing: House) -> None:
    owing.ledger.bill("132", "20", "20.00", owing.in_days(-5))
    owing.ledger.receive("900", "20", "95.00", {FIRST: "95.00"})
    owing.sync()
    assert owing.flags() == []


def test_a_memo_that_names_a_deduction_is_a_sign_whatever_else_is_past_due(owing: House) -> None:
    owing.ledger.bill("132", "20", "20.00", owing.in_days(-5))
    owing.ledger.receive("900", "20", "95.00", {FIRST: "95.00"}, memo="less freight 5.00")
    owing.sync()
    _is_flagged(owing, FIRST, "deduction")


def test_a_short_payment_is_flagged_once_however_often_it_is_read(owing: House) -> None:
    payment = owing.ledger.receive("900", "20", "95.00", {FIRST: "95.00"})
    owing.sync()
    (row,) = owing.flags()
    resolve_dispute(owing.office, row["id"], Resolution.WITHDRAWN)
    owing.ledger.touch(payment)
    owing.sync()
    assert owing.flags() == []


def test_a_credit_that_leaves_a_small_rest_is_no_short_payment(owing: House) -> None:
    owing.ledger.credit("700", "20", "95.00", owing.today)
    owing.ledger.apply_credit("901", "credit_memo:700", FIRST, "95.00")
    owing.sync()
    assert owing.flags() == []
