"""A law: a sentence of docs/rules.md that must hold in every history that meets its premise.

A law that is hardly ever put to the test proves nothing, so each run counts the histories in which the premise was met
and fails below 200. A hypothesis profile of fewer examples than the usual 100 gets a share, which is not counted.
"""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

Drawn = TypeVar("Drawn")

LEAST = 200


def law(
    drawn: st.SearchStrategy[Drawn], *, examples: int = 300
) -> Callable[[Callable[[Drawn], object]], Callable[[], None]]:
    """Make a test of a check that asserts its law on what was drawn, and is true where its premise was met."""
    share = settings().max_examples / 100
    examples = round(examples * share)

    def make(check: Callable[[Drawn], object]) -> Callable[[], None]:
        def test() -> None:
            met = 0

            @settings(
                max_examples=examples,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(drawn)
            def holds(each: Drawn) -> None:
                nonlocal met
                is_met = bool(check(each))
                met += is_met
                event("premise met" if is_met else "premise not met")

            holds()
            assert share < 1 or met >= LEAST, f"the premise was met in {met} examples only"

        return test

    return make
