"""Ids: unique, and short enough in their beginning to be typed."""

from uuid import UUID

from connector.office import random_id


def test_an_id_is_a_uuid_that_its_first_signs_tell_from_others() -> None:
    made = [random_id() for _ in range(200)]
    assert all(str(UUID(each)) == each for each in made)
    assert len({each[:8] for each in made}) == 200
