"""Dies at boundaries of a morning, each time on another one, and tells what went wrong."""

from collections.abc import Collection, Sequence

from tests.e2e.crashing.journal import boundaries, unnamed
from tests.e2e.crashing.mornings import Boundary, Morning, Mornings, Survived
from tests.e2e.crashing.verdict import broken_promises


def calm(mornings: Mornings) -> list[Boundary]:
    """A morning without a death is as it must be. Returns the boundaries that its first run passed."""
    morning = mornings.another()
    events = morning.start()
    morning.wait()
    morning.start()
    assert broken_promises(morning, was_killed=False) == []
    morning.forget()
    return boundaries(events)


def deaths(
    mornings: Mornings, where: Sequence[Boundary], first: Boundary | None = None, *, usual: Collection[str] = ()
) -> dict[Boundary, list[str]]:
    """Dies at each of these boundaries, every time on another morning, and tells what went wrong.

    `first`: it has died there already, and is recovering from that. Several letters leave at once, and their commits
    may be joined: which of them are is not the same on every morning. So a boundary may be missed, but no name;
    `usual` names are reached on any morning.
    """
    wrong: dict[Boundary, list[str]] = {}
    missed: list[Boundary] = []
    for boundary in where:
        morning = mornings.another()
        try:
            if first:
                _die_and_wait(morning, first)
            morning.start(die_at=boundary)
            morning.recover()
            found = broken_promises(morning, was_killed=True)
        except Survived:
            missed.append(boundary)
            continue
        except (AssertionError, TimeoutError) as error:
            found = [str(error)]
        finally:
            morning.forget()
        if found:
            wrong[boundary] = found
    reached = {name for name, _ in set(where) - set(missed)} | set(usual)
    return wrong | {each: ["was never reached"] for each in missed if each[0] not in reached}


def told(wrong: dict[Boundary, list[str]]) -> str:
    """One line for each death, so that nothing is cut short."""
    return "\n".join(f"{name} #{number}: {'; '.join(found)}" for (name, number), found in wrong.items())


def recovered_from(mornings: Mornings, first: Boundary) -> list[Boundary]:
    """The boundaries of the run that recovers from this death."""
    morning = mornings.another()
    _die_and_wait(morning, first)
    events = morning.start()
    assert unnamed(events) == []
    morning.forget()
    return boundaries(events)


def _die_and_wait(morning: Morning, first: Boundary) -> None:
    morning.start(die_at=first)
    morning.wait()
