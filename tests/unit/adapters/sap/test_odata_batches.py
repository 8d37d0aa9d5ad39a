import re
from datetime import timedelta

import httpx
import pytest

from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.sap.batch import Answer, Call
from adapters.sap.faults import NotThere
from adapters.sap.odata import read_rows
from adapters.sap.values import Version
from tests.unit.adapters.sap.replies import http_answer, multipart_reply
from tests.unit.adapters.sap.service import EXPIRED, NEW_TOKEN, TOKEN, Item, Service, fault

_READS = [Call(method="GET", path=f"A_Items('{at}')") for at in (1, 2, 3)]
_CHANGE = [Call(method="POST", path="A_Items", body=b"{}", changeset=1)]
_ROWS = b'{"d":{"results":[{"Number":"1"}]}}'


def _reply(*parts: bytes, status: int = 202) -> httpx.Response:
    headers = {"content-type": "multipart/mixed; boundary=reply"}
    return httpx.Response(status, headers=headers, content=multipart_reply(parts))


def _refused(status: int, words: str = "No", **headers: str) -> bytes:
    return http_answer(status, fault(status, words).content, **headers)


def _statuses(answers: list[Answer | None]) -> list[int | None]:
    return [each.status if each else None for each in answers]


@pytest.mark.parametrize("status", [200, 202])
def test_many_reads_travel_together_and_each_has_its_own_error(service: Service, status: int) -> None:
    service.answers(TOKEN, _reply(http_answer(200, _ROWS), _refused(404), http_answer(200, _ROWS), status=status))
    client = service.client(fixed={"sap-client": "100"})
    first, second, third = client.batch(_READS)
    assert first is not None
    assert second is not None
    assert third is not None
    assert read_rows(first.body, Item).good == [Item("1")]
    assert client.error_in(first) is None
    assert isinstance(client.error_in(second), NotThere)
    assert client.error_in(third) is None
    asked = service.asked[1]
    assert service.lines[1] == "POST /sap/opu/odata/sap/API_ITEMS/$batch?sap-client=100"
    assert re.fullmatch(r"multipart/mixed; boundary=batch_\w+", asked.headers["content-type"])
    assert asked.headers["accept"] == "multipart/mixed"
    assert asked.headers["prefer"] == "odata.continue-on-error"
    assert asked.headers["x-csrf-token"] == "T1"


@pytest.mark.parametrize(
    ("part", "error"),
    [
        (_refused(412), LedgerConflict),
        (_refused(400), LedgerRejected),
        (_refused(503, retry_after="9"), LedgerUnavailable),
    ],
)
def test_an_error_in_a_part_is_sorted_like_any_other(service: Service, part: bytes, error: type[Exception]) -> None:
    service.answers(TOKEN, _reply(part))
    client = service.client()
    answer = client.batch(_READS[:1])[0]
    assert answer is not None
    told = client.error_in(answer)
    assert type(told) is error
    assert getattr(told, "retry_after", None) == (timedelta(seconds=9) if error is LedgerUnavailable else None)


def test_reads_behind_one_that_failed_are_asked_again_without_it(service: Service) -> None:
    service.answers(TOKEN, _reply(_refused(404)), _reply(http_answer(200, _ROWS), http_answer(200, _ROWS)))
    assert _statuses(service.client().batch(_READS)) == [404, 200, 200]
    assert service.asked[2].content.count(b"GET A_Items") == 2


def test_a_batch_of_reads_without_any_answer_is_no_answer(service: Service) -> None:
    service.answers(TOKEN, _reply())
    with pytest.raises(LedgerUnavailable, match="answered no part"):
        service.client().batch(_READS)


def test_reads_that_are_refused_together_are_asked_for_in_halves(service: Service) -> None:
    def at_most_two(request: httpx.Request) -> httpx.Response:
        parts = request.content.count(b"GET A_Items")
        return fault(400, "Too many operations") if parts > 2 else _reply(*[http_answer(200, _ROWS)] * parts)

    service.answers(TOKEN, at_most_two)
    assert _statuses(service.client().batch(_READS * 2)) == [200] * 6
    assert [each.content.count(b"GET A_Items") for each in service.asked[1:]] == [6, 3, 1, 1, 1, 1, 1, 1]


def test_a_read_that_is_refused_alone_is_refused(service: Service) -> None:
    service.answers(TOKEN, fault(400, "Not so"))
    with pytest.raises(LedgerRejected, match="Not so"):
        service.client().batch(_READS)


def test_no_calls_are_no_batch(service: Service) -> None:
    assert service.client().batch([]) == []
    assert service.asked == []


def test_reads_are_repeated_until_they_come_whole(service: Service) -> None:
    whole = _reply(*[http_answer(200, _ROWS)] * 3)
    cut = httpx.Response(202, headers=whole.headers, content=whole.content[:-20])
    service.answers(TOKEN, httpx.ReadTimeout("silence"), fault(503, retry_after="3"), cut, whole)
    assert _statuses(service.client().batch(_READS)) == [200, 200, 200]
    assert service.waits == [1.0, 3.0, 4.0]


@pytest.mark.parametrize("answer", [httpx.ReadTimeout("silence"), httpx.Response(202, text="<html/>"), fault(502)])
def test_changes_are_sent_once_and_stay_in_doubt(service: Service, answer: httpx.Response | Exception) -> None:
    service.answers(TOKEN, answer)
    with pytest.raises(LedgerUnavailable) as caught:
        service.client().batch([*_READS, *_CHANGE])
    assert caught.value.sent
    assert len(service.asked) == 2


def test_changes_go_again_after_a_token_that_had_expired(service: Service) -> None:
    service.answers(TOKEN, EXPIRED, NEW_TOKEN, _reply(http_answer(201)))
    assert _statuses(service.client().batch(_CHANGE)) == [201]
    assert service.asked[1].content == service.asked[3].content


def test_changes_that_were_not_come_to_have_no_answer(service: Service) -> None:
    service.answers(TOKEN, _reply(_refused(400)))
    assert _statuses(service.client().batch([*_READS[:1], *_CHANGE])) == [400, None]


def test_a_batch_of_version_four_may_be_json(service: Service) -> None:
    told = {"responses": [{"id": "2", "status": 404}, {"id": "1", "status": 200, "body": {"value": [{"Number": "1"}]}}]}
    service.answers(TOKEN, httpx.Response(200, json=told))
    client = service.client(Version.V4)
    first, second = client.batch(_READS[:2], json=True)
    assert first is not None
    assert second is not None
    assert read_rows(first.body, Item).good == [Item("1")]
    assert isinstance(client.error_in(second), NotThere)
    assert service.asked[1].headers["content-type"] == "application/json"
    assert service.asked[1].headers["accept"] == "application/json"
