"""What was said: reminders, their items and dispatches, contacts, entries for the ledger and words that came in."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from connector.store.tables.base import Instant, company_column, metadata, ref_column

#: What lives is few among what was said: indexes of their own, for whoever spells the condition out just so.
_LIVE = text("state IN ('draft', 'ready', 'claimed')")
_NOT_ARRIVED = text("state = 'not_arrived'")

reminder = Table(
    "reminder",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("company", String(64), nullable=False),
    ref_column("account", nullable=False),
    ref_column("customer", nullable=False),
    Column("cadence", String(64), nullable=False),
    Column("cadence_version", String(64), nullable=False),
    Column("step_id", String(64), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("figures_at", Instant),
    Column("state", String(16), nullable=False),  # draft, ready, claimed, said, cancelled, refused
    Column("reason", String(32), nullable=False),
    Column("facts", JSON, nullable=False),  # what the decision saw: lines, amounts, credit
    Column("fingerprint", String(64), nullable=False),
    Column("language", String(16), nullable=False),
    # its words: empty until a person is to read them (a draft), or it is about to leave
    Column("subject", Text, nullable=False),
    Column("text_body", Text, nullable=False),
    Column("html_body", Text, nullable=False),
    Column("thread", Text),  # Message-ID of the thread's first message
    ref_column("replaces"),
    Column("approved_by", Text),
    Column("waits_because", String(16)),  # cash: a draft only because nobody posts cash
    Column("cancelled_because", Text),
    Column("not_before", Instant),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("said_at", Instant),
    Index(None, "company", "state"),
    Index(None, "company", "account", "decided_on"),
    Index("ix_reminder_live", "company", "state", "decided_at", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ix_reminder_live_account", "company", "account", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ix_reminder_not_arrived", "company", sqlite_where=_NOT_ARRIVED, postgresql_where=_NOT_ARRIVED),
)

reminder_item = Table(
    "reminder_item",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("company", String(64), nullable=False),
    ref_column("item", nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("step_no", Integer, nullable=False),
    Column("step_id", String(64), nullable=False),
    Column("step_day", Integer, nullable=False),
    Column("cadence", String(64), nullable=False),
    Column("reminder", String(36)),  # null: lapsed, done by a person, or not made
    Column("taken_on", Date, nullable=False),
    Column("how", String(16), nullable=False),  # planned, sent, uncertain, lapsed, done, not_made, undone
    Index(
        "uq_reminder_item_step",
        "company",
        "item",
        "cycle",
        "step_no",
        unique=True,
        sqlite_where=text("how <> 'undone'"),
        postgresql_where=text("how <> 'undone'"),
    ),
    Index(None, "reminder"),
)

dispatch = Table(
    "dispatch",
    metadata,
    Column("reminder", String(36), primary_key=True),
    Column("address", String(320), primary_key=True),
    Column("company", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # waiting, sending, sent, refused, uncertain, cancelled
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reply", Text, nullable=False, server_default=""),
    Column("not_before", Instant),
    Column("updated_at", Instant, nullable=False),
    Index(None, "company", "address", "updated_at"),
    Index(None, "company", "state"),
)

contact = Table(
    "contact",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("company", String(64), nullable=False),
    ref_column("account", nullable=False),
    Column("at", Instant, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("what", String(16), nullable=False),  # reminder, call, mail, ledger
    Column("address", String(320), nullable=False, server_default=""),
    ref_column("source", nullable=False),
    UniqueConstraint("company", "account", "source", "address"),
    Index(None, "company", "account", "on_day"),
    Index(None, "company", "address", "on_day"),
)

address = Table(
    "address",
    metadata,
    company_column(),
    Column("address", String(320), primary_key=True),
    Column("stopped_because", Text),  # bounced, refused, asked us to stop
    Column("stopped_at", Instant),
)

mail_in = Table(
    "mail_in",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the bytes: the same file twice is one mail
    Column("company", String(64), primary_key=True),
    ref_column("account"),
    Column("reminder", String(36)),
    Column("kind", String(16), nullable=False),  # reply, auto_reply, delivery_report, unreadable
    Column("received_at", Instant, nullable=False),
    Column("from_address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text_body", Text, nullable=False),
    Column("meaning", JSON, nullable=False),
)

entry = Table(
    "entry",
    metadata,
    company_column(),
    ref_column("key", primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    ref_column("customer", nullable=False),
    Column("documents", JSON, nullable=False),
    Column("text_body", Text, nullable=False),
    Column("neutral_text", Text, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", String(3)),
    Column("day", Date),
    ref_column("about"),
    Column("step", Integer, nullable=False, server_default="0"),  # of a reminder that left: its place in its ladder
    Column("state", String(16), nullable=False),  # waiting, batched, written, impossible, unknown
    Column("batch", String(64)),
    ref_column("ledger_id", nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Instant),
    Column("updated_at", Instant, nullable=False),
    Index(None, "company", "state", "seq"),
)

batch = Table(
    "batch",
    metadata,
    company_column(),
    Column("request_id", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("members", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # composed, sending, answered, unknown
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, server_default="0"),
    Index(None, "company", "state"),
)
