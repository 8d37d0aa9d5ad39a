"""The simulated collector: reads what customers wrote the evening before, calls those who are to be called."""

from collections.abc import Iterable
from datetime import date, timedelta

from adapters.sandbox import office
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.month.acts import CollectorAct, PauseAct, SwitchCadenceAct, TaskDoneAct
from adapters.sandbox.month.stage import Stage
from adapters.sandbox.population import Actor

CALL = "call"
_NEVER_CALLED = {Behaviour.PERSON_STEP_UNDONE}


class Collector:
    """Hands out each planned act once, on the first day with office and service that is not before its own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def acts(self, day: date, open_tasks: Iterable[tuple[Actor | None, str]]) -> list[CollectorAct]:
        """What the collector does on `day`, given the tasks that lie open."""
        if not office.is_open(day) or self._stage.is_off(day):
            return []
        due = sorted(planned for planned in self._stage.plans if planned <= day)
        acts = [act for planned in due for act in self._stage.plans.pop(planned)]
        for act in acts:
            self._count(act, day)
        return acts + [self._call(actor, day) for actor, kind in open_tasks if kind == CALL and _is_called(actor)]

    def _call(self, actor: Actor | None, day: date) -> CollectorAct:
        """Calls a customer; those who only wait for a call pay the next day."""
        assert actor is not None
        if actor.part is Behaviour.PAYS_AFTER_CALL:
            bills = self._stage.open_bills(actor)
            self._stage.pays(actor, bills, day, shows=Behaviour.PAYS_AFTER_CALL)
        return TaskDoneAct(customer=self._stage.id_of(actor), kind=CALL, outcome=f"Spoke to {actor.contact}")

    def _count(self, act: CollectorAct, day: date) -> None:
        tally = self._stage.tally
        match act:
            case SwitchCadenceAct():
                tally.count(Behaviour.CADENCE_SWITCHED, act.customer)
            case PauseAct():
                end = office.at(max(act.until, day + timedelta(days=1)), 8)
                self._stage.agenda.note(end, lambda: tally.count(Behaviour.PAUSE_ENDS, act.customer))
            case _:
                pass


def _is_called(actor: Actor | None) -> bool:
    return actor is not None and actor.part not in _NEVER_CALLED
