"""Which post tells what a slash command did, by its ts: people answer there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fannel.incidents.store.tables import COMMANDS

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """An index of these few posts."""
    commands = sa.text(COMMANDS)
    op.create_index("ix_posts_commands", "posts", ["ts"], sqlite_where=commands, postgresql_where=commands)


def downgrade() -> None:
    """Such a thread is nobody's."""
    op.drop_index("ix_posts_commands", "posts")
