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

from adapters.documents import DocumentKind
from adapters.ledger import Ledger
from adapters.sandbox.faults import Rule
from connector.demo.trouble import Scene
from connector.demo.watching import WatchedLedger
from connector.jobs import Ran, sync_company
from connector.letters import Delivered
from connector.office import Office
from connector.outbox import Posted
from reminders.channels import Mailer, SendResult
from tests.e2e.decks import GROUNDS, Card, Poison, Refusal, SyncBetween

#: What the schedule waits before it does again what failed or was put off.
AGAIN = timedelta(minutes=16)
#: From this attempt of an hour on, the weather is fair.
FAIR = 2


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

    def before_reconcile(self, day: date, attempt: int) -> None:
        pass

    def wait_after(self, ran: Sequence[Ran]) -> timedelta | None:
        if all(map(_is_settled, ran)):
            return None
        self.again += 1
        return AGAIN


GIVEN_UP = 200  # attempts in one hour


def is_refusal_of_token(card: Card) -> bool:
    """Whether a call is told that its token or session is not accepted."""
    return isinstance(card, Rule) and card.fault in {"gateway_fault", "expired_token", "expired_session"}


@dataclass
class Weather(FairWeather):
    """Trouble from a deck of cards, three an hour. It lets be whatever is about an address that several customers
    share: they take turns, a mail a day, and which of them comes first may hang on a minute.
    """

    seed: int = 1
    ledger: str = "quickbooks"
    struck: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)
        self._ground = GROUNDS[self.ledger]
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
        self._turn(attempt, spoil=True)

    def before_reconcile(self, day: date, attempt: int) -> None:
        self._turn(attempt, spoil=not self._ground.sums_rows)

    def _turn(self, attempt: int, *, spoil: bool) -> None:
        """What the next run of the jobs meets; `spoil`: rows that cannot be read are among it."""
        self._clear()
        assert attempt < GIVEN_UP, "the jobs of an hour never came to rest"
        if attempt < FAIR:
            refused = 0
            for card in self._drawn(EACH_HOUR if attempt == 0 else 1):
                if isinstance(card, Poison) and not spoil:
                    continue
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
        self._scene.box.faults.clear()
        self._ground.clear(self._scene.box)
        self._refusals.clear()
        self._poison, self._sends, self._syncs = 0, 0, ()

    def _drawn(self, count: int) -> list[Card]:
        if len(self._deck) < count:
            self._deck = self._dice.sample(self._ground.deck, len(self._ground.deck))
        return [self._deck.pop() for _ in range(count)]

    def _play(self, card: Card) -> None:
        match card:
            case Rule():
                self._scene.box.faults.add(replace(card, skip=self._dice.randrange(4)))
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
        if not self._poison:
            return None
        known, names = self._scene.books.document, self._ground.names(self._scene.box)
        told = (names.get(each, each) for each in documents)
        invoices = [each for each in told if each.startswith("invoice:")]
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
        self._ground.spoil(self._scene.box, entity, ident)
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
