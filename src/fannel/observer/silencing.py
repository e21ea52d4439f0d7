"""Silences as the observer needs them: in memory, fresh within a second of anybody's change, settled when over."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fannel import logs
from fannel.event import Event
from fannel.incidents.silence import quieted
from fannel.incidents.silences import Silences
from fannel.incidents.store import StoreError
from fannel.incidents.store.activities import Activity
from fannel.tried import tried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fannel.event import Json
    from fannel.incidents.silence import Silence
    from fannel.incidents.store import Store
    from fannel.incidents.store.endings import Tell
    from fannel.intake.counters import Counters

log = logs.Logger("fannel.observer")

LOOK_EVERY_S = 0.5
_NONE = Silences()
_MOST_TO_NOTE = 1000


class Silencing:
    """Marks events; called, it looks for changes and asks about what is not quiet any more.

    While the database is away, what was known last holds. For any thread.
    """

    def __init__(
        self,
        store: Store,
        ask: Callable[[Sequence[Json]], object],
        counters: Counters,
        now: Callable[[], datetime],
        tell: Tell | None = None,
    ) -> None:
        """`ask` puts events to the rules; `tell` says what is posted when a silence ends, where there is a Slack."""
        self._store = store
        self._ask = ask
        self._counters = counters
        self._now = now
        self._tell = tell
        self._version: tuple[int, int] | None = None
        self._silences = _NONE
        # Bounded: while the database is away, the latest are noted.
        self._to_note: deque[Activity] = deque(maxlen=_MOST_TO_NOTE)

    def marked(self, event: Event) -> Event:
        """The event with the silence that covers it now, or without one."""
        return self._silences.marked(event, self._now())

    def asked(self, event: Event | Json) -> Event | Json:
        """The same of what goes to the rules: a silence of when it was recorded says nothing any more."""
        observed = event if isinstance(event, Event) else Event.from_json(event)
        silence = self._silences.of(observed, self._now())
        self._compare(observed, silence)
        if isinstance(event, Event):
            return self.marked(event)
        without = {name: value for name, value in event.items() if name != "silence"}
        return without if silence is None else without | {"silence": silence.to_event()}

    def _compare(self, event: Event, silence: Silence | None) -> None:
        """Keep in mind to note where what the rules are told is not what was recorded."""
        before = event.silence
        if (before is None and silence is None) or event.incident is None:
            return
        if silence is None:
            said = f"no longer silenced by #{before['id']}: the rules are asked" if before else ""
        elif before is not None and before["id"] == silence.id:
            return
        else:
            said = f"{quieted(silence.to_event(), silence.author)}, as the rules were asked"
        done = Activity(self._now(), "decision", said, event.incident["id"], event.id)
        # For the next round: whoever writes to the rules does not wait for the database.
        self._to_note.append(done)

    def covers(self, event: Json) -> bool:
        """Whether a silence covers it now."""
        return self._silences.of(Event.from_json(event), self._now()) is not None

    def look(self) -> None:
        """Read the silences again if any changed.

        Raises:
            StoreError: the database cannot be used now.
        """
        kept = self._store.silences
        version = kept.version()
        if version != self._version:
            self._silences = Silences(kept.current(self._now()))
            self._version = version

    def _note(self) -> None:
        done = [self._to_note.popleft() for _ in range(len(self._to_note))]
        try:
            self._store.activities.note(done)
        except StoreError:
            self._to_note.extendleft(reversed(done))
            raise

    def __call__(self) -> None:
        """A round."""
        with tried(self._counters, "reading silences, those known last hold", "silences"):
            self.look()
            self._note()
            events = self._store.endings.settle(self._now(), self._tell)
            for event in events:
                log.info("a silence is over, asking the rules", incident=event["incident"]["id"])
            if events:
                self._counters.add("asked_after_silence", n=len(events))
                self._ask(events)
