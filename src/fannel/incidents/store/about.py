"""One incident in one transaction: what changes it, and the posts that say so, are there together or not at all.

A process that dies in between leaves neither, so whoever asks again finds the work still to be done. The incident's
row is locked meanwhile: nothing in here may wait for anything outside the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from fannel.incidents.store import activities, changes, edits, rechecks, unfinished
from fannel.incidents.store.aside import aside_of, is_left_over, turns_of
from fannel.incidents.store.posts import want
from fannel.incidents.store.tables import events, incidents, posts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from fannel.incidents.incident import Aside, Incident, Turn
    from fannel.incidents.store.activities import Activity
    from fannel.incidents.store.changes import By
    from fannel.incidents.store.posts import Post


class NoIncidentError(LookupError):
    """There is no incident of that id."""


class About:
    """`Store.about()` gives one, for the time of its block. `incident` is as it is by now."""

    def __init__(self, connection: Connection, incident_id: str) -> None:
        """Look it up and lock it.

        Raises:
            NoIncidentError: there is none.
        """
        self._connection = connection
        self._id = incident_id
        self.incident = self._read()

    # --- what is known -------------------------------------------------------------------------------------------

    def aside(self, now: datetime) -> Aside:
        """What else its thread tells."""
        return aside_of(self._connection, self._id, now)

    def turns(self) -> tuple[Turn, ...]:
        """Its latest changes, the oldest first: of what flaps."""
        return turns_of(self._connection, self._id)

    def wanted(self, key: str) -> bool:
        """Whether a post of that key is wanted, or there."""
        return self._connection.execute(select(posts.c.seq).where(posts.c.key == key)).first() is not None

    @property
    def told(self) -> bool:
        """Whether it has a thread, or is to have one."""
        return self.wanted(f"{self._id}/parent")

    @property
    def left_over(self) -> bool:
        """Whether nobody was told of it while it followed from something, and that is over now."""
        return not self.told and is_left_over(self._connection, self.incident)

    def event(self, event_id: str) -> dict[str, Any] | None:
        """A logged event."""
        found: dict[str, Any] | None = self._connection.execute(
            select(events.c.event).where(events.c.id == event_id)
        ).scalar()
        return found

    # --- what changes --------------------------------------------------------------------------------------------

    def answer(self, by: By) -> None:
        """Somebody answers it: new becomes open."""
        changes.answer(self._connection, self._id, by)
        self.incident = self._read()

    def judge(self, verdict: dict[str, Any], subject_name: str | None, by: By) -> None:
        """Keep a verdict, and the interface's name if the device had to be asked for it."""
        changes.judge(self._connection, self.incident, verdict, subject_name, by)
        self.incident = self._read()

    def acknowledge(self, by: By) -> bool:
        """A person has it; False when it is over, or somebody has it already."""
        changed = changes.acknowledge(self._connection, self._id, by)
        self.incident = self._read()
        return changed

    def resolve(self, as_of: datetime, by: By) -> bool:
        """It is over, unless it was raised again after `as_of` or is over already; whether this made it so."""
        changed = changes.resolve(self._connection, self._id, as_of, by)
        self.incident = self._read()
        return changed

    def rechecked(self, event_id: str, again_at: datetime) -> None:
        """The event that asked whether it is still true is answered."""
        rechecks.answered(self._connection, self._id, event_id, again_at)

    def ask_again(self, who: str, at: datetime) -> bool:
        """A person wants it looked at; False when it is over, or somebody wants that already."""
        asked = rechecks.ask(self._connection, self._id, who, at)
        self.incident = self._read()
        return asked

    def hurry(self) -> bool:
        """Have the rules asked about it soon, if nobody has answered it; whether that is so."""
        return unfinished.hurry(self._connection, self._id)

    def look_again(self, at: datetime) -> bool:
        """Have it looked at once more at that time, unless it is over or somebody is asked already."""
        return rechecks.sooner(self._connection, self._id, at)

    def want(self, post: Post) -> bool:
        """Put a post into the outbox; False when its key is there already."""
        return want(self._connection, post)

    def edit(self, key: str, edited: Post) -> bool:
        """Have the reply of that key look otherwise; False while nobody knows whether it is there."""
        return edits.edit(self._connection, key, edited)

    def note(self, done: Sequence[Activity]) -> None:
        """Log what was decided and done."""
        activities.note(self._connection, done)

    def _read(self) -> Incident:
        query = select(incidents).where(incidents.c.id == self._id).with_for_update()
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NoIncidentError(self._id)
        return changes.incident_of(row)
