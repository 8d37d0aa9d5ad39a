"""Why we wait, and what a person should look at."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from connector.store.tables.base import Instant, company_column, metadata, ref_column

promise = Table(
    "promise",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("company", String(64), nullable=False),
    ref_column("account", nullable=False),
    ref_column("customer", nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("day", Date, nullable=False),
    Column("items", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("said_by", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),  # open, kept, partly_kept, broken, overtaken, withdrawn, replaced
    Column("being_checked", Boolean, nullable=False, server_default=text("false")),
    Column("reached_minor", BigInteger, nullable=False, server_default="0"),
    Column("ended_on", Date),
    Column("named_in", String(36)),  # the reminder that named it as broken
    Index(None, "company", "account"),
    Index(None, "company", "state"),
)

promise_item = Table(
    "promise_item",  # which items a promise is about, found by item whatever account that belongs to by now
    metadata,
    Column("promise", String(36), primary_key=True),
    ref_column("item", primary_key=True),
    Column("company", String(64), nullable=False),
    Index(None, "company", "item"),
)

dispute = Table(
    "dispute",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("company", String(64), nullable=False),
    ref_column("account", nullable=False),
    ref_column("customer", nullable=False),
    ref_column("item", nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reason", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("day", Date),
    Column("state", String(16), nullable=False),  # flagged, open, under_review, resolved, dropped
    Column("resolution", String(16)),  # credited, withdrawn, upheld, gone
    Column("flagged_by", String(32)),  # short_payment, reply, ledger_note, deduction
    Column("source", String(200)),
    Column("opened_at", Instant, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("ends_on", Date),  # a flag's last day
    Column("ended_on", Date),
    Index(None, "company", "item"),
    Index(None, "company", "state"),
    UniqueConstraint("company", "source"),
)

ledger_block = Table(  # our dunning block in the ledger, for disputes: on a customer or on a document
    "ledger_block",
    metadata,
    company_column(),
    ref_column("place", primary_key=True),  # the customer's or document's ref
    ref_column("customer", nullable=False),
    ref_column("document"),
    ref_column("dispute", nullable=False),  # the first one that it was set for
    Column("state", String(16), nullable=False),  # setting, set, not_ours, clearing, ended
    Column("before", Text, nullable=False),  # what the ledger told there before ours was tried
    Column("ours", Text, nullable=False, server_default=""),  # what is ours there, as the ledger tells it
    Column("attempts", Integer, nullable=False, server_default="0"),  # of this state, that may have arrived
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("lease_until", Instant),
    Column("why", Text, nullable=False, server_default=""),
    Column("updated_at", Instant, nullable=False),
    Index(None, "company", "state"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("company", String(64), nullable=False),
    ref_column("account"),  # null: the whole company
    Column("kind", String(32), nullable=False),
    Column("items", JSON, nullable=False),
    Column("begins", Date, nullable=False),
    Column("ends", Date),
    Column("reason", Text, nullable=False),
    ref_column("source"),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    ref_column("customer"),  # whose account it is; null: the whole company
    Index(None, "company", "customer"),
    UniqueConstraint("company", "source"),
)

task = Table(
    "task",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("company", String(64), nullable=False),
    ref_column("key", nullable=False),
    Column("kind", String(32), nullable=False),
    ref_column("account"),
    Column("items", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_on", Date, nullable=False),
    Column("state", String(16), nullable=False),  # open, done, dropped
    Column("done_at", Instant),
    Column("result", Text, nullable=False, server_default=""),
    UniqueConstraint("company", "key"),
    Index(None, "company", "state"),
)
