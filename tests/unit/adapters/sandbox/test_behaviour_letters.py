"""What the believable company's customers write: threads, languages, out-of-office replies, delivery reports."""

from datetime import UTC, date, datetime
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from random import Random

import pytest

from adapters.sandbox.bookkeeper import Bill
from adapters.sandbox.letters import REFUSALS, TRYING, Letters, Mail, Refusal, read_mail
from adapters.sandbox.names import FRANCE, GERMANY, SPAIN, UNITED_STATES, Country
from adapters.sandbox.population import Actor, Population

AT = datetime(2026, 11, 2, 15, 30, tzinfo=UTC)
BILL = Bill(
    id="9",
    actor="a",
    number="26-1040",
    currency="EUR",
    total=Decimal("1234.50"),
    issue_date=date(2026, 9, 1),
    due_date=date(2026, 10, 1),
)


def customer(country: Country = UNITED_STATES) -> Actor:
    return Population(Random(1)).draw("a", country=country)


def received(*, html: bool = False, references: str = "<root@l.example>") -> Mail:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "Larkfield <ar@larkfield.example>"
    message["Reply-To"] = "ar+tag@larkfield.example"
    message["To"] = "ap@customer.example"
    message["Subject"] = "Invoice 26-1040: EUR 1,234.50"
    message["Message-ID"] = "<reminder-1@larkfield.example>"
    if references:
        message["References"] = references
    if html:
        message.set_content("<p>Invoice <b>26-1040</b> is past due.</p>", subtype="html")
    else:
        message.set_content("Hello,\n\nInvoice 26-1040 is past due.\n")
    return read_mail(message.as_bytes(), "ap@customer.example")


def parsed(eml: bytes) -> EmailMessage:
    message = message_from_bytes(eml, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def fields_of(status: Message) -> list[Message]:
    """The groups of fields of a `message/delivery-status` part."""
    groups = status.get_payload()
    assert isinstance(groups, list)
    return [group for group in groups if isinstance(group, Message)]


@pytest.mark.parametrize("html", [False, True])
def test_a_customer_finds_its_invoice_in_text_and_in_html(html: bool) -> None:
    mail = received(html=html)
    assert mail.names("26-1040")
    assert not mail.names("26-104")
    assert not mail.names("6-1040")


def test_an_answer_continues_the_thread_and_goes_to_the_reply_address() -> None:
    mail, letters = received(), Letters(1)
    message = parsed(letters.answer(customer(), mail, "We will pay.", at=AT))
    assert message["In-Reply-To"] == "<reminder-1@larkfield.example>"
    assert message["References"] == "<root@l.example> <reminder-1@larkfield.example>"
    assert message["To"] == "ar+tag@larkfield.example"
    assert message["Subject"] == "Re: Invoice 26-1040: EUR 1,234.50"
    assert message["Date"].datetime == AT
    assert "Auto-Submitted" not in message


def test_an_answer_quotes_what_it_answers() -> None:
    message = parsed(Letters(1).answer(customer(), received(), "We will pay.", at=AT))
    body = message.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert lines[0] == "We will pay."
    assert "> Invoice 26-1040 is past due." in lines


@pytest.mark.parametrize(
    ("country", "amount", "day"),
    [
        (UNITED_STATES, "€1,234.50", "November 20, 2026"),
        (GERMANY, "1.234,50\xa0€", "20. November 2026"),
        (FRANCE, "1\u202f234,50\xa0€", "20 novembre 2026"),
        (SPAIN, "1.234,50\xa0€", "20 de noviembre de 2026"),
    ],
)
def test_a_promise_names_invoice_amount_and_day_in_the_customers_language(
    country: Country, amount: str, day: str
) -> None:
    actor = customer(country)
    body = Letters(1).wording(actor, "promise", [BILL], amount=Decimal("1234.50"), day=date(2026, 11, 20))
    assert "26-1040" in body
    assert amount in body
    assert day in body


def test_an_away_reply_says_so_in_its_headers_or_only_in_words() -> None:
    actor, letters = customer(GERMANY), Letters(1)
    marked = parsed(letters.away(actor, received(), at=AT, back_on=date(2026, 11, 9)))
    assert marked["Auto-Submitted"] == "auto-replied"
    assert "9. November 2026" in marked.get_content()
    assert marked["Subject"].startswith(("Automatische Antwort:", "Abwesenheitsnotiz:"))


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_bounce_is_a_delivery_report_that_names_the_recipient_and_the_mail(refusal: Refusal) -> None:
    report = parsed(Letters(1).bounce(received(), refusal, at=AT))
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert report["To"] == "ar@larkfield.example"
    words, status, original = report.iter_parts()
    assert words.get_content_type() == "text/plain"
    assert status.get_content_type() == "message/delivery-status"
    about_message, about_recipient = fields_of(status)
    assert about_message["Reporting-MTA"] == "dns; mx.customer.example"
    assert about_recipient["Final-Recipient"] == "rfc822; ap@customer.example"
    assert about_recipient["Action"] == "failed"
    assert about_recipient["Status"] == refusal.status
    assert original.get_content_type() == "text/rfc822-headers"
    assert "Message-ID: <reminder-1@larkfield.example>" in original.get_content()


def test_a_delayed_mail_is_reported_as_delayed() -> None:
    report = parsed(Letters(1).bounce(received(), TRYING, at=AT, delayed=True))
    _, status, _ = report.iter_parts()
    assert fields_of(status)[1]["Action"] == "delayed"
    assert fields_of(status)[1]["Status"].startswith("4.")


def test_the_same_seed_writes_the_same_bytes_and_another_seed_other_ids() -> None:
    actor, mail = customer(FRANCE), received()
    first = Letters(1).answer(actor, mail, "Bonjour", at=AT)
    assert Letters(1).answer(actor, mail, "Bonjour", at=AT) == first
    assert parsed(Letters(2).answer(actor, mail, "Bonjour", at=AT))["Message-ID"] != parsed(first)["Message-ID"]
    assert Letters(1).bounce(mail, REFUSALS[0], at=AT) == Letters(1).bounce(mail, REFUSALS[0], at=AT)


def test_a_mail_without_message_id_is_answered_without_a_thread() -> None:
    mail = read_mail(b"From: a@b.example\r\nSubject: Hi\r\n\r\nHello\r\n", "ap@customer.example")
    message = parsed(Letters(1).answer(customer(), mail, "Hi", at=AT))
    assert "In-Reply-To" not in message
    assert message["To"] == "a@b.example"
