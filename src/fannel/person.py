"""A person's word on an incident: they have it, or it is over. Said in its thread, too, and seen in its first message.

Changed and wanted in one transaction; the observer posts it. What has no thread gets none by this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ulid import ULID

from fannel.incidents.store.changes import By
from fannel.incidents.store.posts import RECOVERY, VERDICT
from fannel.posting import Thread, reader_of
from fannel.slack.layout import course

if TYPE_CHECKING:
    from datetime import datetime

    from fannel.config import Settings
    from fannel.incidents.incident import Incident
    from fannel.incidents.store import Store


class Outcome(NamedTuple):
    """The incident as it is by now, and whether this word made it so."""

    incident: Incident
    changed: bool


class Person:
    """Somebody, by `name` as the thread shows it and `who` as the history keeps it (`cli:kei`)."""

    def __init__(self, settings: Settings, store: Store, *, name: str, who: str) -> None:
        self._settings = settings
        self._store = store
        self._reader = reader_of(settings)
        self._name = name
        self._who = who

    def acknowledge(self, incident_id: str, why: str | None, now: datetime) -> Outcome:
        """They have it. One that is over, or that somebody has already, stays as it is.

        Raises:
            NoIncidentError: there is none of that id.
        """
        with self._store.about(incident_id) as it:
            changed = it.acknowledge(By(self._who, now, why))
            if changed and it.told:
                key, thread = f"{incident_id}/acknowledged/{ULID()}", Thread(it, self._settings, self._reader, now)
                thread.reply(VERDICT, key, course.acknowledged(it.incident, self._name, why, key, self._reader))
                thread.update(VERDICT, f"{key}/update")
            return Outcome(it.incident, changed)

    def resolve(self, incident_id: str, why: str | None, now: datetime) -> Outcome:
        """It is over, whatever the devices say; unless it was raised after `now`, or is over already.

        Raises:
            NoIncidentError: there is none of that id.
        """
        with self._store.about(incident_id) as it:
            changed = it.resolve(now, By(self._who, now, why))
            if changed and it.told:
                key, thread = f"{incident_id}/by_hand/{ULID()}", Thread(it, self._settings, self._reader, now)
                thread.reply(RECOVERY, key, course.ended_by_hand(it.incident, self._name, why, key, self._reader))
                thread.update(RECOVERY, f"{key}/update")
            return Outcome(it.incident, changed)
