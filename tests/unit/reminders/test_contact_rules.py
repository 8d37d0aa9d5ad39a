"""May we contact now? Hours, zones, holidays, gaps, caps, stops (docs/rules.md, section 3)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.account import Account, Contacted, Hold, HoldKind
from reminders.contact_packs import PackError, load_pack, parse_pack
from reminders.contact_rules import NARROW, ContactFacts, VerdictKind, common_hours, may_contact
from reminders.steps import Rules
from reminders.zones import zones_of
from tests.unit.reminders.accounts import account, owed

OFFICE = "Europe/London"


def facts(**more: object) -> ContactFacts:
    given_facts: dict[str, object] = {"recipients": ("amy@example.com",)}
    return ContactFacts(account=account(owed(), **(given_facts | more)), rules=Rules(), company_zone=OFFICE)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def until(asked: ContactFacts, now: str) -> str:
    verdict = may_contact(asked, utc(now))
    assert verdict.kind is VerdictKind.DEFER, verdict
    assert verdict.until is not None
    return verdict.until.strftime("%Y-%m-%dT%H:%M")


def is_allowed(asked: ContactFacts, now: str) -> bool:
    return may_contact(asked, utc(now)).kind is VerdictKind.ALLOW


# Hours in a known zone


def test_the_hours_are_those_of_the_customers_zone() -> None:
    denver = facts(zone="America/Denver")
    assert until(denver, "2026-06-03T14:59:59") == "2026-06-03T15:00"
    assert is_allowed(denver, "2026-06-03T15:00")
    assert is_allowed(denver, "2026-06-03T22:59:59")
    assert until(denver, "2026-06-03T23:00") == "2026-06-04T15:00"


def test_a_week_end_defers_to_monday() -> None:
    assert until(facts(zone="Europe/Paris", country="FR"), "2026-06-05T15:30") == "2026-06-08T07:00"


def test_a_holiday_of_the_customers_country_defers_past_it_and_past_what_follows() -> None:
    # Thursday 24 December 2026 after hours; Christmas is a Friday, Boxing Day's substitute Monday the 28th
    assert until(facts(country="GB"), "2026-12-24T18:00") == "2026-12-29T09:00"


def test_a_week_end_is_the_customers_countrys_own() -> None:
    assert until(facts(country="SA"), "2026-06-05T09:00") == "2026-06-07T06:00"
    assert is_allowed(facts(country="SA"), "2026-06-07T09:00")


def test_a_regions_own_holiday_counts_where_the_region_is_known() -> None:
    assert until(facts(country="DE", region="BY"), "2026-01-06T10:00") == "2026-01-07T08:00"
    assert is_allowed(facts(country="DE", region="BE"), "2026-01-06T10:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-27T22:00", "2026-03-30T07:00"),  # over the last Sunday of March: 9:00 is then 7:00 UTC
        ("2026-10-23T22:00", "2026-10-26T08:00"),  # over the last Sunday of October: 9:00 is then 8:00 UTC
    ],
)
def test_a_change_of_the_clocks_moves_no_opening(now: str, expected: str) -> None:
    assert until(facts(zone="Europe/Berlin"), now) == expected


def test_half_hour_zones_open_on_their_own_clock() -> None:
    assert until(facts(country="IN"), "2026-06-03T03:00") == "2026-06-03T03:30"


def test_a_zone_far_ahead_has_another_day() -> None:
    # Friday 20:00 UTC is Saturday in Auckland
    assert until(facts(country="NZ"), "2026-07-03T20:00") == "2026-07-05T21:00"


# Unsure of the zone


def test_unsure_it_is_the_hours_that_suit_every_zone_of_the_country() -> None:
    american = facts(country="US")
    assert until(american, "2026-06-03T13:30") == "2026-06-03T16:00"
    assert is_allowed(american, "2026-06-03T16:00")
    assert is_allowed(american, "2026-06-03T20:59")
    assert until(american, "2026-06-03T21:00") == "2026-06-04T16:00"


def test_a_region_narrows_the_zones() -> None:
    assert is_allowed(facts(country="US", region="NY"), "2026-06-03T13:30")
    assert until(facts(country="US", region="US-TN"), "2026-06-03T13:30") == "2026-06-03T14:00"


def test_overseas_territories_count_only_when_the_address_names_them() -> None:
    assert is_allowed(facts(country="US", region="HI"), "2026-06-03T19:30")
    assert until(facts(country="US", region="HI"), "2026-06-03T16:30") == "2026-06-03T19:00"
    assert is_allowed(facts(country="US"), "2026-06-03T16:30")
    assert until(facts(country="ES", region="GC"), "2026-06-03T07:30") == "2026-06-03T08:00"


def test_too_wide_a_country_falls_back_on_the_companys_own_hours_with_a_warning() -> None:
    russian = facts(country="RU")
    verdict = may_contact(russian, utc("2026-06-03T08:30"))
    assert verdict.kind is VerdictKind.ALLOW
    assert "Set the customer's zone" in verdict.warning
    assert until(russian, "2026-06-03T07:30") == "2026-06-03T08:00"


def test_the_companys_own_hours_can_be_set() -> None:
    narrow = replace(facts(), opens=time(10), closes=time(12))
    assert until(narrow, "2026-06-03T08:30") == "2026-06-03T09:00"
    assert until(narrow, "2026-06-03T11:00") == "2026-06-04T09:00"


def test_an_unknown_country_has_the_companys_hours() -> None:
    assert is_allowed(facts(), "2026-06-03T08:30")
    assert is_allowed(facts(country="XX"), "2026-06-03T08:30")


def test_daylight_saving_narrows_what_two_zones_share() -> None:
    zones = zones_of(country="US", region="AZ", company_zone=OFFICE).zones()
    july, january = utc("2026-07-15T18:00"), utc("2026-01-15T18:00")
    assert common_hours(zones, time(9), time(17), july) == timedelta(hours=7)
    assert common_hours(zones, time(9), time(17), january) == timedelta(hours=8)
    assert until(facts(country="US", region="AZ"), "2026-07-15T15:30") == "2026-07-15T16:00"


# Zones


def test_every_zone_of_the_table_exists() -> None:
    names = {name for country in ("US", "CA", "AU", "BR", "MX", "RU", "ID", "AR") for name in of(country)}
    assert all(ZoneInfo(name) for name in names)


def of(country: str) -> tuple[str, ...]:
    return zones_of(country=country, company_zone=OFFICE).names


def test_a_country_of_one_zone_needs_no_entry_and_an_unlisted_one_has_all_of_its_zones() -> None:
    assert of("FR") == ("Europe/Paris",)
    assert of("jp") == ("Asia/Tokyo",)
    assert len(of("FM")) == 3
    assert of("DE") == ("Europe/Berlin",)


def test_a_zone_that_was_set_wins() -> None:
    zones = zones_of(zone="Asia/Tokyo", country="US", region="NY", company_zone=OFFICE)
    assert (zones.names, zones.evidence) == (("Asia/Tokyo",), "zone")


# Stops


def stop(kind: HoldKind, begins: date, ends: date | None) -> Hold:
    return Hold(kind=kind, id="h", begins=begins, ends=ends, reason="asked in writing")


def test_do_not_contact_blocks_and_names_itself() -> None:
    stopped = facts(holds=(stop(HoldKind.DO_NOT_CONTACT, date(2026, 1, 1), None),))
    verdict = may_contact(stopped, utc("2026-06-03T12:00"))
    assert (verdict.kind, verdict.rule, verdict.until) == (VerdictKind.BLOCK, "do_not_contact", None)
    assert verdict.reason == "asked in writing"


def test_do_not_contact_ends_when_it_ends() -> None:
    ended = facts(holds=(stop(HoldKind.DO_NOT_CONTACT, date(2026, 1, 1), date(2026, 6, 3)),))
    assert is_allowed(ended, "2026-06-03T12:00")


def test_without_an_address_mail_is_blocked_and_a_call_is_not() -> None:
    bounced = facts(recipients=(), addresses_tried=2)
    assert may_contact(bounced, utc("2026-06-03T12:00")).rule == "email_bounced"
    nobody = facts(recipients=(), addresses_tried=0)
    assert may_contact(nobody, utc("2026-06-03T12:00")).rule == "no_address"
    assert is_allowed(replace(bounced, channel="call"), "2026-06-03T12:00")


# How often


def test_the_gap_defers_to_the_first_open_hour_after_it() -> None:
    # written to on Tuesday 2 June; five days later is Sunday the 7th; the first open hour is Monday 9:00 in London
    heard = facts(contacts=(Contacted(on=date(2026, 6, 2)),), country="GB")
    verdict = may_contact(heard, utc("2026-06-04T12:00"))
    assert verdict.rule == "cadence.min_gap"
    assert verdict.until == utc("2026-06-08T08:00")


def test_a_shared_address_waits_for_the_next_day() -> None:
    shared = facts(address_contacts={"amy@example.com": (date(2026, 6, 3),)}, country="GB")
    verdict = may_contact(shared, utc("2026-06-03T12:00"))
    assert (verdict.rule, verdict.until) == ("cadence.address_busy", utc("2026-06-04T08:00"))


def test_the_strictest_of_all_rules_wins() -> None:
    both = facts(
        contacts=(Contacted(on=date(2026, 6, 2)),),
        holds=(stop(HoldKind.DO_NOT_CONTACT, date(2026, 1, 1), None),),
    )
    assert may_contact(both, utc("2026-06-03T22:00")).kind is VerdictKind.BLOCK


def test_of_several_deferrals_the_longest_is_named() -> None:
    saturday = facts(contacts=(Contacted(on=date(2026, 6, 5)),), country="GB")
    verdict = may_contact(saturday, utc("2026-06-06T12:00"))
    assert (verdict.rule, verdict.until) == ("cadence.min_gap", utc("2026-06-10T08:00"))


def test_a_deferral_is_asked_again_at_its_own_target() -> None:
    # not before 24 December by the gap; the 24th is open in Britain, but not until 9:00
    heard = facts(contacts=(Contacted(on=date(2026, 12, 20)),), country="GB")
    assert until(heard, "2026-12-22T12:00") == "2026-12-29T09:00"


# Packs


AUSTRALIA = parse_pack("""
[[rule]]
id = "au.cap.week"
kind = "limit"
status = "guideline"
applies = { place = ["AU"] }
channels = ["email", "call"]
limit = { max = 3, window_days = 7, counts = ["reminder", "call", "mail"] }
cite = { text = "RG 96", verified_on = 2026-11-21 }
""")


def contacts(*days_of_june: int) -> tuple[Contacted, ...]:
    return tuple(Contacted(on=date(2026, 6, day), what="call") for day in days_of_june)


def test_a_packs_limit_defers_until_the_oldest_counted_contact_leaves_its_window() -> None:
    often = Rules(min_gap_days=1, weekly_cap=9, monthly_cap=99)
    asked = replace(facts(contacts=contacts(1, 3, 4), country="AU"), packs=AUSTRALIA, rules=often)
    verdict = may_contact(asked, utc("2026-06-05T12:00"))
    assert (verdict.rule, verdict.until) == ("au.cap.week", utc("2026-06-07T23:00"))
    elsewhere = replace(asked, account=replace(asked.account, country="GB"))
    assert is_allowed(elsewhere, "2026-06-05T12:00")


def test_what_is_not_known_counts_as_applicable() -> None:
    rule = AUSTRALIA[0]
    known = {"channel": "email", "region": "", "role": "", "debt": "", "on": date(2026, 6, 1)}
    assert rule.applies(country="", **known)  # type: ignore[arg-type]  # one table for several calls
    assert not rule.applies(country="US", **known)  # type: ignore[arg-type]  # likewise
    state = replace(rule, places=("US-MA",))
    assert state.applies(country="US", **known)  # type: ignore[arg-type]  # likewise
    assert not state.applies(country="US", **(known | {"region": "NY"}))  # type: ignore[arg-type]  # likewise


def test_a_rule_holds_from_its_date_on_and_a_proposed_one_never() -> None:
    rule = replace(AUSTRALIA[0], effective_from=date(2026, 9, 1))
    known = {"channel": "email", "country": "AU", "region": "", "role": "", "debt": ""}
    assert not rule.applies(on=date(2026, 8, 31), **known)
    assert rule.applies(on=date(2026, 9, 1), **known)
    assert not replace(rule, status="proposed").applies(on=date(2026, 9, 1), **known)


def test_rules_that_leave_no_window_block() -> None:
    never = parse_pack("""
    [[rule]]
    id = "never"
    kind = "hours"
    channels = ["email"]
    opens = "09:00"
    closes = "09:00"
    """)
    verdict = may_contact(replace(facts(country="GB"), packs=never), utc("2026-06-03T12:00"))
    assert (verdict.kind, verdict.rule) == (VerdictKind.BLOCK, "no_window")


@pytest.mark.parametrize(
    "text",
    [
        "x =",
        '[[rule]]\nid = "a"',
        '[[rule]]\nid = "a"\nkind = "x"\nchannels = []',
        '[[rule]]\nkind = "hours"',
        '[[rule]]\nid = "a"\nkind = "limit"\nchannels = ["email"]\nlimit = { window_days = 7 }',
        '[[rule]]\nid = "a"\nkind = "limit"\nchannels = ["email"]\nlimit = { max = 1 }',
    ],
)
def test_a_pack_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(PackError):
        parse_pack(text)


def test_every_rule_of_the_built_in_packs_has_a_source() -> None:
    assert all("text" in rule.cite and "verified_on" in rule.cite for rule in load_pack("business"))


# Whatever the place and the hour


COUNTRIES = ("US", "CA", "AU", "BR", "RU", "GB", "FR", "DE", "ES", "IN", "JP", "NZ", "SA", "CL", "MX", "NP", "")


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(COUNTRIES),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001 - made aware below
    st.lists(st.integers(0, 40), max_size=4),
)
def test_what_is_deferred_is_allowed_at_its_target_and_not_a_minute_before(
    country: str, now: datetime, ago: list[int]
) -> None:
    at = now.replace(tzinfo=UTC, microsecond=0)
    heard = tuple(Contacted(on=at.date() - timedelta(days)) for days in sorted(ago, reverse=True))
    asked = facts(country=country, contacts=heard)
    verdict = may_contact(asked, at)
    if verdict.kind is VerdictKind.ALLOW:
        assert is_open_everywhere(asked.account, at)
        return
    assert verdict.kind is VerdictKind.DEFER
    assert verdict.until is not None
    assert verdict.until > at
    assert may_contact(asked, verdict.until).kind is VerdictKind.ALLOW
    before = verdict.until - timedelta(minutes=1)
    if before >= at:
        assert may_contact(asked, before).kind is VerdictKind.DEFER


def is_open_everywhere(asked: Account, at: datetime) -> bool:
    """Between nine and five on every clock that counts, told anew."""
    zones = zones_of(country=asked.country, company_zone=OFFICE).zones()
    if common_hours(zones, time(9), time(17), at) < NARROW:
        zones = (ZoneInfo(OFFICE),)
    return all(time(9) <= at.astimezone(zone).time() < time(17) for zone in zones)
