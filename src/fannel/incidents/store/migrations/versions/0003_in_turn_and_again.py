"""Since when a lease is held, and finding what was resolved lately: an incident that is raised again is reopened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One column; and the index on fingerprints tells the recent ones of a fault from all it ever had."""
    with op.batch_alter_table("leases") as table:
        table.add_column(sa.Column("taken_at", Utc))
    op.drop_index("ix_incidents_fingerprint", "incidents")
    op.create_index("ix_incidents_fingerprint", "incidents", ["fingerprint", "resolved_at"])


def downgrade() -> None:
    """Back, with every incident in a state that an older release knows."""
    op.drop_index("ix_incidents_fingerprint", "incidents")
    op.create_index("ix_incidents_fingerprint", "incidents", ["fingerprint"])
    with op.batch_alter_table("leases") as table:
        table.drop_column("taken_at")
    op.execute("UPDATE incidents SET state = 'open' WHERE state = 'acknowledged'")
    op.execute("UPDATE incidents SET state = 'resolved' WHERE state = 'closed'")
