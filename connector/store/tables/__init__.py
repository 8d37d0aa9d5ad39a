"""The schema: one for SQLite and PostgreSQL, with Alembic migrations (connector/store/migrations)."""

from connector.store.tables import append_only as _append_only  # noqa: F401 - makes the triggers
from connector.store.tables.base import Instant, metadata
from connector.store.tables.books import (
    account,
    allocation,
    company,
    customer,
    document,
    item,
    listing,
    problem,
    reconciliation,
)
from connector.store.tables.holds import dispute, hold, ledger_block, promise, promise_item, task
from connector.store.tables.operations import (
    credential,
    history,
    history_head,
    history_personal,
    job,
    key_fingerprint,
    lease,
    pace,
)
from connector.store.tables.said import address, batch, contact, dispatch, entry, mail_in, reminder, reminder_item

__all__ = [
    "Instant",
    "account",
    "address",
    "allocation",
    "batch",
    "company",
    "contact",
    "credential",
    "customer",
    "dispatch",
    "dispute",
    "document",
    "entry",
    "history",
    "history_head",
    "history_personal",
    "hold",
    "item",
    "job",
    "key_fingerprint",
    "lease",
    "ledger_block",
    "listing",
    "mail_in",
    "metadata",
    "pace",
    "problem",
    "promise",
    "promise_item",
    "reconciliation",
    "reminder",
    "reminder_item",
    "task",
]
