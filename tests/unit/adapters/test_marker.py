import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.marker import find_marker, find_markers, mark, mark_line, marker_lines_removed

KEYS = st.from_regex(r"[a-z_]{1,20}:[0-9a-f-]{1,36}", fullmatch=True)


@given(st.text(max_size=3000), KEYS)
def test_a_marked_text_fits_and_gives_its_key_back(text: str, key: str) -> None:
    marked = mark(text, key, 2000)
    assert len(marked) <= 2000
    assert find_marker(marked) == key
    assert marked.splitlines()[-1] == f"[duecourse:{key}]"


@given(st.text(max_size=300), KEYS)
def test_marking_twice_is_marking_once(text: str, key: str) -> None:
    once = mark(text, key, 2000)
    assert mark(once, key, 2000) == once


@given(st.text(max_size=300), KEYS)
def test_a_marked_line_is_one_line(text: str, key: str) -> None:
    line = mark_line(text, key, 120)
    assert len(line) <= 120
    assert len(line.splitlines()) == 1
    assert find_marker(line) == key


def test_a_text_is_cut_with_a_sign_that_it_was() -> None:
    assert mark("x" * 50, "a:1", 40) == "x" * 23 + "…\n[duecourse:a:1]"


def test_a_marker_longer_than_the_field_is_refused() -> None:
    with pytest.raises(ValueError, match="hold no marker"):
        mark("text", "k" * 60, 50)


def test_a_persons_note_has_no_marker() -> None:
    assert find_marker("Jane called about invoice 1041 [urgent]") is None


def test_all_markers_of_a_shared_field_are_found_in_order() -> None:
    assert find_markers("mine\na [duecourse:a:1]\nb [duecourse:b:2]") == ["a:1", "b:2"]


def test_what_people_wrote_is_left_when_our_lines_are_taken_out() -> None:
    assert marker_lines_removed("PO 77\nReminder. [duecourse:a:1]\nCall Jane") == "PO 77\nCall Jane"
