"""The ledger against QuickBooks' sandbox on a real port: consent, faults on the line, and a believable company."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from adapters.documents import Delivery
from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from adapters.http import Http, Patience
from adapters.ledger import Entry, EntryKind, Outcome
from adapters.money import Money
from adapters.quickbooks.ledger import QuickBooksLedger
from adapters.quickbooks.limits import MemoryQuota
from adapters.quickbooks.oauth import MemoryTokens, OAuthClient, discover, new_state, read_callback
from adapters.quickbooks.sandbox import QuickBooksFault, SandboxSettings, ServedQuickBooks, serve_quickbooks
from adapters.sandbox.books import Books
from adapters.sandbox.company import MONTH_BEGINS, believable, first_instant
from adapters.sandbox.faults import Rule, Timing
from adapters.sandbox.office import believable_books
from tests.contract.replica import Replica
from tests.unit.adapters.quickbooks.office import Clock

BACK = "http://localhost:8765/callback"
TODAY = date(2026, 11, 2)


class Connected:
    """A ledger that was connected through the consent page."""

    def __init__(self, served: ServedQuickBooks, now: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self.served = served
        self.http = Http(sleep=sleep, chance=lambda: 0.0, patience=Patience(attempts=4))
        endpoints = discover(self.http, f"{served.url}/.well-known/openid_sandbox_configuration")
        self.oauth = OAuthClient(
            client_id="app", client_secret="secret", redirect_uri=BACK, http=self.http, now=now, endpoints=endpoints
        )
        state = new_state()
        page = dict(parse_qsl(urlsplit(self.oauth.authorize_url(state)).query))
        consent = self.http.client.post(endpoints.authorize_url, data={**page, "decision": "connect"})
        code, realm = read_callback(consent.headers["location"], state)
        self.tokens = MemoryTokens(self.oauth.exchange(code, realm))
        self.ledger = QuickBooksLedger(
            realm=realm,
            api_url=served.url,
            tokens=self.tokens,
            oauth=self.oauth,
            http=self.http,
            quota=MemoryQuota(),
            now=now,
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(clock: Clock) -> Iterator[Books]:
    made = Books(now=clock.now, multicurrency=True)
    yield made
    made.close()


@pytest.fixture
def here(books: Books, clock: Clock) -> Iterator[Connected]:
    settings = SandboxSettings(client_id="app", client_secret="secret")
    with serve_quickbooks(books, now=clock.now, settings=settings) as served:
        connected = Connected(served, clock.now, clock.sleep)
        yield connected
        connected.http.close()


def bill(books: Books) -> str:
    owner = books.add_customer(f"Customer {len(books.customers())}", emails="a@example.com")
    return books.bill(owner, Decimal("10.10"), issue_date=TODAY, due_date=TODAY)


def entry(customer: str) -> Entry:
    return Entry(
        key="reminder:1",
        kind=EntryKind.REMINDER,
        customer=customer,
        text="Reminder sent.",
        happened_at=datetime(2026, 11, 2, tzinfo=UTC),
    )


# --- consent ---------------------------------------------------------------------------------------------------


def test_consent_connects_and_the_books_are_read(here: Connected, books: Books) -> None:
    invoice = bill(books)
    replica = Replica(here.ledger)
    replica.sync()
    assert replica.open == {f"invoice:{invoice}": Money.of("10.10", "USD")}
    assert here.tokens.load().consent_expires_at is not None


def test_tokens_are_renewed_and_rotated_as_the_days_go_by(here: Connected, books: Books, clock: Clock) -> None:
    bill(books)
    first = here.tokens.load().refresh_token
    replica = Replica(here.ledger)
    for _ in range(8):
        clock.sleep(20 * 3600)
        replica.sync()
    assert here.tokens.load().refresh_token != first
    assert len(replica.open) == 1


def test_an_access_token_that_expired_early_is_renewed_on_the_way(here: Connected, books: Books) -> None:
    bill(books)
    here.served.faults.add(Rule(fault=QuickBooksFault.EXPIRED, path="/query", count=1, options={"all": "true"}))
    replica = Replica(here.ledger)
    replica.sync()
    assert len(replica.open) == 1


def test_a_consent_withdrawn_says_reconnect(here: Connected, books: Books) -> None:
    here.oauth.revoke(here.tokens.load())
    here.served.face.tokens.expire_access()
    with pytest.raises(LedgerAuthExpired, match="Connect it again"):
        list(here.ledger.changes(None))


# --- faults on the line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        Rule(fault=Timing.CUT_BEFORE, count=2),
        Rule(fault=Timing.CUT_DURING, count=2),
        Rule(fault=Timing.CUT_AFTER, count=2),
        Rule(fault=QuickBooksFault.HTML, count=2),
        Rule(fault=QuickBooksFault.EMPTY, count=2),
        Rule(fault=QuickBooksFault.FAULT_200, count=1, options={"code": "10000"}),
        Rule(fault=QuickBooksFault.XML, count=1, options={"code": "5000"}),
        Rule(fault=QuickBooksFault.THROTTLE, count=3),
        Rule(fault=QuickBooksFault.THROTTLE, count=1, options={"retry_after": "5"}),
    ],
    ids=str,
)
def test_reads_outlast_what_goes_wrong_on_the_line(here: Connected, books: Books, rule: Rule) -> None:
    invoice = bill(books)
    here.served.faults.add(rule)
    replica = Replica(here.ledger)
    replica.sync()
    assert set(replica.open) == {f"invoice:{invoice}"}


@pytest.mark.parametrize("fault", [Timing.CUT_AFTER, Timing.CUT_DURING, Timing.CUT_BEFORE])
def test_a_note_whose_answer_was_cut_off_is_written_once(here: Connected, books: Books, fault: str) -> None:
    owner = books.add_customer("Amy", emails="a@example.com")
    here.served.faults.add(Rule(fault=fault, path="/batch", count=2))
    (receipt,) = here.ledger.post(here.ledger.compose([entry(owner)])[0])
    assert receipt.outcome is Outcome.WRITTEN
    assert [note.id for note in books.notes()] == [receipt.ledger_id]


def test_a_note_that_never_gets_an_answer_is_found_by_its_marker(here: Connected, books: Books) -> None:
    owner = books.add_customer("Amy", emails="a@example.com")
    here.served.faults.add(Rule(fault=Timing.CUT_AFTER, path="/batch"))
    (receipt,) = here.ledger.post(here.ledger.compose([entry(owner)])[0])
    assert receipt.outcome is Outcome.UNKNOWN
    here.served.faults.clear()
    assert [each.key for each in here.ledger.posted([owner], TODAY)] == ["reminder:1"]


def test_ten_minutes_of_throttling_stop_the_reads(here: Connected, books: Books, clock: Clock) -> None:
    bill(books)
    here.served.faults.add(Rule(fault=QuickBooksFault.THROTTLE))
    with pytest.raises(LedgerUnavailable, match=r"slow down|out of quota"):  # ten reads at once use up the time
        list(here.ledger.changes(None))
    for _ in range(3):
        with pytest.raises(LedgerUnavailable):
            list(here.ledger.changes(None))
    assert here.ledger.limits.out_of_quota_until() is not None
    before = len(here.served.calls)
    with pytest.raises(LedgerUnavailable, match="out of quota until"):
        list(here.ledger.changes(None))
    assert len(here.served.calls) == before
    here.served.faults.clear()
    clock.sleep(3600)
    replica = Replica(here.ledger)
    replica.sync()
    assert len(replica.open) == 1
    assert here.ledger.limits.out_of_quota_until() is None


def test_a_poisoned_row_is_named_and_the_rest_goes_on(here: Connected, books: Books) -> None:
    invoices = [bill(books) for _ in range(9)]
    here.served.face.context.poisoned.add(("Invoice", invoices[4]))
    replica = Replica(here.ledger)
    replica.sync()
    assert [each.ref for each in replica.problems if each.ref] == [f"invoice:{invoices[4]}"] * len(replica.problems)
    assert set(replica.open) == {f"invoice:{each}" for each in invoices} - {f"invoice:{invoices[4]}"}


def test_the_metered_calls_are_counted_as_the_sandbox_counts_them(here: Connected, books: Books) -> None:
    for _ in range(3):
        bill(books)
    replica = Replica(here.ledger)
    replica.sync()
    here.ledger.post(here.ledger.compose([entry("1")])[0])
    here.ledger.totals(TODAY)
    counted = sum(call.metered for call in here.served.calls)
    assert here.ledger.limits.metered("2026-11") == counted > 0


def test_many_deletions_are_confirmed_one_by_one_by_several_threads(
    here: Connected, books: Books, clock: Clock
) -> None:
    invoices = [bill(books) for _ in range(40)]
    replica = Replica(here.ledger)
    replica.sync()
    for invoice in invoices:
        books.delete("invoice", invoice)
    clock.sleep(60)
    replica.sync()
    assert set(replica.gone) == {f"invoice:{each}" for each in invoices}
    assert sum(call.status == 400 for call in here.served.calls) == 40


# --- the believable company ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def company() -> Iterator[tuple[Books, Callable[[], datetime]]]:
    clock = first_instant(MONTH_BEGINS)
    books = believable_books(clock)
    believable(books, clock=clock, seed=7)
    yield books, clock
    books.close()


def test_a_believable_company_is_read_to_the_cent(company: tuple[Books, Callable[[], datetime]]) -> None:
    books, now = company
    with serve_quickbooks(books, now=now) as served:
        connected = Connected(served, now, lambda _: None)
        replica = Replica(connected.ledger)
        replica.sync()
        totals = connected.ledger.totals(now().date())
        connected.http.close()
    assert {ref: each.amount for ref, each in replica.open.items()} == {
        each.ref: each.open for each in books.documents() if each.open
    }
    assert replica.problems == []
    assert {each.delivery for each in replica.documents.values()} >= {Delivery.SENT}
    future = [ref for ref, each in replica.documents.items() if each.issue_date > now().date()]
    ours = replica.open_by_customer(leave_out=future)
    assert {owner: by for owner, by in ours.items() if any(by.values())} == {
        owner: by for owner, by in totals.by_customer.items() if any(by.values())
    }
    assert httpx.URL(served.url).host in {"127.0.0.1", "localhost"}
