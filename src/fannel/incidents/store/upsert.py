"""INSERT … ON CONFLICT, as the database at hand spells it.

Only that one's dialect is imported: each brings all its drivers along, and playbooks pay for imports every time.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def inserter(dialect: str) -> Any:  # noqa: ANN401  (the two dialects share no type)
    """The dialect's own `insert()`, which knows `on_conflict_do_update`."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415

    return postgresql_insert
