"""OAuth 2.0 as Intuit serves it: discovery, a page with a Connect button, code exchange, refresh, revoke."""

from base64 import b64decode
from collections.abc import Mapping
from html import escape
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.quickbooks.sandbox.tokens import InvalidGrant, Tokens
from adapters.quickbooks.sandbox.wire import Json, decode, encode

AUTHORIZE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"  # noqa: S105 - a path
REVOKE = "/v2/oauth2/tokens/revoke"
USER_INFO = "/v1/openid_connect/userinfo"
KEYS = "/op/v1/jwks"
DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")
_HARD_HEADER = "x-include-refresh-token-hard-expires-in"


class Answer(NamedTuple):
    """A status, a body and what else stands in the headers."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class OAuth:
    """The authorization server of the sandbox."""

    def __init__(self, settings: SandboxSettings, tokens: Tokens, company: str) -> None:
        self._settings = settings
        self._tokens = tokens
        self._company = company

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer | None:
        """The answer to one call, None where the path is none of ours."""
        path = path.rstrip("/")
        if path in DISCOVERY:
            return Answer(200, encode(_discovery(f"http://{headers.get('host', '')}")))
        if path == AUTHORIZE:
            return self._authorize(query) if method == "GET" else self._connected(query, body)
        if path == TOKEN and method == "POST":
            return self._token(headers, body)
        if path == REVOKE and method == "POST":
            return self._revoke(headers, body)
        if path == USER_INFO:
            return self._user(headers)
        return Answer(200, encode({"keys": []})) if path == KEYS else None

    def _authorize(self, query: Mapping[str, str]) -> Answer:
        missing = [name for name in ("client_id", "redirect_uri", "state", "response_type") if not query.get(name)]
        if missing or query["response_type"] != "code":
            sentence = f"This link lacks {', '.join(missing) or 'response_type=code'}."
            return Answer(400, _page(f"<p>{escape(sentence)}</p>"), "text/html;charset=utf-8")
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in query.items()
        )
        form = (
            f"<p>Let this app read and write the books of <b>{escape(self._company)}</b>?</p>"
            f'<form method="post" action="{AUTHORIZE}">{hidden}'
            '<button type="submit" name="decision" value="connect">Connect</button> '
            '<button type="submit" name="decision" value="cancel">No, thanks</button></form>'
        )
        return Answer(200, _page(form), "text/html;charset=utf-8")

    def _connected(self, query: Mapping[str, str], body: bytes) -> Answer:
        given = {**query, **_form(body)}
        target = given.get("redirect_uri", "")
        if urlsplit(target).scheme not in {"http", "https"}:
            return Answer(400, _page("<p>This link lacks a redirect_uri.</p>"), "text/html;charset=utf-8")
        if given.get("decision") == "cancel":
            back = {"error": "access_denied", "state": given.get("state", "")}
        else:
            code = self._tokens.code(target)
            back = {"code": code, "state": given.get("state", ""), "realmId": self._settings.realm_id}
        joint = "&" if urlsplit(target).query else "?"
        return Answer(302, b"", "text/plain", (("Location", f"{target}{joint}{urlencode(back)}"),))

    def _token(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if not self._is_client(headers):
            return Answer(401, encode({"error": "invalid_client"}))
        form = _form(body)
        try:
            if form.get("grant_type") == "authorization_code":
                made = self._tokens.exchange(form.get("code", ""), form.get("redirect_uri", ""))
            elif form.get("grant_type") == "refresh_token":
                made = self._tokens.refresh(form.get("refresh_token", ""))
            else:
                return Answer(400, encode({"error": "unsupported_grant_type"}))
        except InvalidGrant:
            told = {"error_description": "Incorrect or invalid refresh token", "error": "invalid_grant"}
            return Answer(400, encode(told))
        if headers.get(_HARD_HEADER, "").lower() == "true":
            made["x_refresh_token_hard_expires_in"] = self._tokens.hard_expiry(made["refresh_token"])
        return Answer(200, encode(made))

    def _revoke(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if not self._is_client(headers):
            return Answer(401, encode({"error": "invalid_client"}))
        try:
            given = decode(body)
        except ValueError:
            given = _form(body)
        found = self._tokens.revoke(str(given.get("token", "")))
        return Answer(200, b"") if found else Answer(400, encode({"error": "invalid_token"}))

    def _user(self, headers: Mapping[str, str]) -> Answer:
        if not self._tokens.opens(headers.get("authorization", "").removeprefix("Bearer ")):
            return Answer(401, encode({"error": "invalid_token"}))
        who = {
            "sub": "sandbox-user",
            "givenName": "Sandbox",
            "email": "bookkeeper@company.example",
            "emailVerified": True,
        }
        return Answer(200, encode(who))

    def _is_client(self, headers: Mapping[str, str]) -> bool:
        kind, _, coded = headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            client, _, secret = b64decode(coded).decode().partition(":")
        except ValueError:
            return False
        expected = (self._settings.client_id, self._settings.client_secret)
        return not any(expected) or (client, secret) == expected


def _form(body: bytes) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _discovery(base: str) -> Json:
    return {
        "issuer": "https://oauth.platform.intuit.com/op/v1",
        "authorization_endpoint": f"{base}{AUTHORIZE}",
        "token_endpoint": f"{base}{TOKEN}",
        "userinfo_endpoint": f"{base}{USER_INFO}",
        "revocation_endpoint": f"{base}{REVOKE}",
        "jwks_uri": f"{base}{KEYS}",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def _page(inner: str) -> bytes:
    title = "Connect to QuickBooks (sandbox)"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{inner}</body></html>"
    ).encode()
