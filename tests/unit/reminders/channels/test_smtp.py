"""The SMTP transport when all is well, and when the other side is not who it should be."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from reminders.channels import Mailer, SendOutcome, SendResult, Stage
from reminders.channels.addresses import BadAddress
from reminders.channels.smtp import Security, SmtpTransport
from reminders.channels.smtp_session import as_wire
from tests.unit.reminders.channels.certificates import Tls
from tests.unit.reminders.channels.fake_smtp import FakeSmtpServer, Place

SENDER, RECIPIENT = "ar@acme.example", "ap@blue.example"
MAIL = b"Subject: x\r\n\r\nhello\r\n"


def plain(server: FakeSmtpServer, **more: object) -> SmtpTransport:
    return SmtpTransport(host=server.host, port=server.port, security=Security.NONE, command_timeout=20, **more)  # type: ignore[arg-type]


def protected(server: FakeSmtpServer, ends: Tls, **more: object) -> SmtpTransport:
    settings = {"security": Security.STARTTLS, "command_timeout": 20, "tls": ends.client} | more
    return SmtpTransport(host=server.host, port=server.port, **settings)  # type: ignore[arg-type]


def send(mailer: Mailer, *, data: bytes = MAIL, recipient: str = RECIPIENT) -> SendResult:
    return mailer.send(SENDER, recipient, data, lambda: True)


def test_a_mail_arrives_as_it_was_built_with_its_one_recipient() -> None:
    with FakeSmtpServer() as server, plain(server) as mailer:
        result = send(mailer, data=b"Subject: x\r\n\r\n.dot\r\n..dots\r\nend")
    assert result == SendResult(outcome=SendOutcome.ACCEPTED, code=250, reply="2.0.0 taken", stage=Stage.END)
    (mail,) = server.accepted
    assert (mail.sender, mail.recipients) == (SENDER, (RECIPIENT,))
    assert mail.data == b"Subject: x\r\n\r\n..dot\r\n...dots\r\nend\r\n"


def test_bare_line_ends_cannot_smuggle_an_end_of_the_mail() -> None:
    assert (
        as_wire(b"a\n.\nMAIL FROM:<x@y.example>\r.\r\r\nb") == b"a\r\n..\r\nMAIL FROM:<x@y.example>\r\n..\r\n\r\nb\r\n"
    )
    assert as_wire(b".\r\n") == b"..\r\n"


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "PLAIN"])
def test_a_password_opens_the_door_by_plain_or_login(mechanisms: str, tls: Tls) -> None:
    with FakeSmtpServer(tls=tls.server, auth=mechanisms, logins={"bö": "pässwörd"}) as server:
        with protected(server, tls, user="bö", password=lambda: "pässwörd") as mailer:
            assert send(mailer).outcome is SendOutcome.ACCEPTED
        with protected(server, tls, user="bö", password=lambda: "guess") as mailer:
            refused = send(mailer)
    assert (refused.outcome, refused.code, refused.stage) == (SendOutcome.DEFERRED, 535, Stage.LOGIN)
    assert "guess" not in refused.reply


def test_an_access_token_is_asked_for_at_each_login(tls: Tls) -> None:
    tokens = count(1)
    with FakeSmtpServer(tls=tls.server, logins={"ar@acme.example": "token-2"}) as server:
        mailer = protected(server, tls, user="ar@acme.example", access_token=lambda: f"token-{next(tokens)}")
        with mailer:
            first, second = send(mailer), send(mailer)
    assert (first.outcome, first.code, first.stage) == (SendOutcome.DEFERRED, 535, Stage.LOGIN)
    assert second.outcome is SendOutcome.ACCEPTED


def test_a_vault_that_fails_is_heard_of_and_leaves_no_connection_open(tls: Tls) -> None:
    def locked() -> str:
        raise RuntimeError("the vault is locked")

    with FakeSmtpServer(tls=tls.server) as server, pytest.raises(RuntimeError, match="vault"):
        send(protected(server, tls, user="u", password=locked))
    assert "MAIL" not in " ".join(server.commands)


def test_a_server_that_knows_no_login_of_ours_gets_no_mail(tls: Tls) -> None:
    with (
        FakeSmtpServer(tls=tls.server, auth="GSSAPI") as server,
        protected(server, tls, user="u", password=lambda: "p") as mailer,
    ):
        result = send(mailer)
    assert (result.outcome, result.stage) == (SendOutcome.DEFERRED, Stage.LOGIN)


def test_without_starttls_nothing_is_sent(tls: Tls) -> None:
    with (
        FakeSmtpServer(tls=tls.server, offers_starttls=False) as server,
        protected(server, tls, user="u", password=lambda: "p") as mailer,
    ):
        result = send(mailer)
    assert (result.outcome, result.stage) == (SendOutcome.DEFERRED, Stage.STARTTLS)
    assert "STARTTLS" in result.reply
    assert not [line for line in server.commands if line.startswith(("AUTH", "MAIL"))]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_certificate_that_nobody_vouches_for_ends_the_conversation(at_once: bool, tls: Tls) -> None:
    security = Security.TLS if at_once else Security.STARTTLS
    with (
        FakeSmtpServer(tls=tls.server, tls_at_once=at_once) as server,
        protected(server, tls, security=security, tls=ssl.create_default_context()) as mailer,
    ):
        result = send(mailer)
    assert result.outcome is SendOutcome.DEFERRED
    assert "certificate" in result.reply.lower()
    assert not [line for line in server.commands if line.startswith("MAIL")]


def test_tls_from_the_first_byte(tls: Tls) -> None:
    with (
        FakeSmtpServer(tls=tls.server, tls_at_once=True, logins={"u": "p"}) as server,
        protected(server, tls, security=Security.TLS, user="u", password=lambda: "p") as mailer,
    ):
        assert send(mailer).outcome is SendOutcome.ACCEPTED
        assert send(mailer).outcome is SendOutcome.ACCEPTED
    assert server.connections == 1


def test_a_password_is_never_given_over_an_open_line() -> None:
    with pytest.raises(ValueError, match="never sent over an unprotected connection"):
        SmtpTransport(host="mail.example", security=Security.NONE, user="u", password=lambda: "p")
    assert "hunter2" not in repr(SmtpTransport(host="mail.example", user="u", password="hunter2".strip))


def test_no_at_the_last_moment_cancels_and_the_connection_goes_on() -> None:
    with FakeSmtpServer() as server, plain(server) as mailer:
        cancelled = mailer.send(SENDER, RECIPIENT, MAIL, lambda: False)
        accepted = send(mailer)
    assert (cancelled.outcome, accepted.outcome) == (SendOutcome.CANCELLED, SendOutcome.ACCEPTED)
    assert [line.split(" ")[0] for line in server.commands] == [
        *("EHLO", "MAIL", "RCPT", "RSET"),
        *("MAIL", "RCPT", "DATA", "QUIT"),
    ]


def test_the_last_question_is_asked_between_the_recipient_and_data() -> None:
    with FakeSmtpServer() as server, plain(server) as mailer:
        said_before: list[str] = []

        def at_data() -> bool:
            said_before.extend(server.commands)
            return True

        mailer.send(SENDER, RECIPIENT, MAIL, at_data)
    assert said_before[-1].startswith("RCPT")


def test_what_the_last_question_raises_comes_out_and_nothing_was_handed_over() -> None:
    def at_data() -> bool:
        raise RuntimeError("the database is away")

    with FakeSmtpServer() as server, plain(server) as mailer:
        with pytest.raises(RuntimeError, match="database"):
            mailer.send(SENDER, RECIPIENT, MAIL, at_data)
        assert send(mailer).outcome is SendOutcome.ACCEPTED
    assert len(server.accepted) == 1


def test_connections_are_used_again_and_retired_in_time() -> None:
    with FakeSmtpServer() as server, plain(server, mails_per_connection=3) as mailer:
        outcomes = {send(mailer).outcome for _ in range(7)}
    assert outcomes == {SendOutcome.ACCEPTED}
    assert server.connections == 3


def test_a_connection_that_idled_too_long_is_not_trusted() -> None:
    now = [0.0]
    with FakeSmtpServer() as server, plain(server, idle_seconds=30, monotonic=lambda: now[0]) as mailer:
        send(mailer)
        now[0] = 31.0
        assert send(mailer).outcome is SendOutcome.ACCEPTED
    assert server.connections == 2


def test_many_threads_share_a_few_connections_and_no_mail_is_doubled() -> None:
    recipients = [f"ap{number}@blue.example" for number in range(40)]
    with FakeSmtpServer() as server, plain(server, pool_size=3) as mailer, ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda each: send(mailer, recipient=each), recipients))
    assert {result.outcome for result in results} == {SendOutcome.ACCEPTED}
    assert sorted(mail.recipients[0] for mail in server.accepted) == sorted(recipients)
    assert server.connections <= 3


@pytest.mark.parametrize("recipient", ["a@b.example,c@d.example", "a@b.example> SIZE=1", "a@b.example\r\nDATA", ""])
def test_only_one_plain_address_is_ever_spoken_to(recipient: str) -> None:
    with FakeSmtpServer() as server, plain(server) as mailer, pytest.raises(BadAddress):
        send(mailer, recipient=recipient)
    assert not server.commands


@pytest.mark.parametrize(
    ("reply", "blames"),
    [
        (b"550 5.1.1 no such user\r\n", True),
        (b"550 no such user\r\n", True),
        (b"550 5.2.1 mailbox disabled\r\n", True),
        (b"550 5.7.1 relaying denied\r\n", False),
        (b"552 5.2.2 mailbox full\r\n", False),
        (b"554 we do not like you\r\n", False),
        (b"450 4.2.1 later\r\n", False),
    ],
)
def test_only_a_refusal_of_the_address_itself_blames_it(reply: bytes, blames: bool) -> None:
    with FakeSmtpServer(replies={"RCPT": reply}) as server, plain(server) as mailer:
        result = send(mailer)
    assert result.stage is Stage.RECIPIENT
    assert result.blames_address is blames
    assert result.code == int(reply[:3])


def test_a_refused_recipient_leaves_the_connection_in_order() -> None:
    with FakeSmtpServer(replies={"RCPT": b"550 5.1.1 no such user\r\n"}) as server, plain(server) as mailer:
        assert [send(mailer).outcome for _ in range(2)] == [SendOutcome.REFUSED] * 2
    assert server.connections == 1


def test_a_check_says_what_works_and_what_does_not(tls: Tls) -> None:
    with FakeSmtpServer(tls=tls.server, logins={"u": "p"}) as server:
        good = protected(server, tls, user="u", password=lambda: "p").check()
        bad = protected(server, tls, user="u", password=lambda: "q").check()
    assert good.outcome is SendOutcome.ACCEPTED
    assert (bad.outcome, bad.code, bad.reply) == (SendOutcome.DEFERRED, 535, "5.7.8 wrong")


def test_words_out_of_turn_never_make_an_acceptance() -> None:
    """A server that answers MAIL twice is one reply ahead: DATA then gets RCPT's yes, which is no go-ahead."""
    with FakeSmtpServer(replies={"MAIL": b"250 ok\r\n250 ok\r\n"}) as server, plain(server) as mailer:
        result = send(mailer)
    assert (result.outcome, result.stage) == (SendOutcome.DEFERRED, Stage.DATA)
    assert not server.accepted
    assert Place.DATA not in server.commands
