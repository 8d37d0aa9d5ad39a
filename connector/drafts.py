"""A plan on its way to the reader: the facts it stands on, as stored, and its words."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from connector.accounts import Loaded
from connector.office import Office
from connector.store.companies import CompanyRow
from connector.store.json_text import encode_sorted
from reminders.decision import Line, MessagePlan
from reminders.messages import Message, MessageContext, render


def facts_of(plan: MessagePlan) -> dict[str, Any]:
    """What a message says, in minor units: what is compared before it leaves, and kept for `why`."""
    return {
        "step_id": plan.step_id,
        "is_heads_up": plan.is_heads_up,
        "about": [_line(each) for each in plan.about],
        "also": [_line(each) for each in plan.also],
        "amounts": [
            {
                "currency": each.asked.currency,
                "gross": each.gross.minor,
                "credit": each.credit.minor,
                "asked": each.asked.minor,
            }
            for each in plan.amounts
        ],
        "advance": [
            {
                "item": each.item,
                "cycle": each.cycle,
                "step_no": each.step_no,
                "step_id": each.step_id,
                "step_day": each.step_day,
            }
            for each in plan.advance
        ],
        "recipients": list(plan.recipients),
        "promise": plan.names_broken_promise,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "item": line.item.ref,
        "document": line.item.document,
        "number": line.item.number,
        "customer": line.item.customer,
        "due": line.item.due_date.isoformat(),
        "currency": line.open.currency,
        "open": line.open.minor,
        "disputed": line.disputed.minor,
        "promised": line.promised.minor,
        "asked": line.asked.minor,
    }


def fingerprint(facts: Mapping[str, Any]) -> str:
    """The same facts, the same fingerprint."""
    return hashlib.sha256(encode_sorted(facts).encode("utf-8", "surrogatepass")).hexdigest()


def documents_of(facts: Mapping[str, Any]) -> list[str]:
    """The documents that a message names."""
    return list(dict.fromkeys(line["document"] for line in (*facts["about"], *facts["also"])))


class Change:
    """How a plan made afresh differs from the one that was stored (design, section 2.4)."""

    def __init__(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        self._before = before
        self._now = now

    @property
    def is_none(self) -> bool:
        """Same items, same amounts, same readers: it may leave as it is."""
        return self._before == self._now

    @property
    def is_only_less(self) -> bool:
        """An item gone, an amount lower, an address replaced: it is said anew, and needs no second approval."""
        before, now = self._before, self._now
        if now["step_id"] != before["step_id"] or now["is_heads_up"] != before["is_heads_up"]:
            return False
        lines = {line["item"]: line for line in (*before["about"], *before["also"])}
        amounts = {each["currency"]: each["asked"] for each in before["amounts"]}
        steps = [dict(each) for each in before["advance"]]
        return (
            all(
                line["item"] in lines and line["open"] <= lines[line["item"]]["open"]
                for line in (*now["about"], *now["also"])
            )
            and all(each["asked"] <= amounts.get(each["currency"], -1) for each in now["amounts"])
            and all(dict(each) in steps for each in now["advance"])
        )

    @property
    def sentence(self) -> str:
        """What changed, for the reminder's history."""
        if self._before["step_id"] != self._now["step_id"]:
            return "another step is due now"
        if self.is_none:
            return "nothing changed"
        return "fewer items or a lower amount" if self.is_only_less else "there is more to ask than was planned"


def words_for(
    office: Office, row: CompanyRow, loaded: Loaded, plan: MessagePlan, today: date, replaces: date | None = None
) -> Message:
    """The message in the customer's language. `replaces`: the day of one that did not arrive and is asked once more."""
    account, letterhead = loaded.account, office.letterhead
    return render(
        MessageContext(
            company_name=row.name,
            sender_name=letterhead.sender_name or row.name,
            language=account.language,
            company_language=row.language,
            today=today,
            figures_at=account.figures_at or office.now(),
            zone=office.zone,
            plan=plan,
            customer_name=account.name,
            customer_account=account.customer,
            last_payment=account.last_payment,
            broken_promises=account.broken_promises,
            bank_details=letterhead.bank_details,
            postal_address=letterhead.postal_address,
            stop_address=letterhead.stop_address,
            replaces=replaces,
        ),
    )
