"""Asking whether a fault is still true, and when one that came back had been over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Three columns. What was reopened before has no times to show."""
    with op.batch_alter_table("incidents") as table:
        table.add_column(sa.Column("recheck_id", sa.String(26)))
        table.add_column(sa.Column("recovered_at", Utc))
        table.add_column(sa.Column("reopened_at", Utc))


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("incidents") as table:
        table.drop_column("reopened_at")
        table.drop_column("recovered_at")
        table.drop_column("recheck_id")
