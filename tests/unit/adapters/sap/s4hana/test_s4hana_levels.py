"""The dunning level that our reminders write, where that is wanted: raised, never lowered, whatever is lost."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from adapters.ledger import Entry, EntryKind, Outcome
from adapters.sap.s4hana.sandbox.partners import Dunning
from tests.contract.ledgers import START
from tests.contract.s4hana_connection import TEXT_ID
from tests.unit.adapters.sap.s4hana.desk import TODAY, Desk


def reminder(**fields: Any) -> Entry:  # noqa: ANN401 - its fields
    told = {
        "key": "reminder:1",
        "kind": EntryKind.REMINDER,
        "text": "Reminder sent.",
        "step": 2,
        "day": TODAY,
        **fields,
    }
    return Entry(customer="1", happened_at=START, **told)


def post(desk: Desk, *entries: Entry, writes: bool = True) -> list[Outcome]:
    ledger = desk.another(write_level=writes)
    return [each.outcome for batch in ledger.compose(entries) for each in ledger.post(batch)]


def record(desk: Desk) -> Dunning:
    (found,) = desk.face.sets.extras.dunning("1")
    return found


def text(desk: Desk) -> str:
    return "".join(str(row["LongText"]) for row in desk.face.sets.texts.rows() if row["LongTextID"] == TEXT_ID)


def test_a_reminder_raises_the_level_to_its_step_and_tells_its_day(desk: Desk) -> None:
    assert post(desk, reminder()) == [Outcome.WRITTEN]
    assert (record(desk).level, record(desk).last) == ("2", TODAY)
    desk.sync()
    assert desk.another().fresh([], ["1"], desk.replica.cursor or "").customers[0].last_dunned == TODAY


@pytest.mark.parametrize(
    ("stood", "last", "becomes"),
    [
        ("0", None, ("2", TODAY)),
        ("", None, ("2", TODAY)),
        ("4", TODAY - timedelta(9), ("4", TODAY)),
        ("1", TODAY + timedelta(3), ("2", TODAY + timedelta(3))),
    ],
)
def test_neither_level_nor_day_is_ever_lowered(
    desk: Desk, stood: str, last: date | None, becomes: tuple[str, date]
) -> None:
    record(desk).level, record(desk).last = stood, last
    post(desk, reminder())
    assert (record(desk).level, record(desk).last) == becomes


def test_the_level_is_one_digit(desk: Desk) -> None:
    post(desk, reminder(step=12))
    assert record(desk).level == "9"


@pytest.mark.parametrize("other", [{"step": 0}, {"kind": EntryKind.CALL, "step": 0, "day": None}])
def test_what_is_no_reminder_that_left_raises_nothing(desk: Desk, other: dict[str, Any]) -> None:
    post(desk, reminder(**other))
    assert (record(desk).level, record(desk).last) == ("0", None)


def test_without_the_option_nothing_is_written(desk: Desk) -> None:
    assert post(desk, reminder(), writes=False) == [Outcome.WRITTEN]
    assert (record(desk).level, record(desk).last) == ("0", None)


def test_of_several_areas_none_is_written_and_the_text_says_so(desk: Desk) -> None:
    desk.face.sets.extras.dunning("1").append(Dunning(area="02"))
    assert post(desk, reminder()) == [Outcome.WRITTEN]
    assert [each.level for each in desk.face.sets.extras.dunning("1")] == ["0", "0"]
    assert "the customer has 2 dunning areas" in text(desk)


def test_a_customer_whom_sap_does_not_dun_is_left_alone(desk: Desk) -> None:
    desk.face.sets.extras.dunnings["1"] = []
    assert post(desk, reminder()) == [Outcome.WRITTEN]
    assert "dunning" not in text(desk)


def test_a_refused_level_leaves_the_note_and_stands_in_it(desk: Desk) -> None:
    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        fault = {"error": {"code": "R11/1", "message": {"lang": "en", "value": "No authorization"}}}
        return httpx.Response(403, json=fault) if "A_CustomerDunning(" in request.url.path else response

    desk.transport.after = refuse
    assert post(desk, reminder()) == [Outcome.WRITTEN]
    assert "No authorization" in text(desk).splitlines()[0]
    assert "Reminder sent." in text(desk)


def test_a_lost_answer_leaves_level_and_note_to_be_written_again_once(desk: Desk) -> None:
    desk.lose_next_block()
    assert post(desk, reminder()) == [Outcome.UNKNOWN]
    assert text(desk) == ""
    assert post(desk, reminder()) == [Outcome.WRITTEN]
    assert post(desk, reminder()) == [Outcome.ALREADY_THERE]
    changes = [call for call in desk.transport.calls if call.method == "PATCH" and "Dunning" in call.url.path]
    assert len(changes) == 1
    assert record(desk).level == "2"
