"""Of which end of a silence people were warned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import Utc

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """A column."""
    op.add_column("silences", sa.Column("warned_for", Utc))


def downgrade() -> None:
    """They are warned once more."""
    with op.batch_alter_table("silences") as table:
        table.drop_column("warned_for")
