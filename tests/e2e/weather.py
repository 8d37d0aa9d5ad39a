"""Bad weather for a month: every fault that the sandbox knows, poisoned rows, a moody mail server, a second sync.

All of it is over within the hour: what a job cannot sit out, the service's schedule does again some minutes later.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import TypeAlias

from adapters.documents import DocumentKind
from adapters.ledger import Ledger
from adapters.quickbooks.sandbox import ServedQuickBooks
from adapters.sandbox.faults import Rule
from connector.demo.post import CUT
from connector.demo.trouble import Scene
from connector.demo.watching import WatchedLedger
from connector.jobs import Ran, sync_company
from connector.letters import Delivered
from connector.office import Office
from connector.outbox import Posted
from reminders.channels import Mailer, SendResult

READS = r"/(cdc|query|invoice/|reports/)"
NOTES = r"/batch"
SIGN_IN = r"/oauth2/v1/tokens/bearer"

#: What the schedule waits before it does again what failed or was put off.
AGAIN = timedelta(minutes=16)
#: From this attempt of an hour on, the weather is fair.
FAIR = 2


def _rules(where: str, *, spent_on: int) -> list[Rule]:
    """Faults that any call may meet, each struck so often that a patient client gets through."""
    known: list[tuple[str, dict[str, str]]] = [
        ("throttle", {"retry_after": "2"}),
        ("throttle", {"retry_after": "17"}),
        ("throttle", {}),
        ("fault", {"code": "10000", "status": "500"}),
        ("fault_200", {"code": "10000"}),
        ("xml_fault", {"code": "3001", "status": "500"}),
        ("html", {"status": "502"}),
        ("html", {"status": "504"}),
        ("empty", {"status": "503"}),
        ("gateway_fault", {"code": "3200", "status": "401"}),
        ("expired_token", {"all": "true"}),
        ("slow", {"seconds": "0.02"}),
        ("cut_before", {}),
        ("cut_during", {}),
        ("cut_after", {}),
    ]
    once = {"gateway_fault", "expired_token"}
    return [
        Rule(fault=fault, path=where, count=1 if fault in once else spent_on, options=options)
        for fault, options in known
    ]


SIGN_IN_RULES = [
    Rule(fault="throttle", path=SIGN_IN, count=2, options={"retry_after": "5"}),
    Rule(fault="html", path=SIGN_IN, count=2, options={"status": "503"}),
    Rule(fault="empty", path=SIGN_IN, count=1, options={"status": "500"}),
    Rule(fault="cut_before", path=SIGN_IN, count=2),
    Rule(fault="cut_during", path=SIGN_IN, count=1),
    Rule(fault="cut_after", path=SIGN_IN, count=1),  # the refresh is done, and its tokens are lost on the way
]

LASTING = [
    Rule(fault="throttle", path=READS, count=1, options={"retry_after": "1200"}),  # longer than a call has patience
    Rule(fault="throttle", path=NOTES, count=1, options={"retry_after": "900"}),
    Rule(fault="empty", path=READS, count=9, options={"status": "503"}),  # more than a call has attempts
    Rule(fault="html", path=r"/cdc", count=8, options={"status": "502"}),
    Rule(fault="cut_after", path=NOTES, count=8),  # written, and the answers never come
    Rule(fault="cut_before", path=NOTES, count=5),
    Rule(fault="cut_during", path=NOTES, count=5),
    Rule(fault="cut_after", path=SIGN_IN, count=5),
    Rule(fault="empty", path=SIGN_IN, count=5, options={"status": "503"}),
]


@dataclass(frozen=True, slots=True)
class Poison:
    """Rows that break every page they stand on: invoices about to be asked for, or the newest of another kind."""

    entity: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the mail server says instead of taking the next `count` mails."""

    stage: str
    said: str
    count: int


@dataclass(frozen=True, slots=True)
class SyncBetween:
    """Another process syncs while the n-th mails of this hour stand at the mail server's door."""

    at: tuple[int, ...]


Card: TypeAlias = Rule | Poison | Refusal | SyncBetween

DECK: list[Card] = [
    *_rules(READS, spent_on=2),
    *_rules(NOTES, spent_on=2),
    *SIGN_IN_RULES,
    *LASTING,
    *[Poison("Invoice", count) for count in (1, 2, 4)],
    *[Poison(entity) for entity in ("Payment", "Customer", "JournalEntry", "CreditMemo")],
    Refusal("MAIL", "421 4.3.2 closing for a moment", 3),
    Refusal("MAIL", CUT, 3),
    Refusal("RCPT", "450 4.2.0 greylisted", 4),
    Refusal("RCPT", CUT, 2),
    Refusal("DATA", "451 4.3.0 try again", 4),
    SyncBetween((1, 2, 5)),
    SyncBetween((1, 3, 8)),
]
EACH_HOUR = 3


class Door:
    """A mailer at whose door `weather` knocks, after the letter was decided on and before it may leave."""

    def __init__(self, mailer: Mailer, weather: "Weather") -> None:
        self._mailer = mailer
        self._weather = weather

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        def gate() -> bool:
            self._weather.knock()
            return at_data()

        with self._weather.speaking_to(recipient):
            return self._mailer.send(sender, recipient, data, gate)


@dataclass
class FairWeather:
    """No trouble; the jobs run again soon after something was cancelled or put off, as the schedule has it."""

    again: int = 0

    def begin(self, scene: Scene) -> Office:
        return scene.office

    def before_jobs(self, day: date, hour: int, attempt: int) -> None:
        pass

    def wait_after(self, ran: Sequence[Ran]) -> timedelta | None:
        if all(map(_is_settled, ran)):
            return None
        self.again += 1
        return AGAIN


GIVEN_UP = 200  # attempts in one hour


def is_refusal_of_token(card: Card) -> bool:
    """Whether a call is told that its token is not accepted."""
    return isinstance(card, Rule) and card.fault in {"gateway_fault", "expired_token"}


@dataclass
class Weather(FairWeather):
    """Trouble from a deck of cards, three an hour. It lets be whatever is about an address that several customers
    share: they take turns, a mail a day, and which of them comes first may hang on a minute.
    """

    seed: int = 1
    struck: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)
        self._deck: list[Card] = []
        self._poison = 0
        self._refusals: list[Refusal] = []
        self._speaking_to: Counter[str] = Counter()
        self._sends = 0
        self._syncs: tuple[int, ...] = ()

    def begin(self, scene: Scene) -> Office:
        self._scene = scene
        scene.sink.mood = self._mood
        office = scene.office
        self._other_process = replace(office, holder="another process")
        ledger: Ledger = WatchedLedger(office.ledger, self._about_to_read)
        return replace(office, ledger=ledger, mailer=Door(office.mailer, self))

    def before_jobs(self, day: date, hour: int, attempt: int) -> None:
        self._clear()
        assert attempt < GIVEN_UP, "the jobs of an hour never came to rest"
        if attempt < FAIR:
            refused = 0
            for card in self._drawn(EACH_HOUR if attempt == 0 else 1):
                refused += is_refusal_of_token(card)
                if refused < 2 or not is_refusal_of_token(card):  # a fresh token refused at once is a withdrawn consent
                    self._play(card)

    def knock(self) -> None:
        """A letter stands at the door: perhaps another process syncs just now."""
        self._sends += 1
        if self._sends in self._syncs:
            self.struck["sync between claim and send"] += 1
            sync_company(self._other_process)

    @contextmanager
    def speaking_to(self, recipient: str) -> Iterator[None]:
        """While the mail server is spoken to about this recipient."""
        self._speaking_to[recipient.casefold()] += 1
        try:
            yield
        finally:
            self._speaking_to[recipient.casefold()] -= 1

    def _clear(self) -> None:
        box = self._box
        box.faults.clear()
        box.face.context.poisoned.clear()
        self._refusals.clear()
        self._poison, self._sends, self._syncs = 0, 0, ()

    @property
    def _box(self) -> ServedQuickBooks:
        assert isinstance(self._scene.box, ServedQuickBooks)
        return self._scene.box

    def _drawn(self, count: int) -> list[Card]:
        if len(self._deck) < count:
            self._deck = self._dice.sample(DECK, len(DECK))
        return [self._deck.pop() for _ in range(count)]

    def _play(self, card: Card) -> None:
        match card:
            case Rule():
                self._box.faults.add(replace(card, skip=self._dice.randrange(4)))
            case Poison("Invoice", count):
                self._poison = count
            case Poison(entity):
                self._break(entity, self._newest(entity))
            case Refusal():
                self._refusals += [card] * card.count
            case SyncBetween():
                self._syncs = card.at

    def _about_to_read(self, documents: Collection[str], customers: Collection[str]) -> object:
        """Some of the invoices that the next letters are about cannot be read any more."""
        del customers
        known = self._scene.books.document
        invoices = [each for each in documents if each.startswith("invoice:")]
        alone = sorted(each for each in invoices if known(each).customer not in self._sharers)
        for each in self._dice.sample(alone, min(self._poison, len(alone))):
            self._break("Invoice", each.partition(":")[2])
        self._poison = 0
        return None

    def _newest(self, entity: str) -> str:
        books = self._scene.books
        if entity == "Customer":
            return books.customers()[-1].id
        return list(books.documents(kind=_KINDS[entity]))[-1].id.partition(".")[0]

    def _break(self, entity: str, ident: str) -> None:
        self._box.face.poison(entity, ident)
        self.struck[f"poisoned {entity}"] += 1

    @cached_property
    def _sharers(self) -> frozenset[str]:
        """The customers that share an address with another."""
        return frozenset(who for several in self._readers.values() if len(several) > 1 for who in several)

    @cached_property
    def _readers(self) -> dict[str, set[str]]:
        """By address, the customers whose mails it gets."""
        books, readers = self._scene.books, defaultdict(set)
        for customer in books.customers():
            for address in customer.emails.split(","):
                readers[address.strip().casefold()].add(customer.id)
        for invoice in books.documents(kind=DocumentKind.INVOICE):
            readers[invoice.bill_email.casefold()].add(invoice.customer)
        return dict(readers)

    def _mood(self, stage: str, address: str) -> str:
        del address
        spoken_to = [each for each, count in self._speaking_to.items() if count]
        if not self._refusals or self._refusals[0].stage != stage:
            return ""
        if any(len(self._readers.get(each, ())) > 1 for each in spoken_to):
            return ""
        refusal = self._refusals.pop(0)
        self.struck[f"mail refused: {stage} {refusal.said}"] += 1
        return refusal.said


_KINDS = {
    "Payment": DocumentKind.PAYMENT,
    "CreditMemo": DocumentKind.CREDIT_MEMO,
    "JournalEntry": DocumentKind.JOURNAL,
}


def _is_settled(ran: Ran) -> bool:
    match ran.result:
        case (_, Delivered() as delivered) if delivered.deferred or delivered.cancelled:
            return False
        case Posted() as posted if posted.unknown:
            return False
        case _:
            return ran.is_well and not ran.skipped
