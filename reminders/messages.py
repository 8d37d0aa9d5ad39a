"""A plan put into words: subject, plain text and HTML of one message (docs/rules.md, section 3).

Text and HTML are laid out from the same plain data (`contents`), which holds only str, int, list and dict: no
object with methods is ever in reach of a template, and what comes from a ledger is never read as one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from adapters.documents import DocumentRef
from reminders.account import BrokenPromise, LastPayment
from reminders.decision import MessagePlan
from reminders.formats import Formats, choose_language, formats
from reminders.message_parts import joined_amounts, linked_lines, name_of, parts_of, sums_of
from reminders.phrases import Phrases, environment, phrases
from reminders.plain_text import lines_of, one_line, web_address

TONES = ("heads_up", "friendly", "plain", "firm", "final")
"""The tones that there are words for; a template's name is a tone's."""

DAYS_TO_PAY = {"plain": 7, "firm": 7, "final": 10}
"""Days that a message gives where the cadence names no day; the end of a week-end counts as its Monday."""

Contents: TypeAlias = dict[str, Any]


class UnknownTone(ValueError):
    """A cadence asks for a tone or template that has no words."""

    def __init__(self, tone: str) -> None:
        super().__init__(f"There are no words for {tone!r}; the tones are {', '.join(TONES)}.")


class MissingPromise(LookupError):
    """The plan names a broken promise that the context does not hold."""

    def __init__(self, promise_id: str) -> None:
        super().__init__(f"The broken promise {promise_id!r} is not among the facts of the message.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the customer reads. `language` is the BCP 47 tag of its words."""

    subject: str
    text: str
    html: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContext:
    """All facts of one message. Languages are BCP 47 tags (empty: unknown); `zone` an IANA name, for showing
    `figures_at`. `bank_details`, `reply_hint`, `consequence` and `postal_address` are the owner's own words.
    """

    company_name: str
    sender_name: str
    language: str = ""
    company_language: str = "en"
    today: date
    figures_at: datetime  # aware UTC
    zone: str = "UTC"
    plan: MessagePlan
    customer_name: str
    customer_account: str = ""  # the customer's number with the company
    last_payment: LastPayment | None = None
    broken_promises: tuple[BrokenPromise, ...] = ()  # the account's; the plan says which is named
    pay_links: Mapping[DocumentRef, str] = field(default_factory=dict)  # beside those of the items
    account_link: str = ""  # one page with all invoices
    bank_details: str = ""
    reply_hint: str = ""
    consequence: str = ""  # added to what firm and final messages ask
    pay_by: date | None = None  # None: `DAYS_TO_PAY` after today
    postal_address: str = ""
    stop_address: str = ""
    replaces: date | None = None  # the day of a message that did not arrive, asked once more


def render(context: MessageContext) -> Message:
    """The message for `context`. Raises `UnknownTone` or `MissingPromise` for a plan that cannot be put into words."""
    language = choose_language(context.language, context.company_language)
    facts = contents(context)
    return Message(
        subject=facts["subject"],
        text=environment().get_template("message.txt").render(facts),
        html=environment().get_template("message.html").render(facts),
        language=language.replace("_", "-"),
    )


def contents(context: MessageContext) -> Contents:
    """Everything that the layouts show, as plain data."""
    shown = formats(choose_language(context.language, context.company_language))
    words = phrases(shown.language)
    plan = context.plan
    return {
        "language": shown.language,
        "subject": _subject(context, words, shown),
        "colon": words.say("colon"),
        "greeting": words.say("greeting"),
        "opening": _opening(context, words, shown),
        "columns": {name: words.say(f"heading.{name}") for name in ("number", "due", "amount")},
        "parts": parts_of(plan, words, shown, customer_name=context.customer_name),
        "sums": sums_of(plan, words, shown),
        "links": _links(context, words),
        "bank_heading": words.say("pay.bank"),
        "bank": lines_of(context.bank_details),
        "closing": _closing(context, words, shown),
        "regards": words.say("regards"),
        "signature": [one_line(context.sender_name), one_line(context.company_name), *lines_of(context.postal_address)],
        "footer": _footer(context, words),
    }


def tone_of(plan: MessagePlan) -> str:
    """The tone whose words a plan uses: its template's where it names one, else its tone's. Raises `UnknownTone`."""
    tone = "heads_up" if plan.is_heads_up else plan.template if plan.template in TONES else plan.tone
    if tone not in TONES:
        raise UnknownTone(tone)
    return tone


def _subject(context: MessageContext, words: Phrases, shown: Formats) -> str:
    plan = context.plan
    amount = joined_amounts([each.asked for each in plan.amounts], words, shown)
    company = one_line(context.company_name, 60)
    count = len(plan.about) + len(plan.also)
    if count == 1:
        item = plan.about[0].item
        return words.say(
            "subject.one",
            Document=name_of(item, words),
            company=company,
            amount=amount,
            short_due=shown.short_day(item.due_date),
        )
    key = "subject.soon" if plan.is_heads_up and not plan.also else "subject.many"
    return words.say(key, count=count, amount=amount, company=company, account=one_line(context.customer_account, 30))


def _opening(context: MessageContext, words: Phrases, shown: Formats) -> list[str]:
    plan, tone = context.plan, tone_of(context.plan)
    facts = _tone_facts(context, words, shown)
    opening = words.say(f"tone.{tone}.opening", **facts)
    if words.number("capital_after_greeting"):
        opening = opening[:1].upper() + opening[1:]
    paragraphs = [opening]
    if plan.names_broken_promise:
        promise = _promise_named(context, plan.names_broken_promise)
        facts_of_promise = {"amount": shown.money(promise.amount), "day": shown.day(promise.day)}
        paragraphs.append(words.say("broken_promise.one", **facts_of_promise))
    paragraphs.append(words.say(f"tone.{tone}.ask", **facts))
    if context.consequence and tone in {"firm", "final"}:
        paragraphs.extend(lines_of(context.consequence))
    if context.replaces:
        paragraphs.append(words.say("replaces.one", day=shown.day(context.replaces)))
    return paragraphs


def _promise_named(context: MessageContext, promise_id: str) -> BrokenPromise:
    for promise in context.broken_promises:
        if promise.id == promise_id:
            return promise
    raise MissingPromise(promise_id)


def _tone_facts(context: MessageContext, words: Phrases, shown: Formats) -> dict[str, str | int]:
    about = context.plan.about
    first = about[0].item
    longest = max(abs(line.days_past_due) for line in about)
    return {
        "one": int(len(about) == 1),
        "count": len(about),
        "document": name_of(first, words, within=True),
        "due": shown.day(first.due_date),
        "longest": words.say("days.count", days=longest),
        "pay_by": shown.day(_pay_by(context)),
        "sender": one_line(context.sender_name, 60),
        "written_before": int(any(t.was_said for line in about for t in line.item.taken if t.cycle == line.item.cycle)),
    }


def _pay_by(context: MessageContext) -> date:
    if context.pay_by:
        return context.pay_by
    day = context.today + timedelta(days=DAYS_TO_PAY.get(tone_of(context.plan), 7))
    return day + timedelta(days=max(0, 8 - day.isoweekday()) if day.isoweekday() > 5 else 0)


def _links(context: MessageContext, words: Phrases) -> list[dict[str, str]]:
    links = {}
    for line in linked_lines(context.plan):
        url = web_address(context.pay_links.get(line.item.document) or line.item.pay_link)
        if url and line.asked:
            links[url] = words.say("pay.online", document=name_of(line.item, words, whole=True))
    if url := web_address(context.account_link):
        links[url] = words.say("pay.account")
    return [{"url": url, "label": label} for url, label in links.items()]


def _closing(context: MessageContext, words: Phrases, shown: Formats) -> list[str]:
    figures = [words.say("figures.as_of", at=shown.instant(context.figures_at, context.zone))]
    if last := context.last_payment:
        figures.insert(0, words.say("figures.last_payment", amount=shown.money(last.amount), day=shown.day(last.on)))
    paragraphs = [" ".join(figures)]
    if not context.plan.is_heads_up:
        paragraphs.append(words.say("figures.on_its_way"))
    reply = words.say("contact.reply", sender=one_line(context.sender_name, 60))
    paragraphs.append(" ".join([reply, *lines_of(context.reply_hint)]))
    return paragraphs


def _footer(context: MessageContext, words: Phrases) -> list[str]:
    facts = {"customer": one_line(context.customer_name), "company": one_line(context.company_name)}
    footer = [words.say("contact.reason", **facts)]
    if context.stop_address:
        footer.append(words.say("contact.stop", address=one_line(context.stop_address)))
    return footer
