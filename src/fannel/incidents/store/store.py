"""Events in, incidents out: the record of what was observed and of the cases it opened."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from fannel.incidents.flap import FlapPolicy
from fannel.incidents.store import changes, due, flaps, rechecks, unfinished
from fannel.incidents.store.about import About
from fannel.incidents.store.activities import Activities
from fannel.incidents.store.aside import aside_of, asides_of, with_aside
from fannel.incidents.store.asks import Asks
from fannel.incidents.store.beats import Beats
from fannel.incidents.store.changes import By, incident_of
from fannel.incidents.store.channels import Channels
from fannel.incidents.store.database import open_engine, reading, writing
from fannel.incidents.store.endings import Endings
from fannel.incidents.store.inbox import Inbox
from fannel.incidents.store.leases import Leases
from fannel.incidents.store.posts import Posts
from fannel.incidents.store.reading import Reading
from fannel.incidents.store.recording import Handling, record
from fannel.incidents.store.requests import Requests
from fannel.incidents.store.retention import Retention
from fannel.incidents.store.silences import KeptSilences
from fannel.incidents.store.tables import events, incidents, threads
from fannel.incidents.store.windows import KeptWindows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from fannel.event import Event
    from fannel.incidents.incident import Aside, Change, Incident
    from fannel.incidents.recheck import RecheckPolicy

# How long after its end a fault that comes back is still the same incident.
REOPEN = timedelta(seconds=600)


class Store:
    """Events and incidents in one database. Thread-safe; several processes may share the database.

    Every method raises StoreError when the database cannot be used; nothing was changed then.
    """

    def __init__(self, engine: Engine, reopen: timedelta = REOPEN, flap: FlapPolicy | None = None) -> None:
        self._engine = engine
        self._reopen = reopen
        self._flap = flap or FlapPolicy()
        self.channels = Channels(engine)
        self.posts = Posts(engine)
        self.leases = Leases(engine)
        self.inbox = Inbox(engine)
        self.asks = Asks(engine)
        self.activities = Activities(engine)
        self.log = Reading(engine)
        self.retention = Retention(engine)
        self.silences = KeptSilences(engine)
        self.endings = Endings(engine)
        self.beats = Beats(engine)
        self.requests = Requests(engine)
        self.windows = KeptWindows(engine)

    @classmethod
    def open(
        cls,
        url: str,
        reopen: timedelta = REOPEN,
        flap: FlapPolicy | None = None,
        *,
        patience_s: float = 0.0,
        may_be_away: bool = False,
    ) -> Self:
        """Open the database at `url` (creating or upgrading SQLite).

        A raise within `reopen` after its incident was resolved reopens that one. A database that is away is waited for,
        for `patience_s` before each transaction. A PostgreSQL that `may_be_away` is needed at the first use alone.

        Raises:
            StoreError: wrong URL, unreachable, not writable, or (PostgreSQL) at another schema.
        """
        return cls(open_engine(url, patience_s, may_be_away=may_be_away), reopen, flap)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def record(self, observed: Sequence[tuple[Event, bytes]]) -> list[Event]:
        """Log events with their raw bytes and find or open their incidents, all in one transaction.

        A raise joins the unresolved incident of its fingerprint (or of one of its aliases), reopens one that was
        resolved a short while ago, or opens one; a clear finds it. The events come back with `flap` and `incident`
        set: state `new` asks the rules to answer, `held` waits for a cause, `attached` has one. Recording an event
        id again changes nothing and returns the event as it was decided then.
        """
        try:
            return self._record(observed, again=False)
        except IntegrityError:
            # Events come again after a crash alone, so nobody looked whether these do. Or another replica opened the
            # same incident between our look and our insert: now it is there.
            return self._record(observed, again=True)

    def due(self, now: datetime) -> list[Event]:
        """What became due while nothing came, decided: events that are on record and ask the rules now.

        Held incidents without a cause, consequences that outlived theirs, and faults that flapped and are calm.
        """
        with writing(self._engine) as connection:
            return [
                *due.take(connection, now, self._handling.rules),
                *due.calm(connection, now, self._flap),
            ]

    def forget_calm(self, now: datetime) -> None:
        """Forget the scores of what has been calm for long."""
        with writing(self._engine) as connection:
            flaps.forget(connection, now, self._flap)

    def aside(self, incident_id: str, now: datetime) -> Aside:
        """What else the incident's thread tells."""
        with reading(self._engine) as connection:
            return aside_of(connection, incident_id, now)

    def asides(self, incident_ids: Iterable[str], now: datetime) -> dict[str, Aside]:
        """What else the threads of these incidents tell."""
        with reading(self._engine) as connection:
            return asides_of(connection, incident_ids, now)

    def with_aside(self, now: datetime) -> list[str]:
        """The ids of incidents that have something beside them that may be news."""
        with reading(self._engine) as connection:
            return with_aside(connection, now)

    @contextmanager
    def about(self, incident_id: str) -> Iterator[About]:
        """One incident, locked, in a transaction that is committed at the end of the block.

        Raises:
            NoIncidentError: there is none of that id.
        """
        with writing(self._engine) as connection:
            yield About(connection, incident_id)

    def incident(self, incident_id: str) -> Incident | None:
        """The incident of that id."""
        return self._one(incidents.c.id == incident_id)

    def event_json(self, event_id: str) -> dict[str, Any] | None:
        """A logged event as it was observed (not neutralised)."""
        with reading(self._engine) as connection:
            found: dict[str, Any] | None = connection.execute(
                select(events.c.event).where(events.c.id == event_id)
            ).scalar()
            return found

    def raw(self, event_id: str) -> bytes | None:
        """The bytes an event came as."""
        with reading(self._engine) as connection:
            found: bytes | None = connection.execute(select(events.c.raw).where(events.c.id == event_id)).scalar()
            return found

    def unfinished(self) -> list[dict[str, Any]]:
        """Events to put to the rules again after a restart, oldest first: what nobody answered to the end."""
        with reading(self._engine) as connection:
            return unfinished.everything(connection)

    def overdue(self, now: datetime, after: timedelta, limit: int = 100) -> list[dict[str, Any]]:
        """The same, of what the rules were asked so long ago that whoever answered must have died, now asked again.

        First `after` the last time, then each time after twice as long. One of the replicas that ask is given it.
        """
        with writing(self._engine) as connection:
            return unfinished.overdue(connection, now, after, limit)

    def answer(self, incident_id: str, *, who: str, now: datetime) -> Incident | None:
        """Note that the incident is being answered (new → open); returns it as it is now."""
        with writing(self._engine) as connection:
            changes.answer(connection, incident_id, By(who, now))
        return self.incident(incident_id)

    def judge(
        self, incident_id: str, verdict: dict[str, Any], subject_name: str | None = None, *, who: str, now: datetime
    ) -> Incident | None:
        """Keep a verdict, and the interface's name if the device had to be asked for it."""
        why = f"{verdict.get('outcome')}: {verdict.get('reason')}" if verdict.get("reason") else verdict.get("outcome")
        with writing(self._engine) as connection:
            row = (
                connection.execute(select(incidents).where(incidents.c.id == incident_id).with_for_update())
                .mappings()
                .first()
            )
            if row is not None:
                changes.judge(connection, incident_of(row), verdict, subject_name, By(who, now, why))
        return self.incident(incident_id)

    def acknowledge(self, incident_id: str, *, who: str, now: datetime, why: str | None = None) -> Incident | None:
        """Note that a person has it; one that is over, or that somebody has already, stays as it is.

        Returns it as it is now: `acknowledged_by` says who has it.
        """
        with writing(self._engine) as connection:
            changes.acknowledge(connection, incident_id, By(who, now, why))
        return self.incident(incident_id)

    def resolve(self, incident_id: str, *, as_of: datetime, who: str, now: datetime, why: str | None = None) -> bool:
        """Resolve an incident unless it was raised again after `as_of`; True if it is over now.

        A person who resolves it means it as it is: `as_of` is now.
        """
        with writing(self._engine) as connection:
            changes.resolve(connection, incident_id, as_of, By(who, now, why))
        incident = self.incident(incident_id)
        return incident is not None and incident.over

    def attach(self, incident_id: str, cause_id: str, cause: dict[str, Any], by: By) -> None:
        """Note that an unresolved incident follows from another one."""
        with writing(self._engine) as connection:
            changes.attach(connection, incident_id, cause_id, cause, by)

    def detach(self, incident_id: str, by: By) -> None:
        """Note that an incident goes on without its cause."""
        with writing(self._engine) as connection:
            changes.detach(connection, incident_id, by)

    def close_resolved(self, now: datetime, limit: int = 500) -> int:
        """Close what was resolved so long ago that no raise reopens it, at most `limit` at a time; how many it were."""
        by = By("fannel", now, f"no new raise within {self._reopen.total_seconds():g} s")
        with writing(self._engine) as connection:
            return changes.close(connection, now - self._reopen, by, limit)

    def take_rechecks(
        self, now: datetime, policy: RecheckPolicy, answerable: Callable[[Incident], bool] = lambda _: True
    ) -> list[Event]:
        """Events, on record, that ask the rules whether faults that nobody cleared are still true.

        Each is given to one of the replicas that ask; see `rechecks.take`.
        """
        with writing(self._engine) as connection:
            asking = rechecks.take(connection, now, policy, answerable)
            recorded = record(connection, [(event, b"") for event in asking], self._handling) if asking else []
        return [_again(event, now) if event.received_at < now else event for event in recorded]

    def recheck_wanted(self, now: datetime) -> bool:
        """Whether a person wants to know about a fault, and the rules were not asked yet."""
        with reading(self._engine) as connection:
            return rechecks.wanted(connection, now)

    def rechecked(self, incident_id: str, event_id: str, again_at: datetime) -> None:
        """Note that such an event is answered, and when to ask again."""
        with writing(self._engine) as connection:
            rechecks.answered(connection, incident_id, event_id, again_at)

    def unanswered(
        self, now: datetime, after: timedelta, limit: int = 20, beyond: tuple[datetime, str] | None = None
    ) -> list[Incident]:
        """What was told, lasts for longer than `after`, and nobody acknowledged or was reminded of.

        The oldest first, or those `beyond` the last of what was read before: when it was opened, and its id.
        """
        with reading(self._engine) as connection:
            return rechecks.unanswered(connection, now, after, limit, beyond)

    def history(self, incident_id: str) -> list[Change]:
        """Who or what changed an incident, when and why, oldest first."""
        with reading(self._engine) as connection:
            return changes.history_of(connection, incident_id)

    def thread(self, incident_id: str) -> tuple[str, str] | None:
        """(channel, ts) of the incident's parent message."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(threads.c.channel, threads.c.ts).where(threads.c.incident_id == incident_id)
            ).first()
        return (row.channel, row.ts) if row else None

    # --- inside ---------------------------------------------------------------------------------------------

    def _record(self, observed: Sequence[tuple[Event, bytes]], *, again: bool) -> list[Event]:
        with writing(self._engine) as connection:
            return record(connection, observed, self._handling, again=again)

    @cached_property
    def _handling(self) -> Handling:
        # Playbooks open the store, too, and have no need of the rules, nor of what it takes to read them.
        from fannel.incidents.consequences import shipped  # noqa: PLC0415

        return Handling(self._reopen, self._flap, shipped())

    def _one(self, condition: Any) -> Incident | None:  # noqa: ANN401  (a SQLAlchemy expression)
        with reading(self._engine) as connection:
            row = connection.execute(select(incidents).where(condition)).mappings().first()
        return incident_of(row) if row else None


def _again(event: Event, now: datetime) -> Event:
    """The same question once more: whoever has put it to the rules before must put it again."""
    return replace(event, incident={**(event.incident or {}), "asked_again_at": now.isoformat()})
