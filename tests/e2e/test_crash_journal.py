"""The crash matrix's own measure: what happens outside of its boundaries is seen."""

from pathlib import Path

from tests.e2e.crashing.journal import Event, Journal, boundaries, read, unnamed

BEFORE, COMMIT, AFTER = Event("before", "commit pay", "1"), Event("commit", who="1"), Event("after", "commit pay", "1")


def test_what_was_written_is_read_in_its_order_whoever_wrote_it(tmp_path: Path) -> None:
    one, other = Journal(tmp_path / "journal"), Journal(tmp_path / "journal")
    one.write("before", "send", "ap@blue.example")
    other.write("send", who="ap@blue.example")
    one.write("after", "send", "ap@blue.example")
    one.close()
    other.close()
    events = read(tmp_path / "journal")
    assert [each.kind for each in events] == ["before", "send", "after"]
    assert unnamed(events) == []


def test_each_boundary_is_told_with_the_how_manieth_of_its_name_it_is() -> None:
    passed = boundaries([BEFORE, COMMIT, AFTER, BEFORE, COMMIT, AFTER])
    assert passed == [(f"{side} commit pay", number) for number in (1, 2) for side in ("before", "after")]


def test_a_commit_that_several_share_is_a_boundary_of_each() -> None:
    shared = Event("before", "commit close + pay", "1")
    assert boundaries([shared, BEFORE]) == [
        ("before commit close", 1),
        ("before commit pay", 1),
        ("before commit pay", 2),
    ]


def test_a_commit_without_a_name_is_seen_also_beside_one_that_has_a_name() -> None:
    assert unnamed([COMMIT])
    assert unnamed([BEFORE, Event("commit", who="2"), COMMIT, AFTER])
    assert unnamed([BEFORE, COMMIT, AFTER, COMMIT])


def test_a_name_stands_around_one_commit_alone() -> None:
    assert unnamed([BEFORE, COMMIT, AFTER]) == []
    assert unnamed([BEFORE, AFTER])
    assert unnamed([BEFORE, COMMIT, COMMIT, AFTER])


def test_a_send_to_somebody_else_and_a_post_outside_are_seen() -> None:
    before = Event("before", "send", "ap@blue.example")
    assert unnamed([before, Event("send", who="ap@red.example")])
    assert unnamed([Event("before", "post"), Event("after", "post"), Event("post")])
