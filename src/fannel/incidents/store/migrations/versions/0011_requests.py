"""What people asked for in Slack, what waits for a second person, and whose thread a reply stands in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Two tables, and an index of threads."""
    op.create_table(
        "requests",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("heard", sa.JSON, nullable=False),
        sa.Column("done", sa.JSON, nullable=False),
        sa.Column("silences", sa.JSON, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.UniqueConstraint("channel", "ts", name="uq_requests_channel"),
    )
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("thread", sa.String(128), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", Utc, nullable=False),
        sa.Column("lapses_at", Utc, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("wanted", sa.JSON, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("silence_id", sa.Integer),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_confirmations_waiting", "confirmations", ["lapses_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index("ix_threads_ts", "threads", ["ts"])


def downgrade() -> None:
    """Take it away: what was heard before would be done again if it were heard again."""
    op.drop_index("ix_threads_ts", "threads")
    op.drop_table("confirmations")
    op.drop_table("requests")
