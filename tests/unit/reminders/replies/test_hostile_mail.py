"""Mails made to hurt: each is read in bounded time, or refused with one clean error."""

import contextlib
from collections.abc import Callable
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.incoming import IncomingMail, UnreadableMail, read_mail
from reminders.replies import likely_meaning, scrub
from tests.unit.reminders.replies.mails import HEADERS, mail, report

LONGEST_SECONDS = 20  # of CPU, on any machine: reading that grows with the square of these megabytes takes hours
PLAIN = b"From: a@b.example\r\n"


def nested(depth: int, inner: bytes) -> bytes:
    for level in range(depth):
        inner = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n" % (level, level, inner, level)
    return PLAIN + inner


def parts(number: int) -> bytes:
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * number
    return mail(body, PLAIN, Content_Type="multipart/mixed; boundary=b")


def header(name: bytes, value: bytes) -> bytes:
    return PLAIN + name + b": " + value + b"\r\n\r\nx"


MADE_TO_HURT: dict[str, Callable[[], bytes]] = {
    "on mon": lambda: mail(b"On Mon " * 2_000),
    "on mon lines": lambda: mail(b"On Mon \n" * 140_000),
    "newlines": lambda: mail(b"\n" * 100_000),
    "millions of newlines": lambda: mail(b"\n" * 4_900_000),
    "carriage returns": lambda: mail(b"\r" * 4_900_000),
    "wall of quotes": lambda: mail(b"> " * 50_000 + b"\n" + b">\n" * 100_000),
    "nested 500": lambda: nested(500, b"x"),
    "nested mails 500": lambda: PLAIN + b"Content-Type: message/rfc822\n\n" * 500,
    "nested and long": lambda: nested(22, b"Content-Type: text/plain\n\n" + b"hi\n" * 140_000),
    "parts 10,000": lambda: parts(10_000),
    "parts 1,900": lambda: parts(1_900),
    "digest": lambda: mail(b"--b\n\nFrom: x\n\nhi\n" * 1_900, PLAIN, Content_Type="multipart/digest; boundary=b"),
    "one long line": lambda: mail(b"a" * 4_900_000),
    "200 MB line": lambda: mail(b"a" * 200_000_000),
    "parentheses": lambda: header(b"To", b"(" * 4_000_000),
    "many headers": lambda: PLAIN + b"X: y\n" * 900_000 + b"\nx",
    "folded header": lambda: header(b"Subject", b"a\n " * 1_000_000),
    "encoded words": lambda: header(b"Subject", b"=?a?q?" * 100_000),
    "many references": lambda: header(b"References", b"<a@b>" * 900_000),
    "addresses": lambda: header(b"To", b"a@b.example," * 400_000),
    "parameters": lambda: header(b"Content-Type", b"text/plain; " + b"a=b; " * 900_000),
    "quoted parameters": lambda: header(b"Content-Type", b"text/plain; " + b'a="\\"; ' * 600_000),
    "numbered parameters": lambda: header(
        b"Content-Type", b"text/plain; " + b"".join(b"charset*%d=x; " % n for n in range(100_000))
    ),
    "folded parameters": lambda: (
        PLAIN + (b"Content-Type: multipart/mixed; " + (b"a=b; " * 190 + b"\n ") * 28 + b"\n") * 150 + b"\nx"
    ),
    "long boundary": lambda: header(b"Content-Type", b'multipart/mixed; boundary="' + b"a" * 1_000_000 + b'"'),
    "html <": lambda: mail(b"<" * 4_000_000, PLAIN, Content_Type="text/html"),
    "html <a": lambda: mail(b"<a" * 2_000_000, PLAIN, Content_Type="text/html"),
    "html &": lambda: mail(b"&#1" * 1_500_000, PLAIN, Content_Type="text/html"),
    "html script": lambda: mail(b"<script>" * 600_000, PLAIN, Content_Type="text/html"),
    "html comment": lambda: mail(b"<!--" * 1_000_000, PLAIN, Content_Type="text/html"),
    "bad base64": lambda: mail(b"!" * 4_000_000, PLAIN, Content_Transfer_Encoding="base64"),
    "bad quoted": lambda: mail(b"=" * 4_000_000, PLAIN, Content_Transfer_Encoding="quoted-printable"),
    "bad uuencode": lambda: mail(b"begin 644 x\n" + b"M" * 4_000_000, PLAIN, Content_Transfer_Encoding="uuencode"),
    "punycode": lambda: mail(b"-" + b"a" * 200_000, PLAIN, Content_Type="text/plain; charset=punycode"),
    "zlib": lambda: mail(b"x" * 200_000, PLAIN, Content_Type="text/plain; charset=zlib"),
    "content words": lambda: mail((b"content-" + b"a" * 900 + b"\n") * 5_000),
    "report of thousands": lambda: report(
        recipient="rfc822; a@b.example\r\nAction: failed\r\n\r\nFinal-Recipient: " * 20_000
    ),
    "qmail": lambda: mail(b"Hi. This is the\n\n" + b"<a@b.example>:\n\n" * 140_000, b"From: mailer-daemon@x.example\n"),
}


@pytest.mark.parametrize("name", MADE_TO_HURT)
def test_a_mail_made_to_hurt_is_soon_done_with(name: str) -> None:
    data = MADE_TO_HURT[name]()
    started = process_time()
    read = read_mail(data)
    likely_meaning(scrub(read.text), "en")
    assert process_time() - started < LONGEST_SECONDS
    assert isinstance(read, IncomingMail)
    assert len(read.text) <= 64_000


def test_only_what_no_mail_program_writes_is_left_unread() -> None:
    assert read_mail(nested(22, b"hi\n" * 140_000)).too_big
    assert read_mail(nested(30, b"hi\n")).too_big
    assert not read_mail(nested(6, b"hi\n" * 60_000)).too_big
    assert not read_mail(parts(300)).too_big


WORDS = [
    "On Mon " * 2_000,
    "1 " * 30_000,
    "1" * 64_000,
    "1," * 32_000,
    "\n" * 64_000,
    "not " * 16_000,
    "EUR 1" * 12_000,
    "4111 " * 12_000,
]


@pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
def test_words_made_to_hurt_are_understood_or_not_but_soon(words: str) -> None:
    started = process_time()
    likely_meaning(words, "de")
    scrub(words)
    assert process_time() - started < LONGEST_SECONDS


pieces = st.sampled_from(
    [
        *(
            b"From: a@b.example\r\n",
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"\r\n",
            b"--b\r\n",
            b"--b--\r\n",
        ),
        *(
            b"Content-Type: message/rfc822\r\n",
            b"Content-Type: message/delivery-status\r\n",
            b"Subject: =?utf-8?b?/w==?=\r\n",
        ),
        *(
            b"Content-Type: multipart/report; boundary=b\r\n",
            b"Content-Transfer-Encoding: base64\r\n",
            b"\xff\xfe\0",
            b"\n ",
        ),
        *(b"Content-Type: text/html; charset=utf-16\r\n", b"Final-Recipient: rfc822;a@b.example\r\n", b"Status: x\r\n"),
        *(
            b"Date: Fri, 0 x\r\n",
            b"Content-Type: text/plain; charset*=''%ff\r\n",
            b"Content-Disposition: ;;\r\n",
            HEADERS,
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces | st.binary(max_size=20), max_size=25))
def test_no_bytes_raise_anything_but_the_one_error(given_pieces: list[bytes]) -> None:
    with contextlib.suppress(UnreadableMail):
        read_mail(b"".join(given_pieces))
