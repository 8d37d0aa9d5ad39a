"""History, jobs, leases, credentials and the pace of calls."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, LargeBinary, String, Table, Text

from connector.store.tables.base import Instant, company_column, metadata, ref_column

history = Table(
    "history",
    metadata,
    company_column(),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("kind", String(48), nullable=False),
    ref_column("account"),
    ref_column("subject", nullable=False),
    Column("data", Text, nullable=False),  # canonical JSON: ids, codes, instants, amounts; nothing personal
    Column("personal_digest", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "company", "account", "seq"),
    Index(None, "company", "kind", "seq"),
)

history_head = Table(
    "history_head",  # the chain's last link: locked by whoever appends, so that no two take the same place
    metadata,
    company_column(),
    Column("seq", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)

history_personal = Table(
    "history_personal",
    metadata,
    company_column(),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("salt", String(32), nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(["company", "seq"], ["history.company", "history.seq"]),
)

job = Table(
    "job",
    metadata,
    company_column(),
    Column("name", String(32), primary_key=True),
    Column("last_started_at", Instant),
    Column("last_success_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("not_before", Instant),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Instant, nullable=False),
    Column("fence", Integer, nullable=False),
)

credential = Table(
    "credential",
    metadata,
    company_column(),
    Column("name", String(64), primary_key=True),
    Column("key_id", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

key_fingerprint = Table(
    "key_fingerprint",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("created_at", Instant, nullable=False),
)

pace = Table(
    "pace",
    metadata,
    company_column(),
    Column("standing", Text, nullable=False),  # how far it is within the ledger’s limits, as the adapter spells it
)
