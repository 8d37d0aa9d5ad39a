"""What was read from the ledger, and what is set with us beside it."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text, text

from connector.store.tables.base import Instant, company_column, metadata, ref_column

company = Table(
    "company",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("ledger", String(32), nullable=False),  # quickbooks, s4hana, business_one
    ref_column("ledger_ref", nullable=False),  # realm id, company code
    Column("name", Text, nullable=False),
    Column("home_currency", String(3), nullable=False),
    Column("country", String(2), nullable=False, server_default=""),
    Column("zone", String(64), nullable=False, server_default=""),
    Column("language", String(16), nullable=False, server_default="en"),
    Column("mode", String(16), nullable=False, server_default="dry_run"),  # dry_run, review, automatic
    Column("default_cadence", String(64), nullable=False, server_default="standard"),
    Column("cursor", Text),
    Column("first_read_done", Boolean, nullable=False, server_default=text("false")),
    Column("synced_at", Instant),  # read_at of the last sync that ended
    Column("sync_wanted_at", Instant),  # a webhook asked for one
    Column("swept_at", Instant),  # the last whole read of open documents that ended
    Column("paused_because", Text),  # a person must act: reconnect, confirm a suspicious read, release a restore
    Column("out_of_quota_until", Instant),
    Column("cash_posted_until", Date),  # the last day on which a payment was entered
    Column("cash_silence_days", Integer),  # working days of silence that are usual (90th percentile + 1)
    Column("cash_released_on", Date),  # a person said that cash is posted up to this day
    Column("note_style", String(16), nullable=False, server_default="attachable"),
    Column("letterhead", JSON),  # what its messages say of the company, where that is not what the settings say
    Column("connected_at", Instant, nullable=False),
)

customer = Table(
    "customer",
    metadata,
    company_column(),
    ref_column("ref", primary_key=True),
    Column("name", Text, nullable=False),
    ref_column("parent"),
    Column("bill_with_parent", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    ref_column("merged_into"),
    Column("emails", JSON, nullable=False),
    Column("phone", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("country", String(2), nullable=False),
    Column("region", Text, nullable=False),
    Column("postcode", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("customer_type", Text, nullable=False),
    Column("delivery_method", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("block", Text, nullable=False),
    Column("last_dunned", Date),
    Column("remark", Text),  # what else the ledger says of it and a person should see; it holds nothing
    Column("dunned_by", Text),  # the dunning procedure of the ledger's own that it is in
    Column("balance_minor", BigInteger),
    Column("balance_currency", String(3)),
    Column("version", String(64), nullable=False),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    # what is set with us, and never overwritten by a sync
    Column("own_contacts", JSON),
    Column("own_language", String(16)),
    Column("own_zone", String(64)),
    Column("own_cadence", String(64)),
    Column("opted_out", Boolean, nullable=False, server_default=text("false")),
    Index(None, "company", "parent"),
)

document = Table(
    "document",
    metadata,
    company_column(),
    ref_column("ref", primary_key=True),
    Column("kind", String(16), nullable=False),
    ref_column("customer", nullable=False),
    ref_column("account", nullable=False),  # the billing customer's account, whose pool of credit it belongs to
    Column("number", Text, nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("bill_emails", JSON, nullable=False),
    Column("delivery", String(16), nullable=False),
    Column("sent_at", Instant),
    Column("memo", Text, nullable=False),
    Column("block", Text),
    Column("remark", Text),  # what the ledger says beside it and a person should see; it holds nothing
    ref_column("replaces"),  # what it is the rest of
    Column("pay_link", Text),
    Column("voided", Boolean, nullable=False),
    Column("gone", String(16)),
    Column("gone_at", Instant),  # when we learned of it
    Column("version", String(64), nullable=False),
    Column("created_at", Instant),
    Column("updated_at", Instant),
    Column("first_seen", Date, nullable=False),
    Index(None, "company", "customer"),
    Index(None, "company", "account", "kind"),
    Index(
        "ix_document_payment",
        "company",
        "account",
        "issue_date",
        "ref",
        sqlite_where=text("kind = 'payment'"),
        postgresql_where=text("kind = 'payment'"),
    ),
    Index(
        "ix_document_credit",
        "company",
        "account",
        sqlite_where=text("open_minor < 0"),
        postgresql_where=text("open_minor < 0"),
    ),
    Index(
        "ix_document_open",
        "company",
        "kind",
        sqlite_where=text("open_minor <> 0"),
        postgresql_where=text("open_minor <> 0"),
    ),
    Index(
        "ix_document_residual",
        "company",
        "replaces",
        sqlite_where=text("replaces IS NOT NULL"),
        postgresql_where=text("replaces IS NOT NULL"),
    ),
)

item = Table(
    "item",
    metadata,
    company_column(),
    ref_column("ref", primary_key=True),
    ref_column("document", nullable=False),
    ref_column("account", nullable=False),
    Column("part", Integer, nullable=False),
    Column("due_date", Date, nullable=False),
    Column("due_date_before", Date),
    Column("currency", String(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("cycle", Integer, nullable=False, server_default="1"),
    Column("closed_on", Date),  # the day its open amount became zero
    Column("quiet_until", Date),  # reopened: silent up to this day
    Column("known_since", Date, nullable=False),  # the day we first read it
    Column("person_step", String(64)),  # the step that waits for a person's hand
    Column("person_step_since", Date),
    Column("escalated_on", Date),  # the end of this cycle's ladder was handed to a person
    Index(None, "company", "document"),
    Index(
        "ix_item_account_open",
        "company",
        "account",
        sqlite_where=text("open_minor > 0"),
        postgresql_where=text("open_minor > 0"),
    ),
)

allocation = Table(
    "allocation",
    metadata,
    company_column(),
    ref_column("source", primary_key=True),
    ref_column("target", primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Index(None, "company", "target"),
)

account = Table(
    "account",
    metadata,
    company_column(),
    ref_column("ref", primary_key=True),
    ref_column("customer", nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("cadence", String(64)),  # assigned when its first item enters the ladder
    Column("look_on", Date),  # the next day to look; null: only when something changes
    Column("touches", Integer, nullable=False, server_default="0"),  # rises whenever something about it changed
    Column("verdict_on", Date),
    Column("outcome", String(16)),
    Column("reason", String(32)),
    Index("ix_account_due", "company", "look_on", "ref"),
)

listing = Table(  # what a page of the whole read under way listed: documents that are not asked for at its end
    "listing",
    metadata,
    company_column(),
    Column("whole_read", String(64), primary_key=True),
    ref_column("low", primary_key=True),  # the first of its refs, and the last
    ref_column("high", primary_key=True),
    Column("refs", LargeBinary, nullable=False),
)

problem = Table(
    "problem",
    metadata,
    company_column(),
    ref_column("ref", primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
)

reconciliation = Table(
    "reconciliation",
    metadata,
    company_column(),
    Column("on_day", Date, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # agrees, differs, moving
    Column("documents", Integer, nullable=False),
    Column("ours", JSON, nullable=False),  # currency → minor units
    Column("theirs", JSON, nullable=False),
    Column("differences", JSON, nullable=False),
)
