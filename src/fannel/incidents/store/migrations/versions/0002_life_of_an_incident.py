"""The life of an incident: history, causes, flaps, leases, a log of what was done, and what could not be kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0002"
down_revision = "0001"

_NEW_IN_INCIDENTS = (
    ("acknowledged_at", Utc),
    ("acknowledged_by", sa.Text),
    ("closed_at", Utc),
    ("cause_id", sa.String(16)),
    ("cause", sa.JSON),
    ("due_at", Utc),
    ("recheck_at", Utc),
)


def upgrade() -> None:
    """Add the columns and the six tables."""
    with op.batch_alter_table("incidents") as table:
        for name, kind in _NEW_IN_INCIDENTS:
            table.add_column(sa.Column(name, kind))
        table.add_column(sa.Column("reopened", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_incidents_cause_id", "incidents", ["cause_id"])
    op.create_index("ix_incidents_fingerprint", "incidents", ["fingerprint"])
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("priority", sa.Integer, nullable=False, server_default="50"))
    op.create_table(
        "history",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(16), sa.ForeignKey("incidents.id"), nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("why", sa.Text),
    )
    op.create_index("ix_history_incident_id", "history", ["incident_id"])
    op.create_table(
        "flaps",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("phase", sa.String(8), nullable=False),
        sa.Column("penalty", sa.Float, nullable=False),
        sa.Column("scored_at", Utc, nullable=False),
        sa.Column("flapping_since", Utc),
        sa.Column("transitions", sa.Integer, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", Utc, nullable=False),
    )
    op.create_table(
        "activities",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", Utc, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("incident_id", sa.String(16)),
        sa.Column("event_id", sa.String(26)),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON),
        sa.Column("body", sa.LargeBinary),
    )
    op.create_index("ix_activities_at", "activities", ["at"])
    op.create_index("ix_activities_incident_id", "activities", ["incident_id"])
    op.create_index("ix_activities_event_id", "activities", ["event_id"])
    op.create_table(
        "watermarks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at", Utc, nullable=False),
    )
    op.create_table(
        "dead_letters",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", Utc, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON),
        sa.Column("raw", sa.LargeBinary),
    )


def downgrade() -> None:
    """Take all of it away; events, incidents, threads and posts stay as they were."""
    for name in ("dead_letters", "watermarks", "activities", "leases", "flaps", "history"):
        op.drop_table(name)
    with op.batch_alter_table("posts") as table:
        table.drop_column("priority")
    op.drop_index("ix_incidents_fingerprint", "incidents")
    op.drop_index("ix_incidents_cause_id", "incidents")
    with op.batch_alter_table("incidents") as table:
        table.drop_column("reopened")
        for name, _ in reversed(_NEW_IN_INCIDENTS):
            table.drop_column(name)
