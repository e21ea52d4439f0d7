"""The tables of what people ask for in Slack."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from fannel.incidents.store.tables import Utc, index_of, metadata

# Messages of people that asked for something, and what became of it: what was heard again is not done again.
requests = Table(
    "requests",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("channel", String(64), nullable=False),
    Column("ts", String(32), nullable=False),
    # When it was first heard.
    Column("at", Utc, nullable=False),
    # The versions of its text that were dealt with, and what was done that no later version takes back.
    Column("heard", JSON, nullable=False),
    Column("done", JSON, nullable=False),
    # The silences that it stands for.
    Column("silences", JSON, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    UniqueConstraint("channel", "ts", name="uq_requests_channel"),
)

# What waits for a second person.
confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # Where it is answered: a channel, and in it a message's ts, or the key of a post of ours.
    Column("channel", String(64), nullable=False),
    Column("thread", String(128), nullable=False),
    # Who asked, by Slack's id: a name may be somebody else's, too.
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("lapses_at", Utc, nullable=False),
    Column("state", String(16), nullable=False),
    # The silence that is wanted, and how the answer is to be written.
    Column("wanted", JSON, nullable=False),
    Column("decided_by", Text),
    Column("silence_id", Integer),
    index_of("state = 'waiting'", "ix_confirmations_waiting", "lapses_at"),
)
