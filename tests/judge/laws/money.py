"""Never chase money that has arrived, and never differ from the books by a cent."""

from decimal import Decimal

from tests.judge.amounts import amounts_in
from tests.judge.asked import Expected, pictures, totals_of, window
from tests.judge.books import ZERO
from tests.judge.evidence import Evidence
from tests.judge.law import Finding
from tests.judge.messages import Message, Shown


def not_paid(evidence: Evidence, finding: Finding) -> None:
    """Nobody is asked for what was paid when the figures were read."""
    for message in evidence.judged:
        moments = window(evidence, message)
        for shown in message.shown:
            states = [evidence.books.document(shown.document, at) for at in moments]
            owed = any(state is not None and state.open > 0 for state in states)
            finding.judge("" if owed else _paid(evidence, message, shown))
        owes = any(amount > 0 for each in pictures(evidence, message) for amount in each.asked.values())
        finding.judge(
            ""
            if owes or not message.shown
            else f"chased a paid account: {message.name} asks account "
            f"{message.account}, whose credit covered everything when the figures were read"
        )


def _paid(evidence: Evidence, message: Message, shown: Shown) -> str:
    history = evidence.books.history(shown.document)
    since = [at for at, state in history if at <= message.at and state.open <= 0]
    until = f" since {since[-1].isoformat()}" if since else ""
    return (
        f"chased who had paid: {message.name}, accepted at {message.at.isoformat()}, asks {shown.item} "
        f"({shown.number}), which owed nothing{until}"
    )


def to_the_cent(evidence: Evidence, finding: Finding) -> None:
    """Lines and totals are what the books said at one instant when they may have been read."""
    for message in evidence.judged:
        faults = [_faults(message, picture) for picture in pictures(evidence, message)]
        finding.judge(*(min(faults, key=len) if faults else []))


def _faults(message: Message, picture: Expected) -> list[str]:
    wrong = [_line_fault(message, part.shown, part.document.open, part.document.currency) for part in picture.parts]
    return [each for each in wrong if each] + _total_faults(message, picture)


def _line_fault(message: Message, shown: Shown, open_now: Decimal, currency: str) -> str:
    if shown.line is None or shown.line.amounts[-1].is_(open_now, currency):
        return ""
    said = shown.line.amounts[-1]
    return (
        f"a cent off: {message.name} shows {shown.item} ({shown.number}) with {said.currency} {said.value}, "
        f"the books say {currency} {open_now}"
    )


def _total_faults(message: Message, picture: Expected) -> list[str]:
    totals = totals_of(message)
    asked = picture.asked
    wrong = []
    for currency, amount in asked.items():
        said = [each for each in totals if each.speaks(currency)]
        if not any(each.is_(amount, currency) for each in said):
            wrong.append(_explained(message, picture, currency, [each.value for each in said]))
    strangers = [each for each in totals if not any(each.speaks(currency) for currency in asked)]
    wrong += [
        f"a cent off: {message.name} asks {each.currency} {each.value}, and no item is in it" for each in strangers
    ]
    for each in message.subject_amounts:
        if not any(each.is_(amount, currency) for currency, amount in asked.items()):
            wrong.append(f"a cent off: the subject of {message.name} says {each.currency} {each.value}")
    return wrong


def _explained(message: Message, picture: Expected, currency: str, said: list[Decimal]) -> str:
    """The sentence that names what went wrong with a total."""
    amount = picture.asked[currency]
    where = f"{message.name} asks {currency} {' and '.join(map(str, said)) or 'nothing'}"
    together = sum(picture.asked.values(), ZERO)
    if len(picture.asked) > 1 and together in said:
        return f"currencies added: {where}, which mixes {' and '.join(sorted(picture.asked))}"
    for name in ("disputed", "promised"):
        part = picture.left_out(name).get(currency, ZERO)
        if part and amount + part in said:
            return f"{name} amount asked: {where}, of which {currency} {part} is {name}"
    credit = picture.credit.get(currency, ZERO)
    if credit and amount + credit in said:
        return f"asked gross: {where} and does not take off the credit of {currency} {credit}"
    return f"a cent off: {where}, the books say {currency} {amount}"


def currencies_apart(evidence: Evidence, finding: Finding) -> None:
    """A total speaks of one currency, and there is one for each."""
    for message in evidence.judged:
        asked = {currency: amount for currency, amount in pictures(evidence, message)[-1].asked.items() if amount}
        together = sum(asked.values(), ZERO)
        told = [*message.subject_amounts, *(amount for row in message.rest for amount in amounts_in(row))]
        mixed = [each for each in told if len(asked) > 1 and each.value == together]
        finding.judge(
            *(
                f"currencies added: {message.name} asks {each.currency} {each.value}, which mixes "
                f"{' and '.join(sorted(asked))}"
                for each in mixed
            )
        )
