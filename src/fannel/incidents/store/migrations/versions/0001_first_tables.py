"""Events, incidents, threads and posts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("problem", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("host", sa.JSON, nullable=False),
        sa.Column("subject", sa.JSON, nullable=False),
        sa.Column("notification", sa.Text),
        sa.Column("opened_by", sa.String(26), nullable=False),
        sa.Column("opened_at", Utc, nullable=False),
        sa.Column("last_raise_at", Utc, nullable=False),
        sa.Column("raises", sa.Integer, nullable=False),
        sa.Column("asked_at", Utc, nullable=False),
        sa.Column("resolved_at", Utc),
        sa.Column("verdict", sa.JSON),
    )
    op.create_index("ix_incidents_state", "incidents", ["state"])
    unresolved = sa.text("resolved_at IS NULL")
    op.create_index(
        "uq_incidents_unresolved",
        "incidents",
        ["fingerprint"],
        unique=True,
        sqlite_where=unresolved,
        postgresql_where=unresolved,
    )
    op.create_table(
        "events",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("received_at", Utc, nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("phase", sa.String(8), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("source_address", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.String(16), sa.ForeignKey("incidents.id")),
        sa.Column("event", sa.JSON, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )
    for column in ("received_at", "kind", "host", "incident_id"):
        op.create_index(f"ix_events_{column}", "events", [column])
    op.create_table(
        "threads",
        sa.Column("incident_id", sa.String(16), sa.ForeignKey("incidents.id"), primary_key=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
    )
    op.create_table(
        "posts",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(128), nullable=False, unique=True),
        sa.Column("incident_id", sa.String(16), sa.ForeignKey("incidents.id")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("broadcast", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ts", sa.String(32)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("wanted_at", Utc, nullable=False),
        sa.Column("not_before", Utc, nullable=False),
        sa.Column("error", sa.Text),
    )
    for column in ("incident_id", "state"):
        op.create_index(f"ix_posts_{column}", "posts", [column])


def downgrade() -> None:
    """Drop them, children first."""
    for table in ("posts", "threads", "events", "incidents"):
        op.drop_table(table)
