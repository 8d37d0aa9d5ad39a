import pytest

from connector.reports import bucket_of


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        *((-30, "current"), (0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60")),
        *((61, "61-90"), (90, "61-90"), (91, "90+"), (4000, "90+")),
    ],
)
def test_an_item_falls_into_the_range_of_its_days_past_due(days: int, bucket: str) -> None:
    assert bucket_of(days) == bucket
