"""May we contact this customer at this instant? The last gate before a message leaves, or a call is made.

Every rule is asked, and the strictest answer wins: block, else the latest deferral, else allow. A deferral is asked
again at its own target, where another rule may defer further, until nothing does. Each verdict names its rule.

Hours are the customer's. Where its zone is not known, they are those that suit every zone it may be in
(`reminders.zones`); where these leave less than two hours a day, the company's own hours, with a warning. All is
computed in local wall time, so that a change of the clocks moves nothing. Docs/rules.md, section 3.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from reminders.account import Account, Hold, HoldKind
from reminders.caps import quiet_until
from reminders.contact_packs import PACKS, ContactRule, load_pack
from reminders.steps import Rules
from reminders.working_days import WorkingDays, of_country
from reminders.zones import Zones, zones_of

NARROW = timedelta(hours=2)
"""A day's common hours shorter than this are no use: the company's own hours hold instead."""

_GIVE_UP = timedelta(days=60)
_MOST_ROUNDS = 200


class VerdictKind(StrEnum):
    """The answer."""

    ALLOW = "allow"
    DEFER = "defer"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, the rule that gave it, and why. `until` (aware UTC) is set on a deferral: then it is allowed."""

    kind: VerdictKind
    rule: str
    reason: str = ""
    until: datetime | None = None
    warning: str = ""


def _builtin() -> tuple[ContactRule, ...]:
    return tuple(rule for name in PACKS for rule in load_pack(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """What the rules ask about: the account as it is now, without the very message that asks to leave.

    `opens` and `closes` are the company's own hours. `role` and `debt` empty count as unknown.
    """

    account: Account
    rules: Rules
    company_zone: str
    channel: str = "email"
    opens: time = time(9)
    closes: time = time(17)
    role: str = "first_party"
    debt: str = "commercial"
    packs: tuple[ContactRule, ...] = field(default_factory=_builtin)


_ALLOW = Verdict(kind=VerdictKind.ALLOW, rule="none", reason="No rule stands against it.")


def may_contact(facts: ContactFacts, now: datetime) -> Verdict:
    """Whether the customer may be contacted at `now` (aware), and if not, from when on."""
    at, first = now, None
    for _ in range(_MOST_ROUNDS):
        verdict = _strictest(facts, at)
        if verdict.kind is VerdictKind.BLOCK:
            return verdict
        if verdict.until is None:
            return verdict if first is None else replace(first, until=at)
        first = first or verdict
        at = verdict.until
        if at - now > _GIVE_UP:
            break
    return Verdict(
        kind=VerdictKind.BLOCK, rule="no_window", reason=f"No time within {_GIVE_UP.days} days suits every rule."
    )


def _strictest(facts: ContactFacts, now: datetime) -> Verdict:
    deferred = warned = _ALLOW
    for rule in _RULES:
        for verdict in rule(facts, now):
            if verdict.kind is VerdictKind.BLOCK:
                return verdict
            if verdict.until is not None and (deferred.until is None or verdict.until > deferred.until):
                deferred = verdict
            if verdict.warning:
                warned = verdict
    return deferred if deferred.until is not None else warned


# The rules, the strictest first


def _do_not_contact(facts: ContactFacts, now: datetime) -> Iterator[Verdict]:
    for hold in _in_force(facts, now):
        if hold.kind is HoldKind.DO_NOT_CONTACT:
            yield Verdict(kind=VerdictKind.BLOCK, rule="do_not_contact", reason=hold.reason)


def _in_force(facts: ContactFacts, now: datetime) -> Iterable[Hold]:
    today = _today(facts, now)
    return (hold for hold in facts.account.holds if hold.begins <= today and (hold.ends is None or today < hold.ends))


def _no_address(facts: ContactFacts, now: datetime) -> Iterator[Verdict]:
    del now
    if facts.channel == "email" and not facts.account.recipients:
        tried = facts.account.addresses_tried
        rule = "email_bounced" if tried else "no_address"
        reason = f"None of {tried} addresses can be used." if tried else "There is no address."
        yield Verdict(kind=VerdictKind.BLOCK, rule=rule, reason=reason)


def _gap_and_caps(facts: ContactFacts, now: datetime) -> Iterator[Verdict]:
    """The cadence's gap and caps, by the company's days."""
    quiet = quiet_until(facts.account, facts.rules, _today(facts, now))
    if quiet is not None:
        until = datetime.combine(quiet.until, time.min, tzinfo=ZoneInfo(facts.company_zone)).astimezone(UTC)
        yield Verdict(
            kind=VerdictKind.DEFER,
            rule=f"cadence.{quiet.reason.value}",
            reason=f"The customer heard from us too lately: not before {quiet.until.isoformat()}.",
            until=until,
        )


def _pack_rules(facts: ContactFacts, now: datetime) -> Iterator[Verdict]:
    account = facts.account
    for rule in facts.packs:
        if rule.applies(
            channel=facts.channel,
            country=account.country.upper(),
            region=account.region.upper().rpartition("-")[2],
            role=facts.role,
            debt=facts.debt,
            on=_today(facts, now),
        ):
            yield from (_hours if rule.kind == "hours" else _limit)(rule, facts, now)


_RULES: Sequence[Callable[[ContactFacts, datetime], Iterator[Verdict]]] = (
    _do_not_contact,
    _no_address,
    _gap_and_caps,
    _pack_rules,
)


def _limit(rule: ContactRule, facts: ContactFacts, now: datetime) -> Iterator[Verdict]:
    """So many contacts of the counted kinds in so many days; the day on which one is made is its first."""
    zone = ZoneInfo(facts.company_zone)
    window = timedelta(rule.window_days)
    today = _today(facts, now)
    counted = sorted(
        contact.on for contact in facts.account.contacts if contact.what in rule.counts and contact.on > today - window
    )
    if len(counted) >= rule.most:
        opens_on = counted[-rule.most] + window
        until = datetime.combine(opens_on, time.min, tzinfo=zone).astimezone(UTC)
        reason = f"{len(counted)} contacts in {rule.window_days} days; {rule.most} are allowed."
        yield Verdict(kind=VerdictKind.DEFER, rule=rule.id, reason=reason, until=until)


def _hours(rule: ContactRule, facts: ContactFacts, now: datetime) -> Iterator[Verdict]:
    account = facts.account
    calendar = of_country(account.country, account.region.rpartition("-")[2]) if rule.working_days_only else None
    candidates = zones_of(
        zone=account.zone, country=account.country, region=account.region, company_zone=facts.company_zone
    )
    zones, opens, closes, warning = candidates.zones(), rule.opens, rule.closes, ""
    if candidates.evidence == "company":
        opens, closes = facts.opens, facts.closes
    elif len(zones) > 1 and common_hours(zones, opens, closes, now) < NARROW:
        zones, opens, closes = (ZoneInfo(facts.company_zone),), facts.opens, facts.closes
        warning = _too_wide(candidates)
    until = _next_open(now, zones, opens, closes, calendar)
    if until > now:
        reason = f"Outside {opens:%H:%M} to {closes:%H:%M} on a working day in {', '.join(z.key for z in zones)}."
        yield Verdict(kind=VerdictKind.DEFER, rule=rule.id, reason=reason, until=until, warning=warning)
    elif warning:
        yield Verdict(kind=VerdictKind.ALLOW, rule=rule.id, reason="Within the company's own hours.", warning=warning)


def _too_wide(candidates: Zones) -> str:
    return (
        f"No {NARROW.seconds // 3600} hours of a day suit all of {', '.join(candidates.names)}: "
        "the company's own hours were used. Set the customer's zone."
    )


def common_hours(zones: Sequence[ZoneInfo], opens: time, closes: time, now: datetime) -> timedelta:
    """How long the hours from `opens` to `closes` last that all `zones` share on the day of `now`; negative: none."""
    day = now.astimezone(zones[0]).date()
    begin = max(_instant(day, opens, zone) for zone in zones)
    end = min(_instant(day, closes, zone) for zone in zones)
    return end - begin


def _next_open(
    now: datetime, zones: Sequence[ZoneInfo], opens: time, closes: time, calendar: WorkingDays | None
) -> datetime:
    """The first instant from `now` on that lies within the hours of a working day in all `zones`."""
    at = now
    while at - now <= _GIVE_UP:
        later = max(_open_in(at, zone, opens, closes, calendar) for zone in zones)
        if later <= at:
            break
        at = later
    return at


def _open_in(at: datetime, zone: ZoneInfo, opens: time, closes: time, calendar: WorkingDays | None) -> datetime:
    """When the hours that `at` lies in began, or when the next ones do."""
    local = at.astimezone(zone)
    day = local.date() + timedelta(local.time() >= closes)
    return _instant(calendar.on_or_after(day) if calendar else day, opens, zone)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _today(facts: ContactFacts, now: datetime) -> date:
    return now.astimezone(ZoneInfo(facts.company_zone)).date()
