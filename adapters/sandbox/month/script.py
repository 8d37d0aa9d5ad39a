"""What happens in the month whatever anybody writes: the bookkeeper's corrections and the collector's own ideas.

Everything is noted in the agenda before the month begins. Numbers of days count from the month's first, 0; none of
the acts below falls on a day without office.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from decimal import Decimal
from functools import partial

from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.bookkeeper import Bill, share
from adapters.sandbox.cast import WATCH_LIST, dues_of
from adapters.sandbox.month.acts import CashPostedAct, DisputeAct, PauseAct, SwitchCadenceAct, TaskDoneAct
from adapters.sandbox.month.stage import SILENT, Stage
from adapters.sandbox.population import Actor

_DAY = timedelta(days=1)


class Script:
    """Plans the scripted part of the month."""

    def __init__(self, stage: Stage, without: Collection[Behaviour] = ()) -> None:
        self._stage = stage
        self._without = without
        self._keeper = stage.keeper

    def plan(self) -> None:
        """Notes everything in the agenda and in the collector's plans."""
        self._payments()
        self._disputes()
        self._credits()
        self._returned()
        self._reapplied()
        self._due_dates()
        self._withdrawn()
        self._records()
        self._backdated()
        self._collector()

    def _each(
        self, behaviour: Behaviour, days: tuple[int, ...], act: Callable[[Actor, Bill], bool], minute: int
    ) -> None:
        """On its day, `act` on the oldest open invoice of each that plays `behaviour`; counted where it says so."""
        for actor, day in zip(self._stage.playing(behaviour), days, strict=True):
            self._stage.at_office(self._stage.day(day), minute, partial(self._do, behaviour, actor, act))

    def _do(self, behaviour: Behaviour, actor: Actor, act: Callable[[Actor, Bill], bool]) -> None:
        bills = self._stage.open_bills(actor)
        if bills and act(actor, bills[0]):
            self._stage.tally.count(behaviour, actor.key)

    # --- payments ----------------------------------------------------------------------------------------------

    def _payments(self) -> None:
        stage = self._stage
        for actor in stage.playing(Behaviour.PAYS_BEFORE_REMINDER):
            (due,) = dues_of(actor)
            stage.pays(actor, stage.open_bills(actor), stage.day(due - 5))
        self._each(Behaviour.SHORT_PAYMENT, (2, 10), self._pay_short, 31)
        taken_over = stage.playing(Behaviour.JOURNAL_ON_AR)[0]
        stage.at_office(stage.day(22), 32, partial(self._pay_line, taken_over), cash=True)

    def _pay_all(self, actor: Actor) -> None:
        self._keeper.pay(self._stage.open_bills(actor), on=self._stage.today())

    def _pay_line(self, actor: Actor) -> None:
        self._keeper.pay_line(actor, on=self._stage.today())

    def _pay_short(self, actor: Actor, bill: Bill) -> bool:
        """Pays less a deduction; the collector makes a dispute of the first one's, and leaves the second's alone."""
        part = ("0.97", "0.94")[actor.copy]
        memo = "less freight damage deduction"
        paid = self._keeper.pay([bill], on=self._stage.today(), part=part, memo=memo) is not None
        if paid and actor.copy == 0:
            self._confirm(actor, bill, self._keeper.open(bill), "Freight damage")
        return paid

    def _confirm(self, actor: Actor, bill: Bill, amount: Decimal, reason: str) -> None:
        """The collector opens a dispute the next day, after the service has raised its flag."""
        act = DisputeAct(
            customer=self._stage.id_of(actor),
            invoice=bill.number,
            amount=amount,
            currency=bill.currency,
            reason=reason,
        )
        self._stage.plan(self._stage.today() + _DAY, act)

    def _returned(self) -> None:
        stage = self._stage
        for actor, paid, back in zip(stage.playing(Behaviour.PAYMENT_RETURNED), (1, 2), (7, 14), strict=True):
            (bill,) = stage.open_bills(actor)
            stage.at_office(stage.day(paid), 12, partial(self._pay_all, actor), cash=True)
            stage.at_office(stage.day(back), 14, partial(self._return, actor, bill))

    def _return(self, actor: Actor, bill: Bill) -> None:
        """The bank takes the payment back; the collector has seen it the next day."""
        self._keeper.books.return_payment(self._keeper.payments[bill.id])
        self._stage.tally.count(Behaviour.PAYMENT_RETURNED, actor.key)
        seen = TaskDoneAct(customer=self._stage.id_of(actor), kind="payment_returned", outcome="Seen")
        self._stage.plan(self._stage.today() + _DAY, seen)

    def _reapplied(self) -> None:
        """A payment lands on the younger of two invoices, and minutes after the mistake is seen on the older."""
        stage = self._stage
        for actor in stage.playing(Behaviour.PAYMENT_REAPPLIED):
            stage.at_office(stage.day(1), 25, partial(self._pay_wrong, actor), cash=True)
            stage.at_office(stage.day(2), 26, partial(self._unapply, actor))
            stage.at_office(stage.day(2), 30, partial(self._apply_right, actor))

    def _pay_wrong(self, actor: Actor) -> None:
        younger = self._stage.open_bills(actor)[-1]
        self._keeper.pay([younger], on=self._stage.today())

    def _younger(self, actor: Actor) -> Bill:
        return max(self._keeper.by_actor[actor.key], key=lambda bill: bill.due_date)

    def _unapply(self, actor: Actor) -> None:
        younger = self._younger(actor)
        self._keeper.books.unapply_payment(self._keeper.payments[younger.id], younger.id)

    def _apply_right(self, actor: Actor) -> None:
        older, books = self._stage.open_bills(actor)[0], self._keeper.books
        payment = self._keeper.payments[self._younger(actor).id]
        books.apply_payment(payment, {older.id: min(-books.open_balance(payment), self._keeper.open(older))})
        self._stage.tally.count(Behaviour.PAYMENT_REAPPLIED, actor.key)

    # --- credits and disputes ----------------------------------------------------------------------------------

    def _disputes(self) -> None:
        self._each(Behaviour.DISPUTE_IN_NOTE, (2, 8), self._write_dispute, 33)

    def _write_dispute(self, actor: Actor, bill: Bill) -> bool:
        amount = share(bill.total, "0.2")
        text = f"Spoke to {actor.contact}.\n#dispute {bill.number} {amount} pallets short, waiting for the carrier"
        self._keeper.books.set_customer_note(self._stage.id_of(actor), text)
        if actor.copy == 0:
            self._confirm(actor, bill, amount, "Pallets short")
        return True

    def _credits(self) -> None:
        """What covers all is applied only after the service has asked for it."""
        for actor, day in zip(self._stage.playing(Behaviour.CREDIT_COVERS_ALL), (8, 22), strict=True):
            self._stage.at_office(self._stage.day(day), 35, partial(self._apply_credits, actor))

    def _apply_credits(self, actor: Actor) -> None:
        self._keeper.apply_credits(actor.key, self._stage.today())

    # --- corrections -------------------------------------------------------------------------------------------

    def _due_dates(self) -> None:
        self._each(Behaviour.DUE_DATE_FORWARD, (2, 7), partial(self._move, (18, 25)), 36)
        self._each(Behaviour.DUE_DATE_STILL_PAST, (2, 7), partial(self._move, (-12, -20)), 38)

    def _move(self, days: tuple[int, ...], actor: Actor, bill: Bill) -> bool:
        self._keeper.move_due_date(bill, self._stage.day(days[actor.copy]))
        return True

    def _withdrawn(self) -> None:
        self._each(Behaviour.INVOICE_VOIDED, (2, 8), lambda _, bill: self._keeper.void(bill), 40)
        self._each(Behaviour.INVOICE_DELETED, (8, 1), lambda _, bill: self._keeper.delete(bill), 41)
        self._each(Behaviour.INVOICE_REPLACED, (8, 10), self._replace, 42)

    def _replace(self, actor: Actor, bill: Bill) -> bool:
        """Voids an invoice and writes it anew with another number: the purchase order was missing on it."""
        was_reminded = self._stage.mails_about[bill.id] > 0
        self._keeper.void(bill)
        self._keeper.bill(
            actor,
            bill.total,
            issue_date=self._stage.today(),
            due_date=bill.due_date,
            memo="PO number added",
            delivery="sent",
        )
        if actor.copy == 0:
            carried = TaskDoneAct(customer=self._stage.id_of(actor), kind="replaced", outcome="Carried over")
            self._stage.plan(self._stage.today() + _DAY, carried)
        return was_reminded

    def _backdated(self) -> None:
        stage = self._stage
        for actor in stage.playing(Behaviour.BACKDATED_INVOICE):
            stage.at_office(stage.day(1), 43, partial(self._write_backdated, actor))

    def _write_backdated(self, actor: Actor) -> None:
        today, amount = self._stage.today(), share(self._keeper.by_actor[actor.key][0].total, "0.9")
        issued = today - timedelta(days=60)
        self._keeper.bill(actor, amount, issue_date=issued, due_date=today - timedelta(days=30), memo="Late entry")
        self._stage.tally.count(Behaviour.BACKDATED_INVOICE, actor.key)

    def _records(self) -> None:
        """Customers merged, an invoice mailed at last, an invoice address corrected."""
        stage = self._stage
        loser, winner = stage.playing(Behaviour.CUSTOMER_MERGED)
        if Behaviour.CUSTOMER_MERGED not in self._without:
            stage.at_office(stage.day(10), 44, partial(self._merge, loser, winner))
        late = stage.playing(Behaviour.NEVER_DELIVERED)[0]
        stage.at_office(stage.day(14), 45, partial(self._mail_at_last, late))
        other = stage.playing(Behaviour.BILL_EMAIL_OF_OTHER)[1]
        stage.at_office(stage.day(15), 46, partial(self._correct_address, other))

    def _merge(self, loser: Actor, winner: Actor) -> None:
        self._keeper.hand_over(loser.key, winner.key)
        self._stage.tally.count(Behaviour.CUSTOMER_MERGED, loser.key)

    def _mail_at_last(self, actor: Actor) -> None:
        for bill in self._stage.open_bills(actor):
            self._keeper.books.mail_invoice(bill.id)

    def _correct_address(self, actor: Actor) -> None:
        for bill in self._stage.open_bills(actor):
            self._keeper.books.change_bill_email(bill.id, actor.emails)

    # --- the collector -----------------------------------------------------------------------------------------

    def _collector(self) -> None:
        stage = self._stage
        for actor, day, until in zip(stage.playing(Behaviour.PAUSE_ENDS), (1, 8), (7, 15), strict=True):
            pause = PauseAct(customer=stage.id_of(actor), until=stage.day(until), reason="New accounts payable contact")
            stage.plan(stage.day(day), pause)
        for actor in stage.company.actors.values():
            if actor.customer_type == WATCH_LIST:
                self._make_firm(actor, 0)
        for actor, day in zip(stage.playing(Behaviour.CADENCE_SWITCHED), (8, 10), strict=True):
            self._make_firm(actor, day)
        stage.plan(stage.day(SILENT.stop), CashPostedAct(day=stage.day(SILENT.stop)))

    def _make_firm(self, actor: Actor, day: int) -> None:
        act = SwitchCadenceAct(customer=self._stage.id_of(actor), cadence="firm")
        self._stage.plan(self._stage.day(day), act)
