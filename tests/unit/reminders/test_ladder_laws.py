"""The laws of docs/rules.md, sections 1 to 3, each over random histories."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from adapters.documents import ItemRef
from adapters.money import Money
from reminders.account import HoldKind, TakenHow
from reminders.cadence import decide
from reminders.decision import Outcome, ReasonCode
from tests.unit.reminders.accounts import CALENDAR
from tests.unit.reminders.laws import law
from tests.unit.reminders.world import CADENCES, MORE, MOVES, Day, History, Said, World, acts, histories, live, messages

STEADY = tuple(kind for kind in MORE if kind != "switch")
SAID = {TakenHow.SENT, TakenHow.UNCERTAIN, TakenHow.DONE}


def ladders(world: World) -> list[list[Said]]:
    """The steps of each item and cycle that were taken after the due date, or would have been, in order."""
    found: dict[tuple[ItemRef, int], list[Said]] = defaultdict(list)
    for said in world.said:
        found[said.item.ref, said.cycle].append(said)
    return list(found.values())


def after_due(steps: list[Said]) -> list[Said]:
    return [said for said in steps if not said.step.is_heads_up]


def held_days(day: Day, ref: ItemRef, start: date, end: date) -> int:
    """How many of the days after `start`, up to and with `end`, a hold rested the item: counted one by one."""
    days = (start + timedelta(offset) for offset in range(1, (end - start).days + 1))
    return sum(any(hold.covers(ref, on) for hold in day.account.holds) for on in days)


def day_of(world: World, on: date) -> Day:
    return next(day for day in world.days if day.on == on)


# Section 1: amounts


@law(histories())
def test_what_is_asked_is_never_more_than_open_balance_less_free_credit(history: History) -> bool:
    world = live(history)
    met = False
    for day in messages(world):
        assert day.decision.message is not None
        for ask in day.decision.message.amounts:
            currency = ask.asked.currency
            open_minor = sum(item.open.minor for item in day.account.items if item.open.currency == currency)
            free = day.account.free(currency)
            assert ask.asked.minor <= open_minor - free.minor
            met = True
    return met


@law(histories(("credit", "credit", "credit used"), amounts=(4_000, 50_000), latest=20))
def test_free_credit_is_taken_off_what_is_asked(history: History) -> bool:
    met = False
    for day in messages(live(history)):
        assert day.decision.message is not None
        for ask in day.decision.message.amounts:
            free = day.account.free(ask.asked.currency)
            assert ask.credit == free
            assert ask.asked == ask.gross - free
            assert ask.asked.minor > 0
            met = met or bool(free)
    return met


@law(histories(STEADY))
def test_without_credit_credit_never_holds(history: History) -> bool:
    met = False
    for day in live(history).days:
        if not any(day.account.free_credit or {}):
            assert day.decision.hold is not HoldKind.COVERED_BY_CREDIT
            assert ReasonCode.COVERED_BY_CREDIT not in day.decision.items.values()
            met = met or day.decision.outcome is Outcome.REMIND
    return met


@law(histories(("pay", "pay", "pay", "pay part", "reopen", "outage"), most=14))
def test_a_paid_up_account_is_never_written_to(history: History) -> bool:
    world = live(history)
    paid_up = [day for day in world.days if not day.account.items]
    assert all(day.decision.outcome is Outcome.NOTHING and not acts(day.decision) for day in paid_up)
    for day in messages(world):
        assert day.decision.message is not None
        assert all(
            world.items[each.item].ref in {i.ref for i in day.account.items} for each in day.decision.message.advance
        )
    return any(world.closed_on)


@law(histories())
def test_no_part_is_taken_off_twice_and_no_currency_is_added_to_another(history: History) -> bool:
    met = False
    for day in messages(live(history)):
        plan = day.decision.message
        assert plan is not None
        lines = plan.about + plan.also
        for line in lines:
            assert line.asked == line.open - line.disputed - line.promised
            assert min(line.asked.minor, line.disputed.minor, line.promised.minor) >= 0
        assert len({ask.asked.currency for ask in plan.amounts}) == len(plan.amounts)
        for ask in plan.amounts:
            currency = ask.gross.currency
            asked = [line.asked.minor for line in lines if line.asked.currency == currency]
            assert ask.gross == Money(sum(asked), currency)
        met = True
    return met


# Section 2: the ladder


@law(histories(STEADY))
def test_steps_are_taken_one_by_one_none_twice_none_passed_over(history: History) -> bool:
    met = False
    for steps in ladders(live(history)):
        plan = [step.id for step in steps[0].cadence.steps if not step.is_heads_up]
        taken = [said.step.id for said in after_due(steps)]
        assert taken == plan[: len(taken)]
        met = met or len(taken) > 1
    return met


@law(histories())
def test_no_step_is_taken_twice_in_a_cycle_whatever_happens(history: History) -> bool:
    met = False
    for steps in ladders(live(history)):
        names = [said.step.id for said in steps]
        assert len(names) == len(set(names))
        numbers = [said.on for said in steps]
        assert numbers == sorted(numbers)
        met = met or len(names) > 1
    return met


@law(histories(terms=(0, 30), most=6))
def test_a_heads_up_is_never_sent_on_or_after_the_due_date(history: History) -> bool:
    world = live(history)
    heads_ups = [said for said in world.said if said.step.is_heads_up and said.how in SAID]
    assert all(said.on < said.item.due_date for said in heads_ups)
    for day in messages(world):
        plan = day.decision.message
        assert plan is not None
        if plan.is_heads_up:
            assert all(line.days_past_due < 0 for line in plan.about)
    return bool(heads_ups)


@law(histories(STEADY, most=6))
def test_between_two_steps_lie_the_days_of_the_cadence_less_two_not_counting_holds(history: History) -> bool:
    world = live(history)
    met = False
    for steps in ladders(world):
        for one, other in pairwise([said for said in steps if said.how in SAID]):
            passed = (other.on - one.on).days - held_days(day_of(world, other.on), one.item.ref, one.on, other.on)
            assert passed >= other.step.day - one.step.day - 2
            met = True
    return met


@law(histories(("hold", "hold", "hold all", "outage", "outage"), most=6))
def test_a_late_start_a_pause_or_an_outage_moves_the_ladder_and_never_compresses_it(history: History) -> bool:
    world = live(history)
    met = False
    for steps in ladders(world):
        said = [each for each in after_due(steps) if each.how in SAID]
        late = [(each.on - each.item.due_date).days - each.step.day for each in said]
        assert all(later >= earlier - 2 - 4 for earlier, later in pairwise(late))
        met = met or any(days > 6 for days in late[:1])
    return met


@law(histories(("pay part", "pay part", "hold", "mail"), most=8))
def test_partial_payment_neither_resets_nor_skips_a_step(history: History) -> bool:
    """The same history without its part payments: the same steps on the same days."""
    unpaid = replace(history, happenings=tuple(each for each in history.happenings if each.kind != "pay part"))
    paid, plain = live(history), live(unpaid)
    assert [(s.on, s.item.ref, s.step.id, s.how) for s in paid.said] == [
        (s.on, s.item.ref, s.step.id, s.how) for s in plain.said
    ]
    parts = [each.on for each in history.happenings if each.kind == "pay part"]
    return bool(parts) and len(paid.said) > 1


@law(histories(("switch", "switch", "switch", "outage", "hold"), least=4, most=6), examples=400)
def test_after_a_change_of_cadence_never_the_same_or_a_milder_step_and_the_distance_is_kept(history: History) -> bool:
    world = live(history)
    met = False
    for steps in ladders(world):
        for one, other in pairwise([said for said in steps if said.how in SAID]):
            assert other.step.id != one.step.id
            assert other.step.day > one.step.day
            if other.cadence is not one.cadence:
                met = True
                passed = (other.on - one.on).days - held_days(day_of(world, other.on), one.item.ref, one.on, other.on)
                stood = [step.day for step in other.cadence.steps if step.day <= one.step.day or step.id == one.step.id]
                from_day = max(stood, default=one.step.day)
                assert passed >= other.step.day - from_day - 2
    for day in messages(world):
        assert day.decision.message is not None
        advancing = [each.item for each in day.decision.message.advance]
        assert len(advancing) == len(set(advancing))
    return met


@law(histories(terms=(-40, 10)), examples=350)
def test_no_step_after_the_due_date_before_the_invoice_is_a_week_old(history: History) -> bool:
    world = live(history)
    met = False
    for steps in ladders(world):
        for said in after_due(steps):
            assert said.on >= said.item.first_seen + timedelta(7)
            met = met or said.item.first_seen > said.item.due_date
    return met


@law(histories(("switch", "hold", "pay part", "mail", "outage", "outage"), cadences=(0, 2, 5), most=4), examples=400)
def test_after_the_last_step_a_person_is_told_once_and_then_there_is_silence(history: History) -> bool:
    world = live(history)
    told = [(ref, cycle) for _, ref, cycle in world.escalated]
    assert len(told) == len(set(told))
    for on, ref, cycle in world.escalated:
        assert not [said for said in world.said if said.item.ref == ref and said.cycle == cycle and said.on > on]
    return bool(told)


@law(histories(STEADY, terms=(-5, 20)))
def test_whatever_waits_for_its_day_has_a_ground_to_wait(history: History) -> bool:
    """Told anew for each item that is not let: its day, its newness, the lag or the distance is really missing."""
    world = live(history)
    seen = set()
    for day in world.days:
        for item in day.account.items:
            reason = day.decision.items[item.ref]
            taken = [each for each in item.taken if each.cycle == item.cycle]
            names = {each.step_id for each in taken}
            plan = [step for step in day.cadence.steps if step.id not in names]
            if day.on >= item.due_date:
                plan = [step for step in plan if not step.is_heads_up]
            said = [each for each in taken if each.how in SAID]
            base = CALENDAR.on_or_after(item.due_date)
            if reason is ReasonCode.NEW_INVOICE:
                assert day.on < item.first_seen + timedelta(7)
            elif reason is ReasonCode.POSTING_LAG:
                assert CALENDAR.between(base + timedelta(plan[0].day), day.on) < 2
            elif reason is ReasonCode.DISTANCE:
                passed = (day.on - said[-1].on).days - held_days(day, item.ref, said[-1].on, day.on)
                assert passed < plan[0].day - said[-1].step_day - 2
            elif reason is ReasonCode.NOT_YET and day.on < item.due_date:
                assert day.on < base + timedelta(plan[0].day)
            elif reason is ReasonCode.NOT_YET:
                assert (day.on - base).days < plan[0].day
            seen.add(reason)
    return len(seen & {ReasonCode.NOT_YET, ReasonCode.DISTANCE, ReasonCode.POSTING_LAG, ReasonCode.NEW_INVOICE}) > 1


# Section 3: the message


@law(histories())
def test_an_item_not_yet_due_is_never_part_of_an_amount_asked_as_past_due(history: History) -> bool:
    met = False
    for day in messages(live(history)):
        plan = day.decision.message
        assert plan is not None
        if not plan.is_heads_up:
            assert all(line.days_past_due > 0 for line in plan.about + plan.also)
            met = met or any(item.due_date >= day.on for item in day.account.items)
        else:
            assert not plan.also
        assert not {line.item.ref for line in plan.not_yet_due} & {each.item for each in plan.advance}
    return met


@law(histories(STEADY), examples=300)
def test_listing_an_item_does_not_advance_it(history: History) -> bool:
    """What advances is what would be due by itself; what is merely listed would not be."""
    met = False
    for day in messages(live(history)):
        plan = day.decision.message
        assert plan is not None
        advances = {each.item: each.step_id for each in plan.advance}
        for line in plan.also + plan.not_yet_due:
            alone = replace(day.account, items=(line.item,), contacts=(), free_credit=None)
            decision = decide(alone, day.cadence, day.on, CALENDAR)
            step = decision.message.step_id if decision.message else None
            is_heads_up = decision.message is not None and decision.message.is_heads_up
            assert advances.get(line.item.ref) == step or (is_heads_up and line.item.ref not in advances)
            met = met or line.item.ref not in advances
    return met


@law(histories((*MOVES, "mail", "mail")))
def test_an_account_hears_once_in_five_days_twice_a_week_and_five_times_a_month(history: History) -> bool:
    world = live(history)
    met = False
    for day in messages(world):
        before = [contact.on for contact in day.account.contacts]
        assert all((day.on - on).days >= 5 for on in before)
        assert sum((day.on - on).days < 7 for on in before) < 2
        assert sum((day.on - on).days < 31 for on in before) < 5
        met = met or bool(before)
    return met


@law(histories(("hold", "hold", "hold all", "dispute", "promise rest", "outage"), most=12))
def test_what_is_held_is_neither_asked_nor_advanced(history: History) -> bool:
    world = live(history)
    met = False
    for day in world.days:
        held = {item.ref for item in day.account.items if any(h.covers(item.ref, day.on) for h in day.account.holds)}
        if not held:
            continue
        met = True
        assert all(day.decision.items[ref] is ReasonCode.HELD for ref in held)
        plan = day.decision.message
        if plan is not None:
            assert not held & {line.item.ref for line in plan.about + plan.also + plan.not_yet_due}
            assert not held & {each.item for each in plan.advance}
    return met


@law(histories(("promise broken", "promise broken", "mail", "outage"), most=5))
def test_a_broken_promise_is_named_once(history: History) -> bool:
    named = [
        day.decision.message.names_broken_promise
        for day in messages(live(history))
        if day.decision.message and day.decision.message.names_broken_promise
    ]
    assert len(named) == len(set(named))
    return bool(named)


# The cost of a day


@law(histories(), examples=500)
def test_the_day_to_look_is_never_later_than_the_first_day_with_something_to_do(history: History) -> bool:
    world = live(history, watched=True)
    idle = [day for day in world.days if not day.looked]
    for day in idle:
        assert not acts(day.decision), f"{day.on}: {day.decision} was not looked at"
    return bool(idle)


@law(histories())
def test_every_open_item_has_a_reason_every_day_and_a_message_has_one_account_and_step(history: History) -> bool:
    for day in live(history).days:
        assert set(day.decision.items) == {item.ref for item in day.account.items}
        plan = day.decision.message
        if plan is not None:
            assert plan.about
            assert plan.recipients == day.account.recipients
            assert {each.step_id for each in plan.advance if each.item in {line.item.ref for line in plan.about}} == {
                plan.step_id
            }
    return True


def test_the_histories_use_cadences_that_differ() -> None:
    assert len({tuple((step.id, step.day) for step in each.steps) for each in CADENCES}) == len(CADENCES)
