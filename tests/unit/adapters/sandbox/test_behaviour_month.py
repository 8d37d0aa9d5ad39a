"""The month of the believable company, played with a plain stand-in for the service."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from adapters.documents import DocumentKind
from adapters.sandbox import office
from adapters.sandbox.behaviour import AT_LEAST, NEEDS_SERVICE, OFTEN, Behaviour
from adapters.sandbox.company import MONTH_BEGINS, Company, believable, first_instant
from adapters.sandbox.month import (
    CashPostedAct,
    DisputeAct,
    Month,
    PromiseAct,
    ResolveAct,
    SwitchCadenceAct,
    TaskDoneAct,
)
from adapters.sandbox.office import believable_books
from adapters.sandbox.population import Actor
from tests.unit.adapters.sandbox.plain_service import PlainService


def begin(seed: int = 7) -> tuple[Company, Month]:
    clock = first_instant(MONTH_BEGINS)
    books = believable_books(clock)
    company = believable(books, clock=clock, seed=seed)
    return company, Month(company, books, clock, seed)


def played(seed: int = 7) -> PlainService:
    company, month = begin(seed)
    service = PlainService(company, month)
    service.play()
    return service


@pytest.fixture(scope="module")
def service() -> PlainService:
    return played()


def payments_entered(service: PlainService) -> Counter[date]:
    """How many payments were entered on each day of the month."""
    begins = office.at(service.company.today, 0)
    payments = service.books.documents(kind=DocumentKind.PAYMENT)
    return Counter(office.local_day(each.created_at) for each in payments if each.created_at >= begins and each.total)


def actor(company: Company, part: Behaviour, copy: int = 0) -> Actor:
    return company.actors[f"{part.value}-{copy}"]


def eml(message_id: str, text: str) -> bytes:
    head = f"From: ar@larkfield.example\r\nMessage-ID: <{message_id}>\r\nSubject: Reminder\r\n"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_every_behaviour_shows_as_often_as_the_rules_say(seed: int) -> None:
    service = played(seed)
    assert service.month.missing() == {}
    shown = service.month.shown()
    for behaviour in Behaviour:
        if behaviour not in NEEDS_SERVICE:
            assert shown[behaviour] >= AT_LEAST[behaviour], behaviour


def test_the_keys_stand_in_the_order_of_the_rules_and_often_means_three() -> None:
    _, month = begin()
    assert list(month.shown()) == [each.value for each in Behaviour]
    assert [each for each in Behaviour if AT_LEAST[each] == OFTEN][-1] is Behaviour.BILLED_WITH_PARENT
    assert AT_LEAST[Behaviour.PROMISES_AND_PAYS_PART] == 1
    assert month.needs_service == {"heads_up_lapses", "person_step_undone", "end_of_ladder"}


def test_a_month_in_which_nobody_writes_lacks_what_only_mails_bring_about() -> None:
    _, month = begin()
    for day in month.days:
        month.morning(day)
        month.collector(day)
        month.evening(day)
    missing = month.missing()
    for behaviour in (
        Behaviour.PAYS_AFTER_FIRST_STEP,
        Behaviour.PROMISES_AND_KEEPS,
        Behaviour.BOUNCES,
        Behaviour.SEVERAL_INVOICES,
        Behaviour.PAYS_BEFORE_REREAD,
    ):
        assert missing[behaviour] == AT_LEAST[behaviour]
    assert Behaviour.INVOICE_VOIDED not in missing


def test_the_same_seed_and_the_same_mails_give_the_same_month(tmp_path: Path, service: PlainService) -> None:
    again = played()
    assert again.replies == service.replies
    assert again.acts == service.acts
    assert again.month.shown() == service.month.shown()
    service.books.export_history(tmp_path / "first")
    again.books.export_history(tmp_path / "again")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()


def test_books_still_add_up_after_the_month(service: PlainService) -> None:
    sums: dict[tuple[str, str], Decimal] = {}
    for each in service.books.documents():
        sums[each.customer, each.currency] = sums.get((each.customer, each.currency), Decimal(0)) + each.open
    assert {key for key, amount in sums.items() if service.books.balance(*key) != amount} == set()


def test_the_month_has_thirty_days_in_service_from_a_monday_two_off_and_a_silent_week(service: PlainService) -> None:
    month = service.month
    assert len(month.days) - len(month.outage_days) == 30
    assert month.days[0] == MONTH_BEGINS
    assert [day.isoweekday() for day in month.outage_days] == [4, 5]
    assert [day.isoweekday() for day in month.silent_cash_week] == [1, 2, 3, 4, 5, 6, 7]
    assert service.company.clock() == office.at(month.days[-1] + timedelta(1), 0)


def test_nobody_enters_a_payment_in_the_silent_week_and_all_of_them_on_the_next_monday(service: PlainService) -> None:
    entered = payments_entered(service)
    silent = service.month.silent_cash_week
    monday = silent[-1] + timedelta(1)
    assert sum(entered[day] for day in silent) == 0
    late = [
        each
        for each in service.books.documents(kind=DocumentKind.PAYMENT)
        if office.local_day(each.created_at) == monday and each.issue_date in silent
    ]
    assert len(late) >= 5


def test_outside_the_silent_week_no_two_office_days_pass_without_a_payment(service: PlainService) -> None:
    entered = payments_entered(service)
    days = [day for day in service.month.days if office.is_open(day) and day not in service.month.silent_cash_week]
    quiet = [day for day in days if not entered[day]]
    assert not [day for day in quiet if office.open_days_after(day, 1) in quiet]


def test_a_family_pays_with_one_payment_of_the_parents(service: PlainService) -> None:
    keeper = service.company.keeper
    joint = 0
    for each in service.books.documents(kind=DocumentKind.PAYMENT):
        owners = {keeper.bills[ident].actor for part in each.allocations if (ident := part.target[8:]) in keeper.bills}
        if len(owners) > 1:
            (parent,) = {service.company.actors[owner].parent or owner for owner in owners}
            assert each.customer == keeper.ids[parent]
            joint += 1
    assert joint >= 3


def test_cash_is_said_to_be_posted_on_the_monday_after(service: PlainService) -> None:
    monday = service.month.silent_cash_week[-1] + timedelta(1)
    assert [day for day, act in service.acts if isinstance(act, CashPostedAct)] == [monday]


def test_a_promise_by_mail_becomes_a_promise_the_next_office_day(service: PlainService) -> None:
    promises = [reply for reply in service.replies if reply.kind == "promise"]
    made = [(day, act) for day, act in service.acts if isinstance(act, PromiseAct)]
    assert len(made) == len(promises) >= 10
    mailed = Counter(
        next(
            day
            for number in range(1, 9)
            if office.is_open(day := office.local_day(reply.at) + timedelta(number))
            and day not in service.month.outage_days
        )
        for reply in promises
    )
    assert Counter(day for day, _ in made) == mailed
    assert all(office.is_open(act.day) and act.day > day and act.amount > 0 for day, act in made)


def test_a_kept_promise_is_paid_in_full_by_its_day(service: PlainService) -> None:
    company = service.company
    keepers = {company.keeper.ids[f"promises_and_keeps-{copy}"] for copy in range(5)}
    kept = 0
    for _, act in service.acts:
        if isinstance(act, PromiseAct) and act.customer in keepers:
            paid = [
                -each.total
                for each in service.books.documents(act.customer, DocumentKind.PAYMENT)
                if company.today < each.issue_date <= act.day
            ]
            assert sum(paid) == act.amount
            kept += 1
    assert kept == 5


def test_a_broken_promise_is_not_paid_three_office_days_after_its_day(service: PlainService) -> None:
    company = service.company
    breakers = {company.keeper.ids[f"promises_and_breaks-{copy}"] for copy in range(4)}
    broken = [act for _, act in service.acts if isinstance(act, PromiseAct) and act.customer in breakers]
    assert len(broken) == 4
    for act in broken:
        until = office.open_days_after(act.day, 3)
        paid = service.books.documents(act.customer, DocumentKind.PAYMENT)
        assert not [each for each in paid if company.today <= each.issue_date <= until]


def test_disputes_by_mail_are_opened_and_end_in_three_ways(service: PlainService) -> None:
    numbers = {act.invoice for _, act in service.acts if isinstance(act, DisputeAct)}
    outcomes = [act for _, act in service.acts if isinstance(act, ResolveAct)]
    assert len(numbers) >= 4 + 2  # by mail, and what the collector made of a note and of a deduction
    assert {act.outcome for act in outcomes} == {"credited", "withdrawn", "upheld"}
    assert {act.invoice for act in outcomes} <= numbers


def test_the_collector_does_nothing_while_the_office_is_closed_or_the_service_is_off() -> None:
    company, month = begin()
    customer = company.keeper.ids["pays_after_call-0"]
    for day in (*month.outage_days, date(2026, 11, 7), date(2026, 11, 11), date(2026, 11, 26)):
        assert month.collector(day, [(customer, "call")]) == []


def test_the_watched_get_the_firm_cadence_on_the_first_day() -> None:
    company, month = begin()
    switched = {act.customer for act in month.collector(month.days[0]) if isinstance(act, SwitchCadenceAct)}
    assert company.keeper.ids["end_of_ladder-0"] in switched
    assert company.keeper.ids["person_step_undone-0"] in switched
    assert company.keeper.ids["cadence_switched-0"] not in switched


def test_an_hour_of_the_day_plays_what_lies_before_it() -> None:
    company, month = begin()
    month.morning(month.days[0])
    month.until(month.days[0], 14)
    assert company.clock() == office.at(month.days[0], 14)
    month.until(month.days[0], 10)
    assert company.clock() == office.at(month.days[0], 14)


def test_a_customer_pays_after_the_call_and_one_is_never_called() -> None:
    company, month = begin()
    waits, ignored = company.keeper.ids["pays_after_call-0"], company.keeper.ids["person_step_undone-0"]
    acts = month.collector(month.days[0], [(waits, "call"), (ignored, "call"), (waits, "shared_address")])
    assert [(act.customer, act.kind) for act in acts if isinstance(act, TaskDoneAct)] == [(waits, "call")]
    month.evening(month.days[0])
    month.morning(month.days[1])
    assert month.shown()["pays_after_call"] == 1


def test_some_pay_between_the_claim_and_the_reread_but_nobody_who_owes_nothing_past_due() -> None:
    company, month = begin()
    month.morning(month.days[0])
    now = office.at(month.days[0], 10)
    early, late = (company.keeper.ids[f"pays_before_reread-{copy}"] for copy in (0, 5))
    other = company.keeper.ids["pays_part-0"]
    assert month.before_reread([early, late, other, "no such customer"], now) == [early]
    assert company.books.balance(early, "USD") == 0
    assert month.before_reread([early], now) == []
    assert company.books.balance(late, "USD") > 0


def test_one_pays_only_half_between_the_claim_and_the_reread_and_the_rest_next_time() -> None:
    company, month = begin()
    ident = company.keeper.ids["pays_before_reread-1"]
    owed = company.books.balance(ident, "USD")
    now = office.at(month.days[0], 10)
    assert month.before_reread([ident], now) == [ident]
    assert Decimal("0.4") < company.books.balance(ident, "USD") / owed < Decimal("0.6")
    assert month.before_reread([f"{ident}|x@x.example"], now) == [ident]
    assert company.books.balance(ident, "USD") == 0


def test_a_mail_that_comes_to_two_addresses_is_read_once_and_bounces_at_each() -> None:
    company, month = begin()
    promiser = actor(company, Behaviour.PROMISES_AND_KEEPS)
    (bill,) = company.keeper.open_bills([promiser.key])
    mail = eml("one@larkfield.example", f"Invoice {bill.number} is past due.")
    now = office.at(month.days[0], 10)
    assert len(month.on_mail(month.days[0], now, promiser.addresses[0], mail)) == 1
    assert month.on_mail(month.days[0], now, promiser.addresses[0].upper(), mail) == []
    gone = actor(company, Behaviour.BOUNCES)
    assert [each.kind for each in month.on_mail(month.days[0], now, gone.addresses[0], mail)] == ["bounce"]


def test_the_same_mail_at_a_second_address_is_no_second_reminder() -> None:
    company, month = begin()
    payer = actor(company, Behaviour.PAYS_AFTER_SECOND_STEP)
    (bill,) = company.keeper.open_bills([payer.key])
    now = office.at(month.days[0], 10)
    for message_id in ("one@l.example", "one@l.example"):
        month.on_mail(month.days[0], now, payer.addresses[0], eml(message_id, bill.number))
    for day in month.days[:5]:
        month.evening(day)
    assert company.keeper.open(bill) == bill.total
    month.on_mail(month.days[5], office.at(month.days[5], 10), payer.addresses[0], eml("two@l.example", bill.number))
    for day in month.days[5:11]:
        month.evening(day)
    assert company.keeper.open(bill) == 0


def test_a_shared_address_reads_for_the_customer_whose_invoice_is_named() -> None:
    company, month = begin()
    first, second = (actor(company, Behaviour.SHARED_ADDRESS, copy) for copy in (0, 1))
    assert first.addresses == second.addresses
    now = office.at(month.days[0], 10)
    for number, each in enumerate((first, second)):
        (bill,) = company.keeper.open_bills([each.key])
        month.on_mail(month.days[0], now, each.addresses[0], eml(f"{number}@l.example", bill.number))
        assert month.shown()["shared_address"] == 0
    third = actor(company, Behaviour.SHARED_ADDRESS, 2)
    (bill,) = company.keeper.open_bills([third.key])
    month.on_mail(month.days[0], now, third.addresses[0], eml("3@l.example", bill.number))
    assert month.shown()["shared_address"] == 1


def test_nobody_answers_for_an_address_that_is_no_customers() -> None:
    _, month = begin()
    assert month.on_mail(month.days[0], office.at(month.days[0], 10), "nobody@example.com", eml("1@l", "x")) == []


def test_replies_come_after_the_mail_they_answer_and_name_it(service: PlainService) -> None:
    sent = {message_from_bytes(mail, policy=policy.default)["Message-ID"]: at for at, _, mail in service.mails}
    for reply in service.replies:
        message = message_from_bytes(reply.eml, policy=policy.default)
        answered = message["In-Reply-To"] or message["References"]
        assert reply.at > sent[answered]
    assert len({message_from_bytes(each.eml)["Message-ID"] for each in service.replies}) == len(service.replies)


def test_a_payment_applied_anew_leaves_the_other_invoice_open_within_minutes() -> None:
    company, month = begin()
    wrong = actor(company, Behaviour.PAYMENT_REAPPLIED)
    older, younger = company.keeper.open_bills([wrong.key])
    for day in month.days[:3]:
        month.morning(day)
        month.evening(day)
    assert company.keeper.open(younger) > 0
    assert company.keeper.open(older) < older.total
    changes = [each for each in company.books.history if each.id == younger.id]
    applied = [each for each in company.books.history if each.id == older.id][-1].at
    assert timedelta(0) < applied - changes[-1].at < timedelta(minutes=10)


def test_the_clock_only_ever_moves_forward(service: PlainService) -> None:
    instants: list[datetime] = [each.at for each in service.books.history]
    assert instants == sorted(instants)


def test_a_month_is_played_on_the_companys_own_books() -> None:
    company, _ = begin()
    clock = first_instant(MONTH_BEGINS)
    with pytest.raises(ValueError, match="own books"):
        Month(company, believable_books(clock), clock, 1)
