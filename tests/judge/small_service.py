"""A hand-made service for the small world: it decides, mails and notes in the simplest way that keeps the rules."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.message import EmailMessage
from typing import Any

from tests.judge.small_books import SmallBooks

STEPS = (("heads-up", -3), ("first", 3), ("second", 11), ("call", 14), ("third", 21))
DAY_OFF = date(2026, 3, 19)
OUTAGE = frozenset({date(2026, 3, 24), date(2026, 3, 25)})
_WORDS = {
    "en": (
        "Invoice",
        "due",
        "{days} days past due",
        "due in {days} days",
        "To be paid",
        "less your credit of",
        "Falling due",
    ),
    "de": (
        "Rechnung",
        "fällig",
        "seit {days} Tagen überfällig",
        "fällig in {days} Tagen",
        "Zu zahlen",
        "abzüglich Ihres Guthabens von",
        "Demnächst fällig",
    ),
    "fr": (
        "Facture",
        "échéance",
        "{days} jours de retard",
        "échéance dans {days} jours",
        "À payer",
        "moins votre avoir de",
        "Bientôt à échéance",
    ),
}


def works(day: date) -> bool:
    """Whether the small company works on a day."""
    return day.isoweekday() < 6 and day != DAY_OFF


def on_or_after(day: date) -> date:
    """The day or the next working day."""
    while not works(day):
        day += timedelta(days=1)
    return day


def working_days_after(day: date, count: int) -> date:
    """So many working days later."""
    for _ in range(count):
        day = on_or_after(day + timedelta(days=1))
    return day


def money(amount: Decimal, currency: str, language: str) -> str:
    """`EUR 1,250.00`, `1.250,00 EUR`, `1 250,00 EUR`."""
    text = f"{amount:,.2f}"
    if language == "en":
        return f"{currency} {text}"
    separators = {"de": {",": ".", ".": ","}, "fr": {",": "\u00a0", ".": ","}}[language]
    return "".join(separators.get(char, char) for char in text) + f"\u00a0{currency}"


@dataclass(slots=True)
class Ladder:
    """How far one item went."""

    index: int = 0
    said_on: date | None = None
    said_day: int = 0
    count: int = 0
    task_on: date | None = None  # when a person was asked to call


@dataclass(slots=True)
class SmallService:
    """Everything the service knows: its history, its mails and where each item stands."""

    books: SmallBooks
    rows: list[dict[str, Any]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    ladders: dict[str, Ladder] = field(default_factory=dict)
    promises: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, tuple[str, Decimal]] = field(default_factory=dict)  # id → item, amount
    pauses: dict[str, tuple[date, date]] = field(default_factory=dict)  # account → begins, last day
    heard: dict[str, date] = field(default_factory=dict)

    def log(self, at: datetime, kind: str, account: str, subject: str, /, **data: object) -> None:
        """Appends a row to the history."""
        row = {"at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "actor": "duecourse", "kind": kind, "account": account}
        self.rows.append({**row, "subject": subject, "data": data, "personal_digest": ""})

    def note(self, at: datetime, kind: str, fact: str, customer: str, documents: list[str], text: str) -> None:
        """Enqueues a note and writes it."""
        key = f"{kind}:{fact}"
        self.log(at, "entry_enqueued", "", key, kind=kind, customer=customer, documents=documents)
        self.books.note(f"{text}\n[duecourse:{key}]", [f"customer:{customer}", *documents], at + timedelta(minutes=1))
        self.log(at + timedelta(minutes=1), "entry_written", "", key)

    def accounts(self) -> dict[str, list[dict[str, Any]]]:
        """The open invoices of each account."""
        found: dict[str, list[dict[str, Any]]] = {}
        for document in self.books.documents.values():
            if document["kind"] == "invoice" and Decimal(document["open"]) > 0:
                found.setdefault(self.account(document), []).append(document)
        return {account: sorted(found[account], key=lambda each: each["due_date"]) for account in sorted(found)}

    def account(self, document: dict[str, Any]) -> str:
        """Whose account a document belongs to."""
        customer = self.books.customers[document["customer"]]
        root = customer["parent"] if customer["bill_with_parent"] else customer["id"]
        own = customer["emails"] + self.books.customers[root]["emails"]
        other = document["bill_email"] and document["bill_email"] not in own
        return f"{root}|{document['bill_email']}" if other else root

    def credit(self, account: str, currency: str) -> Decimal:
        """Free credit of an account."""
        return -sum(
            (
                Decimal(each["open"])
                for each in self.books.documents.values()
                if each["customer"] == account and each["currency"] == currency and Decimal(each["open"]) < 0
            ),
            Decimal(),
        )

    def morning(self, today: date) -> None:
        """One run: promises judged, verdicts given, messages sent, one minute an account."""
        at = datetime.combine(today, time(8), UTC)
        self.log(at, "synced", "", "company")
        self._judge_promises(today, at)
        for number, (account, documents) in enumerate(self.accounts().items()):
            self._decide(account, documents, today, at + timedelta(minutes=1 + number))

    def _judge_promises(self, today: date, at: datetime) -> None:
        for ident, promise in self.promises.items():
            paid = sum(
                (
                    Decimal(share["amount"])
                    for each in self.books.documents.values()
                    if each["kind"] == "payment" and each["created_at"] > promise["made_at"]
                    for share in each["allocations"]
                    if f"{share['target']}#1" in promise["items"]
                ),
                Decimal(),
            )
            late = today > working_days_after(promise["day"], 3)
            if promise["state"] == "open" and (paid >= promise["amount"] or late):
                promise["state"] = "kept" if paid >= promise["amount"] else "broken"
                account = promise["account"]
                self.log(at, "promise_judged", account, ident, state=promise["state"])
                self.note(at, f"promise_{promise['state']}", ident, account, [], f"Promise {promise['state']}.")

    def promise(self, ident: str, account: str, amount: str, day: date, items: list[str], at: datetime) -> None:
        """A customer gives its word."""
        made_at = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        promise = {"account": account, "amount": Decimal(amount), "day": day, "items": items, "made_at": made_at}
        self.promises[ident] = {**promise, "state": "open"}
        self.log(at, "promise_made", account, ident, amount=amount, currency="EUR", day=day.isoformat(), items=items)
        self.note(at, "promise_made", ident, account, [each.split("#")[0] for each in items], f"Promised EUR {amount}.")

    def dispute(self, ident: str, account: str, item: str, amount: str, at: datetime) -> None:
        """A customer contests an amount."""
        self.disputes[ident] = (item, Decimal(amount))
        self.log(at, "dispute_opened", account, ident, item=item, amount=amount, currency="EUR", reason="quality")
        self.note(at, "dispute_opened", ident, account, [item.split("#", maxsplit=1)[0]], f"EUR {amount} is disputed.")

    def pause(self, account: str, begins: date, last: date, at: datetime) -> None:
        """A person pauses an account."""
        self.pauses[account] = (begins, last)
        data = {
            "kind": "pause",
            "items": [],
            "begins": begins.isoformat(),
            "ends": last.isoformat(),
            "reason": "moving",
        }
        self.log(at, "hold_set", account, f"pause-{account}", **data)
        self.note(at, "pause", f"pause-{account}", account, [], "Reminders pause.")

    def _held(self, account: str, document: dict[str, Any], today: date) -> bool:
        item = f"invoice:{document['id']}#1"
        begins, last = self.pauses.get(account, (date.max, date.min))
        return begins <= today <= last or any(
            item in each["items"] and each["state"] == "open" for each in self.promises.values()
        )

    def _code(self, account: str, document: dict[str, Any], today: date) -> str:
        """What the next step of an item waits for; `step_due` or `heads_up_due` where it waits for nothing."""
        ladder = self.ladders.setdefault(document["id"], Ladder())
        due = date.fromisoformat(document["due_date"])
        if ladder.index == 0 and today >= due:
            ladder.index = 1
        if self._held(account, document, today):
            return "held"
        if ladder.index >= len(STEPS):
            return "ladder_ended"
        _, day = STEPS[ladder.index]
        if ladder.index == 0:
            return "heads_up_due" if today >= due + timedelta(days=day) else "not_yet"
        first_day = on_or_after(due) + timedelta(days=day)
        if ladder.index == 1:
            first_day = working_days_after(first_day, 2)
        seen = datetime.fromisoformat(document["created_at"]).date()
        if today < max(first_day, seen + timedelta(days=7)):
            return "new_invoice" if today >= first_day else "not_yet"
        if ladder.said_on and today < ladder.said_on + timedelta(days=day - ladder.said_day):
            return "distance"
        return "person_step" if STEPS[ladder.index][0] == "call" else "step_due"

    def _call(self, account: str, document: dict[str, Any], today: date, at: datetime) -> str:
        """A person's step: a task, and five days later it counts as not made."""
        ladder, item = self.ladders[document["id"]], f"invoice:{document['id']}#1"
        if ladder.task_on is None:
            ladder.task_on = today
            self.log(at, "task_opened", account, f"step:{item}:1:call", kind="step", items=[item])
            return "person_step"
        if today >= ladder.task_on + timedelta(days=5):
            ladder.index, ladder.count = ladder.index + 1, ladder.count + 1
            taken = {"cycle": 1, "step_id": "call", "step_day": 14, "day": today.isoformat()}
            self.log(at, "step_not_made", account, item, item=item, **taken)
        return "person_step_open"

    def _decide(self, account: str, documents: list[dict[str, Any]], today: date, at: datetime) -> None:
        codes = {each["id"]: self._code(account, each, today) for each in documents}
        for each in documents:
            self._tell_the_end(account, each, today, at)
            if codes[each["id"]] == "person_step":
                codes[each["id"]] = self._call(account, each, today, at)
        due = [each for each in documents if codes[each["id"]] == "step_due"]
        heads_ups = [each for each in documents if codes[each["id"]] == "heads_up_due"]
        past_due = [each for each in documents if each["due_date"] < today.isoformat() and codes[each["id"]] != "held"]
        reason = "step_due" if due else "heads_up_due" if heads_ups else "not_yet"
        shown = past_due if due else heads_ups
        covered = all(self._asked(account, shown, each["currency"]) <= 0 for each in shown)
        if account in self.heard and today < self.heard[account] + timedelta(days=5):
            reason = "min_gap"
        elif covered and reason != "not_yet":
            reason = "covered_by_credit"
        for each in due + heads_ups:
            codes[each["id"]] = reason
        items = {f"invoice:{ident}#1": code for ident, code in codes.items()}
        data = {"day": today.isoformat(), "outcome": "remind" if reason in {"step_due", "heads_up_due"} else "wait"}
        look_on = (today + timedelta(days=1)).isoformat()
        self.log(
            at, "verdict", account, account, **data, reason=reason, items=items, look_on=look_on, cadence="standard"
        )
        if due and reason == "step_due":
            self._send(account, past_due, due, today, at)
        elif heads_ups and reason == "heads_up_due":
            self._send(account, heads_ups, heads_ups, today, at)

    def _tell_the_end(self, account: str, document: dict[str, Any], today: date, at: datetime) -> None:
        """Three days after the last step a person gets a task, once."""
        ladder, item = self.ladders[document["id"]], f"invoice:{document['id']}#1"
        if ladder.index == len(STEPS) and ladder.said_on and today >= ladder.said_on + timedelta(days=3):
            ladder.index += 1
            self.log(at, "task_opened", account, f"escalate:{item}:1", kind="escalate", items=[item])

    def _disputed(self, document: dict[str, Any]) -> Decimal:
        item = f"invoice:{document['id']}#1"
        return sum((amount for one, amount in self.disputes.values() if one == item), Decimal())

    def _asked(self, account: str, shown: list[dict[str, Any]], currency: str) -> Decimal:
        mine = [each for each in shown if each["currency"] == currency]
        gross = sum((Decimal(each["open"]) - self._disputed(each) for each in mine), Decimal())
        return gross - self.credit(account, currency)

    def _send(
        self, account: str, shown: list[dict[str, Any]], taking: list[dict[str, Any]], today: date, at: datetime
    ) -> None:
        reminder = f"r{len({mail['X-Duecourse-Reminder'] for mail in self.mails}) + 1:03}"
        items = []
        for document in taking:
            ladder = self.ladders[document["id"]]
            step_id, day = STEPS[ladder.index]
            ladder.index, ladder.said_on, ladder.said_day, ladder.count = ladder.index + 1, today, day, ladder.count + 1
            step = {"cycle": 1, "step_no": ladder.count, "step_id": step_id, "step_day": day}
            items.append({"item": f"invoice:{document['id']}#1", **step})
        self.heard[account] = today
        subject, text = self._words(account, shown, today)
        customer, _, party = account.partition("|")
        addresses = [party] if party else self.books.customers[customer]["emails"].split(", ")
        sent_at = at + timedelta(seconds=20)
        for address in addresses:
            self.mails.append(_mail(reminder, address, addresses, sent_at, subject, text))
        data = {"step_id": items[-1]["step_id"], "cadence": "standard", "items": items, "recipients": len(addresses)}
        self.log(sent_at, "reminder_said", account, reminder, **data, state="sent", read_at=at.isoformat())
        documents = [f"invoice:{each['id']}" for each in shown]
        self.note(sent_at, "reminder", reminder, customer, documents, f"Reminder by e-mail: {subject}")

    def _words(self, account: str, shown: list[dict[str, Any]], today: date) -> tuple[str, str]:
        language = self.books.customers[account.partition("|")[0]]["language"]
        invoice, due, past, ahead, asked, less, soon = _WORDS[language]
        lines, totals = [], []
        for each in shown:
            days = (today - date.fromisoformat(each["due_date"])).days
            when = (past if days > 0 else ahead).format(days=abs(days))
            amount = money(Decimal(each["open"]), each["currency"], language)
            lines.append(f"- {invoice} {each['number']}, {due} {each['due_date']}, {when}: {amount}")
            if disputed := self._disputed(each):
                lines.append(f"  ({money(disputed, each['currency'], language)} of it is under review)")
        for currency in sorted({each["currency"] for each in shown}):
            if credit := self.credit(account, currency):
                lines.append(f"{less} {money(credit, currency, language)}")
            totals.append(money(self._asked(account, shown, currency), currency, language))
        label = asked if shown[0]["due_date"] < today.isoformat() else soon
        lines += ["", *(f"{label}: {total}" for total in totals), "", "Last payment: EUR 77.00"]
        return f"{invoice}: {' + '.join(totals)}", "Hello,\n\n" + "\n".join(lines) + "\n"


def _mail(reminder: str, address: str, addresses: list[str], at: datetime, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["X-Envelope-From"] = "reminders@small.example"
    mail["X-Envelope-To"] = address
    mail["X-Accepted-At"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    mail["Message-ID"] = f"<{reminder}@small.example>"
    mail["X-Duecourse-Reminder"] = reminder
    mail["From"], mail["To"], mail["Subject"] = "reminders@small.example", ", ".join(addresses), subject
    mail.set_content(text)
    return mail
