"""How often: the minimum gap, the weekly and monthly caps, and addresses that several accounts share.

Everything by which the customer heard from anybody counts: our messages, calls that were logged, a collector's own
mail, the ledger's own dunning. The windows roll (any 7 days, any 31), so that they hold for calendar ones as well.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from reminders.account import Account, Contacted
from reminders.decision import ReasonCode
from reminders.steps import Rules

WEEK_DAYS, MONTH_DAYS = 7, 31


class Quiet(NamedTuple):
    """No message before `until`, for this reason."""

    until: date
    reason: ReasonCode


def quiet_until(account: Account, rules: Rules, today: date) -> Quiet | None:
    """The first day on which a message may go, if that is not today; of several reasons the one that lasts longest."""
    found = [quiet for quiet in _of_account(account.contacts, rules, today) if quiet.until > today]
    by_address = account.address_contacts or {}
    for address in account.recipients:
        if address in by_address:
            found += [quiet for quiet in _of_address(by_address[address], rules, today) if quiet.until > today]
    return max(found, key=lambda quiet: quiet.until, default=None)


def _of_account(contacts: Sequence[Contacted], rules: Rules, today: date) -> list[Quiet]:
    if not contacts:
        return []
    days = _messages(contacts)
    gap = Quiet(days[-1] + timedelta(rules.min_gap_days), ReasonCode.MIN_GAP)
    return [gap, *_caps(days, rules, today)]


def _of_address(days: Sequence[date], rules: Rules, today: date) -> list[Quiet]:
    """An address hears from us once a day at most, whichever account it is about."""
    if not days:
        return []
    days = sorted(days)
    return [Quiet(days[-1] + timedelta(1), ReasonCode.ADDRESS_BUSY), *_caps(days, rules, today)]


def _messages(contacts: Sequence[Contacted]) -> list[date]:
    """The day of each contact, in order: one message to three addresses is one contact."""
    heard: dict[tuple[date, str], dict[str, int]] = {}
    for contact in contacts:
        addresses = heard.setdefault((contact.on, contact.what), {})
        addresses[contact.address] = addresses.get(contact.address, 0) + 1
    return sorted(on for (on, _), addresses in heard.items() for _ in range(max(addresses.values())))


def _caps(days: Sequence[date], rules: Rules, today: date) -> list[Quiet]:
    """Until when the weekly and the monthly cap hold. `days` are sorted."""
    return [
        Quiet(_below_cap_on(days, cap, window, today), reason)
        for cap, window, reason in (
            (rules.weekly_cap, WEEK_DAYS, ReasonCode.WEEKLY_CAP),
            (rules.monthly_cap, MONTH_DAYS, ReasonCode.MONTHLY_CAP),
        )
    ]


def _below_cap_on(days: Sequence[date], cap: int, window: int, today: date) -> date:
    """The first day from `today` on with fewer than `cap` of `days` among the `window` days that end with it."""
    counted = [day for day in days if day > today - timedelta(window)]
    return counted[-cap] + timedelta(window) if len(counted) >= cap else today


def shared_addresses(account: Account, today: date) -> tuple[str, ...]:
    """Recipients that heard from us today about another account."""
    by_address: Mapping[str, tuple[date, ...]] = account.address_contacts or {}
    ours = {(contact.address.casefold(), contact.on) for contact in account.contacts}
    return tuple(
        address
        for address in account.recipients
        if today in by_address.get(address, ()) and (address.casefold(), today) not in ours
    )
