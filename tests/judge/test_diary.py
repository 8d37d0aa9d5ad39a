"""Judged day by day, a world shows the same broken promises as at its end: on the day on which they were broken."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.judge.company import Company, instant, load_company
from tests.judge.diary import Diary
from tests.judge.judge import judge
from tests.judge.mails import read_mail
from tests.judge.sabotage import SABOTAGES, Sabotage, apply

_ONLY_AT_THE_END = {"figure_wrong", "month_without_mails"}
_BY_THE_DAY = [each for each in SABOTAGES if each.name not in _ONLY_AT_THE_END]


class _Growing:
    """A finished world, told again as it came: `tell(day)` adds what there was by the end of a day."""

    def __init__(self, whole: Path, folder: Path) -> None:
        self._folder = folder
        self.company: Company = load_company(whole / "company.json")
        (folder / "mails").mkdir(parents=True)
        shutil.copy(whole / "company.json", folder)
        shutil.copytree(whole / "cadences", folder / "cadences")
        mails = [(read_mail(path).accepted_at, path) for path in sorted((whole / "mails").glob("*.eml"))]
        self._mails = [(self.company.day_of(at), path) for at, path in mails]
        self._lines = {
            name: [(self._day(line), line) for line in (whole / name).read_text(encoding="utf-8").splitlines()]
            for name in ("books.jsonl", "audit.jsonl")
        }

    def _day(self, line: str) -> date:
        return self.company.day_of(instant(json.loads(line)["at"]))

    def tell(self, day: date) -> None:
        for name, lines in self._lines.items():
            with (self._folder / name).open("a", encoding="utf-8") as file:
                while lines and lines[0][0] <= day:
                    file.write(f"{lines.pop(0)[1]}\n")
        for on, path in [each for each in self._mails if each[0] <= day]:
            shutil.copy(path, self._folder / "mails")
            self._mails.remove((on, path))


def _judged_daily(whole: Path, folder: Path) -> tuple[list[tuple[date, str]], int]:
    world = _Growing(whole, folder)
    world.tell(world.company.start - timedelta(days=1))
    diary = Diary(folder)
    found = []
    for day in world.company.days:
        world.tell(day)
        found += [(day, sentence) for sentence in diary.judge(day).broken]
    return found, diary.cases


def test_a_good_world_is_judged_clean_on_every_day(good_world: Path, tmp_path: Path) -> None:
    found, cases = _judged_daily(good_world, tmp_path / "growing")
    assert found == []
    assert cases > sum(judge(good_world).cases.values()) / 2


@pytest.mark.parametrize("sabotage", _BY_THE_DAY, ids=lambda each: each.name)
def test_a_broken_promise_is_named_before_the_world_ends(sabotage: Sabotage, good_world: Path, tmp_path: Path) -> None:
    apply(sabotage, good_world, tmp_path / "doctored")
    found, _ = _judged_daily(tmp_path / "doctored", tmp_path / "growing")
    assert any(sentence.startswith(sabotage.sentence) for _, sentence in found), found


def test_a_mail_said_twice_is_named_on_its_day(good_world: Path, tmp_path: Path) -> None:
    doubled = next(each for each in SABOTAGES if each.name == "mail_doubled")
    apply(doubled, good_world, tmp_path / "doctored")
    found, _ = _judged_daily(tmp_path / "doctored", tmp_path / "growing")
    (day, sentence) = next(each for each in found if each[1].startswith(doubled.sentence))
    assert day.isoformat() in sentence
