"""Schedules and cursors of sources; tokens and cost of drafts.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sources") as table:
        table.add_column(sa.Column("cursor", sa.JSON(), nullable=True))
        table.add_column(sa.Column("schedule_s", sa.Integer(), nullable=True))
        table.add_column(sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("last_error", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("drafts") as table:
        table.add_column(sa.Column("usage", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.drop_column("usage")
    with op.batch_alter_table("sources") as table:
        for name in ("last_error", "next_run_at", "schedule_s", "cursor"):
            table.drop_column(name)
