"""What was heard in Slack and is to be dealt with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "inbox",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.String(64)),
        sa.Column("rank", sa.String(32), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("heard_at", Utc, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", Utc, nullable=False),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("key", name="uq_inbox_key"),
    )
    op.create_index("ix_inbox_about", "inbox", ["about", "rank"])
    op.create_index("ix_inbox_heard_at", "inbox", ["heard_at"])
    unsettled = sa.text("state IN ('waiting', 'taken')")
    op.create_index("ix_inbox_open", "inbox", ["seq"], sqlite_where=unsettled, postgresql_where=unsettled)


def downgrade() -> None:
    """Whoever speaks is heard as if for the first time."""
    op.drop_table("inbox")
