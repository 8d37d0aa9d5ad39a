import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from adapters.errors import LedgerUnavailable
from connector.store import companies
from connector.store.companies import public_name
from connector.web import LARGEST_CALL, health_of, make_app
from tests.unit.connector.commands.shop import COMPANY, Shop

_CALL = json.dumps(
    [{"specversion": "1.0", "type": "qbo.invoice.created.v1", "intuitentityid": "1", "intuitaccountid": "1001"}]
).encode()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.tell("run")
    yield made
    made.service.close()


def _signed(body: bytes, key: str = "verifier") -> dict[str, str]:
    return {"intuit-signature": base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()}


async def _ask(shop: Shop, method: str, path: str, **more: object) -> httpx.Response:
    transport = httpx.ASGITransport(app=make_app(shop.service))
    async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
        return await client.request(method, path, **more)  # type: ignore[arg-type]  # handed through


def _get(shop: Shop, path: str) -> httpx.Response:
    return _run(_ask(shop, "GET", path))


def _post(shop: Shop, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return _run(_ask(shop, "POST", "/webhooks/quickbooks", content=body, headers=headers))


def _run(asked: object) -> httpx.Response:
    import asyncio

    answer: httpx.Response = asyncio.run(asked)  # type: ignore[arg-type]  # a coroutine
    return answer


def _is_wanted(shop: Shop, company: str = COMPANY) -> bool:
    with shop.service.database.read() as connection:
        return companies.load(connection, company).sync_wanted_at is not None


def test_health_tells_how_old_each_jobs_last_success_is(shop: Shop) -> None:
    shop.clock.advance(timedelta(minutes=10))
    answer = _get(shop, "/healthz")
    assert answer.status_code == 200
    told = answer.json()["companies"][public_name(COMPANY)]
    assert told["synced_seconds"] == 600
    assert told["jobs"]["sync"] == {"last_success_seconds": 600, "failures": 0}


def test_a_sync_older_than_three_intervals_is_unwell(shop: Shop) -> None:
    shop.clock.advance(timedelta(minutes=45))
    assert _get(shop, "/healthz").status_code == 200
    shop.clock.advance(timedelta(seconds=1))
    assert _get(shop, "/healthz").status_code == 503


def test_a_company_that_was_just_connected_is_well_before_its_first_sync(shop: Shop) -> None:
    shop.connect("qbo-1002", "1002")
    health = health_of(shop.service.database, shop.clock.now(), sync_minutes=15)
    assert health["is_well"] is True


def test_a_job_that_failed_three_times_is_unwell_and_no_word_of_the_error_is_told(shop: Shop) -> None:
    shop.ledger.fails = LedgerUnavailable("Secret Customer Ltd cannot be read.")
    for _ in range(3):
        assert _get(shop, "/healthz").status_code == 200
        shop.run("reconcile")
    answer = _get(shop, "/healthz")
    assert answer.status_code == 503
    assert "Secret" not in answer.text
    assert "Anna" not in answer.text


def _change(shop: Shop, **values: object) -> None:
    with shop.service.database.write("change") as connection:
        companies.change(connection, COMPANY, **values)


@pytest.mark.parametrize(
    ("because", "waits"),
    [
        ("It is disconnected. Run: duecourse connect quickbooks", "connection"),
        ("restored from the backup of 2026-11-02 09:00 UTC: compare", "comparison"),
        ("25 of 40 documents of Anna Boats would vanish at once.", "person"),
    ],
)
def test_a_company_that_waits_for_a_person_is_well_however_long_it_takes(shop: Shop, because: str, waits: str) -> None:
    _change(shop, paused_because=because)
    shop.clock.advance(timedelta(days=30))
    answer = _get(shop, "/healthz")
    assert answer.status_code == 200
    [told] = answer.json()["companies"].values()
    assert (told["is_paused"], told["waits"]) == (True, waits)
    assert "Anna" not in answer.text


def test_a_company_out_of_quota_is_well_until_its_sync_is_late_again(shop: Shop) -> None:
    _change(shop, out_of_quota_until=shop.clock.now() + timedelta(days=20))
    shop.clock.advance(timedelta(days=19))
    told = _get(shop, "/healthz")
    assert (told.status_code, told.json()["companies"][public_name(COMPANY)]["waits"]) == (200, "quota")
    shop.clock.advance(timedelta(days=1, minutes=45))
    assert _get(shop, "/healthz").status_code == 200
    shop.clock.advance(timedelta(seconds=1))
    assert _get(shop, "/healthz").status_code == 503


def test_out_of_quota_notes_go_on_and_may_still_fail(shop: Shop) -> None:
    shop.tell("call", "20", "--note", "spoke")
    _change(shop, out_of_quota_until=shop.clock.now() + timedelta(days=20))
    shop.ledger.fails = LedgerUnavailable("down", sent=False)
    for _ in range(3):
        assert _get(shop, "/healthz").status_code == 200
        shop.run("run")
    assert _get(shop, "/healthz").status_code == 503


def test_a_realms_number_is_told_to_nobody(shop: Shop) -> None:
    assert "1001" not in _get(shop, "/healthz").text
    assert public_name(COMPANY) in shop.run("status").out


def test_a_genuine_call_asks_for_a_sync_of_its_company_alone(shop: Shop) -> None:
    shop.connect("qbo-1002", "1002")
    assert _post(shop, _CALL, _signed(_CALL)).status_code == 200
    assert _is_wanted(shop)
    assert not _is_wanted(shop, "qbo-1002")


def test_a_call_in_the_form_before_cloudevents_is_understood_too(shop: Shop) -> None:
    body = b'{"eventNotifications":[{"realmId":"1001","dataChangeEvent":{"entities":[]}}]}'
    assert _post(shop, body, _signed(body)).status_code == 200
    assert _is_wanted(shop)


@pytest.mark.parametrize(
    "headers", [{}, {"intuit-signature": ""}, {"intuit-signature": "%%%"}, _signed(_CALL, "other")]
)
def test_a_call_that_is_not_signed_by_intuit_is_refused(shop: Shop, headers: dict[str, str]) -> None:
    assert _post(shop, _CALL, headers).status_code == 401
    assert not _is_wanted(shop)


def test_a_changed_body_no_longer_fits_its_signature(shop: Shop) -> None:
    assert _post(shop, _CALL.replace(b"1001", b"1002"), _signed(_CALL)).status_code == 401


def test_signed_nonsense_is_no_call(shop: Shop) -> None:
    assert _post(shop, b"[", _signed(b"[")).status_code == 400


def test_a_call_that_is_too_large_is_refused_before_it_is_read_to_its_end(shop: Shop) -> None:
    body = b"x" * (LARGEST_CALL + 1)
    assert _post(shop, body, _signed(body)).status_code == 413


def test_without_a_verifier_every_call_is_refused(tmp_path: Path) -> None:
    from connector.settings import QuickBooksSettings

    quiet = Shop(tmp_path, quickbooks=QuickBooksSettings())
    assert _post(quiet, _CALL, _signed(_CALL, "")).status_code == 401
    quiet.service.close()


def test_nothing_else_is_served(shop: Shop) -> None:
    for path in ("/", "/docs", "/metrics", "/webhooks/quickbooks"):
        assert _get(shop, path).status_code in {404, 405}
