"""The tables, as the newest migration leaves them. Times are UTC; JSON columns hold originals, not neutralised text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect

# The newest revision under migrations/versions; a test keeps the two equal. Known here so that opening a current
# database costs one SELECT and no Alembic.
REVISION = "0016"

# Posts that are not in Slack yet. As text, the same in the index and in every query: with parameters instead of words
# neither database could tell that the index has them all.
UNSENT = "state IN ('wanted', 'unknown')"
REFUSED = "state = 'refused'"
# Posts that tell what a slash command did: people answer them.
COMMANDS = "key LIKE 'request/slash/%'"
# What was heard and is not dealt with.
UNSETTLED = "state IN ('waiting', 'taken')"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def index_of(where: str, name: str, *columns: str, unique: bool = False) -> Index:
    """An index of the rows `where` holds for: however long the table, it has only what is asked about all the time."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class Utc(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC (SQLite itself keeps no zone: there it is text, as SQLAlchemy writes it).

    An event of a storm has a dozen times to write and read: for SQLite both are one call into the standard library.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Refuse naive times: a wrong zone in a log is worse than an error here."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002
        """Times come back aware."""
        return _from_text if dialect.name == "sqlite" else _to_utc


def in_utc(value: datetime) -> datetime:
    """The same moment in UTC; a naive one is none."""
    if value.tzinfo is None:
        msg = f"naive datetime {value!r}: the store keeps aware times"
        raise ValueError(msg)
    return value.astimezone(UTC)


def _to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else in_utc(value)


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


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
    # The silence it came under.
    Column("silence_id", Integer),
    index_of("silence_id IS NOT NULL", "ix_events_silence_id", "silence_id"),
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
    # The host's name once more, to find what else is wrong with it.
    Column("host_name", String(255)),
    # The device at the other end of its link, as the subject's peer names it.
    Column("far_host", String(255)),
    Column("subject", JSON, nullable=False),
    Column("notification", Text),
    Column("opened_by", String(26), nullable=False),
    Column("opened_at", Utc, nullable=False, index=True),
    Column("last_raise_at", Utc, nullable=False),
    Column("raises", Integer, nullable=False),
    # When a rule was last asked to answer; while nobody has, the next raise may ask again.
    Column("asked_at", Utc, nullable=False),
    Column("resolved_at", Utc),
    Column("verdict", JSON),
    Column("acknowledged_at", Utc),
    Column("acknowledged_by", Text),
    Column("closed_at", Utc),
    # The incident this one follows from, and why that is believed; its own thread only if it outlives that one.
    Column("cause_id", String(16), index=True),
    Column("cause", JSON),
    # While it is held down: when its first post is due. And when somebody looks whether it is over, unasked.
    Column("due_at", Utc),
    Column("recheck_at", Utc),
    # The event that asks whether it is still true, until its answer is in; see store/rechecks.py.
    Column("recheck_id", String(26)),
    # Who asked for that look, as its thread is to name them.
    Column("recheck_for", Text),
    Column("reopened", Integer, nullable=False, server_default="0"),
    # When it was reopened last, and since when it had been over then.
    Column("reopened_at", Utc),
    Column("recovered_at", Utc),
    Index("ix_incidents_fingerprint", "fingerprint", "resolved_at"),
    # Of those that are over alone: whoever asks for what is not over has an index that says where to look.
    index_of("resolved_at IS NOT NULL", "ix_incidents_resolved_at", "resolved_at"),
    index_of("resolved_at IS NULL", "ix_incidents_around", "host_name", "problem"),
    index_of("resolved_at IS NULL AND due_at IS NOT NULL", "ix_incidents_held", "host_name"),
    index_of("resolved_at IS NULL AND far_host IS NOT NULL", "ix_incidents_far", "far_host"),
    index_of("resolved_at IS NULL AND cause_id IS NOT NULL", "ix_incidents_attached", "cause_id"),
    index_of("due_at IS NOT NULL", "ix_incidents_due", "due_at"),
    index_of("recheck_for IS NOT NULL", "ix_incidents_recheck_for", "recheck_at"),
    # Two replicas that see one fault at the same instant open one incident: the database says so.
    index_of("resolved_at IS NULL", "uq_incidents_unresolved", "fingerprint", unique=True),
)

threads = Table(
    "threads",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("ts", String(32), nullable=False),
    # Whose thread a reply of somebody stands in.
    Index("ix_threads_ts", "ts"),
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
    Column("state", String(16), nullable=False),
    # The lower, the sooner: first posts, recoveries, verdicts, collected output, summaries.
    Column("priority", Integer, nullable=False, server_default="50"),
    Column("ts", String(32)),
    # The message that a note answers, or that gets a reaction, where it is of no incident: a person's.
    Column("thread_ts", String(32)),
    Column("attempts", Integer, nullable=False),
    Column("wanted_at", Utc, nullable=False),
    Column("not_before", Utc, nullable=False),
    Column("error", Text),
    # What waits, with all that decides which of it goes next: however much was sent before, and however long posts are.
    index_of(UNSENT, "ix_posts_unsent", "channel", "kind", "incident_id", "key", "seq", "priority", "state"),
    index_of(REFUSED, "ix_posts_refused", "seq"),
    index_of(COMMANDS, "ix_posts_commands", "ts"),
)

# Who or what changed an incident, when and why. What was *observed* is in `events`.
history = Table(
    "history",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("why", Text),
)

# How restless a fault is: a penalty that decays (incidents/flap.py).
flaps = Table(
    "flaps",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("phase", String(8), nullable=False),
    Column("penalty", Float, nullable=False),
    Column("scored_at", Utc, nullable=False),
    Column("flapping_since", Utc),
    Column("transitions", Integer, nullable=False),
)

# Who may log in for a fault, or post to a channel, and until when. A row stays: its token only counts up.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text),
    Column("token", BigInteger, nullable=False),
    Column("taken_at", Utc),
    Column("expires_at", Utc, nullable=False),
)

# What runs want answered at a device: the one that is logged in answers for the others. Rows live as long as a run.
asks = Table(
    "asks",
    metadata,
    Column("event_id", String(26), primary_key=True),
    Column("host", String(255), nullable=False, index=True),
    Column("event", JSON, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("answer", JSON),
)

# What FANNEL decided and did: decisions, runs, outputs (compressed in `body`), posts; and what people clicked.
activities = Table(
    "activities",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("incident_id", String(16), index=True),
    Column("event_id", String(26), index=True),
    Column("summary", Text, nullable=False),
    Column("detail", JSON),
    Column("body", LargeBinary),
)

# How far somebody has read something.
watermarks = Table(
    "watermarks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

# What people said in Slack, each once: to be dealt with, or dealt with a while ago (store/inbox.py).
inbox = Table(
    "inbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("about", String(64)),
    Column("rank", String(32), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("heard_at", Utc, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("error", Text),
    Index("ix_inbox_about", "about", "rank"),
    index_of(UNSETTLED, "ix_inbox_open", "seq"),
)

# What could not be recorded as what it is.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", JSON),
    Column("raw", LargeBinary),
)

silences = Table(
    "silences",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # The revision that holds.
    Column("revision", Integer, nullable=False),
    # The last revision after which the rules were asked about what is not quiet any more.
    Column("settled", Integer, nullable=False),
    # Whether they were asked after its end.
    Column("over", Boolean, nullable=False),
    Column("ends_at", Utc, nullable=False, index=True),
    # The end of which people were warned.
    Column("warned_for", Utc),
)

# Never updated: what somebody asked for, and who changed it to what.
silence_revisions = Table(
    "silence_revisions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("silence_id", ForeignKey("silences.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("what", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    Column("who", Text, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("starts_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("origin", Text, nullable=False),
    UniqueConstraint("silence_id", "revision", name="uq_silence_revisions_silence_id"),
)
