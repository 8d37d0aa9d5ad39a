"""Worlds in which a promise was broken: each way of doctoring a good one, and the sentence the judge must find.

`python -m tests.judge.sabotage OUT_DIR` tries them all on a world, and fails where one is not named.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.judge.amounts import amounts_in
from tests.judge.asked import Expected, is_asking, pictures, totals_of
from tests.judge.doctor import NoVictim, World, first, restated, set_header, z
from tests.judge.families import own_addresses
from tests.judge.judge import judge
from tests.judge.messages import Message

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def mail_doubled(world: World) -> None:
    message = world.message(lambda each: each.shown, "at all")
    later = z(message.at + MINUTE)
    world.edit_mails(message, lambda mail: set_header(mail, "X-Accepted-At", later), copy_as="doubled")


def step_asked_twice(world: World) -> None:
    message = world.message(lambda each: each.taken, "that took a step")
    world.say_again(message, "doubled-step", 8 * DAY)


def paid_a_minute_before(world: World) -> None:
    message = world.message(lambda each: len(each.shown) == 1 and each.shown[0].line, "about one invoice")
    (document,) = world.documents(message)
    world.pay_in_full(document, message.at - timedelta(seconds=world.evidence.company.fresh_seconds + 1))


def note_dropped(world: World) -> None:
    message = world.message(lambda each: each.taken, "that took a step")
    world.drop_note(world.note(message))


def promise_note_dropped(world: World) -> None:
    promise = first(world.evidence.audit.promises, "promise")
    world.drop_note(first(world.evidence.notes.about("promise_made", promise.id), "note of a promise"))


def note_doubled(world: World) -> None:
    message = world.message(lambda each: each.taken, "that took a step")
    note = world.note(message)
    world.add_note(note.key, note, note.note.at + MINUTE)


def note_misplaced(world: World) -> None:
    message = world.message(lambda each: each.taken, "that took a step")
    note = world.note(message)
    other = world.message(lambda each: each.root != message.root, "to somebody else")
    for change in world.books:
        if change["entity"] == "note" and str(change["id"]) == note.note.id:
            change["record"] = {**change["record"], "links": [{"kind": "customer", "id": other.root}]}


def _retotal(world: World, message: Message, change: Callable[[Decimal, str], Decimal]) -> None:
    """Restates what a message asks in all, in its text alone."""

    def apply(row: str) -> str:
        amounts = list(amounts_in(row))
        if not amounts or not is_asking(row):
            return row
        return restated(row, amounts[-1], change(abs(amounts[-1].value), amounts[-1].currency))

    world.edit_text(message, lambda text: "".join(f"{apply(row)}\n" for row in text.splitlines()))


def total_a_cent_off(world: World) -> None:
    message = world.message(totals_of, "with a total")
    _retotal(world, message, lambda value, _: value + Decimal("0.01"))


def line_a_cent_off(world: World) -> None:
    message = world.message(lambda each: each.shown and each.shown[0].line, "with a line")
    line = message.shown[0].line
    assert line is not None
    amount = line.amounts[-1]
    new = restated(line.text, amount, amount.value - Decimal("0.01"))
    world.edit_text(message, lambda text: text.replace(line.text, new))


def _picture(world: World, message: Message) -> Expected:
    return pictures(world.evidence, message)[-1]


def disputed_amount_asked(world: World) -> None:
    message = world.message(lambda each: _picture(world, each).left_out("disputed"), "with a disputed part")
    disputed = _picture(world, message).left_out("disputed")
    _retotal(world, message, lambda value, currency: value + disputed.get(currency, Decimal()))


def asked_gross(world: World) -> None:
    message = world.message(lambda each: _picture(world, each).credit and totals_of(each), "with a credit")
    credit = _picture(world, message).credit
    _retotal(world, message, lambda value, currency: value + credit.get(currency, Decimal()))


def currencies_added(world: World) -> None:
    message = world.message(lambda each: len(_picture(world, each).asked) > 1, "in two currencies")
    together = sum(_picture(world, message).asked.values(), Decimal())
    _retotal(world, message, lambda _value, _currency: together)


def step_passed_over(world: World) -> None:
    cadence = world.evidence.cadence("")
    message = world.message(lambda each: each.taken and each.taken[0].step_day >= 0, "after a due date")
    index = cadence.position(message.taken[0].step_id, message.taken[0].step_day)
    skipped = cadence.steps[index + 2] if index + 2 < len(cadence.steps) else cadence.steps[-1]
    said = first(world.rows("reminder_said", message.reminder), "row of a reminder")
    items = [{**each, "step_id": skipped.id, "step_day": skipped.day} for each in said["data"]["items"]]
    said["data"] = {**said["data"], "items": items}


def step_repeated(world: World) -> None:
    taken = [one for one in world.evidence.audit.taken if one.reminder]
    pairs = [
        (before, after)
        for before, after in combinations(taken, 2)
        if (before.item, before.cycle) == (after.item, after.cycle) and before.step_id != after.step_id
    ]
    before, after = first(pairs, "item that took two steps by mail")
    said = first(world.rows("reminder_said", after.reminder), "row of a reminder")
    for each in said["data"]["items"]:
        if each["item"] == after.item:
            each.update(step_id=before.step_id, step_day=before.step_day)


def gap_ignored(world: World) -> None:
    message = world.message(lambda each: each.taken, "that took a step")
    world.say_again(message, "too-soon", 2 * DAY)


def cap_broken(world: World) -> None:
    message = world.message(lambda each: each.taken, "that took a step")
    for number in range(1, 4):
        world.say_again(message, f"again-{number}", number * DAY)


def promise_ignored(world: World) -> None:
    message = world.message(lambda each: each.shown and each.taken and each.taken[0].step_day >= 0, "after a due date")
    document = world.documents(message)[0]
    data = {"amount": str(document.open), "currency": document.currency, "items": [document.item]}
    day = (message.day + 5 * DAY).isoformat()
    made = {"at": z(message.at - DAY), "actor": "anna", "kind": "promise_made", "account": message.account}
    world.audit.append({**made, "subject": "ignored", "data": {**data, "day": day}, "personal_digest": ""})
    ended = {**made, "at": z(message.at + DAY), "kind": "promise_judged", "subject": "ignored"}
    world.audit.append({**ended, "data": {"state": "replaced"}, "personal_digest": ""})
    world.add_note("promise_made:ignored", world.note(message), message.at - DAY)


def promise_misjudged(world: World) -> None:
    rows = [row for row in world.rows("promise_judged") if row["data"]["state"] == "broken"]
    row = first(rows, "broken promise")
    row["data"] = {**row["data"], "state": "kept"}


def not_due_invoice_asked(world: World) -> None:
    message = world.message(lambda each: each.taken and each.taken[0].step_day >= 0, "after a due date")
    due = (message.day + 10 * DAY).isoformat()
    world.rewrite(world.documents(message)[0].ref, due_date=due)


def asked_too_early(world: World) -> None:
    message = world.message(lambda each: each.taken and each.taken[0].step_day >= 0, "after a due date")
    document = next(each for each in world.documents(message) if each.item == message.taken[0].item)
    world.rewrite(document.ref, due_date=(message.day - DAY).isoformat())


def heads_up_after_the_due_date(world: World) -> None:
    message = world.message(lambda each: each.taken and each.taken[0].step_day < 0, "before a due date")
    world.rewrite(world.documents(message)[0].ref, due_date=message.day.isoformat())


def child_and_parent_both_asked(world: World) -> None:
    def is_of_a_child(message: Message) -> bool:
        return any(each.customer != message.root for each in world.documents(message))

    message = world.message(is_of_a_child, "that shows a sub-customer's invoice")
    child = next(each.customer for each in world.documents(message) if each.customer != message.root)
    address = min(own_addresses(world.evidence.books, {child}, message.at), default="child@nowhere.example")
    world.say_again(message, "to-the-child", MINUTE, account=child, to=address)


def _is_alone(world: World, message: Message) -> bool:
    """Whether a message is its account's only one for days, and what it asks stays open as long."""
    company, books = world.evidence.company, world.evidence.books
    until = message.day + 6 * DAY
    if not message.taken or not company.start < message.day or until > company.end:
        return False
    later = (books.document(each.ref, company.end_of(until)) for each in world.documents(message))
    return all(each is not None and each.can_be_asked for each in later) and not any(
        each.at != message.at and each.root == message.root and abs((each.day - message.day).days) < 5
        for each in world.evidence.messages
    )


def due_step_never_sent(world: World) -> None:
    message = world.message(lambda each: _is_alone(world, each) and each.taken[0].step_day > 0, "on its own")
    _unsay(world, message)
    since, until = message.day.isoformat(), (message.day + 6 * DAY).isoformat()
    world.audit = [
        row
        for row in world.audit
        if not (row["kind"] == "verdict" and row["account"] == message.account and since <= row["data"]["day"] <= until)
    ]


def _unsay(world: World, message: Message) -> None:
    """Takes away a message with its note and its rows, as if it had never been planned."""
    note = world.note(message)
    world.remove_mails(message)
    world.drop_note(note)
    gone = {message.reminder, note.key}
    world.audit = [row for row in world.audit if row["subject"] not in gone]


def reason_that_is_not_true(world: World) -> None:
    message = world.message(
        lambda each: _is_alone(world, each) and not _picture(world, each).credit, "without a credit"
    )
    _unsay(world, message)
    for row in world.rows("verdict", message.account):
        if row["data"]["day"] == message.day.isoformat():
            items = dict.fromkeys(row["data"]["items"], "covered_by_credit")
            row["data"] = {**row["data"], "reason": "covered_by_credit", "outcome": "wait", "items": items}


def addressed_to_a_stranger(world: World) -> None:
    message = world.message(lambda each: each.shown, "at all")
    world.edit_mails(message, lambda mail: set_header(mail, "X-Envelope-To", "stranger@elsewhere.example"))


def mail_lost(world: World) -> None:
    world.remove_mails(world.message(lambda each: each.taken, "that took a step"))


def mail_unexplained(world: World) -> None:
    message = world.message(lambda each: each.taken, "that took a step")
    world.audit = [row for row in world.audit if row["subject"] != message.reminder]


def day_not_reconciled(world: World) -> None:
    row = first(world.rows("reconciled"), "reconciled day")
    world.audit.remove(row)


def reconciled_a_cent_off(world: World) -> None:
    row = first(world.rows("reconciled"), "reconciled day")
    ours = row["data"]["ours"]
    currency = min(ours)
    amount = ours[currency]
    wrong = {**ours, currency: amount + 1 if isinstance(amount, int) else str(Decimal(amount) + Decimal("0.01"))}
    row["data"] = {**row["data"], "ours": wrong, "theirs": wrong}


def end_of_a_ladder_untold(world: World) -> None:
    told = [row for row in world.rows("task_opened") if row["data"]["kind"] == "escalate"]
    first(told, "ended ladder")
    world.audit = [row for row in world.audit if row not in told]


def person_given_no_time(world: World) -> None:
    row = first(world.rows("step_not_made"), "step for a person's hand left undone")
    for task in world.rows("task_opened"):
        if task["data"]["kind"] == "step" and row["data"]["item"] in task["data"]["items"]:
            task["at"] = z(datetime.fromisoformat(row["at"]) - DAY)


def figure_wrong(world: World) -> None:
    world.figures["reminders_sent"] += 1


def history_changed_afterwards(world: World) -> None:
    row = first(world.rows("verdict"), "verdict")
    row["data"] = {**row["data"], "reason": "nothing_owed"}


def history_row_removed(world: World) -> None:
    del world.audit[len(world.audit) // 2]


def month_without_mails(world: World) -> None:
    for path in (world.folder / "mails").glob("*.eml"):
        path.unlink()


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A way of doctoring a world, and how the judge's sentence about it begins."""

    doctor: Callable[[World], None]
    sentence: str
    chain: bool = True

    @property
    def name(self) -> str:
        """What was done."""
        return self.doctor.__name__


SABOTAGES = (
    Sabotage(mail_doubled, "mail doubled: "),
    Sabotage(step_asked_twice, "step repeated: "),
    Sabotage(step_repeated, "step repeated: "),
    Sabotage(step_passed_over, "step passed over: "),
    Sabotage(paid_a_minute_before, "chased who had paid: "),
    Sabotage(note_dropped, "note dropped: the books hold no note for reminder "),
    Sabotage(promise_note_dropped, "note dropped: the books hold no note for promise made "),
    Sabotage(note_doubled, "note doubled: the books hold 2 notes for reminder "),
    Sabotage(note_misplaced, "note misplaced: "),
    Sabotage(total_a_cent_off, "a cent off: "),
    Sabotage(line_a_cent_off, "a cent off: "),
    Sabotage(asked_gross, "asked gross: "),
    Sabotage(disputed_amount_asked, "disputed amount asked: "),
    Sabotage(currencies_added, "currencies added: "),
    Sabotage(gap_ignored, "gap ignored: "),
    Sabotage(cap_broken, "cap broken: account "),
    Sabotage(promise_ignored, "promise ignored: "),
    Sabotage(promise_misjudged, "promise misjudged: "),
    Sabotage(not_due_invoice_asked, "not due: "),
    Sabotage(asked_too_early, "too early: "),
    Sabotage(heads_up_after_the_due_date, "heads-up too late: "),
    Sabotage(child_and_parent_both_asked, "sub-customer asked by itself: "),
    Sabotage(due_step_never_sent, "due and not sent: "),
    Sabotage(reason_that_is_not_true, "reason not true: covered_by_credit "),
    Sabotage(addressed_to_a_stranger, "addressed to a stranger: "),
    Sabotage(mail_lost, "mail lost: "),
    Sabotage(mail_unexplained, "unexplained mail: "),
    Sabotage(reconciled_a_cent_off, "a cent off: on "),
    Sabotage(day_not_reconciled, "not reconciled: "),
    Sabotage(end_of_a_ladder_untold, "nobody told: "),
    Sabotage(person_given_no_time, "no time given: "),
    Sabotage(figure_wrong, "figure wrong: the table says reminders_sent "),
    Sabotage(history_changed_afterwards, "broken chain: ", chain=False),
    Sabotage(history_row_removed, "broken chain: ", chain=False),
    Sabotage(month_without_mails, "nothing to judge: "),
)


def apply(sabotage: Sabotage, good: Path, folder: Path) -> None:
    """Copies a good world and doctors the copy. Raises `NoVictim`."""
    world = World(good, folder)
    sabotage.doctor(world)
    world.save(chain=sabotage.chain)


def main(arguments: list[str]) -> int:
    """Tries every sabotage on a world; what the judge says of the world itself does not count."""
    good, missed = Path(arguments[0]), 0
    before = set(judge(good).broken)
    for sabotage in SABOTAGES:
        told = _tried(sabotage, good, before)
        missed += not told.startswith(sabotage.sentence)
        sys.stdout.write(f"{sabotage.name}: {told}\n")
    return 1 if missed else 0


def _tried(sabotage: Sabotage, good: Path, before: set[str]) -> str:
    with TemporaryDirectory() as scratch:
        try:
            apply(sabotage, good, Path(scratch) / "doctored")
        except NoVictim as nobody:
            return f"NOT TRIED: {nobody}"
        found = [each for each in judge(Path(scratch) / "doctored").broken if each not in before]
        return next((each for each in found if each.startswith(sabotage.sentence)), "NOT NAMED")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
