"""Mails as customers and their servers send them, to the firm's mailbox."""

from email.message import EmailMessage

FIRM = "ar@firm.example"


def reply(
    words: str = "Thank you.",
    *,
    sender: str = "c20@example.com",
    to: str = FIRM,
    answers: str = "",
    references: str = "",
    subject: str = "Re: Invoice i20",
    **headers: str,
) -> bytes:
    """A person's mail. `answers` is the reminder it answers."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<m{abs(hash((words, sender, answers, subject)))}@example.com>"
    mail["Date"] = "Mon, 02 Nov 2026 11:00:00 +0000"
    if answers:
        mail["In-Reply-To"] = f"<{answers}@firm.example>"
    if references:
        mail["References"] = references
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(words)
    return mail.as_bytes()


def bounce(failed: str, returned: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A delivery report about `failed` that returns the headers of the reminder `returned`."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com\r\nTo: ar@firm.example\r\nSubject: Undelivered\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {failed}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: <{returned}@firm.example>\r\nX-Duecourse-Reminder: {returned}\r\nSubject: x\r\n\r\nhello\r\n\r\n"
        "--b--\r\n"
    ).encode()
