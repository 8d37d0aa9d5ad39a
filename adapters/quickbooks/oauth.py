"""Intuit's OAuth 2: consent, tokens that expire, refresh tokens that rotate.

The rotated refresh token is stored before the new access token is used, and one refresh runs at a time per company:
both are the only way not to be locked out by a crash or by a second process.
"""

import hmac
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

from adapters.errors import LedgerAuthExpired, LedgerRejected, LedgerUnavailable
from adapters.http import Http, redact, retry_after
from adapters.quickbooks.faults import THROTTLE_WAIT

SCOPE = "com.intuit.quickbooks.accounting"
HARD_EXPIRY = "x-include-refresh-token-hard-expires-in"
_EARLY = timedelta(minutes=2)  # an access token this close to its end is renewed before it is used


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where consent is asked and tokens are had; another set stands in for Intuit in a sandbox."""

    authorize_url: str = "https://appcenter.intuit.com/connect/oauth2"
    token_url: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105  an address
    revoke_url: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a company's consent gave us. Secrets stay out of its representation. Instants are aware UTC."""

    realm: str
    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime | None = None
    consent_expires_at: datetime | None = None  # after five years no refresh helps: reconnect before


class TokenStore(Protocol):
    """One company's tokens, kept where a restart finds them."""

    def load(self) -> Tokens:
        """The tokens stored last. Raises `LedgerAuthExpired` where the company is not connected."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Replaces the tokens; durable when this returns."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Held by one at a time, over all processes: who holds it may refresh."""
        ...


class MemoryTokens:
    """A `TokenStore` for one process."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.RLock()

    def load(self) -> Tokens:
        """See `TokenStore`."""
        if self._tokens is None:
            raise LedgerAuthExpired("This company is not connected.")
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        """See `TokenStore`."""
        self._tokens = tokens

    @contextmanager
    def lock(self) -> Iterator[None]:
        """See `TokenStore`."""
        with self._lock:
            yield


class _Granted(msgspec.Struct, kw_only=True):
    access_token: str
    refresh_token: str
    expires_in: int = 3600
    x_refresh_token_expires_in: int | None = None
    x_refresh_token_hard_expires_in: int | None = None


class _Refused(msgspec.Struct, kw_only=True):
    error: str = ""
    error_description: str = ""


class _Discovered(msgspec.Struct, kw_only=True):
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str


def new_state() -> str:
    """A value that nobody can guess, to recognise our own consent page by."""
    return secrets.token_urlsafe(32)


def read_callback(url: str, state: str) -> tuple[str, str]:
    """The code and the realm id of a redirect. Raises `LedgerRejected` where it is not the answer to `state`."""
    given = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        raise LedgerRejected("This answer does not belong to the connection that was begun here.", code="state")
    if "error" in given:
        raise LedgerRejected(f"QuickBooks did not connect: {redact(given['error'])}.", code=given["error"])
    if not given.get("code") or not given.get("realmId"):
        raise LedgerRejected("QuickBooks answered without a code or a company.", code="callback")
    return given["code"], given["realmId"]


def discover(http: Http, url: str) -> Endpoints:
    """The endpoints as Intuit's discovery document at `url` names them."""
    response = http.repeat(lambda: _usable(http.send(http.client.build_request("GET", url))))
    try:
        found = msgspec.json.decode(response.content, type=_Discovered)
    except msgspec.DecodeError as error:
        raise LedgerRejected("The discovery document cannot be read.", code="discovery") from error
    return Endpoints(
        authorize_url=found.authorization_endpoint,
        token_url=found.token_endpoint,
        revoke_url=found.revocation_endpoint,
    )


def _usable(response: httpx.Response) -> httpx.Response:
    if response.status_code == 429 or response.status_code >= 500:
        raise LedgerUnavailable(f"Intuit's sign-in answered {response.status_code}.")
    return response


class OAuthClient:
    """Our registered app, at Intuit's sign-in."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        http: Http,
        now: Callable[[], datetime],
        endpoints: Endpoints | None = None,
    ) -> None:
        self._auth = httpx.BasicAuth(client_id, client_secret)
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._http = http
        self._now = now
        self._endpoints = endpoints or Endpoints()

    def authorize_url(self, state: str) -> str:
        """The page on which a person gives consent; Intuit then redirects to us with code, state and realmId."""
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": self._redirect_uri,
            "state": state,
        }
        return f"{self._endpoints.authorize_url}?{urlencode(query)}"

    def exchange(self, code: str, realm: str) -> Tokens:
        """The first tokens, for the code of a redirect. A code works once: this is never repeated."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri}
        return self._granted(self._ask(form), realm)

    def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for old, in one attempt; may be repeated, since the old refresh token stays good for a day.

        Raises `LedgerAuthExpired` where Intuit no longer takes it.
        """
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        return self._granted(self._ask(form), tokens.realm)

    def revoke(self, tokens: Tokens) -> None:
        """Gives the consent back. Tokens that Intuit does not know any more are as good as revoked."""
        url, body = self._endpoints.revoke_url, {"token": tokens.refresh_token}
        response = self._http.repeat(lambda: self._send(url, json=body))
        if response.status_code == 401:
            raise _refusal(response)

    def _ask(self, form: dict[str, str]) -> httpx.Response:
        return self._send(self._endpoints.token_url, data=form)

    def _send(self, url: str, *, data: dict[str, str] | None = None, json: object = None) -> httpx.Response:
        headers = {"Accept": "application/json", HARD_EXPIRY: "true"}
        request = self._http.client.build_request("POST", url, data=data, json=json, headers=headers)
        signed = next(self._auth.sync_auth_flow(request))
        response = self._http.send(signed)
        if response.status_code == 429:
            wait = retry_after(response.headers, self._now()) or THROTTLE_WAIT
            raise LedgerUnavailable("Intuit's sign-in asks us to slow down.", retry_after=wait, sent=False)
        return _usable(response)

    def _granted(self, response: httpx.Response, realm: str) -> Tokens:
        if response.status_code != 200:
            raise _refusal(response)
        try:
            granted = msgspec.json.decode(response.content, type=_Granted, strict=False)
        except msgspec.DecodeError as error:
            raise LedgerUnavailable("Intuit's sign-in gave an answer that cannot be read.") from error
        now = self._now()
        return Tokens(
            realm=realm,
            access_token=granted.access_token,
            access_expires_at=now + timedelta(seconds=granted.expires_in),
            refresh_token=granted.refresh_token,
            refresh_expires_at=_later(now, granted.x_refresh_token_expires_in),
            consent_expires_at=_later(now, granted.x_refresh_token_hard_expires_in),
        )


def _later(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _refusal(response: httpx.Response) -> LedgerAuthExpired | LedgerRejected:
    try:
        refused = msgspec.json.decode(response.content, type=_Refused)
    except msgspec.DecodeError:
        refused = _Refused()
    if refused.error == "invalid_grant":
        return LedgerAuthExpired("QuickBooks no longer accepts this connection (invalid_grant). Connect it again.")
    if refused.error == "invalid_client":
        return LedgerRejected("Intuit does not know this app: check client id and secret.", code="invalid_client")
    said = redact(refused.error_description or refused.error) or "no reason given"
    code = refused.error or str(response.status_code)
    return LedgerRejected(f"Intuit's sign-in refused: {said} (HTTP {response.status_code}).", code=code)


class TokenKeeper:
    """Hands out an access token that works, refreshing it when it must."""

    def __init__(self, store: TokenStore, oauth: OAuthClient, now: Callable[[], datetime]) -> None:
        self._store = store
        self._oauth = oauth
        self._now = now
        self._tokens: Tokens | None = None

    def access_token(self) -> str:
        """The access token, renewed when it is about to expire. Raises `LedgerAuthExpired`."""
        if self._tokens is None:
            self._tokens = self._store.load()
        if self._stale(self._tokens):
            return self.renew(self._tokens.access_token)
        return self._tokens.access_token

    def renew(self, refused: str) -> str:
        """A newer access token than `refused`: another process's, if it was quicker, else one from a refresh."""
        with self._store.lock():
            tokens = self._store.load()
            if tokens.access_token == refused or self._stale(tokens):
                tokens = self._refreshed(tokens)
                self._store.save(tokens)
            self._tokens = tokens
            return tokens.access_token

    def _refreshed(self, tokens: Tokens) -> Tokens:
        try:
            return self._oauth.refresh(tokens)
        except LedgerUnavailable as error:
            error.sent = False  # what the token is for has not been sent
            raise

    def _stale(self, tokens: Tokens) -> bool:
        return tokens.access_expires_at - self._now() <= _EARLY
