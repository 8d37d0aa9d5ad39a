"""Never too often, and never to two of one family: the gap, the caps, and who is addressed."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

from tests.judge.audit import Row
from tests.judge.evidence import Evidence
from tests.judge.families import allowed_addresses, customer_of, party_of
from tests.judge.law import Finding
from tests.judge.messages import Message

WEEK, MONTH = timedelta(days=7), timedelta(days=31)


def gap_between_messages(evidence: Evidence, finding: Finding) -> None:
    """Between two messages to an account lie at least the cadence's days."""
    for account, messages in _by_account(evidence).items():
        for before, after in pairwise(messages):
            if not evidence.judges(after.day):
                continue
            gap = evidence.cadence(_cadence(evidence, after)).min_gap_days
            days = (after.day - before.day).days
            finding.judge(
                f"gap ignored: account {account} had {before.name} and {days} days later {after.name}; the gap is {gap}"
                if days < gap
                else ""
            )
        for message in messages:
            if evidence.judges(message.day):
                finding.judge(*_after_a_call(evidence, message))


def _after_a_call(evidence: Evidence, message: Message) -> list[str]:
    """A call is contact too: no message within the gap after it."""
    gap = evidence.cadence(_cadence(evidence, message)).min_gap_days
    return [
        f"gap ignored: account {call.account} was called on {call.day} and had {message.name}; the gap is {gap}"
        for call in evidence.audit.of("call_logged")
        if call.account == message.account
        and call.seq < _said_seq(evidence, message)
        and (message.day - call.day).days < gap
    ]


def _by_account(evidence: Evidence) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = defaultdict(list)
    for message in evidence.messages:
        party = ",".join(sorted(party_of(message.account)))
        found[f"{message.root}|{party}" if party else message.root].append(message)
    return found


def _cadence(evidence: Evidence, message: Message) -> str:
    said = evidence.audit.said.get(message.reminder)
    return str(said.data.get("cadence", "")) if said else ""


def caps(evidence: Evidence, finding: Finding) -> None:
    """No account and no address hears from us more often in a week or a month than the cadence allows.

    A call counts against the messages after it.
    """
    for account, messages in _by_account(evidence).items():
        calls = [call for call in evidence.audit.of("call_logged") if call.account == messages[0].account]
        _within_caps(evidence, finding, f"account {account}", messages, calls)
    by_address: dict[str, list[Message]] = defaultdict(list)
    for message in evidence.messages:
        for address in message.recipients:
            by_address[address].append(message)
    for address, messages in by_address.items():
        _within_caps(evidence, finding, f"address {address}", messages, [])


def _within_caps(evidence: Evidence, finding: Finding, who: str, messages: list[Message], calls: list[Row]) -> None:
    for message in messages:
        if not evidence.judges(message.day):
            continue
        cadence = evidence.cadence(_cadence(evidence, message))
        days = [each.day for each in messages if each.at <= message.at]
        days += [call.day for call in calls if call.seq < _said_seq(evidence, message)]
        week, month = _count(days, message.day, WEEK), _count(days, message.day, MONTH)
        finding.judge(
            _over("weekly", who, message, week, cadence.weekly_cap),
            _over("monthly", who, message, month, cadence.monthly_cap),
        )


def _said_seq(evidence: Evidence, message: Message) -> int:
    """Where the history says the message: what stands before it happened before it."""
    said = evidence.audit.said.get(message.reminder)
    return said.seq if said else 0


def _count(days: Iterable[date], day: date, window: timedelta) -> int:
    return sum(day - window < each <= day for each in days)


def _over(name: str, who: str, message: Message, count: int, cap: int) -> str:
    return f"cap broken: {who} has {count} messages with {message.name}; the {name} cap is {cap}" if count > cap else ""


def address_once_a_day(evidence: Evidence, finding: Finding) -> None:
    """An address that several customers share hears from us once a day at most."""
    seen: dict[tuple[str, date], Message] = {}
    for message in evidence.messages:
        for address in message.recipients:
            before = seen.get((address, message.day))
            if evidence.judges(message.day):
                finding.judge(f"address asked twice a day: {before.name} and {message.name}" if before else "")
            seen[address, message.day] = message


def families_are_asked_once(evidence: Evidence, finding: Finding) -> None:
    """Whoever is billed with a parent is asked with the parent, never beside it."""
    messages = evidence.messages
    for place, message in enumerate(messages):
        if not evidence.judges(message.day):
            continue
        claimed = customer_of(message.account)
        sentences = []
        if claimed != message.root:
            sentences.append(
                f"sub-customer asked by itself: {message.name} speaks to customer {claimed}, "
                f"who is billed with {message.root}"
            )
        gap = evidence.cadence(_cadence(evidence, message)).min_gap_days
        for before in reversed(messages[:place]):
            if (message.day - before.day).days >= gap:
                break
            if before.root == message.root and customer_of(before.account) != claimed:
                sentences.append(
                    f"family asked twice: {before.name} and {message.name} both ask the family of {message.root}"
                )
        finding.judge(*sentences)


def addressed_to_its_own(evidence: Evidence, finding: Finding) -> None:
    """An item is shown only to an address that its invoice or its customer names."""
    for message in evidence.judged:
        for shown in message.shown:
            document = evidence.books.document(shown.document, message.at)
            allowed = allowed_addresses(evidence.books, document, message.at) if document else frozenset()
            allowed |= evidence.company.contacts.get(message.root, frozenset())
            strangers = [address for address in message.recipients if address not in allowed]
            finding.judge(
                *(
                    f"addressed to a stranger: {message.name} shows {shown.item} ({shown.number}) to {address}, "
                    "whom neither the invoice nor its customer names"
                    for address in strangers
                )
            )
