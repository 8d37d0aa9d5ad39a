"""The OData client on mock-sap, another's server with SAP's manners: tokens, faults, locks, versions of a thing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from threading import Thread

import httpx
import msgspec
import pytest
from mocksap import Config, make_server

from adapters.errors import LedgerAuthExpired, LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.sap.batch import Call
from adapters.sap.faults import NotThere
from adapters.sap.odata import Query, read_rows
from adapters.sap.signin import Basic, ClientCredentials
from adapters.sap.values import Version, day, instant
from tests.reference.desk import NOW, Desk

PARTNERS = "/sap/opu/odata/sap/API_BUSINESS_PARTNER_SRV"
PARTNERS_V4 = "/sap/opu/odata4/sap/api_businesspartner/srvd_a2x/sap/api_businesspartner/0001"
FIRST = "A_BusinessPartner('1000001')"


class Meta(msgspec.Struct):
    """What stands beside an entity."""

    etag: str = ""


class Partner(msgspec.Struct, rename="pascal"):
    """A business partner of either version."""

    business_partner: str
    last_change_date: str | None = None
    meta: Meta = msgspec.field(name="__metadata", default_factory=Meta)


class Mock:
    """A running server."""

    def __init__(self, **settings: object) -> None:
        self._server = make_server(Config(port=0, quiet=True, **settings))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.host = f"http://127.0.0.1:{self._server.server_address[1]}"

    def faults(self, **rule: object) -> None:
        """What happens to requests that match."""
        self._server.mock.faults.add(rule)

    def forget_tokens(self) -> None:
        """All CSRF tokens expire."""
        self._server.mock.tokens.clear()

    def forget_sign_ins(self) -> None:
        """All OAuth tokens expire."""
        self._server.mock.clock.advance(days=1)

    def asked(self, part: str) -> int:
        """How many requests had `part` in their path."""
        return sum(part in path for (path,) in self._server.mock.conn.execute("select path from request_log"))

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.mock.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Mock]]:
    """Starts servers."""
    with ExitStack() as opened:

        def started(**settings: object) -> Mock:
            mock = Mock(**settings)
            opened.callback(mock.close)
            return mock

        yield started


def test_tokens_are_fetched_and_renewed_and_the_change_is_done_once(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start()
    client = desk.client(mock.host + PARTNERS, fixed={"sap-client": "100", "sap-language": "EN"})
    client.change("PATCH", FIRST, b'{"SearchTerm1":"ONE"}')
    mock.forget_tokens()
    answer = client.change("PATCH", FIRST, b'{"SearchTerm1":"TWO"}')
    assert answer.status_code == 204
    assert mock.asked(FIRST) == 3


def test_a_client_that_the_system_does_not_have_is_refused(desk: Desk, start: Callable[..., Mock]) -> None:
    with pytest.raises(LedgerRejected, match="Client 200 is not available"):
        desk.client(start().host + PARTNERS, fixed={"sap-client": "200"}).rows("A_BusinessPartner", Partner)


def test_a_missing_right_is_no_expired_token(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start()
    client = desk.client(mock.host + PARTNERS)
    mock.faults(method="PATCH", scenario="forbidden", count=1)
    with pytest.raises(LedgerRejected, match="does not allow this to our user: No authorization"):
        client.change("PATCH", FIRST, b"{}")
    assert mock.asked(FIRST) == 1


def test_pages_of_both_versions_hold_the_same_partners(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start()
    old, new = desk.client(mock.host + PARTNERS), desk.client(mock.host + PARTNERS_V4, Version.V4)
    query = Query(order=("BusinessPartner",), with_count=True)
    told = [list(old.pages("A_BusinessPartner", Partner, query, size=7))]
    told += [list(new.pages("BusinessPartner", Partner, query, size=7))]
    first, second = ([each.business_partner for page in pages for each in page.good] for pages in told)
    assert first == second
    assert [pages[0].count for pages in told] == [len(first)] * 2
    assert old.count("A_BusinessPartner") == new.count("BusinessPartner") == len(first) > 7
    assert [[day(each.last_change_date) for each in pages[0].good] for pages in told] == [
        [day(each.last_change_date) for each in told[0][0].good]
    ] * 2


def test_a_name_with_an_apostrophe_can_be_asked_for(desk: Desk, start: Callable[..., Mock]) -> None:
    query = Query(filter="BusinessPartnerName eq 'O''Brien & Söhne + Co'")
    for root, entities, version in (
        (PARTNERS, "A_BusinessPartner", Version.V2),
        (PARTNERS_V4, "BusinessPartner", Version.V4),
    ):
        assert desk.client(start().host + root, version).rows(entities, Partner, query).good == []


@pytest.mark.parametrize("json", [False, True])
def test_a_batch_of_reads_goes_on_after_one_that_is_missing(
    desk: Desk, start: Callable[..., Mock], *, json: bool
) -> None:
    root, entities, version = (
        (PARTNERS_V4, "BusinessPartner", Version.V4) if json else (PARTNERS, "A_BusinessPartner", Version.V2)
    )
    client = desk.client(start().host + root, version)
    paths = [f"{entities}?$top=2", f"{entities}('9999999')", f"{entities}?$top=1"]
    answers = client.batch([Call(method="GET", path=each) for each in paths], json=json)
    told = [each for each in answers if each is not None]
    assert [type(client.error_in(each)) for each in told] == [type(None), NotThere, type(None)]
    assert [read_rows(told[at].body, Partner).told for at in (0, 2)] == [2, 1]


def test_who_would_change_something_says_which_version_of_it(desk: Desk, start: Callable[..., Mock]) -> None:
    client = desk.client(start(require_if_match=True).host + PARTNERS)
    with pytest.raises(LedgerConflict):
        client.change("PATCH", FIRST, b'{"SearchTerm1":"A"}')
    etag = client.one(FIRST, Partner).meta.etag
    newer = client.change("PATCH", FIRST, b'{"SearchTerm1":"B"}', headers={"If-Match": etag}).headers["etag"]
    with pytest.raises(LedgerConflict, match="changed by another user"):
        client.change("PATCH", FIRST, b'{"SearchTerm1":"C"}', headers={"If-Match": etag})
    assert client.change("PATCH", FIRST, b'{"SearchTerm1":"D"}', headers={"If-Match": newer}).status_code == 204


@pytest.mark.parametrize(
    ("scenario", "kind", "sent"),
    [("lock", LedgerUnavailable, False), ("busy", LedgerUnavailable, True), ("precondition", LedgerConflict, None)],
)
def test_a_change_that_is_hindered_says_whether_it_may_be_done(
    desk: Desk, start: Callable[..., Mock], scenario: str, kind: type[Exception], *, sent: bool | None
) -> None:
    mock = start()
    mock.faults(method="PATCH", scenario=scenario)
    with pytest.raises(kind) as caught:
        desk.client(mock.host + PARTNERS).change("PATCH", FIRST, b"{}")
    assert getattr(caught.value, "sent", None) is sent
    assert mock.asked(FIRST) == 1


def test_a_busy_system_is_asked_again_after_the_wait_it_named(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start()
    mock.faults(method="GET", scenario="busy", count=2)
    assert desk.client(mock.host + PARTNERS).rows("A_BusinessPartner", Partner, Query(top=1)).told == 1
    assert desk.waits == [30.0, 30.0]


def test_a_slow_system_is_silent_to_a_read_and_leaves_a_change_in_doubt(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start(slow_ms=400)
    http = desk.http()
    client = desk.client(mock.host + PARTNERS, http=http)
    client.change("PATCH", FIRST, b'{"SearchTerm1":"A"}')
    http.client.timeout = httpx.Timeout(10, read=0.1)
    mock.faults(scenario="slow", count=1)
    with pytest.raises(LedgerUnavailable, match="ReadTimeout") as caught:
        client.change("PATCH", FIRST, b'{"SearchTerm1":"B"}')
    assert caught.value.sent


def test_a_wrong_password_is_tried_once(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start(basic_auth="US:right")
    assert desk.client(mock.host + PARTNERS, sign_in=Basic("US", lambda: "right")).count("A_BusinessPartner") > 0
    before = mock.asked("count")
    with pytest.raises(LedgerAuthExpired, match="Authentication failed"):
        desk.client(mock.host + PARTNERS, sign_in=Basic("US", lambda: "wrong")).count("A_BusinessPartner")
    assert mock.asked("count") == before + 1


def _credentials(desk: Desk, mock: Mock, secret: str) -> ClientCredentials:
    return ClientCredentials(
        token_url=f"{mock.host}/sap/bc/sec/oauth2/token",
        client_id="us",
        secret=lambda: secret,
        http=desk.http(),
        now=lambda: NOW,
    )


def test_a_token_that_expired_there_is_renewed_once_for_reads_and_for_changes(
    desk: Desk, start: Callable[..., Mock]
) -> None:
    mock = start(oauth="us:secret", token_ttl=3600)
    client = desk.client(mock.host + PARTNERS, sign_in=_credentials(desk, mock, "secret"))
    assert client.count("A_BusinessPartner") > 0
    mock.forget_sign_ins()
    assert client.count("A_BusinessPartner") > 0
    client.change("PATCH", FIRST, b'{"SearchTerm1":"A"}')
    mock.forget_sign_ins()
    assert client.change("PATCH", FIRST, b'{"SearchTerm1":"B"}').status_code == 204
    assert mock.asked("oauth2/token") == 3


def test_a_wrong_secret_is_a_matter_for_a_person(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start(oauth="us:secret")
    client = desk.client(mock.host + PARTNERS, sign_in=_credentials(desk, mock, "wrong"))
    with pytest.raises(LedgerAuthExpired, match="check client id and secret"):
        client.count("A_BusinessPartner")
    assert mock.asked("oauth2/token") == 1


def test_the_transaction_of_an_error_is_kept(desk: Desk, start: Callable[..., Mock]) -> None:
    mock = start()
    mock.faults(method="GET", scenario="error")
    with pytest.raises(LedgerUnavailable, match=r"code /IWBEP/CX_MGW_TECH_EXCEPTION, transaction \w+"):
        desk.client(mock.host + PARTNERS).rows("A_BusinessPartner", Partner)


def test_days_come_in_each_versions_own_way(desk: Desk, start: Callable[..., Mock]) -> None:
    partner = desk.client(start().host + PARTNERS).one(FIRST, Partner)
    assert day(partner.last_change_date) == date(2021, 12, 2)
    assert instant(partner.last_change_date) is not None
