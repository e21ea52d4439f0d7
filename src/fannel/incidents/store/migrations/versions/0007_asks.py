"""What runs want answered at a device, so that one login answers for several."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """One table; its rows live as long as a run."""
    op.create_table(
        "asks",
        sa.Column("event_id", sa.String(26), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("event", sa.JSON, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.JSON),
        sa.PrimaryKeyConstraint("event_id", name="pk_asks"),
    )
    op.create_index("ix_asks_host", "asks", ["host"])


def downgrade() -> None:
    """Take it away: runs go on one by one."""
    op.drop_table("asks")
