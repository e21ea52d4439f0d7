"""Incidents by time: the newest are listed, the ones that ended longest ago are pruned."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Two indexes."""
    op.create_index("ix_incidents_opened_at", "incidents", ["opened_at"])
    op.create_index("ix_incidents_resolved_at", "incidents", ["resolved_at"])


def downgrade() -> None:
    """Without them."""
    op.drop_index("ix_incidents_resolved_at", "incidents")
    op.drop_index("ix_incidents_opened_at", "incidents")
