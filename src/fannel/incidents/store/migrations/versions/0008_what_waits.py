"""What waits for Slack is found however much was sent, and incidents that are not over by where they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """An index of unsent posts; and the one by end holds only what has ended."""
    unsent, over = sa.text("state IN ('wanted', 'unknown')"), sa.text("resolved_at IS NOT NULL")
    columns = ["channel", "kind", "incident_id", "key", "seq", "priority", "state"]
    op.create_index("ix_posts_unsent", "posts", columns, sqlite_where=unsent, postgresql_where=unsent)
    refused = sa.text("state = 'refused'")
    op.create_index("ix_posts_refused", "posts", ["seq"], sqlite_where=refused, postgresql_where=refused)
    op.drop_index("ix_posts_state", "posts")
    op.drop_index("ix_incidents_resolved_at", "incidents")
    op.create_index("ix_incidents_resolved_at", "incidents", ["resolved_at"], sqlite_where=over, postgresql_where=over)


def downgrade() -> None:
    """As they were."""
    op.drop_index("ix_incidents_resolved_at", "incidents")
    op.create_index("ix_incidents_resolved_at", "incidents", ["resolved_at"])
    op.create_index("ix_posts_state", "posts", ["state"])
    op.drop_index("ix_posts_refused", "posts")
    op.drop_index("ix_posts_unsent", "posts")
