from datetime import UTC, datetime

import pytest

from connector.clock import zone
from connector.zone_choice import likely_zones

NOVEMBER = datetime(2026, 11, 2, tzinfo=UTC)


def test_a_zone_that_the_ledger_names_is_proposed_as_it_is() -> None:
    assert likely_zones("Europe/Paris", "DE", NOVEMBER) == ["Europe/Paris"]


@pytest.mark.parametrize(
    ("offset", "country", "expected"),
    [
        ("UTC-08:00", "US", "America/Los_Angeles"),
        ("UTC-07:00", "US", "America/Los_Angeles"),  # its summer, and Denver's winter
        ("UTC-07:00", "US", "America/Denver"),
        ("UTC+01:00", "GB", "Europe/London"),  # its summer
        ("UTC+01:00", "DE", "Europe/Berlin"),
    ],
)
def test_an_offset_fits_the_countrys_zones_that_have_it_in_winter_or_summer(
    offset: str, country: str, expected: str
) -> None:
    assert expected in likely_zones(offset, country, NOVEMBER)


def test_zones_that_never_have_the_offset_are_left_out() -> None:
    assert "America/New_York" not in likely_zones("UTC-08:00", "US", NOVEMBER)


def test_without_a_country_any_city_with_the_offset_is_proposed() -> None:
    assert any(name.startswith("Asia/") for name in likely_zones("UTC+05:30", "", NOVEMBER))


def test_an_offset_that_the_country_never_has_leaves_the_country_to_decide() -> None:
    assert likely_zones("UTC+09:00", "DE", NOVEMBER) == ["Europe/Berlin"]


def test_nothing_known_proposes_nothing() -> None:
    assert likely_zones("", "", NOVEMBER) == []


def test_every_proposal_is_a_zone_that_knows_summer_time_by_its_city() -> None:
    for name in likely_zones("UTC-05:00", "US", NOVEMBER):
        assert "/" in name
        assert zone(name)
