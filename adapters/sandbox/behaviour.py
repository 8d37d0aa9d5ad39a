"""What the believable company's customers, bookkeeper and collector do: docs/rules.md section 7, in its order."""

from enum import StrEnum


class Behaviour(StrEnum):
    """One behaviour of rules.md section 7. The value is the key under which the month counts it."""

    PAYS_BEFORE_REMINDER = "pays_before_reminder"
    PAYS_AFTER_HEADS_UP = "pays_after_heads_up"
    PAYS_AFTER_FIRST_STEP = "pays_after_first_step"
    PAYS_AFTER_SECOND_STEP = "pays_after_second_step"
    PAYS_AFTER_THIRD_STEP = "pays_after_third_step"
    PAYS_AFTER_CALL = "pays_after_call"
    PAYS_PART = "pays_part"
    PAYS_TOO_MUCH = "pays_too_much"
    PROMISES_AND_KEEPS = "promises_and_keeps"
    PROMISES_AND_BREAKS = "promises_and_breaks"
    DISPUTES_BY_MAIL = "disputes_by_mail"
    BOUNCES = "bounces"
    OUT_OF_OFFICE = "out_of_office"
    PAYS_BEFORE_REREAD = "pays_before_reread"
    HEADS_UP_IN_TIME = "heads_up_in_time"
    HEADS_UP_LAPSES = "heads_up_lapses"
    SEVERAL_INVOICES = "several_invoices"
    CREDIT_LOWERS_ASK = "credit_lowers_ask"
    BILLED_WITH_PARENT = "billed_with_parent"
    PROMISES_AND_PAYS_PART = "promises_and_pays_part"
    PROMISE_OVERTAKEN = "promise_overtaken"
    DISPUTE_IN_NOTE = "dispute_in_note"
    SHORT_PAYMENT = "short_payment"
    CREDIT_COVERS_ALL = "credit_covers_all"
    CREDIT_AT_PARENT = "credit_at_parent"
    BACKDATED_INVOICE = "backdated_invoice"
    PAYMENT_RETURNED = "payment_returned"
    PAYMENT_REAPPLIED = "payment_reapplied"
    DUE_DATE_FORWARD = "due_date_forward"
    DUE_DATE_STILL_PAST = "due_date_still_past"
    INVOICE_VOIDED = "invoice_voided"
    INVOICE_DELETED = "invoice_deleted"
    INVOICE_REPLACED = "invoice_replaced"
    CUSTOMER_MERGED = "customer_merged"
    SHARED_ADDRESS = "shared_address"
    BILL_EMAIL_OF_OTHER = "bill_email_of_other"
    NEVER_DELIVERED = "never_delivered"
    TWO_CURRENCIES = "two_currencies"
    JOURNAL_ON_AR = "journal_on_ar"
    SERVICE_OFF = "service_off"
    NO_CASH_POSTED = "no_cash_posted"
    CADENCE_SWITCHED = "cadence_switched"
    NIGHT_ZONE = "night_zone"
    HOLIDAY = "holiday"
    PAUSE_ENDS = "pause_ends"
    PERSON_STEP_UNDONE = "person_step_undone"
    END_OF_LADDER = "end_of_ladder"


OFTEN = 3
"""How often a behaviour that rules.md section 7 lists under "often" shows in any month, at least."""

_ORDER = list(Behaviour)
_FIRST_RARE = _ORDER.index(Behaviour.PROMISES_AND_PAYS_PART)

AT_LEAST: dict[Behaviour, int] = {each: OFTEN if place < _FIRST_RARE else 1 for place, each in enumerate(_ORDER)}
"""The least count of each behaviour in any month."""

NEEDS_SERVICE = frozenset({Behaviour.HEADS_UP_LAPSES, Behaviour.PERSON_STEP_UNDONE, Behaviour.END_OF_LADDER})
"""What no one outside the service can see: a heads-up that lapses, a task left undone, the end of a ladder."""
