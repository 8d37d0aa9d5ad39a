"""What the cast owes, and has to its credit, when the month begins (and the bills that it gets during it)."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from adapters.sandbox import office
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.bookkeeper import CENT, Bill, Bookkeeper, share
from adapters.sandbox.cast import dues_of
from adapters.sandbox.population import Actor

OTHER_PARTY = "payables@brightpath-agency.example"
"""The address of another party on some customers' invoices."""

_OTHER_CURRENCY = {"USD": "EUR", "EUR": "USD", "CAD": "USD"}


class Opening:
    """Plans the cast's bills and credits into the agenda."""

    def __init__(self, keeper: Bookkeeper, agenda: Agenda, rng: Random, today: date) -> None:
        self._keeper = keeper
        self._agenda = agenda
        self._rng = rng
        self._today = today

    def plan(self, actors: dict[str, Actor]) -> None:
        """Plans what every member of the cast owes."""
        for actor in actors.values():
            if actor.part is not None:
                self._plan_member(actor, actors)

    def _plan_member(self, actor: Actor, actors: dict[str, Actor]) -> None:
        match actor.part:
            case Behaviour.BILLED_WITH_PARENT:
                for number, due in enumerate(dues_of(actor)):
                    self._bill(actors[f"{actor.key}-{number}"], due)
            case Behaviour.CREDIT_AT_PARENT:
                self._bill(actors[f"{actor.key}-0"], *dues_of(actor))
                self._prepay(actor, Decimal("260.00"), -16)
            case Behaviour.JOURNAL_ON_AR:
                self._journal(actor, *dues_of(actor))
            case _:
                for place, due in enumerate(dues_of(actor)):
                    self._bill(actor, due, place=place)

    def _amount(self) -> Decimal:
        return Decimal(self._rng.randrange(24_000, 480_000)) * CENT

    def _bill(self, actor: Actor, due: int, *, place: int = 0) -> None:
        """Notes the bill of `actor` that falls due `due` days after the month's first."""
        due_date = self._today + timedelta(days=due)
        issue_date = due_date - timedelta(days=actor.terms_days)
        written = max(office.open_day(issue_date), issue_date)
        amount = self._amount()
        currency = _OTHER_CURRENCY[actor.currency] if actor.part is Behaviour.TWO_CURRENCIES and place else ""

        def issue() -> None:
            bill = self._keeper.bill(
                actor,
                amount,
                issue_date=written,
                due_date=max(due_date, written),
                currency=currency,
                delivery="waiting" if actor.part is Behaviour.NEVER_DELIVERED else "",
                bill_email=OTHER_PARTY if actor.part is Behaviour.BILL_EMAIL_OF_OTHER else None,
            )
            self._credit(actor, bill)

        hour, minute, second = 8, self._rng.randrange(2, 50), self._rng.randrange(60)
        self._agenda.note(office.at(written, hour, minute, second), issue)

    def _credit(self, actor: Actor, bill: Bill) -> None:
        """What lies to the credit of some members of the cast, not applied to anything."""
        match actor.part:
            case Behaviour.CREDIT_LOWERS_ASK if actor.copy % 2:
                self._keeper.prepay(actor, share(bill.total, "0.25"), on=bill.issue_date, memo="On account")
            case Behaviour.CREDIT_LOWERS_ASK:
                self._keeper.credit(
                    bill, share(bill.total, "0.15"), on=bill.issue_date, memo="Returned goods", apply=False
                )
            case Behaviour.CREDIT_COVERS_ALL:
                self._keeper.credit(
                    bill, share(bill.total, "1.1"), on=bill.issue_date, memo="Recalled lot", apply=False
                )
            case _:
                pass

    def _prepay(self, actor: Actor, amount: Decimal, day: int) -> None:
        on = office.open_day(self._today + timedelta(days=day))
        self._agenda.note(office.at(on, 8, 45), lambda: self._put_on_account(actor, amount, on))

    def _put_on_account(self, actor: Actor, amount: Decimal, on: date) -> None:
        self._keeper.prepay(actor, amount, on=on, memo="Which store?")

    def _journal(self, actor: Actor, day: int) -> None:
        on = office.open_day(self._today + timedelta(days=day))
        amount = self._amount()

        def book() -> None:
            self._keeper.book_on_ar(
                actor,
                amount,
                on=on,
                memo="Balance taken over",
                contra="Opening Balance Equity",
                number=self._keeper.numbered(f"JE-{on:%m%d}-{actor.copy}"),
            )

        self._agenda.note(office.at(on, 16, 5), book)
