import re
from base64 import b64encode
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from adapters.quickbooks.sandbox import QuickBooksSandbox, SandboxSettings
from adapters.quickbooks.sandbox.oauth import Answer
from adapters.quickbooks.sandbox.wire import Json, decode
from adapters.sandbox.books import Books
from tests.unit.adapters.quickbooks.sandbox.face import Clock

CALLBACK = "http://localhost:8000/callback?from=here"


class Door:
    """The authorization server, asked as a client would."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.clock = Clock()
        self.books = Books(now=self.clock, name="Harbour & Sons")
        self.app = QuickBooksSandbox(self.books, settings=settings)

    def ask(
        self, method: str, path: str, query: dict[str, str], form: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.answer(method, path, query, named, urlencode(form or {}).encode())

    def code(self) -> str:
        query = {"client_id": "me", "redirect_uri": CALLBACK, "state": "s", "response_type": "code"}
        fields = dict(
            re.findall(r'name="([^"]+)" value="([^"]*)"', self.ask("GET", "/connect/oauth2", query).body.decode())
        )
        answer = self.ask("POST", "/connect/oauth2", {}, {**fields, "decision": "connect"})
        return parse_qs(urlsplit(dict(answer.headers)["Location"]).query)["code"][0]

    def token(self, secret: str = "me:secret", **more: str) -> tuple[int, Json]:
        form = {name: value for name, value in more.items() if not name.startswith("x_")}
        headers = {name: value for name, value in more.items() if name.startswith("x_")}
        basic = b64encode(secret.encode()).decode()
        answer = self.ask("POST", "/oauth2/v1/tokens/bearer", {}, form, authorization=f"Basic {basic}", **headers)
        return answer.status, decode(answer.body)

    def connect(self) -> Json:
        status, tokens = self.token(grant_type="authorization_code", code=self.code(), redirect_uri=CALLBACK)
        assert status == 200
        return tokens

    def refresh(self, token: str) -> tuple[int, Json]:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def read(self, access: str) -> Answer:
        return self.ask("GET", "/v3/company/5/preferences", {}, authorization=f"Bearer {access}")


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration/"])
def test_discovery_names_every_endpoint_on_the_same_host(door: Door, name: str) -> None:
    told = decode(door.ask("GET", f"/.well-known/{name}", {}, host="127.0.0.1:99").body)
    for endpoint in ("authorization", "token", "revocation", "userinfo"):
        assert told[f"{endpoint}_endpoint"].startswith("http://127.0.0.1:99/")
    assert {"issuer", "jwks_uri"} <= set(told)


def test_the_page_asks_for_the_company_by_its_name(door: Door) -> None:
    query = {"client_id": "me", "redirect_uri": CALLBACK, "state": '"><script>', "response_type": "code"}
    page = door.ask("GET", "/connect/oauth2", query)
    assert b"Harbour &amp; Sons" in page.body
    assert b"<script>" not in page.body
    assert b">Connect</button>" in page.body


def test_the_redirect_carries_code_state_and_realm(door: Door) -> None:
    form = {"redirect_uri": CALLBACK, "state": "s/1", "decision": "connect"}
    answer = door.ask("POST", "/connect/oauth2", {}, form)
    target = urlsplit(dict(answer.headers)["Location"])
    back = parse_qs(target.query)
    assert (answer.status, target.netloc, back["state"], back["from"]) == (302, "localhost:8000", ["s/1"], ["here"])
    assert back["realmId"][0].isdigit()


def test_a_person_may_decline(door: Door) -> None:
    answer = door.ask("POST", "/connect/oauth2", {}, {"redirect_uri": CALLBACK, "state": "s", "decision": "cancel"})
    assert "error=access_denied" in dict(answer.headers)["Location"]


def test_a_link_without_state_is_no_link(door: Door) -> None:
    query = {"client_id": "me", "redirect_uri": CALLBACK, "response_type": "code"}
    assert door.ask("GET", "/connect/oauth2", query).status == 400


def test_a_code_is_exchanged_once_in_time_and_with_the_same_uri(door: Door) -> None:
    code = door.code()
    asked = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    assert door.token(**asked, code=code)[0] == 200
    assert door.token(**asked, code=code) == (
        400,
        {"error_description": "Incorrect or invalid refresh token", "error": "invalid_grant"},
    )
    assert door.token(**{**asked, "redirect_uri": "http://elsewhere"}, code=door.code())[0] == 400
    late = door.code()
    door.clock.move(minutes=11)
    assert door.token(**asked, code=late)[0] == 400


def test_an_access_token_opens_every_realm_until_its_hour_is_over(door: Door) -> None:
    tokens = door.connect()
    assert tokens["expires_in"] == 3600
    assert door.read(tokens["access_token"]).status == 200
    door.clock.move(hours=1)
    refused = door.read(tokens["access_token"])
    assert refused.status == 401
    assert decode(refused.body)["fault"]["error"][0]["code"] == "3200"
    assert ("Www-Authenticate", 'Bearer realm="Intuit", error="invalid_token"') in refused.headers


def test_a_refresh_token_changes_once_a_day_and_the_old_one_works_a_while(door: Door) -> None:
    first = door.connect()["refresh_token"]
    door.clock.move(hours=23)
    assert door.refresh(first)[1]["refresh_token"] == first
    door.clock.move(hours=1)
    second = door.refresh(first)[1]["refresh_token"]
    assert second != first
    door.clock.move(hours=23)
    assert door.refresh(first)[1]["refresh_token"] == second
    door.clock.move(hours=1)
    assert door.refresh(first)[0] == 400
    assert door.refresh(second)[0] == 200


def test_a_refresh_token_rolls_for_a_hundred_days_and_one(door: Door) -> None:
    tokens = door.connect()
    assert tokens["x_refresh_token_expires_in"] == 8_726_400
    door.clock.move(days=101)
    assert door.refresh(tokens["refresh_token"]) == (
        400,
        {"error_description": "Incorrect or invalid refresh token", "error": "invalid_grant"},
    )


def test_the_hard_expiry_is_told_to_those_who_ask_and_ends_everything() -> None:
    door = Door(SandboxSettings(refresh_lifetime=timedelta(days=10_000)))
    token = door.connect()["refresh_token"]
    asked = {"grant_type": "refresh_token", "refresh_token": token}
    assert "x_refresh_token_hard_expires_in" not in door.token(**asked)[1]
    told = door.token(**asked, x_include_refresh_token_hard_expires_in="true")[1]
    assert told["x_refresh_token_hard_expires_in"] == 5 * 365 * 86_400
    door.clock.move(days=5 * 365)
    assert door.token(**asked)[0] == 400


def test_revoking_ends_the_connection(door: Door) -> None:
    tokens = door.connect()
    basic = f"Basic {b64encode(b'me:secret').decode()}"
    revoked = door.app.answer(
        "POST",
        "/v2/oauth2/tokens/revoke",
        {},
        {"authorization": basic},
        b'{"token": "%s"}' % tokens["refresh_token"].encode(),
    )
    assert revoked.status == 200
    assert door.read(tokens["access_token"]).status == 401
    assert door.refresh(tokens["refresh_token"])[1]["error"] == "invalid_grant"


def test_client_id_and_secret_are_checked_where_they_are_set() -> None:
    door = Door(SandboxSettings(client_id="me", client_secret="secret"))
    asked = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
    assert door.token(**asked)[0] == 200
    assert door.token(secret="me:wrong", **asked) == (401, {"error": "invalid_client"})
    assert door.ask("POST", "/oauth2/v1/tokens/bearer", {}, asked).status == 401


def test_an_unknown_grant_type_is_refused(door: Door) -> None:
    assert door.token(grant_type="password") == (400, {"error": "unsupported_grant_type"})
