"""What is around a fault is found by its problem as well, however much is wrong with one device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_UNRESOLVED = sa.text("resolved_at IS NULL")
_HELD = sa.text("resolved_at IS NULL AND due_at IS NOT NULL")


def upgrade() -> None:
    """Causes by device and problem; what waits for one by device."""
    op.drop_index("ix_incidents_around", "incidents")
    _index("ix_incidents_around", ["host_name", "problem"], _UNRESOLVED)
    # After the other: of two that fit as well, SQLite takes the younger.
    _index("ix_incidents_held", ["host_name"], _HELD)


def downgrade() -> None:
    """By device alone."""
    op.drop_index("ix_incidents_around", "incidents")
    _index("ix_incidents_around", ["host_name"], _UNRESOLVED)
    op.drop_index("ix_incidents_held", "incidents")


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "incidents", columns, sqlite_where=where, postgresql_where=where)
