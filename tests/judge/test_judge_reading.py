"""How the judge reads: amounts of any locale, mails of any encoding, the hash chain, addresses, families."""

import ast
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import pytest

from tests.judge.amounts import amounts_in
from tests.judge.books import Books, addresses
from tests.judge.chain import GENESIS, broken_links, chained, digest
from tests.judge.company import Company, zone_of
from tests.judge.families import root_of
from tests.judge.ladder import Cadence, Standing, earliest, latest, load_cadences
from tests.judge.mails import read_mail, read_text

HERE = Path(__file__).parent
_AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_the_judge_imports_nothing_but_the_standard_library_and_itself() -> None:
    allowed = {*sys.stdlib_module_names, "tests"}
    files = [path for path in HERE.rglob("*.py") if not path.name.startswith(("test_", "conftest"))]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.partition(".")[0] in allowed, f"{path.name} imports {name}"
                assert name.partition(".")[0] != "tests" or name.startswith("tests.judge"), f"{path.name}: {name}"


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("EUR 1,250.00", "1250.00", "EUR"),
        ("1.250,00 €", "1250.00", "EUR"),
        ("1.250,00\u00a0EUR", "1250.00", "EUR"),
        ("1\u202f250,00 €", "1250.00", "EUR"),
        ("1\u00a0250,00\u00a0EUR", "1250.00", "EUR"),
        ("CHF 1’250.50", "1250.50", "CHF"),
        ("$1,250.00", "1250.00", "$"),
        ("US$ 12.30", "12.30", "USD"),
        ("JPY 1,250", "1250", "JPY"),
        ("1.250 JPY", "1250", "JPY"),
        ("KWD 1,250.125", "1250.125", "KWD"),
        ("1.234.567,89 EUR", "1234567.89", "EUR"),
        ("0,05 EUR", "0.05", "EUR"),
        ("-5.00 EUR", "-5.00", "EUR"),
    ],
)
def test_an_amount_is_read_as_its_language_writes_it(text: str, value: str, currency: str) -> None:
    (amount,) = amounts_in(f"open: {text}.")
    assert (amount.value, amount.currency) == (Decimal(value), currency)


def test_dates_days_and_numbers_without_a_currency_are_no_amounts() -> None:
    assert list(amounts_in("Invoice 1042 of 3/11/26, due 2026-03-14, 12 days past due")) == []


def test_several_amounts_on_a_line_are_read_in_their_order() -> None:
    assert [str(each.value) for each in amounts_in("EUR 1,000.00 and USD 20.00")] == ["1000.00", "20.00"]


def test_a_line_belongs_to_the_first_invoice_number_on_it() -> None:
    text = "- Invoice 1042 of 10/3/26 (was 1041), 12 days past due: EUR 50.00\n"
    reading = read_text(text, frozenset({"1041", "1042", "12"}))
    assert [line.number for line in reading.lines] == ["1042"]


def test_an_amount_on_the_next_line_belongs_to_the_invoice_above_but_not_beyond_a_blank_line() -> None:
    reading = read_text(
        "Invoice 7\n  due 3 May\n  EUR 5.00\n\nInvoice 8\n\nTo be paid: EUR 5.00\n", frozenset({"7", "8"})
    )
    assert [(line.number, str(line.amounts[0].value)) for line in reading.lines] == [("7", "5.00")]
    assert "To be paid: EUR 5.00" in reading.rest


def test_a_number_inside_an_amount_or_a_date_is_no_invoice() -> None:
    reading = read_text("Due 2026-03-14: EUR 1,042.00\n", frozenset({"03", "042", "1"}))
    assert reading.lines == ()


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_a_mail_with_an_html_part_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    mail = EmailMessage()
    mail["X-Envelope-To"], mail["X-Accepted-At"] = "<Buchhaltung@Müller.example>", "2026-03-02T08:00:20Z"
    mail["Message-ID"], mail["X-Duecourse-Reminder"] = "<r1@a.example>", "r1"
    mail.set_content("Zu zahlen: 1.250,00 EUR für Müller\n", cte=encoding)
    mail.add_alternative("<p>Zu zahlen: 9,99 EUR</p>", subtype="html")
    (tmp_path / "1.eml").write_bytes(mail.as_bytes())
    read = read_mail(tmp_path / "1.eml")
    assert read.text.strip() == "Zu zahlen: 1.250,00 EUR für Müller"
    assert (read.reminder, read.to) == ("r1", "buchhaltung@müller.example")
    assert read.accepted_at == datetime(2026, 3, 2, 8, 0, 20, tzinfo=UTC)


def _row(kind: str, **data: str) -> dict[str, object]:
    row = {"at": "2026-03-02T08:00:00.000000Z", "actor": "a", "kind": kind, "account": None, "subject": "s"}
    return {**row, "data": data, "personal_digest": ""}


def test_a_chain_verifies_and_a_changed_removed_or_swapped_row_breaks_it() -> None:
    rows = chained([_row("synced"), _row("verdict", reason="nicht fällig"), _row("synced")])
    assert broken_links(rows) == []
    assert broken_links([rows[0], {**rows[1], "data": {"reason": "x"}}, rows[2]])
    assert broken_links([rows[0], rows[2]])
    assert broken_links([rows[1], rows[0], rows[2]])


def test_the_digest_is_the_one_that_the_recipe_gives() -> None:
    said = (
        '{"account":null,"actor":"a","at":"2026-03-02T08:00:00.000000Z","data":{"reason":"fällig"},"kind":"verdict",'
        '"personal_digest":"","seq":1,"subject":"s"}'
    )
    expected = sha256(f"{'0' * 64}\n{said}".encode()).hexdigest()
    assert digest(GENESIS, {**_row("verdict", reason="fällig"), "seq": 1}) == expected


def test_every_address_of_a_field_is_found_whatever_parts_them() -> None:
    text = "Ann <ANN@a.example>; bob+ar@b.example, o'neil@c.example nonsense"
    assert addresses(text) == {"ann@a.example", "bob+ar@b.example", "o'neil@c.example"}


def _customer(ident: str, **more: object) -> dict[str, object]:
    record = {"id": ident, "name": ident, "emails": "", **more}
    return {
        "seq": 1,
        "at": "2026-03-01T00:00:00Z",
        "entity": "customer",
        "id": ident,
        "event": "create",
        "record": record,
    }


def test_who_is_billed_follows_merges_and_parents_billed_with_and_survives_a_circle() -> None:
    books = Books(
        [
            _customer("1"),
            _customer("2", parent="1", bill_with_parent=True),
            _customer("3", parent="1"),
            _customer("4", merged_into="2"),
            _customer("5", parent="6", bill_with_parent=True),
            _customer("6", parent="5", bill_with_parent=True),
        ]
    )
    roots = [root_of(books, ident, _AT) for ident in "1234"]
    assert roots == ["1", "1", "3", "1"]
    assert root_of(books, "5", _AT) in {"5", "6"}


@pytest.fixture
def cadence(good_world: Path) -> Cadence:
    return load_cadences(good_world / "cadences")["standard"]


@pytest.fixture
def company() -> Company:
    return Company(
        name="C",
        zone=zone_of("UTC+02:00"),
        home_currency="EUR",
        start=date(2026, 3, 2),
        end=date(2026, 3, 31),
        holidays=frozenset({date(2026, 3, 16)}),
        outage_days=frozenset(),
        default_cadence="standard",
        fresh_seconds=60,
    )


def test_a_due_date_on_a_week_end_before_a_holiday_counts_from_the_tuesday(cadence: Cadence, company: Company) -> None:
    standing = Standing(due_date=date(2026, 3, 14), first_seen=date(2026, 2, 1), index=1)
    assert earliest(cadence, standing, company) == date(2026, 3, 20)
    assert latest(cadence, standing, company) == date(2026, 3, 24)


def test_an_invoice_entered_late_waits_for_its_new_invoice_days(cadence: Cadence, company: Company) -> None:
    standing = Standing(due_date=date(2026, 1, 2), first_seen=date(2026, 3, 4), index=1)
    assert earliest(cadence, standing, company) == latest(cadence, standing, company) == date(2026, 3, 11)


def test_the_distance_is_kept_from_the_step_last_said(cadence: Cadence, company: Company) -> None:
    standing = Standing(
        due_date=date(2026, 1, 2), first_seen=date(2026, 1, 2), index=2, said_on=date(2026, 3, 4), said_day=3
    )
    assert earliest(cadence, standing, company) == date(2026, 3, 10)
    assert latest(cadence, standing, company, held_days=3) == date(2026, 3, 15)


def test_the_days_of_a_company_are_those_of_its_zone(company: Company) -> None:
    assert company.day_of(datetime(2026, 3, 2, 22, 30, tzinfo=UTC)) == date(2026, 3, 3)
    assert company.end_of(date(2026, 3, 2)) == datetime(2026, 3, 2, 21, 59, 59, 999999, tzinfo=UTC)
