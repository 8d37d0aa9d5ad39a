import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Thread
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from adapters.sap.signin import Basic, ClientCredentials
from tests.unit.adapters.sap.service import DONE, NOW, TOKEN, Item, Service, fault, rows

_URL = "https://sign-in.example/oauth2/token"


class _Passwords:
    """A file in which a password is changed."""

    def __init__(self, *said: str) -> None:
        self._said: Iterator[str] = iter(said)
        self._last = ""

    def __call__(self) -> str:
        self._last = next(self._said, self._last)
        return self._last


class _Hour:
    """A clock."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hour() -> _Hour:
    return _Hour()


@pytest.fixture
def credentials(service: Service, hour: _Hour) -> ClientCredentials:
    return ClientCredentials(token_url=_URL, client_id="us", secret=lambda: "s3", http=service.http, now=hour)


def _token(name: str = "T", /, **more: int | str) -> httpx.Response:
    return httpx.Response(200, json={"access_token": name, "token_type": "Bearer", **more})


def _signed(service: Service) -> list[str]:
    return [each.headers["authorization"] for each in service.asked if each.url.host == "erp.example"]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_password_is_carried(user: str, password: str) -> None:
    told = Basic(user, lambda: password).headers()["Authorization"]
    assert base64.b64decode(told.removeprefix("Basic ")).decode() == f"{user}:{password}"


def test_a_password_that_was_refused_is_not_tried_again(service: Service) -> None:
    service.answers(fault(401, "Logon failed"))
    with pytest.raises(LedgerAuthExpired, match="Logon failed"):
        service.client(sign_in=Basic("us", lambda: "old")).rows("A_Items", Item)
    assert len(service.asked) == 1


def test_a_password_that_has_changed_meanwhile_is_tried(service: Service) -> None:
    service.answers(fault(401), rows(1))
    service.client(sign_in=Basic("us", _Passwords("old", "new"))).rows("A_Items", Item)
    old, new = ("Basic " + base64.b64encode(f"us:{each}".encode()).decode() for each in ("old", "new"))
    assert _signed(service) == [old, new]


def test_one_token_serves_until_a_minute_before_its_end(
    service: Service, credentials: ClientCredentials, hour: _Hour
) -> None:
    service.answers(_token("T1", expires_in=3600), rows(), rows(), _token("T2"), rows())
    client = service.client(sign_in=credentials)
    for wait in (timedelta(0), timedelta(seconds=3539), timedelta(seconds=1)):
        hour.now += wait
        client.rows("A_Items", Item)
    assert _signed(service) == ["Bearer T1", "Bearer T1", "Bearer T2"]
    asked = service.asked[0]
    assert str(asked.url) == _URL
    assert parse_qs(asked.content.decode()) == {"grant_type": ["client_credentials"]}
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"us:s3").decode()


@pytest.mark.parametrize(("life", "good_for"), [({"expires_in": "3600"}, 3539), ({"expires_in": 20}, 9), ({}, 539)])
def test_the_life_of_a_token_is_text_short_or_unknown(
    service: Service, credentials: ClientCredentials, hour: _Hour, life: dict[str, int | str], good_for: int
) -> None:
    service.answers(_token(**life))
    credentials.headers()
    hour.now += timedelta(seconds=good_for)
    credentials.headers()
    assert len(service.asked) == 1
    hour.now += timedelta(seconds=1)
    credentials.headers()
    assert len(service.asked) == 2


def test_a_token_that_was_refused_is_renewed_once(service: Service, credentials: ClientCredentials) -> None:
    service.answers(_token("T1"), fault(401), _token("T2"), rows(1))
    service.client(sign_in=credentials).rows("A_Items", Item)
    assert _signed(service) == ["Bearer T1", "Bearer T2"]


def test_a_change_is_sent_again_with_a_new_token(service: Service, credentials: ClientCredentials) -> None:
    service.answers(_token("T1"), TOKEN, fault(401), _token("T2"), DONE)
    service.client(sign_in=credentials).change("POST", "A_Items", b"{}")
    assert _signed(service) == ["Bearer T1", "Bearer T1", "Bearer T2"]


def test_two_refusals_end_it(service: Service, credentials: ClientCredentials) -> None:
    service.answers(lambda asked: _token() if asked.url.host == "sign-in.example" else fault(401))
    with pytest.raises(LedgerAuthExpired, match="did not accept our credentials"):
        service.client(sign_in=credentials).rows("A_Items", Item)
    assert len(_signed(service)) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials_are_a_matter_for_a_person(
    service: Service, credentials: ClientCredentials, status: int
) -> None:
    service.answers(httpx.Response(status, json={"error": "invalid_client"}))
    with pytest.raises(LedgerAuthExpired, match="check client id and secret"):
        service.client(sign_in=credentials).rows("A_Items", Item)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("silence"),
        httpx.Response(503, headers={"retry-after": "1"}),
        httpx.Response(200, text="<html/>"),
        httpx.Response(200, json={"token_type": "Bearer"}),
        _token("größer"),
        _token("two\r\nlines"),
        _token(""),
    ],
)
def test_where_no_token_comes_we_wait_and_nothing_was_sent(
    service: Service, credentials: ClientCredentials, answer: httpx.Response | Exception
) -> None:
    service.answers(answer)
    client = service.client(sign_in=credentials, asks_for_tokens=False)
    with pytest.raises(LedgerUnavailable) as caught:
        client.change("POST", "A_Items", b"{}")
    assert not caught.value.sent
    with pytest.raises(LedgerUnavailable):
        client.rows("A_Items", Item)
    assert len(service.waits) == 3
    assert _signed(service) == []


def test_threads_share_one_token(service: Service, credentials: ClientCredentials) -> None:
    service.answers(_token())
    threads = [Thread(target=credentials.headers) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(service.asked) == 1


def test_a_newer_token_of_another_thread_is_kept(service: Service, credentials: ClientCredentials) -> None:
    service.answers(_token("T1"), _token("T2"))
    old = credentials.headers()
    assert credentials.refused(old)
    new = credentials.headers()
    assert credentials.refused(old)
    assert credentials.headers() == new
    assert len(service.asked) == 2
