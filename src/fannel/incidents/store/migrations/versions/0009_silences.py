"""Silences with their revisions, and which of them an event came under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Two tables, and a column of events with an index of the few that have it."""
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("settled", sa.Integer, nullable=False),
        sa.Column("over", sa.Boolean, nullable=False),
        sa.Column("ends_at", Utc, nullable=False),
    )
    op.create_index("ix_silences_ends_at", "silences", ["ends_at"])
    op.create_table(
        "silence_revisions",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("silence_id", sa.Integer, sa.ForeignKey("silences.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("starts_at", Utc, nullable=False),
        sa.Column("ends_at", Utc, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.UniqueConstraint("silence_id", "revision", name="uq_silence_revisions_silence_id"),
    )
    with op.batch_alter_table("events") as table:
        table.add_column(sa.Column("silence_id", sa.Integer))
    silenced = sa.text("silence_id IS NOT NULL")
    op.create_index("ix_events_silence_id", "events", ["silence_id"], sqlite_where=silenced, postgresql_where=silenced)


def downgrade() -> None:
    """Take it away: nothing is silenced any more."""
    op.drop_index("ix_events_silence_id", "events")
    with op.batch_alter_table("events") as table:
        table.drop_column("silence_id")
    op.drop_table("silence_revisions")
    op.drop_index("ix_silences_ends_at", "silences")
    op.drop_table("silences")
