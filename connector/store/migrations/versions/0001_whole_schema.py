"""The whole schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - one statement per table
    """The whole schema."""
    op.create_table(
        "account",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("cadence", sa.String(length=64), nullable=True),
        sa.Column("look_on", sa.Date(), nullable=True),
        sa.Column("touches", sa.Integer(), server_default="0", nullable=False),
        sa.Column("verdict_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("company", "ref", name=op.f("pk_account")),
    )
    op.create_index("ix_account_look_on", "account", ["company", "look_on"], unique=False)
    op.create_table(
        "address",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("stopped_because", sa.Text(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("company", "address", name=op.f("pk_address")),
    )
    op.create_table(
        "allocation",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("company", "source", "target", name=op.f("pk_allocation")),
    )
    op.create_index(op.f("ix_allocation_company_target"), "allocation", ["company", "target"], unique=False)
    op.create_table(
        "batch",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("company", "request_id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_company_state"), "batch", ["company", "state"], unique=False)
    op.create_table(
        "company",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("ledger", sa.String(length=32), nullable=False),
        sa.Column("ledger_ref", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("home_currency", sa.String(length=3), nullable=False),
        sa.Column("country", sa.String(length=2), server_default="", nullable=False),
        sa.Column("zone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("language", sa.String(length=16), server_default="en", nullable=False),
        sa.Column("mode", sa.String(length=16), server_default="dry_run", nullable=False),
        sa.Column("default_cadence", sa.String(length=64), server_default="standard", nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("first_read_done", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sync_wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_because", sa.Text(), nullable=True),
        sa.Column("out_of_quota_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cash_posted_until", sa.Date(), nullable=True),
        sa.Column("cash_silence_days", sa.Integer(), nullable=True),
        sa.Column("cash_released_on", sa.Date(), nullable=True),
        sa.Column("note_style", sa.String(length=16), server_default="attachable", nullable=False),
        sa.Column("letterhead", sa.JSON(), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=320), server_default="", nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint(
            "company", "account", "source", "address", name=op.f("uq_contact_company_account_source_address")
        ),
    )
    op.create_index(
        op.f("ix_contact_company_account_on_day"), "contact", ["company", "account", "on_day"], unique=False
    )
    op.create_index(
        op.f("ix_contact_company_address_on_day"), "contact", ["company", "address", "on_day"], unique=False
    )
    op.create_table(
        "credential",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", "name", name=op.f("pk_credential")),
    )
    op.create_table(
        "customer",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=200), nullable=True),
        sa.Column("bill_with_parent", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.String(length=200), nullable=True),
        sa.Column("emails", sa.JSON(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("customer_type", sa.Text(), nullable=False),
        sa.Column("delivery_method", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("block", sa.Text(), nullable=False),
        sa.Column("last_dunned", sa.Date(), nullable=True),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.Column("balance_currency", sa.String(length=3), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("own_contacts", sa.JSON(), nullable=True),
        sa.Column("own_language", sa.String(length=16), nullable=True),
        sa.Column("own_zone", sa.String(length=64), nullable=True),
        sa.Column("own_cadence", sa.String(length=64), nullable=True),
        sa.Column("opted_out", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.PrimaryKeyConstraint("company", "ref", name=op.f("pk_customer")),
    )
    op.create_index(op.f("ix_customer_company_parent"), "customer", ["company", "parent"], unique=False)
    op.create_table(
        "dispatch",
        sa.Column("reminder", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reminder", "address", name=op.f("pk_dispatch")),
    )
    op.create_index(
        op.f("ix_dispatch_company_address_updated_at"), "dispatch", ["company", "address", "updated_at"], unique=False
    )
    op.create_index(op.f("ix_dispatch_company_state"), "dispatch", ["company", "state"], unique=False)
    op.create_table(
        "dispute",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("resolution", sa.String(length=16), nullable=True),
        sa.Column("flagged_by", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("company", "source", name=op.f("uq_dispute_company_source")),
    )
    op.create_index(op.f("ix_dispute_company_item"), "dispute", ["company", "item"], unique=False)
    op.create_index(op.f("ix_dispute_company_state"), "dispute", ["company", "state"], unique=False)
    op.create_table(
        "document",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
        sa.Column("bill_emails", sa.JSON(), nullable=False),
        sa.Column("delivery", sa.String(length=16), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("pay_link", sa.Text(), nullable=True),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.String(length=16), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("whole_read", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("company", "ref", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_company_account_kind"), "document", ["company", "account", "kind"], unique=False)
    op.create_index(op.f("ix_document_company_customer"), "document", ["company", "customer"], unique=False)
    op.create_index(
        "ix_document_open",
        "document",
        ["company", "kind"],
        unique=False,
        sqlite_where=sa.text("open_minor <> 0"),
        postgresql_where=sa.text("open_minor <> 0"),
    )
    op.create_table(
        "entry",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("neutral_text", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("about", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=True),
        sa.Column("ledger_id", sa.String(length=200), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", "key", name=op.f("pk_entry")),
    )
    op.create_index(op.f("ix_entry_company_state_seq"), "entry", ["company", "state", "seq"], unique=False)
    op.create_table(
        "history",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("personal_digest", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("company", "seq", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_company_account_seq"), "history", ["company", "account", "seq"], unique=False)
    op.create_index(op.f("ix_history_company_kind_seq"), "history", ["company", "kind", "seq"], unique=False)
    op.create_table(
        "history_head",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("company", name=op.f("pk_history_head")),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("company", "source", name=op.f("uq_hold_company_source")),
    )
    op.create_index(op.f("ix_hold_company_customer"), "hold", ["company", "customer"], unique=False)
    op.create_table(
        "item",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("due_date_before", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.Integer(), server_default="1", nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("quiet_until", sa.Date(), nullable=True),
        sa.Column("known_since", sa.Date(), nullable=False),
        sa.Column("person_step", sa.String(length=64), nullable=True),
        sa.Column("person_step_since", sa.Date(), nullable=True),
        sa.Column("escalated_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("company", "ref", name=op.f("pk_item")),
    )
    op.create_index(
        "ix_item_account_open",
        "item",
        ["company", "account"],
        unique=False,
        sqlite_where=sa.text("open_minor > 0"),
        postgresql_where=sa.text("open_minor > 0"),
    )
    op.create_index(op.f("ix_item_company_document"), "item", ["company", "document"], unique=False)
    op.create_table(
        "job",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("last_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("company", "name", name=op.f("pk_job")),
    )
    op.create_table(
        "key_fingerprint",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_fingerprint")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "mail_in",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("reminder", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("meaning", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", "company", name=op.f("pk_mail_in")),
    )
    op.create_table(
        "pace",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("company", name=op.f("pk_pace")),
    )
    op.create_table(
        "problem",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", "ref", name=op.f("pk_problem")),
    )
    op.create_table(
        "promise",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("said_by", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("being_checked", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("reached_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("named_in", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
    )
    op.create_index(op.f("ix_promise_company_account"), "promise", ["company", "account"], unique=False)
    op.create_index(op.f("ix_promise_company_state"), "promise", ["company", "state"], unique=False)
    op.create_table(
        "promise_item",
        sa.Column("promise", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("promise", "item", name=op.f("pk_promise_item")),
    )
    op.create_index(op.f("ix_promise_item_company_item"), "promise_item", ["company", "item"], unique=False)
    op.create_table(
        "reconciliation",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("ours", sa.JSON(), nullable=False),
        sa.Column("theirs", sa.JSON(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("company", "on_day", name=op.f("pk_reconciliation")),
    )
    op.create_table(
        "reminder",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("cadence", sa.String(length=64), nullable=False),
        sa.Column("cadence_version", sa.String(length=64), nullable=False),
        sa.Column("step_id", sa.String(length=64), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("html_body", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=True),
        sa.Column("replaces", sa.String(length=200), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("waits_because", sa.String(length=16), nullable=True),
        sa.Column("cancelled_because", sa.Text(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
    )
    op.create_index(
        op.f("ix_reminder_company_account_decided_on"), "reminder", ["company", "account", "decided_on"], unique=False
    )
    op.create_index(op.f("ix_reminder_company_state"), "reminder", ["company", "state"], unique=False)
    op.create_table(
        "reminder_item",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("step_no", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.String(length=64), nullable=False),
        sa.Column("step_day", sa.Integer(), nullable=False),
        sa.Column("cadence", sa.String(length=64), nullable=False),
        sa.Column("reminder", sa.String(length=36), nullable=True),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_item")),
    )
    op.create_index(op.f("ix_reminder_item_reminder"), "reminder_item", ["reminder"], unique=False)
    op.create_index(
        "uq_reminder_item_step",
        "reminder_item",
        ["company", "item", "cycle", "step_no"],
        unique=True,
        sqlite_where=sa.text("how <> 'undone'"),
        postgresql_where=sa.text("how <> 'undone'"),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("company", "key", name=op.f("uq_task_company_key")),
    )
    op.create_index(op.f("ix_task_company_state"), "task", ["company", "state"], unique=False)
    op.create_table(
        "history_personal",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company", "seq"], ["history.company", "history.seq"], name=op.f("fk_history_personal_company_seq")
        ),
        sa.PrimaryKeyConstraint("company", "seq", name=op.f("pk_history_personal")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION history_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'history is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER history_no_change BEFORE UPDATE OR DELETE ON history FOR EACH ROW EXECUTE "
            "FUNCTION history_append_only()"
        )
        op.execute(
            "CREATE TRIGGER history_no_truncate BEFORE TRUNCATE ON history FOR EACH STATEMENT EXECUTE "
            "FUNCTION history_append_only()"
        )
    else:
        op.execute(
            "CREATE TRIGGER history_no_update BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, "
            "'history is append-only'); END"
        )
        op.execute(
            "CREATE TRIGGER history_no_delete BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, "
            "'history is append-only'); END"
        )


def downgrade() -> None:
    """Refused: restore the backup made before the upgrade."""
    raise RuntimeError("Migrations go forward only; restore the backup made before the upgrade.")
