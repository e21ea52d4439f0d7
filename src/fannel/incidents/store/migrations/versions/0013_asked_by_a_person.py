"""Who asked for a look at an incident."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """A column, and an index of the few that somebody waits for."""
    op.add_column("incidents", sa.Column("recheck_for", sa.Text))
    waits = sa.text("recheck_for IS NOT NULL")
    op.create_index("ix_incidents_recheck_for", "incidents", ["recheck_at"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    """Nobody waits."""
    op.drop_index("ix_incidents_recheck_for", "incidents")
    with op.batch_alter_table("incidents") as table:
        table.drop_column("recheck_for")
