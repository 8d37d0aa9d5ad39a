"""The figures of a message as plain data: its parts with their lines and subtotals, and what is to be paid.

Every amount is the plan's own. Nothing is reckoned here but the subtotals of the parts, and currencies are
never added: each has its own subtotal and its own sum.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from adapters.documents import DocumentKind
from adapters.money import Money, sums
from reminders.account import OwedItem
from reminders.decision import Line, MessagePlan
from reminders.formats import Formats
from reminders.phrases import Phrases
from reminders.plain_text import one_line

Block: TypeAlias = dict[str, Any]

MOST_LINES = 100
"""Lines that one message lists, the longest due first. More are read by nobody, and mail programs cut such pages off;
what is left out is counted and summed, and the totals are those of all.
"""
MOST_LINKS = 20
"""Documents of one message that get a link of their own to pay online: the first that it lists."""


def name_of(item: OwedItem, words: Phrases, *, within: bool = False, whole: bool = False) -> str:
    """`Invoice 1042, instalment 2`, or `within` a sentence "instalment 2 of our invoice 1042". `whole`: no part."""
    kind = "journal" if item.document.startswith(f"{DocumentKind.JOURNAL}:") else "invoice"
    ending = "_within" if within else ""
    name = words.say(f"document.{kind}{ending}", number=one_line(item.number, 40))
    return name if whole else _with_part(name, item, words, ending)


def _with_part(name: str, item: OwedItem, words: Phrases, ending: str = "") -> str:
    part = item.ref.rpartition("#")[2]
    if part in {"", "1"}:
        return name
    return words.say(f"document.part{ending}", document=name, part=one_line(part, 10))


def joined_amounts(amounts: Iterable[Money], words: Phrases, shown: Formats) -> str:
    """`EUR 1,250.00 and USD 20.00`; an amount of zero is left out where there is another."""
    given = list(amounts)
    return shown.listing([shown.money(each) for each in given if each] or [shown.money(given[0])], words.say("and"))


def parts_of(plan: MessagePlan, words: Phrases, shown: Formats, *, customer_name: str) -> list[Block]:
    """The message's parts in their order, each with its heading, lines and subtotals."""
    given = [
        ("heads_up" if plan.is_heads_up else "about", plan.about, True),
        ("also", plan.also, True),
        ("not_yet_due", plan.not_yet_due, False),
    ]
    filled = [each for each in given if each[1]]
    blocks: list[Block] = []
    room = MOST_LINES
    for name, lines, asks in filled:
        listed, left = _cut(lines, room)
        room -= len(listed)
        blocks.append(
            {
                "heading": words.say(f"heading.{name}"),
                "lines": [_line(line, words, shown, customer_name, asks=asks) for line in listed],
                "more": _more(left, words, shown, asks=asks),
                "totals": _subtotals(lines, words, shown, asks=asks, alone=len(filled) == 1),
            }
        )
    return blocks


def linked_lines(plan: MessagePlan) -> list[Line]:
    """The lines whose documents may be paid online by a link of their own, in the order in which they are listed."""
    return [*_by_document(plan.about), *_by_document(plan.also)][:MOST_LINKS]


def _cut(lines: Sequence[Line], room: int) -> tuple[list[Line], list[Line]]:
    ordered = _by_document(lines)
    return ordered[:room], ordered[room:]


def _more(left: Sequence[Line], words: Phrases, shown: Formats, *, asks: bool) -> str:
    """What is not listed, counted and summed; nothing where everything is."""
    if not left:
        return ""
    totals = sums(line.asked if asks else line.open for line in left)
    return words.say("line.more", count=len(left), amount=joined_amounts(totals.values(), words, shown))


def _by_document(lines: Sequence[Line]) -> list[Line]:
    """Lines of one document side by side, documents in the order of their first line."""
    first: dict[str, int] = {}
    for place, line in enumerate(lines):
        first.setdefault(line.item.document, place)
    return sorted(lines, key=lambda line: first[line.item.document])


def _line(line: Line, words: Phrases, shown: Formats, customer_name: str, *, asks: bool) -> Block:
    item = line.item
    notes = []
    if item.customer_name and item.customer_name != customer_name:
        notes.append(words.say("line.customer", customer=one_line(item.customer_name)))
    if asks and line.disputed:
        notes.append(words.say("line.disputed", amount=shown.money(line.disputed)))
    if asks and line.promised:
        notes.append(words.say("line.promised", amount=shown.money(line.promised)))
    if asks and line.asked != line.open:
        notes.append(words.say("line.asked", amount=shown.money(line.asked)))
    issued = words.say(
        "line.issued", document=name_of(item, words, whole=True), issued=shown.short_day(item.issue_date)
    )
    return {
        "document": name_of(item, words),
        "issued": _with_part(issued, item, words),
        "due": shown.short_day(item.due_date),
        "due_on": words.say("line.due", due=shown.short_day(item.due_date)),
        "days": _days(line.days_past_due, words),
        "amount": shown.money(line.open),
        "notes": notes,
    }


def _days(days_past_due: int, words: Phrases) -> str:
    if days_past_due == 0:
        return words.say("days.today")
    return words.say("days.past" if days_past_due > 0 else "days.ahead", days=abs(days_past_due))


def _subtotals(lines: Sequence[Line], words: Phrases, shown: Formats, *, asks: bool, alone: bool) -> list[Block]:
    """One for each currency. A part of one line, standing alone, is its own subtotal."""
    if alone and len(lines) == 1:
        return []
    totals = sums(line.asked if asks else line.open for line in lines)
    return [{"label": words.say("total.part"), "amount": shown.money(each)} for each in totals.values()]


def sums_of(plan: MessagePlan, words: Phrases, shown: Formats) -> list[Block]:
    """What is to be paid, for each currency: total, less the credit, and the rest. Never the gross alone."""
    label = "total.asked"
    if plan.is_heads_up:
        label = "total.together" if plan.also else "total.falling_due"
    blocks: list[Block] = []
    for each in plan.amounts:
        if each.credit:
            blocks.append({"label": words.say("total.gross"), "amount": shown.money(each.gross), "strong": 0})
            credit = words.say("total.credit", amount=shown.money(each.credit))
            blocks.append({"label": credit, "amount": "", "strong": 0})
        blocks.append({"label": words.say(label), "amount": shown.money(each.asked), "strong": 1})
    return blocks
