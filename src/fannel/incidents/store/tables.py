"""The tables, as the newest migration leaves them. Times are UTC; JSON columns hold originals, not neutralised text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

# The newest revision under migrations/versions; a test keeps the two equal. Known here so that opening a current
# database costs one SELECT and no Alembic.
REVISION = "0001"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC (SQLite itself keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: a wrong zone in a log is worse than an error here."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive datetime {value!r}: the store keeps aware times"
            raise ValueError(msg)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Times come back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


events = Table(
    "events",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("received_at", Utc, nullable=False, index=True),
    Column("via", String(16), nullable=False),
    Column("kind", String(64), nullable=False, index=True),
    Column("phase", String(8), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("host", String(255), nullable=False, index=True),
    Column("fingerprint", Text, nullable=False),
    Column("source_address", String(64), nullable=False),
    Column("incident_id", ForeignKey("incidents.id"), index=True),
    Column("event", JSON, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("problem", String(64), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("host", JSON, nullable=False),
    Column("subject", JSON, nullable=False),
    Column("notification", Text),
    Column("opened_by", String(26), nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("last_raise_at", Utc, nullable=False),
    Column("raises", Integer, nullable=False),
    # When a rule was last asked to answer; while nobody has, the next raise may ask again.
    Column("asked_at", Utc, nullable=False),
    Column("resolved_at", Utc),
    Column("verdict", JSON),
    # Two replicas that see one fault at the same instant open one incident: the database says so.
    Index(
        "uq_incidents_unresolved",
        "fingerprint",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
)

threads = Table(
    "threads",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("ts", String(32), nullable=False),
)

# The outbox: what is wanted in Slack, whether or not it is there yet.
posts = Table(
    "posts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String(128), nullable=False, unique=True),
    Column("incident_id", ForeignKey("incidents.id"), index=True),
    Column("kind", String(16), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("broadcast", Boolean, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("ts", String(32)),
    Column("attempts", Integer, nullable=False),
    Column("wanted_at", Utc, nullable=False),
    Column("not_before", Utc, nullable=False),
    Column("error", Text),
)
