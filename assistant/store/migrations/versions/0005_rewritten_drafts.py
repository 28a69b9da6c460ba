"""A draft may be another one in other words; questions to ask the customer beside it.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.add_column(sa.Column("parent_id", sa.String(32), nullable=True))
        table.add_column(sa.Column("rewritten", sa.String(60), server_default="", nullable=False))
        table.add_column(sa.Column("follow_ups", sa.JSON(), nullable=True))
        table.create_index(op.f("ix_drafts_parent_id"), ["parent_id"])


def downgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.drop_index(op.f("ix_drafts_parent_id"))
        for name in ("follow_ups", "rewritten", "parent_id"):
            table.drop_column(name)
