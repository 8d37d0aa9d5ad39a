"""The session: one for all, renewed once, and recognised by a cookie that some clients drop."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from adapters.sap.business_one.session import PAUSE, Session, cookie_of
from tests.contract.business_one_connection import BusinessOneConnection, writes
from tests.contract.lively import a_lively_company, customer
from tests.contract.replica import Replica
from tests.contract.test_ledger_contract_writing import entry


def logins(here: BusinessOneConnection) -> int:
    return here.face.sessions.logins


def session(here: BusinessOneConnection, password: Callable[[], str]) -> Session:
    return Session(
        "https://sandbox:50000/b1s/v2",
        company="SBODEMO",
        user="manager",
        password=password,
        http=here.http,
        now=here.clock.now,
    )


def test_a_session_that_ends_in_the_middle_of_paging_is_renewed_and_nothing_is_missed(
    here: BusinessOneConnection, replica: Replica
) -> None:
    a_lively_company(here)
    seen: list[int] = []

    def expire(number: int) -> None:
        seen.append(number)
        if number == 2:
            here.face.sessions.expire()

    replica.sync(after_page=expire)
    assert len(seen) > 3
    assert logins(here) == 2
    assert replica.open == here.in_the_books()


def test_a_session_left_alone_ends_and_one_in_use_lives_on(here: BusinessOneConnection, replica: Replica) -> None:
    a_lively_company(here)
    replica.sync()
    here.clock.later(minutes=29)
    replica.sync()
    here.clock.later(minutes=29)
    replica.sync()
    assert logins(here) == 1
    here.clock.later(minutes=31)
    replica.sync()
    assert logins(here) == 2


def test_a_session_that_ends_before_a_note_is_written_leaves_one_note(here: BusinessOneConnection) -> None:
    (batch,) = here.ledger.compose([entry("reminder:1", customer(here))])

    def expire(request: httpx.Request) -> None:
        if writes(request):
            here.transport.before = lambda _: None
            here.face.sessions.expire()

    here.transport.before = expire
    here.ledger.post(batch)
    assert len(here.books.notes()) == 1


def test_a_session_that_ends_as_soon_as_it_was_given_is_no_refusal_of_our_password(here: BusinessOneConnection) -> None:
    """A node that restarts forgets the session it just gave: the next attempt is soon, and no person is needed."""

    def expire(request: httpx.Request) -> None:
        if not request.url.path.endswith("/Login"):
            here.face.sessions.expire()

    here.transport.before = expire
    with pytest.raises(LedgerUnavailable, match="ended the session that it had just given") as caught:
        here.ledger.company()
    assert not caught.value.sent
    here.transport.before = lambda _: None
    assert here.ledger.company().name


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["B1SESSION=abc;HttpOnly;", "ROUTEID=.node1; path=/b1s"], "B1SESSION=abc; ROUTEID=.node1"),
        (["B1SESSION=abc;HttpOnly;"], "B1SESSION=abc"),
        (["ROUTEID=.node2; path=/b1s", "b1session=abc; HttpOnly; SameSite=None"], "B1SESSION=abc; ROUTEID=.node2"),
        ([], "B1SESSION=in-the-body"),
    ],
)
def test_the_cookie_is_read_with_or_without_a_path(lines: list[str], expected: str) -> None:
    headers = [("Set-Cookie", line) for line in lines]
    assert cookie_of(httpx.Response(200, headers=headers, json={"SessionId": "in-the-body"})) == expected


def test_the_clients_own_cookie_jar_is_not_asked(here: BusinessOneConnection, replica: Replica) -> None:
    """httpx keeps the cookies too, under the path of the login; one session's must never meet another's."""
    a_lively_company(here)
    here.http.client.cookies.set("B1SESSION", "of-another", domain="sandbox", path="/b1s/v2")
    replica.sync()
    sent = [request.headers.get_list("cookie") for request in here.transport.calls[1:]]
    assert {len(each) for each in sent} == {1}
    assert not any("of-another" in each[0] for each in sent)
    assert {each[0].count("B1SESSION=") for each in sent} == {1}
    assert all(each[0].endswith("ROUTEID=.node1") for each in sent)


def test_threads_that_need_a_session_together_log_in_once(here: BusinessOneConnection) -> None:
    shared = session(here, lambda: "secret")
    with ThreadPoolExecutor(4) as pool:
        cookies = {each["Cookie"] for each in pool.map(lambda _: shared.headers(), range(20))}
    assert (len(cookies), logins(here)) == (1, 1)
    (old,) = cookies
    assert shared.refused({"Cookie": old})
    new = shared.headers()
    assert shared.refused({"Cookie": old})  # told late by another thread: the new session stays
    assert (shared.headers(), logins(here)) == (new, 2)


def test_a_refused_password_is_not_tried_again_until_it_changes_or_time_has_passed(here: BusinessOneConnection) -> None:
    password = "wrong"
    shared = session(here, lambda: password)
    for _ in range(3):
        with pytest.raises(LedgerAuthExpired, match="manager"):
            shared.headers()
    assert len(here.transport.calls) == 1
    here.clock.time += PAUSE + timedelta(seconds=1)
    with pytest.raises(LedgerAuthExpired):
        shared.headers()
    assert len(here.transport.calls) == 2
    password = "secret"
    assert "B1SESSION" in shared.headers()["Cookie"]


def test_a_login_that_nobody_answers_says_that_nothing_was_written(here: BusinessOneConnection) -> None:
    (batch,) = here.ledger.compose([entry("reminder:1", customer(here))])

    def silent(request: httpx.Request) -> None:
        raise httpx.ReadTimeout("no answer", request=request)

    here.transport.before = silent
    with pytest.raises(LedgerUnavailable) as raised:
        here.ledger.post(batch)
    assert not raised.value.sent


def test_a_session_is_given_back_at_the_end(here: BusinessOneConnection, replica: Replica) -> None:
    a_lively_company(here)
    replica.sync()
    here.business_one.close()
    here.business_one.close()
    assert here.face.sessions.alive == {}
    assert [request.url.path for request in here.transport.calls].count("/b1s/v2/Logout") == 1
