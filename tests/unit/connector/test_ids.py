"""Ids: unique, and alike where they are of one moment."""

from uuid import UUID

from connector.office import random_id


def test_an_id_is_a_uuid_that_nobody_else_has() -> None:
    made = [random_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(str(UUID(each)) == each and UUID(each).version == 7 for each in made)


def test_ids_made_one_after_the_other_lie_near_each_other() -> None:
    first, second = UUID(random_id()), UUID(random_id())
    assert second.int - first.int < 60_000 << 80  # a minute of milliseconds above the part that is chance
