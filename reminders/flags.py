"""Machine flags: signs that a customer contests something. A flag holds and asks; only a person makes a dispute of it.

Two signs (docs/rules.md, section 4): a payment that leaves a small rest of an invoice open, where the customer paid
everything else in full or its memo names a deduction; and words in a reply or a ledger note, from the lists in
`words/<language>.toml`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

from adapters.documents import ItemRef
from adapters.money import Money
from reminders.account import Hold, HoldKind, OwedItem
from reminders.steps import Rules
from reminders.working_days import WorkingDays

LANGUAGES = ("en", "de", "fr", "es")
"""English comes first: it is read in every text, whatever the customer's language."""


class Sign(StrEnum):
    """What a machine saw."""

    SHORT_PAYMENT = "short_payment"
    DEDUCTION = "deduction"  # the payment's memo names one
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A suspicion. `amount` is the rest it speaks of; words alone name none. `word` is what was read."""

    sign: Sign
    item: ItemRef | None = None
    amount: Money | None = None
    word: str = ""

    @property
    def text(self) -> str:
        """The suspicion in a sentence, for the task."""
        if self.sign is Sign.WORDS:
            return f'The words "{self.word}" may mean that something is contested.'
        named = f' and its memo says "{self.word}"' if self.word else " while everything else was paid in full"
        return f"A payment left {self.amount} open{named}: is it a deduction?"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPayment:
    """A payment of one account: which items it went to, by what amount, and what its memo says."""

    ref: str
    dated: date
    applied: Mapping[ItemRef, Money] = field(default_factory=dict)
    memo: str = ""
    language: str = ""


def short_payment_flags(
    payment: AppliedPayment, items: Sequence[OwedItem], today: date, rules: Rules
) -> tuple[Flag, ...]:
    """The items that `payment` left open by a small rest. `items` are the open items of its account, after it.

    A rest is small when it is at most `short_payment_percent` of the item's total. Without a deduction named in the
    memo it is a sign only where nothing else of the account is past due: who owes more simply has not paid all.
    """
    rests = {item.ref: item for item in items if item.ref in payment.applied and _is_small_rest(item, rules)}
    if not rests:
        return ()
    named = _first_word(payment.memo, payment.language, "deduction")
    others_paid = all(item.ref in rests or item.open.minor <= 0 or item.due_date >= today for item in items)
    if not named and not others_paid:
        return ()
    sign = Sign.DEDUCTION if named else Sign.SHORT_PAYMENT
    return tuple(Flag(sign=sign, item=ref, amount=item.open, word=named) for ref, item in rests.items())


def words_flag(text: str, language: str) -> Flag | None:
    """A flag where `text` holds a word of contest in `language` (BCP 47) or English; None where it holds none."""
    word = _first_word(text, language, "dispute")
    return Flag(sign=Sign.WORDS, word=word) if word else None


def hold_of_flag(flag: Flag, flag_id: str, raised: date, calendar: WorkingDays, rules: Rules) -> Hold:
    """The hold of a flag: its item (or the whole account, where words named none), for some working days."""
    return Hold(
        kind=HoldKind.FLAG,
        id=flag_id,
        begins=raised,
        ends=calendar.add(raised, rules.flag_days),
        reason=flag.text,
        items=frozenset([flag.item] if flag.item else ()),
    )


def _is_small_rest(item: OwedItem, rules: Rules) -> bool:
    return 0 < item.open.minor < item.total.minor and (
        item.open.minor * 100 <= item.total.minor * rules.short_payment_percent
    )


def _first_word(text: str, language: str, kind: str) -> str:
    """The first word of the lists that stands in `text` as a whole word; empty where there is none."""
    own = language.partition("-")[0].casefold()
    languages = ("en", own) if own in LANGUAGES and own != "en" else ("en",)
    found = (_pattern(each, kind).search(text.casefold()) for each in languages)
    return min((match for match in found if match), key=lambda match: match.start(), default=_NOTHING)[0]


_NOTHING = ("",)


@cache
def _pattern(language: str, kind: str) -> re.Pattern[str]:
    path = files("reminders") / "words" / f"{language}.toml"
    words: Iterable[str] = tomllib.loads(path.read_text(encoding="utf-8"))[kind]
    spelled = sorted((re.escape(word.casefold()).replace(r"\ ", r"\s+") for word in words), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)")
