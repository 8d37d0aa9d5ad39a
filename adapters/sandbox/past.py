"""Eighteen months of ordinary business: bills, payments, credits and corrections, planned from a seed.

Everything is only noted in the agenda here, each act at an hour at which the office is open; the agenda then plays
it in the order of time. What is noted for later than today is the ordinary business of the month to come.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from adapters.sandbox import office
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.bookkeeper import CENT, ZERO, Bill, Bookkeeper, share
from adapters.sandbox.population import Actor, Temper, Trait

PAST_DAYS = 548
FUTURE_DAYS = 40
_DAY = timedelta(days=1)
_LATENESS = {Temper.PROMPT: (-7, 1), Temper.USUAL: (-3, 11), Temper.SLOW: (12, 55), Temper.NEVER: (0, 0)}
_OUTCOMES = (
    *("full",) * 79,
    *("instalments",) * 6,
    *("too_much",) * 3,
    *("credited",) * 4,
    *("voided",) * 2,
    *("deleted",) * 2,
    *("deposit",) * 4,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One bill and what becomes of it."""

    amount: Decimal
    issue_date: date
    due_date: date
    paid_on: date | None
    outcome: str
    number: str = ""
    together: bool = False  # the payment covers all that is due by then


class _Slot:
    """Holds the bill once it is written, for the acts planned about it."""

    bill: Bill | None = None


class Past:
    """Plans a customer's ordinary business into the agenda."""

    def __init__(self, keeper: Bookkeeper, agenda: Agenda, rng: Random, today: date) -> None:
        self._keeper = keeper
        self._agenda = agenda
        self._rng = rng
        self._today = today
        self._numbers: list[str] = []  # typed by hand, and sooner or later typed twice

    def amount(self, actor: Actor) -> Decimal:
        """A bill's amount for this customer."""
        low, high = (80_000, 900_000) if actor.customer_type in {"Wholesale", "Key account"} else (6_000, 190_000)
        return Decimal(self._rng.randrange(low, high)) * CENT

    def _hour(self) -> tuple[int, int, int]:
        morning = self._rng.random() < 0.7
        return (8 if morning else 15, self._rng.randrange(2, 50), self._rng.randrange(60))

    def plan(self, actor: Actor, *, until: date) -> None:
        """Plans this customer's bills issued before `until`, with their payments."""
        rng = self._rng
        gap = rng.randrange(34, 80)
        first = self._today - timedelta(days=PAST_DAYS - rng.randrange(200))
        if actor.temper is Temper.NEVER:
            first = self._today - timedelta(days=rng.randrange(20, 120))
        day = office.open_day(first)
        together = actor.part is None and rng.random() < 0.2
        while day < until:
            self._note(actor, self._plan_bill(actor, day, together=together))
            day = office.open_day(day + timedelta(days=gap + rng.randrange(-10, 11)))

    def _plan_bill(self, actor: Actor, day: date, *, together: bool) -> _Plan:
        rng = self._rng
        due = day + timedelta(days=actor.terms_days)
        late = rng.randint(*_LATENESS[actor.temper])
        is_never = actor.temper is Temper.NEVER
        paid_on = None if is_never else max(day + 2 * _DAY, due + timedelta(days=late))
        outcome = "full" if is_never or actor.part else rng.choice(_OUTCOMES)
        return _Plan(
            amount=self.amount(actor),
            issue_date=day,
            due_date=due,
            paid_on=paid_on,
            outcome=outcome,
            number="" if actor.part else self._own_number(),
            together=together,
        )

    def _own_number(self) -> str:
        """Now and then a number typed by hand; of those, every fourth has been used before."""
        rng = self._rng
        if rng.random() > 0.03:
            return ""
        if self._numbers and rng.random() < 0.25:
            return rng.choice(self._numbers)
        self._numbers.append(self._keeper.numbered(f"P{rng.randrange(1000, 9999)}-{len(self._numbers)}"))
        return self._numbers[-1]

    def _note(self, actor: Actor, plan: _Plan) -> None:
        slot = _Slot()
        deposit = share(plan.amount, "0.2") if plan.outcome == "deposit" else ZERO

        def issue() -> None:
            slot.bill = self._keeper.bill(
                actor,
                plan.amount,
                issue_date=plan.issue_date,
                due_date=plan.due_date,
                deposit=deposit,
                number=plan.number,
            )

        self._agenda.note(office.at(plan.issue_date, *self._hour()), issue)
        if plan.outcome in {"voided", "deleted"}:
            self._note_withdrawal(slot, plan)
        elif plan.paid_on is not None:
            self._note_payments(actor, slot, plan, plan.paid_on)

    def _note_withdrawal(self, slot: _Slot, plan: _Plan) -> None:
        day = office.open_days_after(plan.issue_date, self._rng.randrange(1, 9))

        def withdraw() -> None:
            assert slot.bill is not None
            (self._keeper.void if plan.outcome == "voided" else self._keeper.delete)(slot.bill)

        self._agenda.note(office.at(day, *self._hour()), withdraw)

    def _note_payments(self, actor: Actor, slot: _Slot, plan: _Plan, paid_on: date) -> None:
        if plan.outcome == "instalments":
            self._note_payment(slot, paid_on - timedelta(days=9), part="0.5")
        if plan.outcome == "credited":
            self._note_credit(slot, plan)
        surplus = Decimal(self._rng.randrange(100, 4_000)) * CENT if plan.outcome == "too_much" else ZERO
        self._note_payment(slot, paid_on, extra=surplus, together=plan.together)
        if surplus and self._rng.random() < 0.8:
            self._note_refund(actor, slot, surplus, paid_on + timedelta(days=20))

    def _note_payment(
        self, slot: _Slot, paid_on: date, *, part: str = "1", extra: Decimal = ZERO, together: bool = False
    ) -> None:
        day = office.open_day(paid_on)

        def pay() -> None:
            if slot.bill is not None and self._keeper.open(slot.bill) > 0:
                bills = self._due_with(slot.bill, paid_on) if together else [slot.bill]
                self._keeper.pay(bills, on=paid_on, part=part, extra=extra)

        self._agenda.note(office.at(day, *self._hour()), pay, cash=True)

    def _due_with(self, bill: Bill, day: date) -> list[Bill]:
        """The customer's open bills that are due by then, in the same currency; that one first."""
        others = [each for each in self._keeper.open_bills([bill.actor]) if each.id != bill.id]
        return [bill, *(each for each in others if each.due_date <= day and each.currency == bill.currency)]

    def _note_credit(self, slot: _Slot, plan: _Plan) -> None:
        day = office.open_days_after(plan.issue_date, 5)
        amount = share(plan.amount, "0.08")

        def credit() -> None:
            if slot.bill is not None:
                self._keeper.credit(slot.bill, amount, on=day, memo="Returned goods", apply=True)

        self._agenda.note(office.at(day, *self._hour()), credit)

    def _note_refund(self, actor: Actor, slot: _Slot, surplus: Decimal, day: date) -> None:
        """The surplus is paid back: a journal line takes the unapplied cash off the customer."""
        day = office.open_day(day)

        def refund() -> None:
            books, keeper = self._keeper.books, self._keeper
            payment = keeper.payments.get(slot.bill.id) if slot.bill else None
            if slot.bill is None or payment is None or -books.open_balance(payment) < surplus:
                return
            line = keeper.book_on_ar(actor, surplus, on=day, memo="Overpayment paid back", contra="Checking")
            books.apply_payment(payment, {line: surplus})

        self._agenda.note(office.at(day, *self._hour()), refund)

    def plan_end(self, actor: Actor) -> None:
        """What is odd about some customers: inactive ones leave in good time, some keep an open credit."""
        day = office.open_day(self._today - timedelta(days=self._rng.randrange(12, 90)))
        if actor.trait is Trait.INACTIVE:
            self._agenda.note(office.at(day, 16), lambda: self._leave(actor))
        elif actor.temper is Temper.PROMPT and self._rng.random() < 0.03:
            amount = Decimal(self._rng.randrange(1_000, 9_000)) * CENT
            self._agenda.note(office.at(day, 16, 20), lambda: self._goodwill(actor, amount, day))

    def _leave(self, actor: Actor) -> None:
        day = office.local_day(self._keeper.books.now())
        for bill in self._keeper.open_bills([actor.key]):
            self._keeper.pay([bill], on=day)
        self._keeper.books.deactivate_customer(self._keeper.ids[actor.key])

    def _goodwill(self, actor: Actor, amount: Decimal, day: date) -> None:
        ident = self._keeper.ids[actor.key]
        self._keeper.books.credit(ident, amount, on=day, currency=actor.currency, memo="Goodwill")
