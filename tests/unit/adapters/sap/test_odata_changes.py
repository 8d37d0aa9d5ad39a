from threading import Barrier, Thread

import httpx
import pytest

from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from tests.unit.adapters.sap.service import DONE, EXPIRED, NEW_TOKEN, TOKEN, Service, fault, rows

_NO_TOKEN = httpx.Response(200, json={"d": {}})


def _tokens(service: Service) -> list[str]:
    return [each.headers.get("x-csrf-token", "") for each in service.asked]


def test_a_token_is_fetched_with_the_first_change_and_kept_with_its_cookie(service: Service) -> None:
    service.answers(TOKEN, DONE, DONE)
    client = service.client(fixed={"sap-client": "100"})
    for _ in range(2):
        assert client.change("PATCH", "A_Items('1')", b'{"Amount":"1"}').status_code == 204
    assert service.lines == [
        "GET /sap/opu/odata/sap/API_ITEMS/?sap-client=100",
        *["PATCH /sap/opu/odata/sap/API_ITEMS/A_Items('1')?sap-client=100"] * 2,
    ]
    assert _tokens(service) == ["Fetch", "T1", "T1"]
    assert [each.headers.get("cookie") for each in service.asked] == [None, "SID=a", "SID=a"]
    assert service.asked[1].headers["content-type"] == "application/json"
    assert service.asked[1].content == b'{"Amount":"1"}'


def test_an_expired_token_is_fetched_once_more_and_the_change_is_sent_again(service: Service) -> None:
    service.answers(TOKEN, EXPIRED, NEW_TOKEN, DONE)
    service.client().change("POST", "A_Items", b"{}")
    assert _tokens(service) == ["Fetch", "T1", "Fetch", "T2"]


def test_a_fresh_token_that_is_not_known_either_is_told_from_a_missing_right(service: Service) -> None:
    service.answers(TOKEN, EXPIRED, NEW_TOKEN, EXPIRED)
    with pytest.raises(LedgerUnavailable, match="session cookies") as caught:
        service.client().change("POST", "A_Items", b"{}")
    assert not caught.value.sent
    assert len(service.asked) == 4


def test_a_missing_right_is_no_expired_token(service: Service) -> None:
    service.answers(TOKEN, fault(403, "No authorization for A_Items", code="/IWFND/CM_BEC"))
    with pytest.raises(LedgerRejected, match=r"does not allow .*No authorization for A_Items") as caught:
        service.client().change("POST", "A_Items", b"{}")
    assert caught.value.code == "/IWFND/CM_BEC"
    assert len(service.asked) == 2


def test_a_service_without_tokens_is_asked_for_one_only_once(service: Service) -> None:
    service.answers(_NO_TOKEN, DONE, DONE)
    client = service.client()
    client.change("DELETE", "A_Items('1')")
    client.change("DELETE", "A_Items('2')")
    assert _tokens(service) == ["Fetch", "", ""]
    assert "content-type" not in service.asked[1].headers


def test_where_no_tokens_are_known_none_is_fetched(service: Service) -> None:
    service.answers(DONE)
    service.client(asks_for_tokens=False).change("POST", "A_Items", b"{}")
    assert len(service.asked) == 1


def test_threads_that_need_a_token_together_fetch_one(service: Service) -> None:
    service.answers(lambda asked: TOKEN if asked.method == "GET" else DONE)
    client, start = service.client(), Barrier(4)

    def change() -> None:
        start.wait()
        client.change("POST", "A_Items", b"{}")

    threads = [Thread(target=change) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(_tokens(service)) == ["Fetch", "T1", "T1", "T1", "T1"]


@pytest.mark.parametrize("silence", [httpx.ReadTimeout("silence"), fault(503), fault(500)])
def test_a_change_that_may_have_arrived_is_sent_once_and_stays_in_doubt(
    service: Service, silence: httpx.Response | Exception
) -> None:
    service.answers(TOKEN, silence)
    with pytest.raises(LedgerUnavailable) as caught:
        service.client().change("POST", "A_Items", b"{}")
    assert caught.value.sent
    assert len(service.asked) == 2
    assert service.waits == []


@pytest.mark.parametrize("refusal", [httpx.ConnectError("nobody"), fault(429), fault(423, "locked by CLERK")])
def test_a_change_that_was_certainly_not_done_is_known_for_it(
    service: Service, refusal: httpx.Response | Exception
) -> None:
    service.answers(TOKEN, refusal)
    with pytest.raises(LedgerUnavailable) as caught:
        service.client().change("POST", "A_Items", b"{}")
    assert not caught.value.sent


def test_a_token_is_asked_for_with_patience_and_without_one_nothing_was_done(service: Service) -> None:
    service.answers(fault(503, retry_after="7"))
    with pytest.raises(LedgerUnavailable) as caught:
        service.client().change("POST", "A_Items", b"{}")
    assert not caught.value.sent
    assert service.waits == [7.0, 7.0, 7.0]
    assert {each.method for each in service.asked} == {"GET"}


def test_a_new_token_that_does_not_come_leaves_no_doubt_either(service: Service) -> None:
    service.answers(TOKEN, EXPIRED, httpx.ReadTimeout("silence"))
    with pytest.raises(LedgerUnavailable) as caught:
        service.client().change("POST", "A_Items", b"{}")
    assert not caught.value.sent


def test_a_version_of_an_item_goes_along_as_it_was_told(service: Service) -> None:
    etag = "W/\"datetimeoffset'2005-10-24T15%3A36%3A52.0000000Z'\""
    service.answers(TOKEN, httpx.Response(204, headers={"etag": 'W/"2"'}))
    answer = service.client().change("PATCH", "A_Items('1')", b"{}", headers={"If-Match": etag})
    assert service.asked[1].headers["if-match"] == etag
    assert answer.headers["etag"] == 'W/"2"'


@pytest.mark.parametrize("status", [412, 428])
def test_a_version_that_is_missing_or_old_means_reading_again(service: Service, status: int) -> None:
    service.answers(TOKEN, fault(status, "Precondition"))
    with pytest.raises(LedgerConflict, match="somebody else changed it meanwhile: Precondition"):
        service.client().change("PATCH", "A_Items('1')", b"{}")


def test_a_read_needs_no_token(service: Service) -> None:
    service.answers(rows())
    service.client().get("A_Items")
    assert _tokens(service) == [""]
