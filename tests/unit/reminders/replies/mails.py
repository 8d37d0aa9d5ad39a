"""Short ways to say what came in, for the tests of reading mail."""

HEADERS = (
    b"From: Bob Blue <bob@blue.example>\r\nTo: ar+r1@acme.example\r\nSubject: Re: Invoice 1042\r\n"
    b"Date: Fri, 20 Nov 2026 09:31:00 +0100\r\nMessage-ID: <reply-1@blue.example>\r\n"
    b"In-Reply-To: <rem-1@acme.example>\r\nReferences: <rem-0@acme.example> <rem-1@acme.example>\r\n"
)


def mail(body: bytes = b"", headers: bytes = HEADERS, /, **more: str) -> bytes:
    """A mail with this body; `more` are further headers, `_` for `-` in their names."""
    further = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in more.items()).encode()
    return headers + further + b"\r\n" + body


def report(
    *,
    status: str = "5.1.1",
    action: str = "failed",
    recipient: str = "rfc822; ap@blue.example",
    returned: bytes = b"Content-Type: message/rfc822\r\n\r\nMessage-ID: <rem-1@acme.example>\r\n"
    b"X-Duecourse-Reminder: rem-1\r\nSubject: x\r\n\r\nhello\r\n",
) -> bytes:
    """A delivery report of the standard form (RFC 3464)."""
    return (
        b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.blue.example\r\nTo: ar@acme.example\r\nSubject: Undelivered\r\n"
        b"Auto-Submitted: auto-replied\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.blue.example\r\n\r\n"
        + f"Final-Recipient: {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n".encode()
        + b"Diagnostic-Code: smtp; 550 5.1.1 no such\r\n user here\r\n\r\n--b\r\n"
        + returned
        + b"\r\n--b--\r\n"
    )
