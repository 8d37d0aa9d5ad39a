"""What is read from a mail that came in, and which machine's mails are told apart."""

from datetime import UTC, datetime

import pytest

from reminders.incoming import AutoKind, IncomingMail, UnreadableMail, read_mail
from tests.unit.reminders.replies.mails import HEADERS, mail, report


def new_words(body: str) -> str:
    return read_mail(mail(body.encode())).text


def test_an_answer_is_read_with_all_that_leads_back_to_its_reminder() -> None:
    assert read_mail(mail(b"We will pay on Friday.\r\n")) == IncomingMail(
        from_address="bob@blue.example",
        to_addresses=("ar+r1@acme.example",),
        plus_tag="r1",
        subject="Re: Invoice 1042",
        message_id="<reply-1@blue.example>",
        in_reply_to="<rem-1@acme.example>",
        references=("<rem-0@acme.example>", "<rem-1@acme.example>"),
        date=datetime(2026, 11, 20, 8, 31, tzinfo=UTC),
        auto=AutoKind.NONE,
        reminder_ids=("rem-1", "rem-0"),
        report=None,
        text="We will pay on Friday.",
        too_big=False,
    )


def test_ids_of_other_domains_are_left_out_where_ours_is_known() -> None:
    data = mail(b"x", b"From: a@b.example\r\nReferences: <x@other.example> <rem-2@ACME.example>\r\n")
    assert read_mail(data, domain="acme.example").reminder_ids == ("rem-2",)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("bob@blue.example", "bob@blue.example"),
        ("Bob <bob@blue.example>", "bob@blue.example"),
        ('"victim@good.example" <evil@bad.example>', "evil@bad.example"),
        ("bob@blue.example (Bob)", "bob@blue.example"),
        ("=?utf-8?b?QsO2Yg==?= <bob@blue.example>", "bob@blue.example"),
        ("a@b.example, c@d.example", ""),
        ("nobody", ""),
        ("<bob@blue.example", "bob@blue.example"),
        ("Bob <two@at@blue.example>", ""),
    ],
)
def test_the_sender_is_one_address_or_none(value: str, address: str) -> None:
    assert read_mail(mail(b"x", f"From: {value}\r\n".encode())).from_address == address


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, AutoKind.NONE),
        ({"Auto_Submitted": "no"}, AutoKind.NONE),
        ({"Auto_Submitted": "auto-replied"}, AutoKind.AUTO_REPLY),
        ({"Auto_Submitted": "auto-generated"}, AutoKind.AUTO_REPLY),
        ({"Precedence": "bulk"}, AutoKind.AUTO_REPLY),
        ({"X_Autoreply": "yes"}, AutoKind.AUTO_REPLY),
        ({"Return_Path": "<>"}, AutoKind.AUTO_REPLY),
        ({"List_Id": "<l.example>"}, AutoKind.LIST),
        ({"Precedence": "list"}, AutoKind.LIST),
        ({"X_Duecourse_Reminder": "rem-1", "Auto_Submitted": "auto-generated"}, AutoKind.OWN),
    ],
)
def test_machines_are_told_from_people_by_their_headers(headers: dict[str, str], kind: AutoKind) -> None:
    assert read_mail(mail(b"x", **headers)).auto is kind


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Invoice 1042",
        "Out of Office Re: Invoice",
        "Automatische Antwort: Rechnung",
        "Abwesenheitsnotiz: Rechnung",
        "Réponse automatique : Facture",
        "Respuesta automática: Factura",
    ],
)
def test_somebody_away_is_told_from_other_machines(subject: str) -> None:
    plain = b"From: a@b.example\r\nSubject: " + subject.encode() + b"\r\n"
    assert read_mail(mail(b"x", plain)).auto is AutoKind.OUT_OF_OFFICE
    assert read_mail(mail(b"x", plain, Auto_Submitted="auto-replied")).auto is AutoKind.OUT_OF_OFFICE


def test_a_person_who_writes_about_leave_is_a_person() -> None:
    data = mail(b"x", b"From: a@b.example\r\nSubject: Re: who decides while she is on leave?\r\n")
    assert read_mail(data).auto is AutoKind.NONE


def test_a_delivery_report_names_the_address_the_reason_and_the_reminder() -> None:
    read = read_mail(report())
    assert read.auto is AutoKind.DELIVERY_REPORT
    assert read.reminder_ids == ("rem-1",)
    assert read.report is not None
    (failed,) = read.report.recipients
    assert (failed.address, failed.permanent, failed.status) == ("ap@blue.example", True, "5.1.1")
    assert failed.diagnostic == "smtp; 550 5.1.1 no such user here"


@pytest.mark.parametrize(
    ("status", "action", "permanent"),
    [("5.1.1", "failed", True), ("4.4.7", "failed", False), ("4.2.2", "delayed", False), ("5.0.0", "delayed", False)],
)
def test_only_a_failure_for_good_is_permanent(status: str, action: str, permanent: bool) -> None:
    read = read_mail(report(status=status, action=action))
    assert read.report is not None
    assert [each.permanent for each in read.report.recipients] == [permanent]


def test_a_report_of_success_fails_nobody() -> None:
    read = read_mail(report(status="2.0.0", action="delivered"))
    assert read.auto is AutoKind.DELIVERY_REPORT
    assert read.report is not None
    assert read.report.recipients == ()


def test_a_report_with_headers_alone_leads_back_too() -> None:
    returned = b"Content-Type: text/rfc822-headers\r\n\r\nFrom: x\r\nX-Duecourse-Reminder: rem-9\r\n"
    assert read_mail(report(returned=returned)).reminder_ids == ("rem-9",)


def test_the_address_we_wrote_to_counts_not_the_one_it_was_forwarded_to() -> None:
    two = "rfc822; inner@hidden.example\r\nOriginal-Recipient: rfc822; ap@blue.example"
    read = read_mail(report(recipient=two))
    assert read.report is not None
    assert read.report.recipients[0].address == "ap@blue.example"


def test_a_report_that_a_person_forwards_is_no_report() -> None:
    data = report().replace(b"multipart/report; report-type=delivery-status;", b"multipart/mixed;")
    data = data.replace(b"MAILER-DAEMON@", b"bob@").replace(b"Return-Path: <>\r\n", b"")
    assert read_mail(data).report is None


def test_an_old_report_by_header_is_read() -> None:
    headers = b"From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: ap@blue.example\r\n"
    read = read_mail(mail(b"550 5.1.1 unknown user\r\n", headers))
    assert read.report is not None
    assert (read.report.recipients[0].address, read.report.recipients[0].permanent) == ("ap@blue.example", True)


def test_an_old_report_in_plain_words_is_read() -> None:
    body = (
        b"Hi. This is the qmail-send program at mx.example.\r\n\r\n<ap@blue.example>:\r\n"
        b"Sorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
        b"Message-ID: <rem-1@acme.example>\r\nX-Duecourse-Reminder: rem-1\r\n"
    )
    read = read_mail(mail(body, b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\n"))
    assert read.report is not None
    assert (read.report.recipients[0].address, read.report.recipients[0].permanent) == ("ap@blue.example", True)
    assert read.reminder_ids == ("rem-1",)


def test_a_daemons_mail_without_an_address_is_only_a_machines() -> None:
    read = read_mail(mail(b"Something went wrong.", b"Return-Path: <>\r\nFrom: postmaster@mx.example\r\n"))
    assert (read.report, read.auto) == (None, AutoKind.AUTO_REPLY)


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, 16 Nov 2026 at 09:31, Jane Doe <ar@acme.example> wrote:\n> please pay\n> by Friday",
        "On Mon, 16 Nov 2026 at 09:31, Jane Doe\n<ar@acme.example> wrote:\n> please pay",
        "Am 16. November 2026 um 09:31 schrieb Jane Doe <ar@acme.example>:\n> bitte zahlen",
        "Le lun. 16 nov. 2026 à 09:31, Jane Doe <ar@acme.example> a écrit :\n> merci",
        "El lun, 16 nov 2026 a las 9:31, Jane Doe (<ar@acme.example>) escribió:\n> gracias",
        "-----Original Message-----\nFrom: Jane\nplease pay",
        "-----Ursprüngliche Nachricht-----\nVon: Jane\nbitte",
        "________________________________\nFrom: Jane",
        "From: Jane Doe\nSent: Monday\nTo: Bob\nSubject: Invoice\n\nplease pay",
        "Von: Jane Doe\nGesendet: Montag\nAn: Bob\n\nbitte",
        "-- \nBob Blue\nBlue Bird Ltd",
    ],
)
def test_the_new_words_stand_without_what_they_quote(quoted: str) -> None:
    assert new_words(f"We will pay on Friday.\n\nBob\n\n{quoted}\n") == "We will pay on Friday.\n\nBob"


def test_words_below_or_between_a_quotation_are_kept() -> None:
    assert new_words("> please pay invoice 1042\nPaid yesterday.\n> and 1043\nWe dispute it.") == (
        "Paid yesterday.\nWe dispute it."
    )


def test_ordinary_lines_are_not_taken_for_quotations() -> None:
    words = "On Friday we pay:\nEUR 100\n\nAm Montag zahlen wir:\n100 EUR\n\nFrom: our bank\nwe heard nothing"
    assert new_words(words) == words


def test_where_all_is_quoted_all_is_kept() -> None:
    assert new_words("> we will pay") == "> we will pay"


def test_a_page_of_html_is_read_as_words() -> None:
    page = (
        b"<html><head><style>p{}</style><title>t</title></head><body><p>We&nbsp;paid <b>EUR&nbsp;100</b></p>"
        b"<script>x</script><!-- > --><div>Bob &lt;3</div></body></html>"
    )
    assert read_mail(mail(page, Content_Type="text/html; charset=utf-8")).text.split() == [
        "We",
        "paid",
        "EUR",
        "100",
        "Bob",
        "<3",
    ]


def test_the_text_is_preferred_to_the_page_and_attachments_are_left_alone() -> None:
    body = (
        b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=x.txt\r\n\r\nattached\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>page</p>\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nwords\r\n--b--\r\n"
    )
    assert read_mail(mail(body, Content_Type='multipart/mixed; boundary="b"')).text == "words"


@pytest.mark.parametrize("charset", ["latin-1", "windows-1252", "utf-8", "iso-8859-15"])
def test_words_are_read_in_their_charset(charset: str) -> None:
    body = "Wir zahlen nächste Woche".encode(charset)
    assert read_mail(mail(body, Content_Type=f"text/plain; charset={charset}")).text == "Wir zahlen nächste Woche"


def test_a_date_that_is_none_is_none() -> None:
    for value in (b"yesterday", b"Mon, 99 Foo 99999 99:99:99 +9999", b"", b"Fri, 20 Nov 20260000 09:31:00 +0100"):
        assert read_mail(mail(b"x", b"From: a@b.example\r\nDate: " + value + b"\r\n")).date is None


def test_a_mail_over_the_limit_is_read_by_its_headers_alone() -> None:
    read = read_mail(mail(b"x" * 2_000), max_bytes=1_000)
    assert (read.too_big, read.text, read.from_address) == (True, "", "bob@blue.example")
    assert not read_mail(mail(b"x" * 500), max_bytes=1_000).too_big


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, b"hello", bytes(range(256)) * 50, b"\r\n\r\n", b"X: y\r\n\r\n" + HEADERS]
)
def test_what_is_no_mail_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UnreadableMail):
        read_mail(data)
