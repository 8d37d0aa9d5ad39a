"""Never say it twice: one mail for each message and recipient, one message for each step of an item."""

from collections import Counter

from tests.judge.audit import Taken
from tests.judge.evidence import Evidence
from tests.judge.law import Finding
from tests.judge.mails import Mail


def mails_once(evidence: Evidence, finding: Finding) -> None:
    """A message reaches a recipient once."""
    by_key: dict[tuple[str, str], list[Mail]] = {}
    for mail in evidence.mails:
        by_key.setdefault((mail.message_id or mail.reminder, mail.to), []).append(mail)
    day_of = evidence.company.day_of
    for (message_id, to), mails in by_key.items():
        if not any(evidence.judges(day_of(mail.accepted_at)) for mail in mails):
            continue
        if len(mails) > 1:
            times = " and ".join(mail.accepted_at.isoformat() for mail in mails)
            finding.judge(f"mail doubled: {message_id} went to {to} {len(mails)} times, at {times}")
        else:
            finding.judge()


def steps_once(evidence: Evidence, finding: Finding) -> None:
    """An item takes a step of a cycle once."""
    seen: dict[tuple[str, int, str], Taken] = {}
    places: dict[tuple[str, int, int], Taken] = {}
    for taken in evidence.audit.taken:
        key, place = (taken.item, taken.cycle, taken.step_id), (taken.item, taken.cycle, taken.step_no)
        before = seen.get(key) or (places.get(place) if taken.step_no else None)
        seen[key] = places[place] = taken
        if not evidence.judges(taken.day):
            continue
        if before is not None and not before.undone:
            finding.judge(
                f"step repeated: {taken.item} took step {taken.step_id} of cycle {taken.cycle} on {before.day} "
                f"and again on {taken.day}"
            )
        else:
            finding.judge()


def mails_and_history_agree(evidence: Evidence, finding: Finding) -> None:
    """Every mail is of a reminder that the service knows it said, and every reminder sent is a mail."""
    for message in evidence.judged:
        said = evidence.audit.said.get(message.reminder)
        unlisted = [each.item for each in message.taken if each.item not in message.items]
        finding.judge(
            "" if said else f"unexplained mail: {message.name} is not in the service's history",
            *(f"mail and history differ: {message.name} does not show {item}, which it took on" for item in unlisted),
        )
    sent = {mail.reminder for mail in evidence.mails}
    ids = Counter(reminder for reminder, _ in {(mail.reminder, mail.message_id) for mail in evidence.mails})
    several = {reminder for reminder, count in ids.items() if count > 1 and reminder}
    for row in evidence.audit.said.values():
        if not evidence.judges(row.day):
            continue
        lost = row.data.get("state", "sent") == "sent" and row.subject not in sent
        finding.judge(
            f"mail lost: reminder {row.subject} to account {row.account} is said to be sent on {row.day}; no mail left"
            if lost
            else "",
            f"mail doubled: reminder {row.subject} left under several Message-IDs" if row.subject in several else "",
        )
