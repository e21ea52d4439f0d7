"""Finding what is around an incident (its device's other faults), and what is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Two columns, and indexes of the few incidents that are unresolved, attached or due."""
    with op.batch_alter_table("incidents") as table:
        table.add_column(sa.Column("host_name", sa.String(255)))
        table.add_column(sa.Column("far_host", sa.String(255)))
    name = "json_extract(host, '$.name')" if op.get_bind().dialect.name == "sqlite" else "host ->> 'name'"
    op.execute(f"UPDATE incidents SET host_name = substr({name}, 1, 255) WHERE resolved_at IS NULL")  # noqa: S608
    unresolved, due = sa.text("resolved_at IS NULL"), sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_incidents_around", "incidents", ["host_name"], sqlite_where=unresolved, postgresql_where=unresolved
    )
    far = sa.text("resolved_at IS NULL AND far_host IS NOT NULL")
    op.create_index("ix_incidents_far", "incidents", ["far_host"], sqlite_where=far, postgresql_where=far)
    attached = sa.text("resolved_at IS NULL AND cause_id IS NOT NULL")
    op.create_index(
        "ix_incidents_attached", "incidents", ["cause_id"], sqlite_where=attached, postgresql_where=attached
    )
    op.create_index("ix_incidents_due", "incidents", ["due_at"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_incidents_due", "incidents")
    op.drop_index("ix_incidents_attached", "incidents")
    op.drop_index("ix_incidents_far", "incidents")
    op.drop_index("ix_incidents_around", "incidents")
    with op.batch_alter_table("incidents") as table:
        table.drop_column("far_host")
        table.drop_column("host_name")
