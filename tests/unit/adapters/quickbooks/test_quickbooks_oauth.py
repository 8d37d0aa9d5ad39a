import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx

from adapters.errors import LedgerAuthExpired, LedgerRejected, LedgerUnavailable
from adapters.quickbooks.oauth import (
    HARD_EXPIRY,
    Endpoints,
    MemoryTokens,
    TokenKeeper,
    Tokens,
    discover,
    new_state,
    read_callback,
)
from tests.unit.adapters.quickbooks.office import REALM, SIGN_IN, Office, tokens

GRANT = {
    "access_token": "access-new",
    "refresh_token": "refresh-new",
    "token_type": "bearer",
    "expires_in": 3600,
    "x_refresh_token_expires_in": 8726400,
    "x_refresh_token_hard_expires_in": 157680000,
}
TOKENS = f"{SIGN_IN}/tokens"
BACK = "http://localhost:8765/callback"


class RecordingTokens(MemoryTokens):
    """Takes note of what is saved, and of the lock."""

    def __init__(self, first: Tokens) -> None:
        super().__init__(first)
        self.saved: list[Tokens] = []
        self.held = False

    @contextmanager
    def lock(self) -> Iterator[None]:
        with super().lock():
            self.held = True
            yield
            self.held = False

    def save(self, tokens: Tokens) -> None:
        self.saved.append(tokens)
        super().save(tokens)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def sign_in() -> respx.MockRouter:
    return respx.mock(assert_all_called=False)


def test_the_consent_page_is_asked_for_with_our_state(office: Office) -> None:
    url = urlsplit(office.oauth.authorize_url("st/te"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{SIGN_IN}/consent"
    assert {name: value for name, (value,) in parse_qs(url.query).items()} == {
        "client_id": "app",
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": BACK,
        "state": "st/te",
    }


def test_states_are_long_and_never_alike() -> None:
    states = {new_state() for _ in range(100)}
    assert len(states) == 100
    assert min(map(len, states)) >= 40


def test_a_redirect_gives_code_and_company() -> None:
    assert read_callback(f"{BACK}?code=c0de&state=s&realmId={REALM}", "s") == ("c0de", REALM)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("code=c&realmId=1&state=other", "state"),
        ("code=c&realmId=1", "state"),
        ("error=access_denied&state=s", "access_denied"),
        ("code=c&state=s", "callback"),
        ("realmId=1&state=s", "callback"),
    ],
)
def test_a_redirect_that_is_not_ours_is_refused(query: str, why: str) -> None:
    with pytest.raises(LedgerRejected) as raised:
        read_callback(f"{BACK}?{query}", "s")
    assert raised.value.code == why


def test_a_code_is_exchanged_for_tokens_and_their_ends(office: Office) -> None:
    with respx.mock:
        route = respx.post(TOKENS).respond(json=GRANT)
        got = office.oauth.exchange("c0de", REALM)
    request = route.calls.last.request
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["c0de"],
        "redirect_uri": [BACK],
    }
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"app:app-secret").decode()
    assert request.headers[HARD_EXPIRY] == "true"
    now = office.clock.now()
    assert (got.realm, got.access_token, got.refresh_token) == (REALM, "access-new", "refresh-new")
    assert got.access_expires_at == now + timedelta(hours=1)
    assert got.refresh_expires_at == now + timedelta(days=101)
    assert got.consent_expires_at == now + timedelta(days=1825)


def test_tokens_are_not_shown(office: Office) -> None:
    assert "access-first" not in repr(office.tokens.load())
    assert "refresh-first" not in repr(office.tokens.load())


def test_a_code_that_got_no_answer_is_not_sent_again(office: Office) -> None:
    with respx.mock:
        route = respx.post(TOKENS).mock(side_effect=httpx.ReadTimeout)
        with pytest.raises(LedgerUnavailable):
            office.oauth.exchange("c0de", REALM)
    assert route.call_count == 1


def test_a_lost_consent_says_reconnect(office: Office) -> None:
    with respx.mock:
        respx.post(TOKENS).respond(400, json={"error": "invalid_grant"})
        with pytest.raises(LedgerAuthExpired, match="Connect it again"):
            office.oauth.refresh(office.tokens.load())


def test_a_wrong_secret_names_what_to_check(office: Office) -> None:
    with respx.mock:
        respx.post(TOKENS).respond(401, json={"error": "invalid_client"})
        with pytest.raises(LedgerRejected, match="client id and secret"):
            office.oauth.refresh(office.tokens.load())


def test_sign_in_that_is_throttled_says_how_long_to_wait(office: Office) -> None:
    with respx.mock:
        respx.post(TOKENS).respond(429, headers={"Retry-After": "17"})
        with pytest.raises(LedgerUnavailable) as raised:
            office.oauth.refresh(office.tokens.load())
    assert raised.value.retry_after == timedelta(seconds=17)


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.Response(200, text="<html>")])
def test_sign_in_in_trouble_is_worth_another_try(office: Office, answer: httpx.Response) -> None:
    with respx.mock:
        respx.post(TOKENS).mock(return_value=answer)
        with pytest.raises(LedgerUnavailable):
            office.oauth.refresh(office.tokens.load())


def test_consent_is_given_back(office: Office) -> None:
    with respx.mock:
        route = respx.post(f"{SIGN_IN}/revoke").respond(200)
        office.oauth.revoke(office.tokens.load())
    assert route.calls.last.request.content == b'{"token":"refresh-first"}'


def test_endpoints_are_read_from_a_discovery_document(office: Office) -> None:
    found = {
        "authorization_endpoint": "https://a",
        "token_endpoint": "https://t",
        "revocation_endpoint": "https://r",
        "issuer": "https://i",
    }
    with respx.mock:
        respx.get("https://d").respond(json=found)
        assert discover(office.http, "https://d") == Endpoints(
            authorize_url="https://a", token_url="https://t", revoke_url="https://r"
        )


# --- keeping tokens --------------------------------------------------------------------------------------------


def test_a_good_token_is_used_without_asking_anybody(office: Office) -> None:
    keeper = TokenKeeper(office.tokens, office.oauth, office.clock.now)
    with respx.mock:
        assert keeper.access_token() == "access-first"


def test_the_rotated_refresh_token_is_saved_before_the_access_token_is_used(office: Office) -> None:
    store = RecordingTokens(tokens("old", office.clock.now(), valid_for=timedelta(seconds=30)))
    keeper = TokenKeeper(store, office.oauth, office.clock.now)
    with respx.mock:
        respx.post(TOKENS).respond(json=GRANT)
        assert keeper.access_token() == "access-new"
    assert [each.refresh_token for each in store.saved] == ["refresh-new"]


def test_nobody_refreshes_or_saves_without_the_lock(office: Office) -> None:
    store = RecordingTokens(tokens("old", office.clock.now(), valid_for=timedelta(0)))
    asked: list[bool] = []

    def grant(_: httpx.Request) -> httpx.Response:
        asked.append(store.held)
        return httpx.Response(200, json=GRANT)

    with respx.mock:
        respx.post(TOKENS).mock(side_effect=grant)
        TokenKeeper(store, office.oauth, office.clock.now).access_token()
    assert asked == [True]
    assert not store.held


def test_a_token_that_cannot_be_saved_is_never_used(office: Office) -> None:
    class Full(MemoryTokens):
        def save(self, tokens: Tokens) -> None:
            raise OSError("disk full")

    store = Full(tokens("old", office.clock.now(), valid_for=timedelta(0)))
    keeper = TokenKeeper(store, office.oauth, office.clock.now)
    with respx.mock:
        respx.post(TOKENS).respond(json=GRANT)
        with pytest.raises(OSError, match="disk full"):
            keeper.access_token()
    assert store.load().access_token == "access-old"


def test_what_another_process_refreshed_is_taken_over(office: Office) -> None:
    store = RecordingTokens(tokens("old", office.clock.now()))
    keeper = TokenKeeper(store, office.oauth, office.clock.now)
    assert keeper.access_token() == "access-old"
    store.save(tokens("theirs", office.clock.now()))
    with respx.mock:
        assert keeper.renew("access-old") == "access-theirs"


def test_many_threads_refresh_once(office: Office) -> None:
    store = RecordingTokens(tokens("old", office.clock.now(), valid_for=timedelta(0)))
    keepers = [TokenKeeper(store, office.oauth, office.clock.now) for _ in range(8)]
    got: list[str] = []
    with respx.mock:
        route = respx.post(TOKENS).respond(json=GRANT)
        threads = [Thread(target=lambda each=each: got.append(each.access_token())) for each in keepers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == ["access-new"] * 8
    assert route.call_count == 1


def test_a_refresh_without_an_answer_leaves_what_was_to_be_sent_unsent(office: Office) -> None:
    store = MemoryTokens(tokens("old", office.clock.now(), valid_for=timedelta(0)))
    with respx.mock:
        respx.post(TOKENS).mock(side_effect=httpx.ReadTimeout)
        with pytest.raises(LedgerUnavailable) as raised:
            TokenKeeper(store, office.oauth, office.clock.now).access_token()
    assert not raised.value.sent


def test_a_company_that_is_not_connected_says_so() -> None:
    with pytest.raises(LedgerAuthExpired, match="not connected"):
        MemoryTokens().load()


def test_saved_tokens_are_the_ones_loaded(office: Office) -> None:
    changed = replace(office.tokens.load(), access_token="access-other")
    office.tokens.save(changed)
    assert office.tokens.load() == changed
