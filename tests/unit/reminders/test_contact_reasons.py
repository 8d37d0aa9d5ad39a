"""What people are told about an hour at which a customer may not be contacted, and limits and hours of other packs."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reminders.account import Contacted, Hold, HoldKind
from reminders.contact_packs import parse_pack
from reminders.contact_rules import ContactFacts, VerdictKind, common_hours, may_contact
from reminders.steps import Rules
from tests.unit.reminders.accounts import account, owed

MORNINGS = parse_pack("""
[[rule]]
id = "two.hours"
kind = "hours"
channels = ["email"]
opens = "09:00"
closes = "11:00"
""")
OFTEN = Rules(min_gap_days=1, weekly_cap=9, monthly_cap=99)


def facts(*, zone: str = "", country: str = "", region: str = "", heard: tuple[date, ...] = ()) -> ContactFacts:
    """A company in London and a customer there or elsewhere that heard from us on these days."""
    customer = account(
        owed(),
        recipients=("amy@example.com",),
        zone=zone,
        country=country,
        region=region,
        contacts=tuple(Contacted(on=on) for on in heard),
    )
    return ContactFacts(account=customer, rules=Rules(), company_zone="Europe/London")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Reasons


def test_outside_the_hours_the_reason_names_rule_hours_and_every_zone_that_counts() -> None:
    verdict = may_contact(facts(country="US", region="AZ"), utc("2026-06-03T07:00"))
    assert verdict.rule == "business.hours"
    assert verdict.reason == "Outside 09:00 to 17:00 on a working day in America/Phoenix, America/Denver."
    assert verdict.warning == ""


def test_a_gap_that_ends_at_night_still_says_that_it_is_the_gap() -> None:
    verdict = may_contact(facts(country="GB", heard=(date(2026, 6, 2),)), utc("2026-06-04T12:00"))
    assert verdict.rule == "cadence.min_gap"
    assert verdict.reason == "The customer heard from us too lately: not before 2026-06-07."


def test_within_known_hours_no_rule_stands_against_it_and_nothing_is_warned_of() -> None:
    verdict = may_contact(facts(zone="Europe/Paris", country="FR"), utc("2026-06-03T08:00"))
    assert verdict.kind is VerdictKind.ALLOW
    assert (verdict.rule, verdict.reason) == ("none", "No rule stands against it.")
    assert (verdict.until, verdict.warning) == (None, "")


def test_a_customer_without_a_usable_address_is_told_apart_from_one_whose_mails_bounced() -> None:
    nobody = facts(country="GB")
    bounced = replace(nobody, account=replace(nobody.account, recipients=(), addresses_tried=2))
    assert may_contact(bounced, utc("2026-06-03T12:00")).reason == "None of 2 addresses can be used."
    unknown = replace(nobody, account=replace(nobody.account, recipients=(), addresses_tried=0))
    assert may_contact(unknown, utc("2026-06-03T12:00")).reason == "There is no address."


def test_too_wide_a_place_is_deferred_to_the_companys_hours_with_the_same_warning() -> None:
    wide = replace(facts(country="US", region="AZ"), packs=MORNINGS)
    warning = (
        "No 2 hours of a day suit all of America/Phoenix, America/Denver: "
        "the company's own hours were used. Set the customer's zone."
    )
    early = may_contact(wide, utc("2026-06-03T07:30"))
    assert (early.kind, early.until, early.warning) == (VerdictKind.DEFER, utc("2026-06-03T08:00"), warning)
    assert early.reason == "Outside 09:00 to 17:00 on a working day in Europe/London."
    within = may_contact(wide, utc("2026-06-03T08:00"))
    assert (within.kind, within.rule, within.warning) == (VerdictKind.ALLOW, "two.hours", warning)
    assert within.reason == "Within the company's own hours."


def test_deferrals_are_told_in_utc_wherever_the_service_runs() -> None:
    for asked in (facts(zone="America/Denver"), facts(country="GB", heard=(date(2026, 6, 3),))):
        until = may_contact(asked, utc("2026-06-03T05:00")).until
        assert until is not None
        assert until.tzinfo is UTC


def test_where_nothing_fits_the_reason_says_how_far_was_looked() -> None:
    never = replace(facts(country="GB"), packs=(replace(MORNINGS[0], closes=time(9)),))
    assert may_contact(never, utc("2026-06-03T12:00")).reason == "No time within 60 days suits every rule."


def test_what_is_sixty_days_away_is_waited_for_and_what_is_farther_is_not() -> None:
    of_sixty_days = replace(limited(1, 3), packs=(replace(limited(1).packs[0], window_days=60),))
    midnight = utc("2026-06-02T23:00")
    assert may_contact(of_sixty_days, midnight).until == midnight + timedelta(days=60)
    of_more = replace(of_sixty_days, packs=(replace(of_sixty_days.packs[0], window_days=61),))
    assert may_contact(of_more, midnight).kind is VerdictKind.BLOCK


# Hours


def test_two_hours_of_a_single_zone_are_kept_however_few_they_are() -> None:
    short = replace(facts(zone="America/Denver"), packs=(replace(MORNINGS[0], closes=time(10)),))
    assert may_contact(short, utc("2026-06-03T14:00")).until == utc("2026-06-03T15:00")


def test_a_pack_that_does_not_speak_of_working_days_has_its_hours_on_sundays_too() -> None:
    sunday = utc("2026-06-07T09:30")
    assert may_contact(replace(facts(country="GB"), packs=MORNINGS), sunday).kind is VerdictKind.ALLOW
    assert may_contact(facts(country="GB"), sunday).kind is VerdictKind.DEFER


def test_a_regions_holiday_counts_also_where_the_region_is_written_with_its_country() -> None:
    epiphany = utc("2026-01-06T10:00")
    assert may_contact(facts(country="DE", region="DE-BY"), epiphany).until == utc("2026-01-07T08:00")
    assert may_contact(facts(country="DE", region="DE-BE"), epiphany).kind is VerdictKind.ALLOW


def test_shared_hours_are_those_of_the_day_in_the_first_zone() -> None:
    # In Auckland it is already Sunday 27 September, on which its clocks go an hour forward; in Brisbane still Saturday.
    zones = (ZoneInfo("Pacific/Auckland"), ZoneInfo("Australia/Brisbane"))
    assert common_hours(zones, time(9), time(17), utc("2026-09-26T13:00")) == timedelta(hours=5)
    assert common_hours(zones, time(9), time(17), utc("2026-09-25T13:00")) == timedelta(hours=6)


def test_two_shared_hours_are_enough() -> None:
    asked = replace(facts(country="US", region="AZ"), packs=(replace(MORNINGS[0], closes=time(12)),))
    verdict = may_contact(asked, utc("2026-06-03T16:00"))
    assert (verdict.kind, verdict.warning) == (VerdictKind.ALLOW, "")


# The company's days


def test_a_gap_ends_at_midnight_of_the_companys_own_day() -> None:
    asked = replace(facts(heard=(date(2026, 6, 2),)), packs=())
    until = may_contact(asked, utc("2026-06-04T12:00")).until
    assert until == utc("2026-06-06T23:00")
    assert until.tzinfo is UTC


def test_who_asked_today_not_to_be_contacted_is_not_contacted_today() -> None:
    asked = facts(country="GB")
    stop = Hold(kind=HoldKind.DO_NOT_CONTACT, id="h", begins=date(2026, 6, 3), ends=None, reason="asked in writing")
    stopped = replace(asked, account=replace(asked.account, holds=(stop,)))
    assert may_contact(stopped, utc("2026-06-03T12:00")).kind is VerdictKind.BLOCK
    assert may_contact(stopped, utc("2026-06-02T12:00")).kind is VerdictKind.ALLOW


# For whom a pack's rule holds


def test_a_rule_of_a_region_holds_there_however_the_region_is_written_and_nowhere_else() -> None:
    of_the_state = (replace(MORNINGS[0], places=("US-NY",)),)
    afternoon = utc("2026-06-03T19:00")
    for region in ("NY", "ny", "US-NY"):
        there = replace(facts(country="US", region=region), packs=of_the_state)
        assert may_contact(there, afternoon).kind is VerdictKind.DEFER
    for region in ("MA", "US-MA"):
        elsewhere = replace(facts(country="US", region=region), packs=of_the_state)
        assert may_contact(elsewhere, afternoon).kind is VerdictKind.ALLOW


def test_a_rule_for_collectors_of_others_or_for_consumers_does_not_hold_for_our_own_business_debts() -> None:
    late = utc("2026-06-03T19:00")
    for rule in (replace(MORNINGS[0], roles=("third_party",)), replace(MORNINGS[0], debts=("consumer",))):
        assert may_contact(replace(facts(country="GB"), packs=(rule,)), late).kind is VerdictKind.ALLOW
        assert (
            may_contact(replace(facts(country="GB"), packs=(rule,), role="", debt=""), late).kind is VerdictKind.DEFER
        )


# Limits


def limited(most: int, *heard: int) -> ContactFacts:
    pack = parse_pack(f"""
    [[rule]]
    id = "week"
    kind = "limit"
    channels = ["email"]
    limit = {{ max = {most}, window_days = 7, counts = ["reminder"] }}
    """)
    asked = facts(country="GB", heard=tuple(date(2026, 6, day) for day in heard))
    return replace(asked, packs=pack, rules=OFTEN)


def test_a_limit_says_how_many_contacts_there_were_and_how_many_are_allowed() -> None:
    verdict = may_contact(limited(3, 1, 3, 4), utc("2026-06-05T12:00"))
    assert verdict.kind is VerdictKind.DEFER
    assert verdict.reason == "3 contacts in 7 days; 3 are allowed."
    assert verdict.until is not None
    assert verdict.until.tzinfo is UTC


def test_a_limit_of_one_defers_to_the_day_on_which_that_one_is_a_week_old() -> None:
    assert may_contact(limited(1, 3), utc("2026-06-05T12:00")).until == utc("2026-06-09T23:00")
    assert may_contact(limited(1, 3), utc("2026-06-10T12:00")).kind is VerdictKind.ALLOW


def test_fewer_contacts_than_a_limit_allows_do_not_defer() -> None:
    assert may_contact(limited(3, 3, 4), utc("2026-06-05T12:00")).kind is VerdictKind.ALLOW


def test_of_a_gap_and_a_limit_that_end_at_the_same_time_the_gap_is_named() -> None:
    asked = replace(limited(1, 3), rules=Rules(min_gap_days=7, weekly_cap=9, monthly_cap=99))
    verdict = may_contact(asked, utc("2026-06-05T12:00"))
    assert (verdict.rule, verdict.until) == ("cadence.min_gap", utc("2026-06-09T23:00"))
