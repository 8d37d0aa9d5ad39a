"""Short ways to say what a message is about, for the tests of its words."""

from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

from adapters.money import Money, sums
from reminders.account import BrokenPromise, LastPayment, OwedItem, Taken, TakenHow
from reminders.decision import Asked, Line, MessagePlan
from reminders.messages import MessageContext

TODAY = date(2026, 11, 20)  # a Friday
READ_AT = datetime(2026, 11, 20, 8, 31, tzinfo=UTC)


def money(cents: int, currency: str = "EUR") -> Money:
    return Money(cents, currency)


def item(number: str = "1042", cents: int = 125_000, days: int = 12, currency: str = "EUR", **more: object) -> OwedItem:
    """An invoice that is `days` past due today."""
    due = TODAY - timedelta(days)
    facts: dict[str, object] = {
        "ref": f"invoice:{number}#1",
        "document": f"invoice:{number}",
        "number": number,
        "customer": "20",
        "customer_name": "Blue Bird Ltd",
        "issue_date": due - timedelta(30),
        "due_date": due,
        "first_seen": due - timedelta(30),
        "total": money(cents, currency),
        "open": money(cents, currency),
    }
    return OwedItem(**(facts | more))  # type: ignore[arg-type]  # names are checked by the class itself


def line(owed: OwedItem, *, disputed: int = 0, promised: int = 0) -> Line:
    currency = owed.open.currency
    return Line(
        item=owed,
        days_past_due=owed.days_past_due(TODAY),
        open=owed.open,
        disputed=money(disputed, currency),
        promised=money(promised, currency),
        asked=money(owed.open.minor - disputed - promised, currency),
    )


def plan(*about: Line, tone: str = "plain", credit: dict[str, int] | None = None, **more: object) -> MessagePlan:
    also = more.get("also", ())
    assert isinstance(also, tuple)
    gross = sums(each.asked for each in (*about, *also))
    free = {currency: money((credit or {}).get(currency, 0), currency) for currency in gross}
    facts: dict[str, object] = {
        "step_id": "s",
        "step_no": 1,
        "step_day": 3,
        "tone": tone,
        "template": tone,
        "channel": "email",
        "is_heads_up": tone == "heads_up",
        "about": about,
        "amounts": tuple(
            Asked(gross=each, credit=free[currency], asked=each - free[currency]) for currency, each in gross.items()
        ),
    }
    return MessagePlan(**(facts | more))  # type: ignore[arg-type]


def context(what: MessagePlan, language: str = "en-GB", **more: object) -> MessageContext:
    facts: dict[str, object] = {
        "company_name": "Acme Tools Ltd",
        "sender_name": "Jane Doe",
        "language": language,
        "today": TODAY,
        "figures_at": READ_AT,
        "zone": "Europe/London",
        "plan": what,
        "customer_name": "Blue Bird Ltd",
        "last_payment": LastPayment(amount=money(50_000), on=date(2026, 10, 12)),
        "postal_address": "1 High Street\nLondon E1 1AA",
    }
    return MessageContext(**(facts | more))  # type: ignore[arg-type]


def everything(language: str = "en-GB", tone: str = "firm", **more: object) -> MessageContext:
    """A message with all parts, two currencies, a dispute, promises, a credit, and all that the owner may add."""
    told = Taken(cycle=1, step_no=1, step_id="a", step_day=3, on=TODAY - timedelta(9), how=TakenHow.SENT)
    what = plan(
        line(item("1042", days=25, taken=(told,), pay_link="https://pay.example/a?x=1&y=2"), disputed=20_000),
        line(item("1043", 7_000, 22, "USD")),
        line(item("1044", 7_000, 22, ref="invoice:1044#2", customer_name="Blue Kookies"), promised=2_000),
        tone=tone,
        credit={"EUR": 5_000},
        also=(line(item("1050", 100, 2)),),
        not_yet_due=(line(item("1060", 999_900, -9)),),
        names_broken_promise="p1",
    )
    facts: dict[str, object] = {
        "customer_account": "10023",
        "broken_promises": (BrokenPromise(id="p1", amount=money(30_000), day=date(2026, 11, 10)),),
        "account_link": "https://pay.example/account",
        "bank_details": "IBAN DE89\nBIC COBADEFF",
        "reply_hint": "Our office is open on weekdays.",
        "consequence": "Interest runs from the due date.",
        "stop_address": "stop@acme.example",
        "replaces": date(2026, 11, 3),
    }
    return context(what, language, **(facts | more))


class Page(HTMLParser):
    """The words, tags and links of a page of HTML, as a mail program sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "background", "action"}]

    def handle_data(self, data: str) -> None:
        self.words += data
