"""Which words of a draft's part its sources lack.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draft_parts") as table:
        table.add_column(sa.Column("unsupported", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("draft_parts") as table:
        table.drop_column("unsupported")
