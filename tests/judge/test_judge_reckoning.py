"""What the judge reckons for itself: what is left of a promise, what a replacing invoice took over, who is billed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from tests.judge.accounts import standing_verdict
from tests.judge.audit import Audit
from tests.judge.books import Books
from tests.judge.chain import chained
from tests.judge.company import Company, zone_of
from tests.judge.evidence import Evidence
from tests.judge.ladder import Cadence, load_cadences
from tests.judge.law import Finding
from tests.judge.laws.ended import told_once
from tests.judge.mails import read_mail
from tests.judge.messages import gather
from tests.judge.promised import covered_at, promised_of
from tests.judge.small_books import SmallBooks
from tests.judge.small_service import SmallService, _mail

MADE = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG_AGO = MADE - timedelta(days=60)
DAY = timedelta(days=1)


class _Told:
    """A company's books and history, written by hand."""

    def __init__(self, cadence: Cadence) -> None:
        self.books = SmallBooks()
        self.service = SmallService(self.books)
        self.cadence = cadence
        self.books.customer("1", "Anna Boats", "ap@c1.example", LONG_AGO)

    def bill(self, ident: str, amount: str, due: date) -> None:
        self.books.enter(f"invoice:{ident}", "1", amount, "EUR", LONG_AGO, due)

    def said(self, item: str, step: tuple[str, int], on: datetime) -> None:
        """A message that took a step of an item."""
        taken = {"item": item, "cycle": 1, "step_no": 1, "step_id": step[0], "step_day": step[1]}
        self.service.log(on, "reminder_said", "1", f"r-{on:%m%d}", items=[taken], cadence="standard", state="sent")

    def evidence(self, end: date = date(2026, 3, 31)) -> Evidence:
        company = Company(
            name="C",
            zone=zone_of("UTC"),
            home_currency="EUR",
            start=date(2026, 3, 2),
            end=end,
            holidays=frozenset(),
            outage_days=frozenset(),
            default_cadence="standard",
            fresh_seconds=60,
        )
        rows: list[dict[str, Any]] = chained(self.service.rows)
        return Evidence(
            company=company,
            books=Books(self.books.changes),
            mails=[],
            audit=Audit(rows, company),
            cadences={"standard": self.cadence},
            figures={},
        )


@pytest.fixture
def told(good_world: Path) -> _Told:
    return _Told(load_cadences(good_world / "cadences")["standard"])


def test_what_was_paid_on_a_promise_is_promised_no_longer(told: _Told) -> None:
    """108.00 were promised for two invoices; one of them was doubled, and 74.00 came for it: 34.00 are left."""
    told.bill("1", "34.00", date(2026, 2, 20))
    told.bill("2", "74.00", date(2026, 2, 21))
    told.service.promise("p", "1", "108.00", date(2026, 3, 20), ["invoice:1#1", "invoice:2#1"], MADE)
    told.books.documents["invoice:2"] |= {"total": "148.00", "open": "148.00"}
    told.books._changed(MADE + DAY, "invoice", "update", told.books.documents["invoice:2"])
    told.books.pay("9", "1", "74.00", "EUR", MADE + 2 * DAY, i2="74.00")
    evidence = told.evidence()
    (promise,) = evidence.audit.promises
    before, after = (covered_at(evidence, promise, MADE + days * DAY) for days in (1, 3))
    assert before == {"invoice:1#1": Decimal("34.00"), "invoice:2#1": Decimal("74.00")}
    assert after == {"invoice:1#1": Decimal("34.00")}
    assert promised_of(evidence, "invoice:2#1", MADE + 3 * DAY) == 0


def test_a_part_that_was_paid_leaves_the_rest_promised(told: _Told) -> None:
    told.bill("1", "34.00", date(2026, 2, 20))
    told.service.promise("p", "1", "34.00", date(2026, 3, 20), ["invoice:1#1"], MADE)
    told.books.pay("9", "1", "4.00", "EUR", MADE + DAY, i1="4.00")
    evidence = told.evidence()
    assert promised_of(evidence, "invoice:1#1", MADE + 2 * DAY) == Decimal("30.00")


def test_a_promise_that_was_carried_over_speaks_of_the_new_invoice_from_then_on(told: _Told) -> None:
    told.bill("1", "34.00", date(2026, 2, 20))
    told.bill("2", "34.00", date(2026, 2, 20))
    told.service.promise("p", "1", "34.00", date(2026, 3, 20), ["invoice:1#1"], MADE)
    told.service.log(MADE + DAY, "promise_carried", "1", "p", **{"from": "invoice:1#1", "to": "invoice:2#1"})
    evidence = told.evidence()
    parts = [promised_of(evidence, "invoice:2#1", MADE + days * DAY) for days in (0.5, 2)]
    assert parts == [0, Decimal("34.00")]


def test_a_promise_that_goes_on_with_the_rest_of_an_invoice_keeps_what_was_paid_of_it(told: _Told) -> None:
    told.bill("1", "34.00", date(2026, 2, 20))
    told.service.promise("p", "1", "34.00", date(2026, 3, 20), ["invoice:1#1"], MADE)
    told.books.pay("9", "1", "30.00", "EUR", MADE + DAY, i1="30.00")
    told.bill("2", "4.00", date(2026, 2, 20))
    carried = {"from": "invoice:1#1", "to": "invoice:2#1", "both": True}
    told.service.log(MADE + 2 * DAY, "promise_carried", "1", "p", **carried)
    evidence = told.evidence()
    (promise,) = evidence.audit.promises
    assert promise.items_at(MADE + 3 * DAY) == ("invoice:1#1", "invoice:2#1")
    assert covered_at(evidence, promise, MADE + 3 * DAY) == {"invoice:1#1": Decimal("4.00")}


def test_what_is_contested_of_an_invoice_is_contested_of_its_rest_from_then_on(told: _Told) -> None:
    told.bill("1", "34.00", date(2026, 2, 20))
    told.bill("2", "4.00", date(2026, 2, 20))
    told.service.log(MADE, "dispute_opened", "1", "d", item="invoice:1#1", amount=400, currency="EUR")
    told.service.log(MADE + DAY, "dispute_carried", "1", "d", **{"from": "invoice:1#1", "to": "invoice:2#1"})
    first, second = told.evidence().audit.disputes
    before, after = MADE + DAY / 2, MADE + 2 * DAY
    assert (first.item, first.lives_at(before), first.lives_at(after)) == ("invoice:1#1", True, False)
    assert (second.item, second.lives_at(before), second.lives_at(after)) == ("invoice:2#1", False, True)


def test_the_distance_of_a_step_that_was_taken_over_counts_from_the_day_on_which_it_was_heard(told: _Told) -> None:
    told.said("invoice:1#1", ("first", 3), MADE)
    steps = [{"step_no": number, "step_id": each, "step_day": 3} for number, each in enumerate(("first", "call"))]
    told.service.log(MADE + 4 * DAY, "position_carried", "1", "invoice:2#1", gone="invoice:1#1", steps=steps)
    first, call = told.evidence().audit.by_item["invoice:2#1"]
    assert (first.how, first.day, first.heard_on) == ("carried", date(2026, 3, 6), date(2026, 3, 2))
    assert call.heard_on is None  # nobody heard it from us: the old invoice had not taken it


@pytest.mark.parametrize(("minimum", "broken"), [("5.00", 0), ("0.50", 1)])
def test_the_end_of_a_ladder_is_told_where_enough_is_past_due(told: _Told, minimum: str, broken: int) -> None:
    """What is not yet due adds nothing to it."""
    told.cadence = replace(told.cadence, minimum={"EUR": Decimal(minimum)})
    told.bill("1", "1.00", date(2026, 1, 10))
    told.bill("2", "500.00", date(2026, 4, 10))
    told.said("invoice:1#1", ("third", 21), MADE)
    finding = Finding()
    told_once(told.evidence(), finding)
    assert len(finding.broken) == broken


def test_a_message_is_for_whom_its_customer_is_billed_with_at_its_minute(told: _Told, tmp_path: Path) -> None:
    """In the morning the site was billed with its parent; by the afternoon it is billed by itself."""
    told.books.customer("2", "Site", "ap@c2.example", LONG_AGO, parent="1", bill_with_parent=True)
    told.books.customer("2", "Site", "ap@c2.example", MADE, parent="1")
    mails = []
    for hours in (-2, 2):
        mail = _mail(f"r{hours}", "ap@c2.example", ["ap@c2.example"], MADE + timedelta(hours=hours), "Due", "Due")
        (tmp_path / "1.eml").write_bytes(mail.as_bytes(policy=SMTP))
        mails.append(read_mail(tmp_path / "1.eml"))
    evidence = told.evidence()
    assert [each.root for each in gather(mails, evidence.books, evidence.audit, evidence.company)] == ["1", "2"]


def test_what_stood_in_the_morning_is_told_beside_what_was_said_later_that_day(told: _Told) -> None:
    for day, reason, look_on in (("2026-03-02", "monthly_cap", "2026-03-09"), ("2026-03-04", "nothing_owed", None)):
        told.service.log(MADE, "verdict", "1", "1", day=day, reason=reason, items={}, look_on=look_on)
    evidence, fourth = told.evidence(), date(2026, 3, 4)
    rows = [standing_verdict(evidence, "1", fourth), standing_verdict(evidence, "1", fourth, before=True)]
    assert [row and row.data["reason"] for row in rows] == ["nothing_owed", "monthly_cap"]
    assert standing_verdict(evidence, "1", date(2026, 3, 2), before=True) is None
