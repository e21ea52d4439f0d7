"""The scores of restless faults in the database: asked once a batch, kept in memory while it is decided, written once.

A device's restart is kept here as well, as the score of `host/device_restart/device`: it explains what its links do.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from fannel.event import fingerprint
from fannel.incidents.flap import Flap, excused, score, told
from fannel.incidents.store.asking import among
from fannel.incidents.store.plain import plain
from fannel.incidents.store.rows import Rows
from fannel.incidents.store.tables import flaps
from fannel.incidents.store.upsert import inserter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from fannel.event import Event, Json
    from fannel.incidents.correlation import Consequences
    from fannel.incidents.flap import FlapPolicy

RESTART = "device_restart"
_KNOWN = select(flaps).where(among(flaps.c.fingerprint, "asked"))
_FLAPPING = select(flaps).where(flaps.c.flapping_since.is_not(None)).order_by(flaps.c.fingerprint)
_FACTS = ("phase", "penalty", "scored_at", "flapping_since", "transitions")


# Made once: a statement that is made anew is compiled anew.
@cache
def _kept(dialect: str) -> Any:  # noqa: ANN401  (the dialects share no type)
    statement = inserter(dialect)(flaps)
    return statement.on_conflict_do_update(
        index_elements=[flaps.c.fingerprint], set_={fact: statement.excluded[fact] for fact in _FACTS}
    )


class Scores:
    """The scores that one batch may find and change."""

    def __init__(self, known: Mapping[str, Flap], policy: FlapPolicy, rules: Consequences) -> None:
        self._known = dict(known)
        self._changed: set[str] = set()
        # Which faults began to flap, by which event, after how many changes.
        self.began: list[tuple[str, Event, int]] = []
        self._policy = policy
        self._rules = rules

    def note_restart(self, event: Event) -> None:
        """The device restarted: what its links do next follows from that."""
        self._set(_restart(event), Flap("raise", 1.0, event.received_at, 0))

    def restarted_at(self, event: Event) -> datetime | None:
        """When the event's device restarted, if that was so short a while before that it explains the event."""
        if event.problem not in self._rules.restart_problems:
            return None
        restart = self._known.get(_restart(event))
        if restart is None:
            return None
        since_s = (event.received_at - restart.scored_at).total_seconds()
        return restart.scored_at if 0 <= since_s <= self._rules.restart_within_s else None

    def score(self, event: Event, names: Sequence[str], fault: str) -> Json | None:
        """Score an event of the fault called `fault`; what the event says of it: nothing before the second change."""
        if event.phase == "info":
            return None
        before = self._known.get(fault) or next((self._known[name] for name in names if name in self._known), None)
        if self.restarted_at(event) is None:
            after = score(before, event.phase, event.received_at, self._policy)
        else:
            after = excused(before, event.phase, event.received_at)
        if after is None:
            return None
        if after is not before:
            self._set(fault, after)
            if after.flapping and not (before is not None and before.flapping):
                self.began.append((fault, event, after.transitions))
        return told(after, self._policy) if after.transitions > 1 else None

    def changed(self, connection: Connection) -> Rows:
        """What is to be written."""
        return kept(connection, {fault: self._known[fault] for fault in self._changed})

    def _set(self, fault: str, flap: Flap) -> None:
        self._known[fault] = flap
        self._changed.add(fault)


def scores(
    connection: Connection, observed: Iterable[tuple[Event, Sequence[str]]], policy: FlapPolicy, rules: Consequences
) -> Scores:
    """The scores that events with these names may need."""
    asked: set[str] = set()
    for event, names in observed:
        asked.update(names)
        if names and event.problem in rules.restart_problems:
            asked.add(_restart(event))
    return Scores(known(connection, sorted(asked)), policy, rules)


def known(connection: Connection, faults: Sequence[str]) -> dict[str, Flap]:
    """The scores of these faults, as far as they have one."""
    return {row.fingerprint: _flap(row) for row in connection.execute(_KNOWN, {"asked": faults})} if faults else {}


def flapping(connection: Connection) -> dict[str, Flap]:
    """Everything that flaps."""
    return {row.fingerprint: _flap(row) for row in connection.execute(_FLAPPING)}


def kept(connection: Connection, changed: Mapping[str, Flap]) -> Rows:
    """Scores as they are written, in one order, so that two replicas do not wait for each other."""
    rows = [
        {"fingerprint": fault, **{fact: getattr(flap, fact) for fact in _FACTS}}
        for fault, flap in sorted(changed.items())
    ]
    return Rows(_kept(connection.dialect.name), rows)


def forget(connection: Connection, now: datetime, policy: FlapPolicy) -> None:
    """Delete what has been calm for long: it scores like what never was."""
    before = now - timedelta(seconds=2 * policy.calm_after_s(policy.ceiling))
    connection.execute(delete(flaps).where(flaps.c.flapping_since.is_(None), flaps.c.scored_at < before))


def _restart(event: Event) -> str:
    return plain(fingerprint(event.host.name, RESTART, "device"))


def _flap(row: Row[Any]) -> Flap:
    return Flap(row.phase, row.penalty, row.scored_at, row.transitions, row.flapping_since)
