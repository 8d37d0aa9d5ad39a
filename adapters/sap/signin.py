"""How a client signs in: user and password, OAuth 2.0 client credentials, or a client certificate (in the TLS itself).

A way to sign in gives the header of each request, and is told when the service did not accept it any more.
"""

import base64
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Annotated, Protocol

import httpx
import msgspec

from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from adapters.http import TIMEOUT, Http, retry_after
from adapters.sap.values import UNREADABLE

_MARGIN = timedelta(seconds=60)
_USUAL_LIFE = 600  # seconds, where a token does not say how long it lives
_LONGEST_LIFE = 86_400  # seconds; one that says more is renewed all the same


class SignIn(Protocol):
    """What a request carries to be let in."""

    @property
    def is_session(self) -> bool:
        """Whether the headers name a session that the service gave for a password it accepted."""
        ...

    def headers(self) -> dict[str, str]:
        """The headers of one request. Raises LedgerError."""
        ...

    def refused(self, headers: dict[str, str]) -> bool:
        """These headers were not accepted; whether another try with new ones makes sense."""
        ...


class Nobody:
    """No header: the service asks for none, or knows us by our certificate."""

    is_session = False

    def headers(self) -> dict[str, str]:
        """None."""
        return {}

    def refused(self, headers: dict[str, str]) -> bool:
        """There is nothing newer to try."""
        del headers
        return False


class Basic:
    """User and password with each request (RFC 7617, in UTF-8)."""

    is_session = False

    def __init__(self, user: str, password: Callable[[], str]) -> None:
        self._user = user
        self._password = password

    def headers(self) -> dict[str, str]:
        """The credentials; the password is asked for anew, so that it may change in its file."""
        pair = base64.b64encode(f"{self._user}:{self._password()}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def refused(self, headers: dict[str, str]) -> bool:
        """Whether the password has changed meanwhile; the same one is never tried twice: accounts get locked."""
        return headers != self.headers()


class _Token(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]+$")]
    expires_in: int | None = None


class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749, 4.4): one token for all threads, renewed a minute before its end.

    It is asked for once; whoever calls has the patience. What the token is for has then not been sent.
    """

    is_session = False

    def __init__(
        self, *, token_url: str, client_id: str, secret: Callable[[], str], http: Http, now: Callable[[], datetime]
    ) -> None:
        self._url = token_url
        self._id = client_id
        self._secret = secret
        self._http = http
        self._now = now
        self._lock = Lock()
        self._header = ""
        self._until = now()

    def headers(self) -> dict[str, str]:
        """The token. Raises LedgerAuthExpired where we are refused one, LedgerUnavailable where nobody answers."""
        with self._lock:
            if not self._header or self._now() >= self._until:
                self._renew()
            return {"Authorization": self._header}

    def refused(self, headers: dict[str, str]) -> bool:
        """Forgets the token, unless another thread has a newer one already: then that is tried."""
        with self._lock:
            if headers.get("Authorization") == self._header:
                self._header = ""
        return True

    def _renew(self) -> None:
        try:
            token = self._fetch()
        except LedgerUnavailable as error:
            error.sent = False
            raise
        life = timedelta(seconds=min(token.expires_in or _USUAL_LIFE, _LONGEST_LIFE))
        self._header = f"Bearer {token.access_token}"
        self._until = self._now() + life - min(_MARGIN, life / 2)

    def _fetch(self) -> _Token:
        asked = self._http.client.build_request(
            "POST",
            self._url,
            data={"grant_type": "client_credentials"},
            headers={"Accept": "application/json", **Basic(self._id, self._secret).headers()},
        )
        answer = self._http.send(asked)
        status, host = answer.status_code, asked.url.host
        if status == 429 or status >= 500:
            wait = retry_after(answer.headers, self._now())
            raise LedgerUnavailable(f"{host} gave no token ({status}).", retry_after=wait)
        if status >= 400:
            raise LedgerAuthExpired(f"{host} gave no token ({status}): check client id and secret.")
        try:
            return msgspec.json.decode(answer.content, type=_Token, strict=False)  # SAP writes numbers as text, too
        except UNREADABLE:
            raise LedgerUnavailable(f"{host} answered with no token.") from None


def secure_client(
    *,
    ca_file: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    key_password: str = "",
    connections: int = 4,
) -> httpx.Client:
    """A client that trusts the usual authorities, or those in `ca_file` alone; there is no way not to verify.

    `certificate` (PEM, with its key or beside it) signs us in by TLS. Raises OSError or ssl.SSLError for bad files.
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if certificate is not None:
        context.load_cert_chain(certificate, key, key_password)  # without a password, OpenSSL would ask at the terminal
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False, verify=context, limits=limits)
