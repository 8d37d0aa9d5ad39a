"""What cleared what: which credits paid which invoices, and which new lines are the rest of a line that was cleared.

A residual item is a new open line that names the one it replaces (SAP KBA 3399348). Invoice and payment are cleared as
it is posted, so that the line of the payment may carry the whole invoice, although less was paid.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.money import Money, MoneyError
from adapters.sap.s4hana.lines import PAYMENT_TYPES, Applied, Key, is_counter, is_void, key_of, money_of, named_by
from adapters.sap.s4hana.wire import Line
from adapters.sap.values import ValueUnreadable, unpadded


@dataclass(frozen=True, slots=True)
class Cleared:
    """What cleared credits paid, by credit; and what of each was posted anew as a residual item, and so not paid."""

    applied: dict[Key, list[Applied]] = field(default_factory=dict)
    kept_back: dict[Key, Money] = field(default_factory=dict)


def replaced(lines: Iterable[Line]) -> dict[Key, Key]:
    """By residual item, the line that it replaces: the one it names, where its own document cleared that.

    A debit that names an invoice and clears nothing (a charge on top of it) replaces nothing.
    """
    by_key = {key_of(line): line for line in lines}
    found: dict[Key, Key] = {}
    for key, line in by_key.items():
        named = named_by(line)
        before = by_key.get(named) if named is not None else None
        if named is not None and before is not None and _is_rest(line, before):
            found[key] = named
    return found


def _is_rest(line: Line, before: Line) -> bool:
    cleared_by = (before.clearing_doc_fiscal_year, unpadded(before.clearing_accounting_document))
    return (
        before.is_cleared
        and cleared_by == (line.fiscal_year, unpadded(line.accounting_document))
        and unpadded(line.customer) == unpadded(before.customer)
        and line.transaction_currency == before.transaction_currency
        and not is_void(line)
        and _minor(line) > 0
        and _minor(before) > 0
    )


def clearings(lines: Iterable[Line], payment_types: frozenset[str] = PAYMENT_TYPES) -> Cleared:
    """What cleared credits paid: within one clearing, credits are laid over invoices in the order of their keys.

    Which credit of a clearing paid which of its invoices, S/4HANA does not tell; the sums are right in any order. What
    is left of an invoice as a residual item was not paid.
    """
    every = list(lines)
    groups: dict[tuple[str, str, str, str], list[Line]] = {}
    for line in every:
        if (
            line.is_cleared
            and line.clearing_accounting_document
            and _minor(line)
            and not is_counter(line, payment_types)
        ):
            group = (
                line.clearing_doc_fiscal_year,
                unpadded(line.clearing_accounting_document),
                unpadded(line.customer),
                line.transaction_currency,
            )
            groups.setdefault(group, []).append(line)
    rests = _rests(every)
    found = Cleared()
    for members in groups.values():
        _lay(sorted(members, key=key_of), rests, found)
    return found


def _rests(lines: Sequence[Line]) -> dict[Key, Money]:
    """By line, what was left of it as residual items."""
    by_key = {key_of(line): line for line in lines}
    found: dict[Key, Money] = {}
    for key, before in replaced(lines).items():
        rest = money_of(by_key[key])
        found[before] = found[before] + rest if before in found else rest
    return found


def _lay(members: Sequence[Line], rests: Mapping[Key, Money], found: Cleared) -> None:
    owed = [(key_of(each), money_of(each)) for each in members]
    kept = sum(rests[key].minor for key, value in owed if value.minor > 0 and key in rests)
    invoices = [(key, value - rests[key] if key in rests else value) for key, value in owed if value.minor > 0]
    invoices = [(key, value) for key, value in invoices if value.minor > 0]
    for credit, value in owed:
        left = -value
        while left.minor > 0 and invoices:
            invoice, rest = invoices[0]
            share = min(left, rest)
            found.applied.setdefault(credit, []).append(Applied(credit, invoice, share))
            left -= share
            if share == rest:
                invoices.pop(0)
            else:
                invoices[0] = (invoice, rest - share)
        if left.minor > 0 and kept > 0:
            found.kept_back[credit] = Money(min(left.minor, kept), left.currency)
            kept -= found.kept_back[credit].minor


def _minor(line: Line) -> int:
    """The amount in minor units; nothing where it cannot be read."""
    try:
        return money_of(line).minor
    except (ValueUnreadable, MoneyError):
        return 0
