"""Posts that answer a message of a person, or put an emoji on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """The message that is meant."""
    op.add_column("posts", sa.Column("thread_ts", sa.String(32)))


def downgrade() -> None:
    """What answers nothing stands in the channel."""
    with op.batch_alter_table("posts") as table:
        table.drop_column("thread_ts")
