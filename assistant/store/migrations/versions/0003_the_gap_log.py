"""The gap log: contacts, signals, themes with their history, fixes, retests, digests.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "digests",
    "exposures",
    "gap_log_state",
    "retest_runs",
    "themes",
    "fixes",
    "gap_checks",
    "theme_events",
    "contacts",
    "contact_reads",
    "overrides",
    "retests",
    "signals",
    "theme_notes",
)
"""In the order in which they refer to each other."""


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("week")
    )
    op.create_table(
        "exposures",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", "week")
    )
    op.create_table(
        "gap_log_state",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key")
    )
    op.create_table(
        "retest_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("changed_documents", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_retest_runs_at", "retest_runs", ["at"])
    op.create_table(
        "themes",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("named_by", sa.String(length=200), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("tracker", sa.String(length=2000), nullable=False),
        sa.Column("ignored", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("merged_into", ID, nullable=True),
        sa.Column("model_id", sa.String(length=200), nullable=False),
        sa.Column("centre", sa.LargeBinary(), nullable=True),
        sa.Column("reach", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["themes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True
    )
    op.create_index("ix_themes_merged_into", "themes", ["merged_into"])
    op.create_index("ix_themes_status", "themes", ["status"])
    op.create_table(
        "fixes",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(length=200), nullable=False),
        sa.Column("theme_id", ID, nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("shipped_on", sa.Date(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=2000), nullable=False),
        sa.Column("picked_by", sa.String(length=10), nullable=False),
        sa.Column("picked_on", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token")
    )
    op.create_index("ix_fixes_theme_id", "fixes", ["theme_id"])
    op.create_table(
        "gap_checks",
        sa.Column("gap_id", ID, nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["gap_id"], ["gaps.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gap_id")
    )
    op.create_table(
        "theme_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("theme_id", ID, nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("moves", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes", ID, nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True
    )
    op.create_index("ix_theme_events_theme_id", "theme_events", ["theme_id"])
    op.create_table(
        "contacts",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(length=1200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rating", sa.Double(), nullable=True),
        sa.Column("document_key", sa.String(length=1100), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=True),
        sa.Column("gap_id", ID, nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("nearest", sa.JSON(), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("cause_probability", sa.Double(), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("stage_probability", sa.Double(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("party", sa.String(length=200), nullable=False),
        sa.Column("labelled_by", sa.String(length=80), nullable=False),
        sa.Column("mined_by", sa.String(length=200), nullable=False),
        sa.Column("theme_id", ID, nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("placed_by", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["gap_id"], ["gaps.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token")
    )
    op.create_index("ix_contacts_at", "contacts", ["at"])
    op.create_index("ix_contacts_content_hash", "contacts", ["content_hash"])
    op.create_index("ix_contacts_document_key", "contacts", ["document_key"])
    op.create_index("ix_contacts_draft_id", "contacts", ["draft_id"])
    op.create_index("ix_contacts_gap_id", "contacts", ["gap_id"])
    op.create_index("ix_contacts_labelled_by", "contacts", ["labelled_by"])
    op.create_index("ix_contacts_mined_by", "contacts", ["mined_by"])
    op.create_index("ix_contacts_theme_id", "contacts", ["theme_id"])
    op.create_table(
        "contact_reads",
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("contact_id", "actor")
    )
    op.create_table(
        "overrides",
        sa.Column("id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("prevented_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_overrides_contact_id", "overrides", ["contact_id"])
    op.create_table(
        "retests",
        sa.Column("id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("gap_id", ID, nullable=True),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("before", sa.String(length=10), nullable=False),
        sa.Column("after", sa.String(length=10), nullable=False),
        sa.Column("confidence_before", sa.Double(), nullable=True),
        sa.Column("confidence_after", sa.Double(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["gap_id"], ["gaps.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run"], ["retest_runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_retests_contact_id", "retests", ["contact_id"])
    op.create_index("ix_retests_gap_id", "retests", ["gap_id"])
    op.create_index("ix_retests_result", "retests", ["result"])
    op.create_index("ix_retests_run", "retests", ["run"])
    op.create_table(
        "signals",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(length=1300), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("theme_id", ID, nullable=True),
        sa.Column("source_key", sa.String(length=1100), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token")
    )
    op.create_index("ix_signals_at", "signals", ["at"])
    op.create_index("ix_signals_contact_id", "signals", ["contact_id"])
    op.create_index("ix_signals_source_key", "signals", ["source_key"])
    op.create_index("ix_signals_theme_id", "signals", ["theme_id"])
    op.create_index("ix_signals_type", "signals", ["type"])
    op.create_table(
        "theme_notes",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(length=200), nullable=False),
        sa.Column("theme_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["theme_id"], ["themes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token")
    )
    op.create_index("ix_theme_notes_theme_id", "theme_notes", ["theme_id"])


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
