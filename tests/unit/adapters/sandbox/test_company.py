"""The believable company: who is in it, what its past holds, and that its books add up."""

import json
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.documents import DocumentKind
from adapters.sandbox import office
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.cast import PARTS, dues_of
from adapters.sandbox.company import MONTH_BEGINS, Company, believable, first_instant
from adapters.sandbox.office import believable_books
from adapters.sandbox.past import PAST_DAYS
from adapters.sandbox.population import Trait
from adapters.sandbox.records import Document

PLAYED_BY_NOBODY = {
    Behaviour.SERVICE_OFF,
    Behaviour.NO_CASH_POSTED,
    Behaviour.HOLIDAY,
}


def build(seed: int = 7, size: str = "small") -> Company:
    clock = first_instant(MONTH_BEGINS)
    return believable(believable_books(clock), clock=clock, seed=seed, size=size)


@pytest.fixture(scope="module")
def company() -> Company:
    return build()


@pytest.fixture(scope="module")
def documents(company: Company) -> list[Document]:
    return list(company.books.documents())


@pytest.fixture(scope="module")
def history(company: Company, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("company") / "history.jsonl"
    company.books.export_history(path)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def exported(company: Company, path: Path) -> bytes:
    company.books.export_history(path)
    return path.read_bytes()


def test_the_same_seed_builds_the_same_history_and_another_seed_another(tmp_path: Path) -> None:
    first = exported(build(seed=3), tmp_path / "first")
    assert exported(build(seed=3), tmp_path / "again") == first
    assert exported(build(seed=4), tmp_path / "other") != first


def test_a_size_that_does_not_exist_is_refused_before_anything_is_written() -> None:
    clock = first_instant(MONTH_BEGINS)
    books = believable_books(clock)
    with pytest.raises(ValueError, match="'huge' is no size"):
        believable(books, clock=clock, size="huge")
    assert books.customers() == []


def test_small_has_about_220_customers_and_every_oddity(company: Company) -> None:
    assert 210 <= len(company.books.customers()) <= 240
    traits = Counter(actor.trait for actor in company.actors.values())
    least = {
        Trait.INACTIVE: 5,
        Trait.NO_EMAIL: 4,
        Trait.NONSENSE_EMAIL: 1,
        Trait.SEVERAL_ADDRESSES: 5,
        Trait.PLUS_ADDRESS: 4,
        Trait.APOSTROPHE: 4,
        Trait.TYPOGRAPHIC_APOSTROPHE: 2,
        Trait.EMOJI: 2,
        Trait.MARKUP: 1,
        Trait.BACKSLASH: 1,
        Trait.SUB_WITH_PARENT: 10,
        Trait.SUB_ALONE: 4,
    }
    assert {trait: traits[trait] for trait in least if traits[trait] < least[trait]} == {}


def test_oddities_are_in_the_books_as_typed(company: Company) -> None:
    customers = company.books.customers()
    names, emails = [each.name for each in customers], [each.emails for each in customers]
    assert any("'" in name for name in names)
    assert any("’" in name for name in names)
    assert any(ord(letter) > 0x1F000 for name in names for letter in name)
    assert any(re.search("[àéèüößñç]", name) for name in names)
    assert any("'" in email for email in emails)
    assert any("+" in email for email in emails)
    assert any(email.count("@") > 1 for email in emails)
    assert any(not email and not each.bill_with_parent for each, email in zip(customers, emails, strict=True))
    assert any(each.parent and each.bill_with_parent for each in customers)
    assert any(each.parent and not each.bill_with_parent for each in customers)
    assert len({name.casefold() for name in names}) == len(names)


def test_all_addresses_are_in_reserved_domains(company: Company, documents: list[Document]) -> None:
    typed = [each.emails for each in company.books.customers()] + [each.bill_email for each in documents]
    hosts = {host.strip() for text in typed for host in re.findall(r"@([^,;\s]+)", text)}
    assert hosts
    assert [host for host in hosts if not re.search(r"(\.example|^example\.(com|org|net))$", host)] == []


def test_the_past_is_eighteen_months_of_every_kind_of_business(
    company: Company, documents: list[Document], history: list[dict[str, Any]]
) -> None:
    oldest = min(each.issue_date for each in documents)
    assert timedelta(PAST_DAYS - 30) < company.today - oldest <= timedelta(PAST_DAYS)
    kinds = Counter(each.kind for each in documents)
    assert kinds[DocumentKind.INVOICE] > 1200
    assert kinds[DocumentKind.PAYMENT] > 1000
    assert kinds[DocumentKind.CREDIT_MEMO] > 15
    assert kinds[DocumentKind.JOURNAL] > 2
    events = Counter((line["entity"], line["event"]) for line in history)
    assert events["invoice", "void"] > 10
    assert events["invoice", "delete"] > 10
    assert sum(each.deposit > 0 for each in documents) > 10
    assert len({each.terms_days for each in company.actors.values()}) > 3


def test_payments_are_whole_partial_and_too_large_and_credits_both_applied_and_not(documents: list[Document]) -> None:
    invoices = {each.ref: each for each in documents if each.kind is DocumentKind.INVOICE}
    payments = [each for each in documents if each.kind is DocumentKind.PAYMENT and each.total < 0]
    credit_memos = [each for each in documents if each.kind is DocumentKind.CREDIT_MEMO]
    paid = [
        (invoices[part.target], part.amount)
        for each in payments
        for part in each.allocations
        if part.target in invoices
    ]
    assert sum(amount == invoice.total for invoice, amount in paid) > 800
    assert sum(amount < invoice.total for invoice, amount in paid) > 40
    assert sum(each.open < 0 for each in payments) >= 3
    assert sum(each.open < 0 for each in credit_memos) >= 3
    assert sum(each.open == 0 for each in credit_memos) >= 10


def test_some_payments_cover_several_invoices(documents: list[Document]) -> None:
    assert sum(len(each.allocations) > 1 for each in documents if each.kind is DocumentKind.PAYMENT and each.total) > 10


def test_numbers_typed_by_hand_come_twice(documents: list[Document]) -> None:
    numbers = Counter(each.number for each in documents if each.kind is DocumentKind.INVOICE)
    assert max(numbers.values()) > 1
    assert sum(count > 1 for count in numbers.values()) < 30


def test_three_currencies_and_four_languages(company: Company, documents: list[Document]) -> None:
    owed = Counter(each.currency for each in documents if each.open > 0)
    assert set(owed) == {"USD", "EUR", "CAD"}
    assert {each.language for each in company.books.customers()} == {"en", "de", "fr", "es"}


def test_balances_are_the_sums_of_open_documents(company: Company, documents: list[Document]) -> None:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for each in documents:
        sums[each.customer, each.currency] += each.open
    wrong = [key for key, amount in sums.items() if company.books.balance(*key) != amount]
    assert wrong == []
    assert sum(amount > 0 for amount in sums.values()) > 100


def test_every_invoice_is_open_by_what_was_not_paid_of_it(documents: list[Document]) -> None:
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for each in documents:
        for part in each.allocations:
            paid[part.target] += part.amount
    for each in documents:
        if each.kind is DocumentKind.INVOICE:
            assert each.open == each.total - each.deposit - paid[each.ref], each.ref


def test_everything_was_entered_in_office_hours_and_nothing_after_the_evening_before(
    company: Company, documents: list[Document]
) -> None:
    for each in documents:
        local = each.created_at.astimezone(office.ZONE)
        assert office.is_open(local.date()), each.ref
        assert 8 <= local.hour < 17, each.ref
        assert local.date() < company.today
        assert each.issue_date <= local.date()
    assert company.clock() == office.at(company.today, 0)


def test_payments_were_entered_on_almost_every_working_day(company: Company, documents: list[Document]) -> None:
    since = company.today - timedelta(60)
    entered = {office.local_day(each.created_at) for each in documents if each.kind is DocumentKind.PAYMENT}
    days = [since + timedelta(number) for number in range(60)]
    worked = [day for day in days if office.is_open(day)]
    assert len(entered & set(worked)) >= 0.9 * len(worked)


def test_inactive_customers_owe_nothing(company: Company, documents: list[Document]) -> None:
    inactive = {each.id for each in company.books.customers() if not each.active}
    assert len(inactive) >= 5
    assert [each.ref for each in documents if each.customer in inactive and each.open > 0] == []


def test_every_behaviour_has_somebody_who_plays_it(company: Company) -> None:
    played = {actor.part for actor in company.actors.values()} | PLAYED_BY_NOBODY
    assert [each for each in Behaviour if each not in played] == []


def test_the_cast_owes_what_its_parts_say_and_nothing_else(company: Company) -> None:
    keeper = company.keeper
    for part in PARTS:
        for actor in (each for each in company.actors.values() if each.part is part.behaviour):
            if actor.part in {Behaviour.CREDIT_AT_PARENT, Behaviour.JOURNAL_ON_AR}:
                assert keeper.open_bills([actor.key]) == []
                continue
            owed = sorted((bill.due_date - company.today).days for bill in keeper.open_bills(company.family(actor.key)))
            assert owed == sorted(dues_of(actor)), actor.key


def test_the_month_to_come_is_already_planned(company: Company) -> None:
    assert len(company.agenda) > 100


@pytest.mark.parametrize("today", [date(2026, 11, 2), date(2027, 1, 4)])
def test_the_company_can_be_built_for_any_day(today: date) -> None:
    clock = first_instant(today)
    company = believable(believable_books(clock), clock=clock, seed=2, today=today)
    assert company.clock() == office.at(today, 0)
    assert any(each.open > 0 for each in company.books.documents())
