"""What goes on in a random world's books besides invoices and payments: credits, corrections, mergers, mistakes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from adapters.documents import DocumentKind
from adapters.sandbox.bookkeeper import ZERO, Bill, share
from adapters.sandbox.books import BooksError
from adapters.sandbox.population import Actor
from tests.worlds.firm import DAY
from tests.worlds.stage import Stage
from tests.worlds.trade import Trade

_Act = Callable[[], bool]


class Mischief:
    """Draws, for each day, what else happens; each kind about as often in a year as its number says."""

    def __init__(self, stage: Stage, trade: Trade) -> None:
        self._stage = stage
        self._trade = trade
        self._rng = stage.dice("mischief")
        self._kinds: dict[str, tuple[float, _Act]] = {
            "voided": (7, self._void),
            "deleted": (7, self._delete),
            "voided and replaced": (6, self._replace),
            "due date moved on": (8, lambda: self._move(5, 30)),
            "due date moved, still past": (6, lambda: self._move(-20, -1)),
            "credited in part": (10, lambda: self._credit(("0.1", "0.25"))),
            "credited in full": (7, lambda: self._credit(("1",))),
            "credit left on account": (8, self._credit_unapplied),
            "prepaid": (6, self._prepay),
            "credits applied": (16, self._apply_credits),
            "payment returned": (9, self._return),
            "payment applied anew": (7, self._reapply),
            "payment deleted": (4, self._delete_payment),
            "paid by its parent": (6, self._parent_pays),
            "amount corrected": (5, self._correct),
            "journal line": (4, self._journal),
            "disputed in a note": (6, self._note_dispute),
            "merged": (2, self._merge),
            "family changed": (3, self._regroup),
            "address changed": (5, self._readdress),
            "bill address changed": (5, self._bill_address),
            "renamed": (3, self._rename),
        }

    def play_day(self, day: date) -> None:
        """Notes what happens on a day."""
        if not self._stage.firm.is_open(day):
            return
        for name, (often, act) in self._kinds.items():
            if self._rng.random() < often / 250:
                self._stage.at_office(day, self._counted(name, act), self._rng)

    def _counted(self, name: str, act: _Act) -> Callable[[], None]:
        def go() -> None:
            try:
                done = act()
            except BooksError:
                done = False
            self._stage.tally[name if done else "left alone"] += 1

        return go

    # --- whose -------------------------------------------------------------------------------------------------

    def _bill(self, *, past_due: bool | None = None) -> Bill | None:
        today = self._stage.today()
        bills = self._stage.open_bills()
        if past_due or (past_due is None and self._rng.random() < 0.7):
            bills = [each for each in bills if each.due_date < today] or bills
        return self._rng.choice(bills) if bills else None

    def _actor(self) -> Actor:
        return self._rng.choice(list(self._stage.actors.values()))

    def _with_bill(self, act: Callable[[Bill], bool]) -> bool:
        bill = self._bill()
        return bill is not None and act(bill)

    # --- invoices ----------------------------------------------------------------------------------------------

    def _void(self) -> bool:
        return self._with_bill(self._stage.keeper.void)

    def _delete(self) -> bool:
        return self._with_bill(self._stage.keeper.delete)

    def _replace(self) -> bool:
        bill = self._bill(past_due=True)
        if bill is None or bill.actor not in self._stage.actors:
            return False
        self._stage.keeper.void(bill)
        actor = self._stage.actors[bill.actor]
        today = self._stage.today()
        again = today + timedelta(days=self._rng.choice((0, 0, 1, 4)))

        def write() -> None:
            if actor.key in self._stage.actors:
                self._stage.keeper.bill(
                    self._stage.actors[actor.key],
                    bill.total,
                    issue_date=again,
                    due_date=bill.due_date,
                    currency=bill.currency,
                    memo="PO number added",
                )

        self._stage.at_office(again, write, self._rng)
        return True

    def _move(self, first: int, last: int) -> bool:
        bill = self._bill(past_due=True)
        if bill is None:
            return False
        day = self._stage.today() + timedelta(days=self._rng.randint(first, last))
        if day == bill.due_date:
            return False
        self._stage.keeper.move_due_date(bill, day)
        return True

    def _correct(self) -> bool:
        bill = self._bill()
        if bill is None:
            return False
        total = share(bill.total, self._rng.choice(("0.8", "0.95", "1.1", "2")))
        self._stage.books.change_total(bill.id, total)
        return True

    def _bill_address(self) -> bool:
        bill = self._bill()
        if bill is None or bill.actor not in self._stage.actors:
            return False
        own = self._stage.actors[bill.actor].emails
        self._stage.books.change_bill_email(bill.id, self._rng.choice((own, own, "claims@broker.example", "")))
        return True

    # --- credits and payments ----------------------------------------------------------------------------------

    def _credit(self, parts: tuple[str, ...]) -> bool:
        bill = self._bill()
        if bill is None:
            return False
        amount = share(self._stage.keeper.open(bill), self._rng.choice(parts))
        if amount <= 0:
            return False
        self._stage.keeper.credit(bill, amount, on=self._stage.today(), memo="Returned goods", apply=True)
        return True

    def _credit_unapplied(self) -> bool:
        bill = self._bill()
        if bill is None:
            return False
        amount = share(bill.total, self._rng.choice(("0.15", "0.5", "1.1")))
        self._stage.keeper.credit(bill, amount, on=self._stage.today(), memo="Recalled lot", apply=False)
        return True

    def _prepay(self) -> bool:
        amount = self._trade.amount()
        self._stage.keeper.prepay(self._actor(), amount, on=self._stage.today(), memo="On account")
        return True

    def _apply_credits(self) -> bool:
        """Sets open payments and credit memos against open invoices of the same customer."""
        stage = self._stage
        for actor in self._rng.sample(list(stage.actors.values()), len(stage.actors)):
            bills = stage.open_bills([actor.key])
            if not bills:
                continue
            if stage.keeper.apply_credits(actor.key, stage.today()):
                return True
            for payment in stage.books.documents(stage.id_of(actor), DocumentKind.PAYMENT):
                for bill in bills:
                    if payment.open < 0 and payment.currency == bill.currency:
                        part = min(-payment.open, stage.keeper.open(bill))
                        stage.books.apply_payment(payment.id, {bill.id: part})
                        return True
        return False

    def _payments(self, days: int) -> list[str]:
        """The ids of payments that were entered lately and set against something."""
        since = self._stage.time.now() - timedelta(days=days)
        return [
            each.id
            for each in self._stage.books.documents(kind=DocumentKind.PAYMENT)
            if each.total and not each.voided and each.created_at > since and each.allocations
        ]

    def _return(self) -> bool:
        payments = self._payments(20)
        if payments:
            self._stage.books.return_payment(self._rng.choice(payments))
        return bool(payments)

    def _delete_payment(self) -> bool:
        payments = self._payments(10)
        if payments:
            self._stage.books.delete("payment", self._rng.choice(payments))
        return bool(payments)

    def _reapply(self) -> bool:
        """A payment is taken off one invoice, and minutes or days later set against the oldest."""
        stage, payments = self._stage, self._payments(20)
        if not payments:
            return False
        payment = stage.books.document(self._rng.choice(payments))
        target = payment.allocations[0].target.rpartition(":")[2]
        stage.books.unapply_payment(payment.id, target)

        def apply() -> None:
            try:
                left = -stage.books.open_balance(payment.id)
                keys = [key for key, ident in stage.keeper.ids.items() if ident == payment.customer]
                for bill in stage.open_bills(key for key in keys if key in stage.actors):
                    if left > 0 and bill.currency == payment.currency:
                        part = min(left, stage.keeper.open(bill))
                        stage.books.apply_payment(payment.id, {bill.id: part})
                        left -= part
            except BooksError:
                stage.tally["left alone"] += 1

        at = stage.time.now() + self._rng.choice((timedelta(minutes=6), timedelta(minutes=6), DAY, 8 * DAY))
        stage.agenda.note(at, apply)
        return True

    def _parent_pays(self) -> bool:
        """The parent of a customer that is billed by itself pays an invoice of its."""
        stage = self._stage
        bills = [each for each in stage.open_bills() if stage.actors[each.actor].parent in stage.actors]
        if not bills:
            return False
        bill = self._rng.choice(bills)
        parent = stage.actors[stage.actors[bill.actor].parent or ""]
        amount = stage.keeper.open(bill)
        stage.books.pay(stage.id_of(parent), amount, on=stage.today(), apply={bill.id: amount}, currency=bill.currency)
        return True

    def _journal(self) -> bool:
        actor, amount = self._actor(), self._trade.amount()
        signed = amount if self._rng.random() < 0.7 else -share(amount, "0.1")
        on = self._stage.today() - timedelta(days=self._rng.choice((0, 0, 10, 40)))
        number = f"JE-{on:%m%d}-{self._rng.randrange(100, 999)}"
        self._stage.keeper.book_on_ar(
            actor, signed, on=on, memo="Balance taken over", contra="Opening Balance Equity", number=number
        )
        return True

    # --- customers ---------------------------------------------------------------------------------------------

    def _note_dispute(self) -> bool:
        bill = self._bill(past_due=True)
        if bill is None or bill.actor not in self._stage.actors:
            return False
        actor, amount = self._stage.actors[bill.actor], share(bill.total, "0.2")
        if amount <= ZERO:
            return False
        text = f"Spoke to {actor.contact}.\n#dispute {bill.number} {amount} pallets short, waiting for the carrier"
        self._stage.books.set_customer_note(self._stage.id_of(actor), text)
        return True

    def _merge(self) -> bool:
        """Two customers were one: the loser has no sub-customers, the winner is none of its family."""
        stage = self._stage
        parents = {each.parent for each in stage.actors.values()}
        losers = [each for each in stage.actors.values() if each.key not in parents and each.parent is None]
        if len(losers) < 10:
            return False
        loser = self._rng.choice(losers)
        alike = [
            each
            for each in stage.actors.values()
            if each.key != loser.key and each.parent is None and each.currency == loser.currency
        ]
        if not alike:
            return False
        winner = self._rng.choice(alike)
        stage.keeper.credits[winner.key] += stage.keeper.credits.pop(loser.key, [])
        stage.keeper.hand_over(loser.key, winner.key)
        del stage.actors[loser.key]
        return True

    def _regroup(self) -> bool:
        """A sub-customer is billed with its parent from now on, or by itself."""
        subs = [each for each in self._stage.actors.values() if each.parent in self._stage.actors]
        if not subs:
            return False
        sub = self._rng.choice(subs)
        together = not sub.bill_with_parent
        emails = sub.emails or f"{sub.key}@sub.example"
        self._change(sub, bill_with_parent=together, emails=emails)
        return True

    def _readdress(self) -> bool:
        actor = self._actor()
        emails = f"ap{self._rng.randrange(100, 999)}@{actor.key}.example"
        if self._rng.random() < 0.1:
            emails = ""
        self._change(actor, emails=emails)
        return True

    def _rename(self) -> bool:
        actor = self._actor()
        self._change(actor, name=f"{actor.name} ({self._rng.randrange(10_000)})"[:90])
        return True

    def _change(self, actor: Actor, **changes: str | bool) -> None:
        self._stage.actors[actor.key] = replace(actor, **changes)  # type: ignore[arg-type]
        self._stage.books.edit_customer(self._stage.id_of(actor), **changes)


def draw_part(rng: Random, amount: Decimal) -> Decimal:
    """Some part of an amount, to the cent, at least one."""
    return max(Decimal("0.01"), share(amount, rng.choice(("0.2", "0.35", "0.5", "1"))))
