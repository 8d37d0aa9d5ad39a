"""The mail as bytes: what stands in it, that it is the same each time, and that nobody writes his own headers."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.channels.addresses import parse_address
from reminders.channels.email import BadAddress, BadHeader, Envelope, build, message_id
from reminders.messages import Message

DATE = datetime(2026, 11, 20, 8, 31, tzinfo=UTC)
MESSAGE = Message(
    subject="Invoice 1042 from Acme", text="Hello,\n\nplease pay.\n", html="<p>Hello</p>\n", language="en-GB"
)


def envelope(**more: object) -> Envelope:
    facts: dict[str, object] = {
        "sender": "ar@acme.example",
        "sender_name": "Jane Doe",
        "recipients": ("ap@blue.example",),
        "reminder_id": "01J-rem_1",
    }
    return Envelope(**(facts | more))  # type: ignore[arg-type]  # names are checked by the class itself


def message(**more: str) -> Message:
    return Message(**({"subject": "s", "text": "t\n", "html": "<p>h</p>\n"} | more))


def read(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=SMTP)


def test_the_headers_say_who_to_whom_and_that_a_machine_wrote() -> None:
    full = envelope(
        recipients=("ap@blue.example", "cfo@blue.example"),
        reply_to="ar+01J@acme.example",
        in_reply_to="<first@acme.example>",
        references=("<first@acme.example>",),
        stop_address="stop@acme.example",
    )
    mail = read(build(MESSAGE, full, DATE))
    assert dict(mail.items()) == {
        "From": "Jane Doe <ar@acme.example>",
        "To": "ap@blue.example, cfo@blue.example",
        "Reply-To": "Jane Doe <ar+01J@acme.example>",
        "Subject": "Invoice 1042 from Acme",
        "Date": "Fri, 20 Nov 2026 08:31:00 +0000",
        "Message-ID": "<01J-rem_1@acme.example>",
        "In-Reply-To": "<first@acme.example>",
        "References": "<first@acme.example>",
        "X-Duecourse-Reminder": "01J-rem_1",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "List-Unsubscribe": "<mailto:stop@acme.example>",
        "Content-Language": "en-GB",
        "MIME-Version": "1.0",
        "Content-Type": mail["Content-Type"],
    }


def test_only_a_stop_address_that_somebody_reads_is_offered() -> None:
    assert "List-Unsubscribe" not in read(build(MESSAGE, envelope(), DATE))
    link = read(build(MESSAGE, envelope(stop_address="https://acme.example/stop?c=1"), DATE))
    assert link["List-Unsubscribe"] == "<https://acme.example/stop?c=1>"


def test_text_stands_first_and_html_second_and_nothing_else() -> None:
    text, html = "Grüße,\n.dot\nFrom here\ntrailing  \n" + "long " * 300 + "\n", "<p>Grüße &amp; 👍</p>\n" * 50
    mail = read(build(message(text=text, html=html), envelope(), DATE))
    first, second = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert (first.get_content_type(), second.get_content_type()) == ("text/plain", "text/html")
    assert isinstance(first, EmailMessage)
    assert isinstance(second, EmailMessage)
    assert first.get_content().replace("\r\n", "\n") == text
    assert second.get_content().replace("\r\n", "\n") == html
    assert mail.defects == []


def test_every_line_is_short_ascii_and_ends_as_smtp_wants() -> None:
    many = tuple(f"accounts.payable.{number}@a-rather-long-name.example" for number in range(30))
    thread = tuple(f"<{number:032x}@acme.example>" for number in range(60))
    wordy = message(subject="Überfällig " * 20, text="ä" * 5000, html="<p>" + "x" * 5000)
    data = build(wordy, envelope(recipients=many, references=thread, sender_name="Jäne " * 12), DATE)
    assert data.isascii()
    assert re.sub(rb"\r\n", b"", data).count(b"\n") == 0
    assert max(map(len, data.split(b"\r\n"))) <= 100
    mail = read(data)
    assert mail["To"].count("@") == 30
    assert mail["Subject"] == ("Überfällig " * 20).strip()
    assert mail["References"].split()[0] == thread[0]
    assert mail["References"].split()[-1] == thread[-1]


def test_the_same_facts_give_the_same_bytes_and_another_reminder_other_ones() -> None:
    assert build(MESSAGE, envelope(), DATE) == build(MESSAGE, envelope(), DATE)
    assert build(MESSAGE, envelope(), DATE) != build(MESSAGE, envelope(reminder_id="other"), DATE)


def test_the_message_id_comes_from_the_reminder_and_can_be_given() -> None:
    assert message_id("rem-7", "acme.example") == "<rem-7@acme.example>"
    given_id = envelope(message_id="<rem-7@mail.acme.example>")
    assert read(build(MESSAGE, given_id, DATE))["Message-ID"] == "<rem-7@mail.acme.example>"


BREAKS = [
    "\r\nBcc: evil@bad.example",
    "\nBcc: evil@bad.example",
    "\r",
    "\0",
    "\u2028X: y",
    "\u2029",
    "\x0b",
    "\x85",
    "x" * 10_000,
]


@pytest.mark.parametrize("words", BREAKS)
def test_no_name_or_subject_writes_a_header(words: str) -> None:
    data = build(message(subject=f"s{words}"), envelope(sender_name=f"Jane{words}"), DATE)
    mail = read(data)
    assert "Bcc" not in mail
    assert set(mail.keys()) == set(read(build(MESSAGE, envelope(), DATE)).keys())
    assert len(mail["Subject"]) <= 251


@pytest.mark.parametrize("words", BREAKS)
@pytest.mark.parametrize(
    "field",
    ["message_id", "in_reply_to", "reminder_id", "reply_to", "sender", "stop_address", "references", "recipients"],
)
def test_what_a_machine_reads_is_refused_rather_than_mended(field: str, words: str) -> None:
    start = {"reminder_id": "rem", "message_id": "<a@b", "in_reply_to": "<a@b", "references": "<a@b"}.get(
        field, "a@b.example"
    )
    value = f"{start}{words}" + (">" if "<" in start else "")
    several = field in {"references", "recipients"}
    with pytest.raises((BadAddress, BadHeader)):
        build(MESSAGE, envelope(**{field: (value,) if several else value}), DATE)


@pytest.mark.parametrize(
    "stop", ["javascript:alert(1)", "http://acme.example/stop", "https://a.example/>,<b", "https://a b"]
)
def test_a_stop_address_is_a_mail_address_or_a_safe_page(stop: str) -> None:
    with pytest.raises((BadAddress, BadHeader)):
        build(MESSAGE, envelope(stop_address=stop), DATE)


def test_a_mail_without_a_recipient_or_with_an_odd_language_is_not_built() -> None:
    with pytest.raises(BadHeader):
        build(MESSAGE, envelope(recipients=()), DATE)
    with pytest.raises(BadHeader):
        build(message(language="en\r\nX: y"), envelope(), DATE)


GOOD = [
    "a@b.example",
    "a.b+tag@b-c.example",
    "o'brien@b.example",
    "x@mail.b.co.uk",
    "1@2.example",
    "a@xn--bcher-kva.example",
]
BAD = [
    "victim@good.example,evil@bad.example",
    "victim@good.example, evil@bad.example",
    "victim@good.example;evil@bad.example",
    "victim@good.example evil@bad.example",
    '"a@b" <c@d.example>',
    '"a@b.example"@c.example',
    '"a b"@c.example',
    "<a@b.example>",
    "Jane <a@b.example>",
    "a@b.example (comment)",
    "(comment)a@b.example",
    "a@b.example\r\nBcc: c@d.example",
    "a@b.example\n",
    " a@b.example",
    "a@b.example ",
    "a%evil.example@b.example",
    "evil.example!a@b.example",
    "@relay.example:a@b.example",
    "a@b@c.example",
    "a@",
    "@b.example",
    "a",
    "",
    "a@localhost",
    "a@[127.0.0.1]",
    "a@127.0.0.1",
    "a@-b.example",
    "a@b-.example",
    "a@b..example",
    ".a@b.example",
    "a.@b.example",
    "a..b@b.example",
    "ä@b.example",
    "a@b.example.",
    "a\0@b.example",
    "a@b\u3002example\u2028",
    "a" * 65 + "@b.example",
    "a@" + "b" * 64 + ".example",
    "a@" + "b." * 130 + "example",
    "a@\u202eb.example",
    "mailto:a@b.example",
]


@pytest.mark.parametrize("address", GOOD)
def test_one_plain_address_is_taken_as_it_is(address: str) -> None:
    assert parse_address(address) == address


@pytest.mark.parametrize("address", BAD)
def test_anything_but_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(address)


def test_a_look_alike_is_shown_for_what_it_is() -> None:
    assert parse_address("a@\u0430pple.example") == "a@xn--pple-43d.example"  # a Cyrillic a
    assert parse_address("a@b\u00fccher.example") == "a@xn--bcher-kva.example"


texts = st.text(st.characters(codec="utf-8"), max_size=120)


@pytest.mark.parametrize(
    "words",
    [
        "=?utf-8?q?evil?=",
        'Jane "JD" Doe',
        "Jane \\ Doe",
        'Jane\\"',
        "Doe, Jane",
        "Jäne <x@y.example>",
        "(Jane)",
        "a@b",
        "J:;.D",
    ],
)
def test_names_and_subjects_are_read_as_they_were_written(words: str) -> None:
    mail = read(build(message(subject=words), envelope(sender_name=words), DATE))
    assert mail["Subject"] == words
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (words, "ar@acme.example")


def lines(text: str) -> str:
    """`text` as lines: with one kind of line end, the last one included."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else f"{text}\n"


@settings(max_examples=200, deadline=None)
@given(texts, texts, texts, texts)
def test_the_standard_library_reads_back_what_was_built(subject: str, name: str, text: str, html: str) -> None:
    mail = read(build(message(subject=subject, text=text, html=html), envelope(sender_name=name), DATE))
    assert mail.defects == []
    assert len(mail.keys()) == len(set(mail.keys())) == 11
    assert mail["To"] == "ap@blue.example"
    sender = mail["From"].addresses[0]
    assert sender.addr_spec == "ar@acme.example"
    parts = list(mail.iter_parts())
    contents = [cast("bytes", part.get_payload(decode=True)).decode() for part in parts]
    assert list(map(lines, contents)) == [lines(text), lines(html)]


@given(st.text(st.sampled_from("ab@.,<>\"'()\\ %!;:\r\n\té"), max_size=30))
def test_what_is_taken_for_an_address_is_one_for_everybody(text: str) -> None:
    try:
        address = parse_address(text)
    except BadAddress:
        return
    assert address.count("@") == 1
    assert not set(address) & set(',<>"() \\%!;:\r\n\t')
