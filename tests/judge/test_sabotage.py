"""The judge is judged: every broken promise must be named, and nothing in a good world."""

from pathlib import Path

import pytest

from tests.judge.__main__ import main
from tests.judge.judge import LAWS, judge
from tests.judge.sabotage import SABOTAGES, Sabotage, apply


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda each: each.name)
def test_a_broken_promise_is_named_and_the_judge_exits_non_zero(
    sabotage: Sabotage, good_world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(sabotage, good_world, tmp_path / "doctored")
    assert main([str(tmp_path / "doctored")]) == 1
    assert f"\n- {sabotage.sentence}" in capsys.readouterr().out


def test_a_good_world_is_judged_clean_and_every_law_had_cases(
    good_world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(good_world)]) == 0
    assert "Every promise kept" in capsys.readouterr().out
    empty = {law.name for law in LAWS if law.may_be_empty}
    assert {name for name, cases in judge(good_world).cases.items() if not cases} <= empty


def test_a_copy_that_nobody_doctored_stays_clean(good_world: Path, tmp_path: Path) -> None:
    apply(Sabotage(lambda _world: None, ""), good_world, tmp_path / "copied")
    assert judge(tmp_path / "copied").broken == []


def test_there_are_at_least_fifteen_sabotages_of_their_own_names() -> None:
    assert len({sabotage.name for sabotage in SABOTAGES}) >= 15


def test_a_month_without_evidence_is_not_a_good_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "The evidence cannot be read" in capsys.readouterr().err
