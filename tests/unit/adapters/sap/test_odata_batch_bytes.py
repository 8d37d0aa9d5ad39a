import re
from contextlib import suppress

import httpx
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.errors import LedgerUnavailable
from adapters.sap.batch import Call, as_json, multipart, read_json, read_multipart
from tests.unit.adapters.sap.replies import contents, http_answer, multipart_reply

_READS = [Call(method="GET", path="A_Items('1')"), Call(method="GET", path="A_Items('2')")]
_MIXED = 'multipart/mixed; boundary="reply"'
_BODIES = st.binary(max_size=60) | st.text(max_size=30).map(str.encode) | st.sampled_from(
    [b"\r\n", b"\n\n--reply", b"a\r\n\r\nb\r\n", b'{"a":"\r\n--batch_x--\r\n"}', b"--reply--",
     b"x\r\n--replying\r\n", b"a--reply\r\n"]
)  # fmt: skip


def _holds_no_boundary(body: bytes) -> bool:
    """A service chooses its boundary so that no line of a body begins with it."""
    return not any(re.match(rb"--reply(--|[ \t]*\r?$)", line) for line in body.split(b"\n"))


@given(st.lists(st.tuples(st.integers(200, 599), _BODIES.filter(_holds_no_boundary)), max_size=5))
def test_answers_come_back_byte_for_byte(told: list[tuple[int, bytes]]) -> None:
    calls = [Call(method="GET", path=f"A_Items('{at}')") for at in range(len(told))]
    body = multipart_reply([http_answer(status, content) for status, content in told])
    answers = read_multipart(_MIXED, body, calls)
    assert [(each.status, each.body) for each in answers if each] == told


def test_an_answer_of_plain_line_ends_that_counts_nothing_is_read() -> None:
    body = (
        b"preamble\n--reply  \nContent-Type: application/http\n\n"
        b"HTTP/1.1 200 OK\ncontent-type: application/json\n\n{}\n\n"
        b"--reply\n\nHTTP/2 404 Not Found\n\n--reply--\nepilogue"
    )
    first, second = read_multipart("Multipart/Mixed; charset=utf-8; Boundary=reply", body, _READS)
    assert first is not None
    assert second is not None
    assert (first.status, first.headers["Content-Type"], first.body.strip()) == (200, "application/json", b"{}")
    assert (second.status, second.body) == (404, b"")


def test_a_service_that_counts_characters_loses_no_byte() -> None:
    text = '{"Name":"Größe"}'.encode()
    told = http_answer(200, text, Content_Length=str(len(text) - 2))
    answer = read_multipart(_MIXED, multipart_reply([told]), _READS[:1])[0]
    assert answer is not None
    assert answer.body == text


@given(st.data())
def test_a_cut_batch_is_no_answer(data: st.DataObject) -> None:
    whole = multipart_reply([http_answer(200, b'{"d":{}}'), http_answer(404, b"{}")])
    cut = whole[: data.draw(st.integers(0, len(whole) - len("--\r\n") - 1))]
    with pytest.raises(LedgerUnavailable):
        read_multipart(_MIXED, cut, _READS)


@given(st.text(max_size=60) | st.sampled_from([_MIXED, "multipart/mixed;boundary=*"]), st.binary(max_size=99))
@example(_MIXED, b"--reply\r\n\r\n\r\n--reply--")
@example(_MIXED, b"--reply\r\n\r\nHTTP/1.1 2000 OK\r\n\r\n\r\n--reply--")
@example(_MIXED, b"--reply\r\n\r\nHTTP/1.1 " + b"9" * 5000 + b"\r\n\r\n--reply--")
@example(_MIXED, multipart_reply([http_answer()] * 3))
@example("text/html", b"<html/>")
def test_garbage_is_no_answer_and_nothing_worse(content_type: str, body: bytes) -> None:
    with suppress(LedgerUnavailable):
        assert read_multipart(content_type, body, _READS) == [None, None]
    with suppress(LedgerUnavailable):
        assert read_json(body, _READS) == [None, None]


@given(
    st.lists(st.tuples(st.sampled_from(["GET", "POST", "PATCH"]), _BODIES, st.none() | st.integers(1, 2)), max_size=6)
)
def test_a_service_reads_every_call_as_it_was_meant(told: list[tuple[str, bytes, int | None]]) -> None:
    calls = [
        Call(method=method, path=f"A_Items('{at}')", body=body, headers={"If-Match": f'W/"{at}"'}, changeset=changeset)
        for at, (method, body, changeset) in enumerate(told)
    ]
    content_type, body = multipart(calls)
    assert multipart(calls) == (content_type, body)
    if not calls:
        return
    seen = contents(content_type, body)
    for at, (call, raw) in enumerate(zip(calls, seen, strict=True)):
        head, _, content = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == f"{call.method} A_Items('{at}') HTTP/1.1"
        assert f'If-Match: W/"{at}"' in lines
        assert content == call.body
        assert (f"Content-Length: {len(call.body)}" in lines) == bool(call.body)


def test_a_call_may_say_what_its_body_is() -> None:
    _, body = multipart([Call(method="POST", path="A", body=b"x", headers={"Content-Type": "text/plain"}, changeset=1)])
    assert b"Content-Type: text/plain" in body
    assert b"Content-Type: application/json" not in body


_CHANGES = [Call(method="POST", path="A_Items", body=b"{}", changeset=1) for _ in range(2)]


def _set(*answers: bytes, content_id: bool = False) -> tuple[str, bytes]:
    return "multipart/mixed; boundary=inner", multipart_reply(answers, mark="inner", content_id=content_id)


def test_a_changeset_answers_for_each_of_its_calls() -> None:
    body = multipart_reply([http_answer(), _set(http_answer(201), http_answer(204)), http_answer(404)])
    answers = read_multipart(_MIXED, body, [_READS[0], *_CHANGES, _READS[1]])
    assert [each and each.status for each in answers] == [200, 201, 204, 404]


def test_answers_of_a_changeset_are_known_by_their_numbers_in_whatever_order() -> None:
    told = _set(http_answer(204, Content_ID="3"), http_answer(201, Content_ID="2"))
    answers = read_multipart(_MIXED, multipart_reply([http_answer(), told]), [_READS[0], *_CHANGES])
    assert [each and each.status for each in answers] == [200, 201, 204]


@pytest.mark.parametrize("refusal", [http_answer(400, b"{}"), _set(http_answer(400, b"{}"))])
def test_a_changeset_that_failed_answers_once_for_all(refusal: bytes | tuple[str, bytes]) -> None:
    answers = read_multipart(_MIXED, multipart_reply([refusal, http_answer()]), [*_CHANGES, _READS[0]])
    assert [each and each.status for each in answers] == [400, 400, 200]


def test_one_success_for_two_changes_proves_nothing() -> None:
    with pytest.raises(LedgerUnavailable):
        read_multipart(_MIXED, multipart_reply([_set(http_answer(201))]), _CHANGES)


def test_what_the_service_did_not_come_to_has_no_answer() -> None:
    answers = read_multipart(_MIXED, multipart_reply([http_answer(404)]), [_READS[0], *_CHANGES, _READS[1]])
    assert [each and each.status for each in answers] == [404, None, None, None]


def test_a_json_batch_carries_bodies_as_they_are_and_answers_in_any_order() -> None:
    calls = [_READS[0], *_CHANGES]
    content_type, body = as_json(calls)
    told = msgspec.json.decode(body)["requests"]
    assert content_type == "application/json"
    assert [(each["id"], each["method"], each["url"], each.get("atomicityGroup")) for each in told] == [
        ("1", "GET", "A_Items('1')", None), ("2", "POST", "A_Items", "g1"), ("3", "POST", "A_Items", "g1"),
    ]  # fmt: skip
    assert [each.get("body") for each in told] == [None, {}, {}]
    reply = {
        "responses": [
            {"id": "g1", "status": 400, "headers": {"sap-message": "größer"}, "body": {"error": {"code": "1"}}},
            {"id": "1", "status": 200, "body": {"value": []}},
        ]
    }
    answers = read_json(msgspec.json.encode(reply), calls)
    assert [each and each.status for each in answers] == [200, 400, 400]
    assert answers[0] is not None
    assert answers[0].body == b'{"value":[]}'
    assert isinstance(answers[0].headers, httpx.Headers)
