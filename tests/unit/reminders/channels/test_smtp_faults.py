"""Every place of an SMTP conversation by every way of failing: at most one acceptance, and the right word for it."""

from collections.abc import Callable

import pytest

from reminders.channels import SendOutcome, SendResult, Stage
from reminders.channels.smtp import Security, SmtpTransport
from tests.unit.reminders.channels.certificates import Tls
from tests.unit.reminders.channels.fake_smtp import FakeSmtpServer, Fault, Place

SENDER, RECIPIENT = "ar@acme.example", "ap@blue.example"
USER, PASSWORD = "ar@acme.example", "correct horse, bättery"
MAIL = b"Subject: x\r\n\r\nhello\r\n.hidden dot\r\n"
BIG_MAIL = MAIL + b"0123456789abcdef\r\n" * 500_000  # more than the buffers of both ends hold

STAGES = {
    Place.EHLO: Stage.HELLO,
    Place.STARTTLS: Stage.STARTTLS,
    Place.AUTH: Stage.LOGIN,
    Place.MAIL: Stage.SENDER,
    Place.RCPT: Stage.RECIPIENT,
    Place.DATA: Stage.DATA,
    Place.MID_BODY: Stage.BODY,
    Place.AFTER_DOT: Stage.END,
    Place.AFTER_250: Stage.END,
    Place.QUIT: Stage.END,
}
OF_THE_CONNECTION = {Place.CONNECT, Place.BANNER, Place.EHLO, Place.STARTTLS, Place.AUTH}
CELLS = [pytest.param(place, fault, id=f"{place}-{fault}") for place in Place for fault in Fault]


def expected(place: Place, fault: Fault) -> SendOutcome:
    if place in OF_THE_CONNECTION:
        return SendOutcome.DEFERRED
    if place in {Place.AFTER_250, Place.QUIT}:
        return SendOutcome.ACCEPTED
    if fault is Fault.PERMANENT:
        return SendOutcome.REFUSED
    if place is Place.AFTER_DOT and fault is not Fault.TEMPORARY:
        return SendOutcome.UNCERTAIN
    return SendOutcome.DEFERRED


def transport(server: FakeSmtpServer, security: Security, tls: Tls) -> SmtpTransport:
    hangs = server.fault is Fault.HANG
    at_the_end = server.place is Place.AFTER_DOT
    return SmtpTransport(
        host=server.host,
        port=server.port,
        security=security,
        tls=tls.client,
        user=USER,
        password=None if security is Security.NONE else lambda: PASSWORD,
        connect_timeout=0.3 if server.place in {Place.CONNECT, Place.BANNER} and hangs else 20,
        command_timeout=0.3 if hangs and not at_the_end else 20,
        reply_timeout=0.3 if hangs and at_the_end else 20,
    )


class AtData:
    """Counts how often it was asked."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.answer


def send(mailer: SmtpTransport, at_data: Callable[[], bool], data: bytes = MAIL) -> SendResult:
    return mailer.send(SENDER, RECIPIENT, data, at_data)


@pytest.mark.parametrize(("place", "fault"), CELLS)
def test_each_failure_has_its_outcome_and_no_recipient_gets_two(place: Place, fault: Fault, tls: Tls) -> None:
    at_data = AtData()
    fake = FakeSmtpServer(place=place, fault=fault, tls=tls.server, logins={USER: PASSWORD})
    with fake as server, transport(server, Security.STARTTLS, tls) as mailer:
        result = send(mailer, at_data, BIG_MAIL if place is Place.MID_BODY else MAIL)
    assert result.outcome is expected(place, fault)
    is_taken = result.outcome in {SendOutcome.ACCEPTED, SendOutcome.UNCERTAIN}
    assert len(server.accepted) == is_taken
    assert at_data.asked == (place not in OF_THE_CONNECTION | {Place.MAIL, Place.RCPT})
    if fault is not Fault.HANG and place in STAGES:
        assert result.stage is STAGES[place]


PLAIN_CELLS = [each for each in CELLS if each.values[0] not in {Place.STARTTLS, Place.AUTH}]


@pytest.mark.parametrize(("place", "fault"), PLAIN_CELLS)
def test_the_same_holds_without_tls(place: Place, fault: Fault, tls: Tls) -> None:
    with FakeSmtpServer(place=place, fault=fault) as server, transport(server, Security.NONE, tls) as mailer:
        result = send(mailer, AtData(), BIG_MAIL if place is Place.MID_BODY else MAIL)
    assert result.outcome is expected(place, fault)
    assert len(server.accepted) == (result.outcome in {SendOutcome.ACCEPTED, SendOutcome.UNCERTAIN})


@pytest.mark.parametrize("fault", Fault)
def test_a_connection_that_died_after_a_mail_costs_the_next_mail_nothing(fault: Fault, tls: Tls) -> None:
    at_data = AtData()
    with FakeSmtpServer(place=Place.AFTER_250, fault=fault) as server:
        mailer = SmtpTransport(host=server.host, port=server.port, security=Security.NONE, command_timeout=1)
        with mailer:
            outcomes = [send(mailer, at_data).outcome for _ in range(2)]
    assert outcomes == [SendOutcome.ACCEPTED, SendOutcome.ACCEPTED]
    assert len(server.accepted) == 2
    assert at_data.asked == 2


def test_a_short_mail_cut_in_its_middle_is_never_called_accepted(tls: Tls) -> None:
    with (
        FakeSmtpServer(place=Place.MID_BODY, fault=Fault.CUT) as server,
        transport(server, Security.NONE, tls) as mailer,
    ):
        result = send(mailer, AtData(), MAIL + b"x" * 2000)
    assert result.outcome in {SendOutcome.DEFERRED, SendOutcome.UNCERTAIN}  # by who was faster; both are safe
    assert not server.accepted


@pytest.mark.parametrize("reply", [b"250\r\n", b"251 forwarded\r\n", b"250-two\r\n250 lines\r\n"])
def test_any_clear_yes_after_the_dot_is_an_acceptance(reply: bytes, tls: Tls) -> None:
    with FakeSmtpServer(ending=reply) as server, transport(server, Security.NONE, tls) as mailer:
        assert send(mailer, AtData()).outcome is SendOutcome.ACCEPTED


@pytest.mark.parametrize(
    "reply",
    [
        b"2500 ok\r\n",
        b"25 ok\r\n",
        b"+50 ok\r\n",
        b"199 hm\r\n",
        b"354 go on\r\n",
        b"250 unfinished",
        b"\r\n",
        b"250-ok\r\n550 no\r\n",
        b"250 " + b"x" * 10_000 + b"\r\n",
        b"250-x\r\n" * 200,
    ],
)
def test_any_other_answer_after_the_dot_is_uncertain(reply: bytes, tls: Tls) -> None:
    with FakeSmtpServer(ending=reply) as server, transport(server, Security.NONE, tls) as mailer:
        assert send(mailer, AtData()).outcome is SendOutcome.UNCERTAIN
